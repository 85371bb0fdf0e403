"""What the templates promise, whatever the code is: no keys, no public data, narrow roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.infra import bicep
from tests.infra.bicep import Expression, Resource, Template
from tests.infra.template_checks import Check, templates

ABSENT = "absent"
PRIVATE = "privateNetworking ? 'Disabled' : 'Enabled'"

STORAGE = "Microsoft.Storage/storageAccounts"
SITES = "Microsoft.Web/sites"
AI = "Microsoft.CognitiveServices/accounts"
ROLES = "Microsoft.Authorization/roleAssignments"


@dataclass(frozen=True, slots=True)
class Rule:
    """Every resource of the type has this value at this path; `where` narrows it by the resource's name."""

    type: str
    path: str
    value: object
    where: str = ""


RULES = (
    Rule(STORAGE, "properties.allowSharedKeyAccess", False),
    Rule(STORAGE, "properties.defaultToOAuthAuthentication", True),
    Rule(STORAGE, "properties.allowBlobPublicAccess", False),
    Rule(STORAGE, "properties.allowCrossTenantReplication", False),
    Rule(STORAGE, "properties.minimumTlsVersion", "TLS1_2"),
    Rule(STORAGE, "properties.supportsHttpsTrafficOnly", True),
    Rule(STORAGE, "properties.publicNetworkAccess", PRIVATE),
    Rule(STORAGE, "properties.networkAcls.defaultAction", "privateNetworking ? 'Deny' : 'Allow'"),
    Rule(STORAGE, "properties.isHnsEnabled", ABSENT),
    Rule(f"{STORAGE}/blobServices", "properties.deleteRetentionPolicy.enabled", True),
    Rule(f"{STORAGE}/blobServices", "properties.containerDeleteRetentionPolicy.enabled", True),
    Rule(f"{STORAGE}/blobServices/containers", "properties.publicAccess", "None"),
    Rule(AI, "properties.disableLocalAuth", True),
    Rule(AI, "kind", "AIServices", where="model.bicep"),
    Rule(AI, "properties.publicNetworkAccess", PRIVATE, where="model.bicep"),
    Rule(AI, "properties.restrictOutboundNetworkAccess", True, where="model.bicep"),
    Rule(f"{AI}/deployments", "properties.model.name", "modelName"),
    Rule(f"{AI}/deployments", "properties.model.version", "modelVersion"),
    Rule(f"{AI}/deployments", "sku.name", "modelSku"),
    Rule(f"{AI}/deployments", "sku.capacity", "modelCapacity"),
    Rule("Microsoft.Insights/components", "properties.DisableLocalAuth", True),
    Rule("Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", True),
    Rule("Microsoft.OperationalInsights/workspaces", "properties.workspaceCapping.dailyQuotaGb", "dailyCapGb"),
    Rule(SITES, "properties.httpsOnly", True),
    Rule(SITES, "properties.siteConfig.minTlsVersion", "1.2"),
    Rule(SITES, "properties.siteConfig.scmMinTlsVersion", "1.2"),
    Rule(SITES, "properties.siteConfig.ftpsState", "Disabled"),
    Rule(SITES, "properties.siteConfig.remoteDebuggingEnabled", False),
    Rule(SITES, "properties.functionAppConfig.deployment.storage.authentication.type", "UserAssignedIdentity"),
    Rule(SITES, "properties.functionAppConfig.runtime.name", "python"),
    Rule(f"{SITES}/basicPublishingCredentialsPolicies", "properties.allow", False),
    Rule("Microsoft.EventGrid/systemTopics", "identity.type", "SystemAssigned"),
)

NEEDED_ONCE = (
    f"{STORAGE}/managementPolicies",
    f"{SITES}/basicPublishingCredentialsPolicies",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions",
    "Microsoft.Consumption/budgets",
    "Microsoft.Insights/scheduledQueryRules",
    "Microsoft.Insights/workbooks",
)

ALLOWED_ROLES = {
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageBlobDataContributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "storageBlobDataReader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "cognitiveServicesOpenAIUser": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    "cognitiveServicesUser": "a97b65f3-24c7-4388-baec-2e87135dc908",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}

SECRETS = re.compile(
    r"listKeys|listAccountKeys|ConnectionString|InstrumentationKey|\bkeys?\b|secret|sas", re.IGNORECASE
)


def resources(root: Path) -> Iterator[tuple[Template, Resource]]:
    for template in templates(root):
        yield from ((template, resource) for resource in template.resources if not resource.existing)


def at(body: Any, path: str) -> object:
    """The value at a dotted path; an expression counts as its text with single spaces."""
    for name in path.split("."):
        body = body.get(name, ABSENT) if isinstance(body, dict) else ABSENT
    return " ".join(body.text.split()) if isinstance(body, Expression) else body


def settled(root: Path) -> list[str]:
    """Every rule holds for every resource it is about, and is about at least one."""
    found = []
    for rule in RULES:
        about = [
            (template, resource)
            for template, resource in resources(root)
            if resource.type == rule.type and rule.where in template.path.name
        ]
        found += [] if about else [f"there is no {rule.type}"]
        for template, resource in about:
            value = at(resource.body, rule.path)
            if value != rule.value:
                found.append(f"{template.path.name} {resource.symbol}: {rule.path} is {value!r}, not {rule.value!r}")
    there = {resource.type for _, resource in resources(root)}
    return found + [f"there is no {needed}" for needed in NEEDED_ONCE if needed not in there]


def roles(root: Path) -> list[str]:
    """All roles are in access.bicep, known, and each on one resource that exists."""
    access = bicep.read(root / "infra" / "modules" / "access.bicep")
    here = {resource.symbol for resource in access.resources if resource.existing}
    found = [
        f"{template.path.name} {resource.symbol}: roles belong in access.bicep"
        for template, resource in resources(root)
        if resource.type == ROLES and template.path != access.path
    ]
    declared = access.variables["roles"]
    found += [
        f"role {name} is not among the known ones" for name in declared if declared[name] != ALLOWED_ROLES.get(name)
    ]
    for resource in access.resources:
        if resource.type != ROLES:
            continue
        scope = at(resource.body, "scope")
        if not isinstance(scope, str) or scope.split("::")[0] not in here:
            found.append(f"{resource.symbol}: its scope is {scope!r}, not a resource of this template")
        who, name = at(resource.body, "properties.principalId"), at(resource.body, "name")
        if not re.fullmatch(rf"guid\({re.escape(str(scope))}\.id, {who}, [\w.]+\)", str(name)):
            found.append(f"{resource.symbol}: its name {name} is not made of its scope, principal and role")
    return found


def no_secrets_out(root: Path) -> list[str]:
    return [
        f"{template.path.name}: output {name} may hold a secret"
        for template in templates(root)
        for name, output in template.outputs.items()
        if SECRETS.search(name) or SECRETS.search(getattr(output.value, "text", str(output.value)))
    ]


POLICY_CHECKS: dict[str, Check] = {
    "settled": settled,
    "roles": roles,
    "no secrets out": no_secrets_out,
}
