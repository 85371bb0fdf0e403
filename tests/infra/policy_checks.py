"""What the templates promise, whatever the code is: no keys, no public data, narrow roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from typing import Any

from tests.infra import bicep
from tests.infra.bicep import Expression, Resource, Template
from tests.infra.evaluation import Made, evaluate
from tests.infra.plans import LEAST, MOST, OWN, given, made, plan
from tests.infra.template_checks import Check, main, templates

ABSENT = "absent"


class Code(str):
    """What is computed, as its text; a plain string stands for itself."""

    __slots__ = ()


PRIVATE = Code("privateNetworking ? 'Disabled' : 'Enabled'")

STORAGE = "Microsoft.Storage/storageAccounts"
SITES = "Microsoft.Web/sites"
AI = "Microsoft.CognitiveServices/accounts"
ROLES = "Microsoft.Authorization/roleAssignments"
PLANS = "Microsoft.Web/serverfarms"
PACKAGE = "properties.functionAppConfig.parts.0.deployment.storage"
SCALE = "properties.functionAppConfig.parts.0.scaleAndConcurrency"
PACKAGES = Code("'https://${storageName}.blob.${environment().suffixes.storage}/app-package'")
TOPICS = "Microsoft.EventGrid/systemTopics"
SUBSCRIPTIONS = f"{TOPICS}/eventSubscriptions"
WEBHOOK = Code(
    "'https://${app.properties.defaultHostName}/runtime/webhooks/blobs?functionName=Host.Functions.${functionName}"
    "&code=${listKeys('${app.id}/host/default', '2024-11-01').systemKeys.blobs_extension}'"
)
DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"
QUERIES = "Microsoft.Insights/scheduledQueryRules"
METRICS = "Microsoft.Insights/metricAlerts"
TESTS = "Microsoft.Insights/webtests"
DEFENDER = "Microsoft.Security/defenderForStorageSettings"
LOCKS = "Microsoft.Authorization/locks"
NETWORKS = "Microsoft.Network/virtualNetworks"
ZONES = "Microsoft.Network/privateDnsZones"
ENDPOINTS = "Microsoft.Network/privateEndpoints"
DIAGNOSED = {
    SITES,
    AI,
    TOPICS,
    *(f"{STORAGE}/{service}Services" for service in ("blob", "queue", "table")),
}
DELEGATION = "properties.subnets.0.properties.delegations.0.properties"


@dataclass(frozen=True, slots=True)
class Rule:
    """Every resource of the type has this value at this path; `where` narrows it to a file, a symbol or a name."""

    type: str
    path: str
    value: object
    where: str = ""

    def is_about(self, template: Template, resource: Resource) -> bool:
        named = f"{template.path.name} {resource.symbol} {resource.body.get('name')}"
        return resource.type == self.type and self.where in named


RULES = (
    Rule(STORAGE, "properties.allowSharedKeyAccess", False),
    Rule(STORAGE, "properties.defaultToOAuthAuthentication", True),
    Rule(STORAGE, "properties.allowBlobPublicAccess", False),
    Rule(STORAGE, "properties.allowCrossTenantReplication", False),
    Rule(STORAGE, "properties.minimumTlsVersion", "TLS1_2"),
    Rule(STORAGE, "properties.supportsHttpsTrafficOnly", True),
    Rule(STORAGE, "properties.publicNetworkAccess", PRIVATE),
    Rule(STORAGE, "properties.networkAcls.defaultAction", Code("privateNetworking ? 'Deny' : 'Allow'")),
    Rule(STORAGE, "properties.isHnsEnabled", ABSENT),
    Rule(f"{STORAGE}/blobServices", "properties.deleteRetentionPolicy.enabled", True),
    Rule(f"{STORAGE}/blobServices", "properties.containerDeleteRetentionPolicy.enabled", True),
    Rule(f"{STORAGE}/blobServices/containers", "properties.publicAccess", "None"),
    Rule(AI, "properties.disableLocalAuth", True),
    Rule(AI, "kind", "AIServices", where="model.bicep"),
    Rule(AI, "properties.publicNetworkAccess", PRIVATE, where="model.bicep"),
    Rule(AI, "properties.restrictOutboundNetworkAccess", True, where="model.bicep"),
    Rule(f"{AI}/deployments", "properties.model.name", Code("modelName")),
    Rule(f"{AI}/deployments", "properties.model.version", Code("modelVersion")),
    Rule(f"{AI}/deployments", "sku.name", Code("modelSku")),
    Rule(f"{AI}/deployments", "sku.capacity", Code("modelCapacity")),
    Rule("Microsoft.Insights/components", "properties.DisableLocalAuth", True),
    Rule("Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", True),
    Rule("Microsoft.OperationalInsights/workspaces", "properties.workspaceCapping.dailyQuotaGb", Code("logCapGb")),
    Rule(SITES, "properties.httpsOnly", True),
    Rule(SITES, "properties.siteConfig.minTlsVersion", "1.2"),
    Rule(SITES, "properties.siteConfig.scmMinTlsVersion", "1.2"),
    Rule(SITES, "properties.siteConfig.remoteDebuggingEnabled", False),
    Rule(SITES, f"{PACKAGE}.authentication.type", "UserAssignedIdentity"),
    Rule(SITES, "properties.functionAppConfig.parts.0.runtime.name", "python"),
    Rule(f"{SITES}/basicPublishingCredentialsPolicies", "properties.allow", False),
    Rule("Microsoft.EventGrid/systemTopics", "identity.type", "SystemAssigned"),
    # what Flex Consumption asks for
    Rule(PLANS, "sku.name", "FC1"),
    Rule(PLANS, "sku.tier", "FlexConsumption"),
    Rule(PLANS, "properties.reserved", True),
    Rule(PLANS, "properties.zoneRedundant", Code("zoneRedundant")),
    Rule(SITES, "kind", "functionapp,linux"),
    Rule(SITES, f"{SCALE}.triggers.http.perInstanceConcurrency", Code("httpConcurrency")),
    Rule(SITES, f"{SCALE}.instanceMemoryMB", Code("instanceMemoryMB")),
    Rule(SITES, f"{SCALE}.maximumInstanceCount", Code("maximumInstanceCount")),
    Rule(SITES, f"{PACKAGE}.type", "blobContainer"),
    Rule(SITES, f"{PACKAGE}.value", PACKAGES),
    Rule(SITES, f"{PACKAGE}.authentication.userAssignedIdentityResourceId", Code("identity.id")),
    Rule(f"{SITES}/config", "properties.globalValidation.requireAuthentication", True, where="authsettingsV2"),
    Rule(
        f"{SITES}/config",
        "properties.globalValidation.unauthenticatedClientAction",
        "Return401",
        where="authsettingsV2",
    ),
    # upload events reach the blob trigger, and nothing that is lost is lost without a trace
    Rule(TOPICS, "properties.source", Code("account.id")),
    Rule(TOPICS, "properties.topicType", "Microsoft.Storage.StorageAccounts"),
    Rule(SUBSCRIPTIONS, "properties.eventDeliverySchema", "EventGridSchema"),
    Rule(SUBSCRIPTIONS, "properties.destination.properties.endpointUrl", WEBHOOK),
    Rule(SUBSCRIPTIONS, "properties.filter.includedEventTypes.0", "Microsoft.Storage.BlobCreated"),
    Rule(SUBSCRIPTIONS, "properties.retryPolicy.maxDeliveryAttempts", 30),
    Rule(SUBSCRIPTIONS, "properties.retryPolicy.eventTimeToLiveInMinutes", 1440),
    Rule(
        SUBSCRIPTIONS,
        "properties.deadLetterWithResourceIdentity.deadLetterDestination.properties.blobContainerName",
        Code("deadLetterContainer"),
    ),
    # the model account
    Rule(AI, "sku.name", "S0", where="model.bicep"),
    Rule(AI, "properties.customSubDomainName", Code("accountName")),
    Rule(AI, "properties.restore", Code("restore"), where="model.bicep"),
    Rule(f"{AI}/deployments", "properties.versionUpgradeOption", "OnceCurrentVersionExpired"),
    Rule(DIAGNOSTICS, "dependsOn.0", Code("deployment"), where="model.bicep"),  # two writers at once are a conflict
    # who is told what
    Rule(DIAGNOSTICS, "scope", Code("blobs"), where="storage.bicep audit"),
    Rule(DIAGNOSTICS, "scope", Code("topic"), where="storage.bicep topicFailures"),
    Rule(DIAGNOSTICS, "properties.logs.0.category", "DeliveryFailures", where="storage.bicep topicFailures"),
    Rule("Microsoft.OperationalInsights/workspaces", "properties.retentionInDays", 30),
    Rule("Microsoft.Insights/components", "properties.WorkspaceResourceId", Code("workspaceId")),
    Rule("Microsoft.Insights/workbooks", "name", Code("guid(telemetry.id, 'visiondrop')")),
    Rule(DIAGNOSTICS, "properties.logs", Code("storageAudit"), where="storage.bicep audit"),
    # Azure allows no second topic: Defender uses the one that is there, and the verdicts need none
    Rule(DEFENDER, "dependsOn.0", Code("topic")),
    Rule(DEFENDER, "properties.malwareScanning.scanResultsEventGridTopicResourceId", ABSENT),
    Rule(DEFENDER, "properties.malwareScanning.blobScanResultsOptions", "blobIndexTags"),
    Rule(DEFENDER, "properties.malwareScanning.onUpload.capGBPerMonth", Code("malwareScanCapGb")),
    Rule(LOCKS, "properties.level", "CanNotDelete"),
    Rule(LOCKS, "scope", Code("account")),
    Rule(QUERIES, "properties.severity", Code("alert.severity")),
    Rule(QUERIES, "properties.scopes.0", Code("workspaceId")),
    Rule(QUERIES, "properties.evaluationFrequency", "PT15M"),
    Rule(QUERIES, "properties.windowSize", "PT15M"),
    Rule(QUERIES, "properties.overrideQueryTimeRange", Code("alert.lookBack")),
    Rule(METRICS, "properties.scopes.0", Code("healthTest.id")),
    Rule(METRICS, "properties.evaluationFrequency", "PT15M"),
    Rule(METRICS, "properties.criteria.webTestId", Code("healthTest.id")),
    Rule(METRICS, "properties.criteria.failedLocationCount", 2),
    Rule(TESTS, "properties.Frequency", 900),
    Rule(TESTS, "properties.ValidationRules.ExpectedHttpStatusCode", 200),
    Rule("Microsoft.Consumption/budgets", "properties.timePeriod.startDate", Code("budgetStartDate")),
    # storage
    Rule(STORAGE, "properties.sasPolicy.sasExpirationPeriod", "0.04:00:00"),
    Rule(STORAGE, "properties.networkAcls.bypass", "AzureServices"),
    Rule(
        f"{STORAGE}/managementPolicies",
        "properties.policy.rules.each.definition.actions.baseBlob.delete.daysAfterModificationGreaterThan",
        Code("max(rule.days, 1)"),  # 0 would delete what is a day old
    ),
    # private networking
    Rule(NETWORKS, "properties.subnets.0.name", "app"),
    Rule(NETWORKS, f"{DELEGATION}.serviceName", "Microsoft.App/environments"),
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

APP, EVENT_GRID, VISION, PERSON = (
    "app.properties.principalId",
    "topic.identity.principalId",
    "visionAccount!.identity.principalId",
    "personPrincipalId",
)
# What stands for a principal in an assignment's name: known before it is made, so that a plan can show the assignment
KNOWN_AS = {APP: "app.id", EVENT_GRID: "topic.id", VISION: "visionAccount.id", PERSON: PERSON}
# Who may do what, and where: nobody else, nothing more, and all of it is needed
GRANTED = {
    (APP, "storage", "storageBlobDataOwner"),
    (APP, "storage", "storageQueueDataContributor"),
    (APP, "storage", "storageTableDataContributor"),
    (APP, "modelAccount", "cognitiveServicesOpenAIUser"),
    (APP, "telemetry", "monitoringMetricsPublisher"),
    (APP, "visionAccount", "cognitiveServicesUser"),
    (EVENT_GRID, "storage::blobs::deadLetters", "storageBlobDataContributor"),
    (VISION, "storage::blobs::uploads", "storageBlobDataReader"),
    (PERSON, "storage::blobs::uploads", "storageBlobDataContributor"),
}
ONLY_IF = {VISION: "!empty(visionAccountName)", PERSON: "!empty(personPrincipalId)"}

TOKEN = "uniqueString(resourceGroup().id, environmentName)"
NAME_RULES = {
    "storage": r"[a-z0-9]{3,24}",
    "topic": r"[A-Za-z0-9-]{3,50}",
    "model": r"[A-Za-z0-9][A-Za-z0-9-]{1,63}",
    "vision": r"[A-Za-z0-9][A-Za-z0-9-]{1,63}",
    "app": r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]",
    "logs": r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
    "telemetry": r"[\w.()-]{1,260}",
    "identity": r"[A-Za-z0-9][\w-]{2,127}",
    "network": r"[A-Za-z0-9][\w.-]{0,62}\w",
}
STORAGE_ZONES = {name: f"privatelink.{name}.core.windows.net" for name in ("blob", "queue", "table")}
MODEL_ZONES = {
    "privatelink.cognitiveservices.azure.com",
    "privatelink.openai.azure.com",
    "privatelink.services.ai.azure.com",
}

SECRETS = re.compile(
    r"listKeys|listAccountKeys|ConnectionString|InstrumentationKey|\bkeys?\b|secret|sas", re.IGNORECASE
)


def resources(root: Path) -> Iterator[tuple[Template, Resource]]:
    for template in templates(root):
        yield from ((template, resource) for resource in template.resources if not resource.existing)


def at(body: Any, path: str) -> object:
    """The value at a dotted path: a number is a list's, "each" a loop's body; what is computed is its text."""
    for name in path.split("."):
        if isinstance(body, Expression) and name == "parts":
            body = list(body.parts)
        elif isinstance(body, list) and name.isdigit():
            body = body[int(name)] if int(name) < len(body) else ABSENT
        elif isinstance(body, Expression) and name == "each":
            body = body.parts[-1]
        else:
            body = body.get(name, ABSENT) if isinstance(body, dict) else ABSENT
    return Code(" ".join(body.text.split())) if isinstance(body, Expression) else body


def settled(root: Path) -> list[str]:
    """Every rule holds for every resource it is about, and is about at least one."""
    found = []
    for rule in RULES:
        about = [(template, resource) for template, resource in resources(root) if rule.is_about(template, resource)]
        found += [] if about else [f"there is no {rule.type}"]
        for template, resource in about:
            value = at(resource.body, rule.path)
            if (value, type(value)) != (rule.value, type(rule.value)):
                found.append(f"{template.path.name} {resource.symbol}: {rule.path} is {value!r}, not {rule.value!r}")
    there = {resource.type for _, resource in resources(root)}
    return found + [f"there is no {needed}" for needed in NEEDED_ONCE if needed not in there]


def roles(root: Path) -> list[str]:
    """All roles are in access.bicep, each on one resource, and they are the granted ones; the app waits for them."""
    access = bicep.read(root / "infra" / "modules" / "access.bicep")
    assignments = [resource for resource in access.resources if resource.type == ROLES]
    declared = access.variables["roles"]
    given = {grant for resource in assignments for grant in grants(access, resource)}
    return [
        *(
            f"{template.path.name} {resource.symbol}: roles belong in access.bicep"
            for template, resource in resources(root)
            if resource.type == ROLES and template.path != access.path
        ),
        *(f"role {name} is not among the known ones" for name in declared if declared[name] != ALLOWED_ROLES.get(name)),
        *(f"{' '.join(grant)} is not granted" for grant in sorted(GRANTED - given)),
        *(f"{' '.join(grant)} is more than is needed" for grant in sorted(given - GRANTED)),
        *(fault for resource in assignments for fault in badly_assigned(resource)),
        *([] if at(module_body(root, "app"), "dependsOn.0") == "access" else ["the app does not wait for its roles"]),
    ]


def grants(access: Template, resource: Resource) -> Iterator[tuple[str, str, str]]:
    who, scope = (str(at(resource.body, path)) for path in ("properties.principalId", "scope"))
    definition = resource.body["properties"]["roleDefinitionId"]
    role = definition.parts[-1].text
    looped = access.variables.get(resource.loop_over, ())
    for name in [item.text for item in looped] if role == "role" else [role]:
        yield who, scope, name.removeprefix("roles.")


def badly_assigned(resource: Resource) -> Iterator[str]:
    """Its name never changes, its definition is a role's, and Azure need not guess what kind of principal it is for."""
    who, scope, name = (str(at(resource.body, path)) for path in ("properties.principalId", "scope", "name"))
    definition = str(at(resource.body, "properties.roleDefinitionId"))
    role = definition.rpartition(", ")[2].strip(" )")
    if name != f"guid({scope}.id, {KNOWN_AS.get(who)}, {role})":
        yield f"{resource.symbol}: its name {name} is not made of its scope, principal and role"
    if not definition.replace("( ", "(").startswith("subscriptionResourceId('Microsoft.Authorization/roleDefinitions'"):
        yield f"{resource.symbol}: {definition} is no role definition"
    kind = Code("personPrincipalType") if who == PERSON else "ServicePrincipal"
    if at(resource.body, "properties.principalType") != kind:
        yield f"{resource.symbol}: its principal is of type {kind}"
    wanted = ONLY_IF.get(VISION if scope == "visionAccount" else who, "")
    if resource.condition != wanted:
        yield f"{resource.symbol}: is made if {resource.condition!r}, not if {wanted!r}"


def module_body(root: Path, symbol: str) -> dict[str, Any]:
    return next((call.body for call in bicep.read(root / "infra" / "main.bicep").modules if call.symbol == symbol), {})


def resource_names(root: Path) -> list[str]:
    """Azure takes each name, and nobody else can have it."""
    variables = bicep.read(root / "infra" / "main.bicep").variables
    made = {key: getattr(name, "text", str(name)).strip("'") for key, name in variables["names"].items()}
    token = at(variables, "token")
    return [
        *([] if token == TOKEN else [f"the token is {token}, the same for everybody or different every time"]),
        *(f"{key}: {name} is not unique" for key, name in made.items() if "${token}" not in name),
        *(
            f"{key}: Azure does not take the name {name}"
            for key, name in made.items()
            if not re.fullmatch(NAME_RULES[key], name.replace("${token}", "a1" * 6 + "a"))
        ),
    ]


def private_network(root: Path) -> list[str]:
    """Every service has its private address and the names it is asked by, and the subnets fit into the network."""
    found = plan(root, MOST)
    if not made(found, NETWORKS):
        return ["there is no network"]
    body = made(found, NETWORKS)[0].body["properties"]
    ranges = [IPv4Network(item["properties"]["addressPrefix"]) for item in body["subnets"]]
    around = IPv4Network(body["addressSpace"]["addressPrefixes"][0])
    into = made(found, SITES)[0].body["properties"]["virtualNetworkSubnetId"]
    subnet = f"{made(found, NETWORKS)[0].id}/subnets/{body['subnets'][0]['name']}"
    return [
        *(fault for number in (MOST, OWN) for fault in endpoints(root, number)),
        *(f"{item} is outside {around}" for item in ranges if not item.subnet_of(around)),
        *(f"{one} and {two} overlap" for one, two in combinations(ranges, 2) if one.overlaps(two)),
        *([] if into == subnet else [f"the app goes into {into}"]),
    ]


def endpoints(root: Path, number: int) -> Iterator[str]:
    """Once with zones of the company, once with zones made here."""
    values = given(main(root).parameters, number)
    found = evaluate(root / "infra" / "main.bicep", values)
    company = values.get("privateDnsZonesGroupId")
    zones = {one.id for one in made(found, ZONES)}
    here = {} if company else zones
    groups = {one.body["properties"]["privateLinkServiceConnections"][0]["name"] for one in made(found, ENDPOINTS)}
    named = [zone for one in made(found, f"{ENDPOINTS}/privateDnsZoneGroups") for zone in zone_ids(one)]
    if groups != {*STORAGE_ZONES, "account"}:
        yield f"{sorted(groups)} have private addresses: not its services"
    if {zone.rpartition("/")[2] for zone in named} != {*STORAGE_ZONES.values(), *MODEL_ZONES}:
        yield f"{sorted(named)}: not its zones"
    for zone in named:
        if company and not zone.startswith(f"{company}/"):
            yield f"{zone} is not the company's zone"
        if not company and zone not in here:
            yield f"{zone} is not made"
    if company and zones:
        yield "zones are made though the company has them"


def zone_ids(group: Made) -> list[str]:
    return [config["properties"]["privateDnsZoneId"] for config in group.body["properties"]["privateDnsZoneConfigs"]]


def everywhere(root: Path) -> list[str]:
    """With diagnosticsEverywhere each resource that can has a diagnostic setting; audited are writes and deletes."""
    found = plan(root, MOST)
    settings = made(found, DIAGNOSTICS)
    told = {one.id.rpartition("/providers/Microsoft.Insights/")[0] for one in settings}
    silent = [one.id for one in found.made if one.resource.type in DIAGNOSED and one.id not in told]
    audits = {
        log["category"]
        for number in (LEAST, MOST)
        for one in made(plan(root, number), DIAGNOSTICS)
        if STORAGE in one.id
        for log in one.body["properties"]["logs"]
    }
    return [
        *(f"{name} has no diagnostic setting" for name in silent),
        *([] if audits == {"StorageWrite", "StorageDelete"} else [f"audited are {sorted(audits)}"]),
    ]


def one_topic(root: Path) -> list[str]:
    """There is one system topic: the company's own, by its name, or ours. Azure refuses a second on the account."""
    values = {**given(main(root).parameters, MOST), "eventTopicName": "theirs"}
    found = evaluate(root / "infra" / "main.bicep", values)
    names = [one.body["name"] for one in made(found, TOPICS)]
    return [] if names == ["theirs"] else [f"topics {names} are made beside theirs"]


def zones(root: Path) -> list[str]:
    """Spread over zones are the plan, the storage, and at least two instances for events and for HTTP."""
    values = {**given(main(root).parameters, LEAST), "zoneRedundant": True}
    found = evaluate(root / "infra" / "main.bicep", values)
    ready = made(found, SITES)[0].body["properties"]["functionAppConfig"]["scaleAndConcurrency"]["alwaysReady"]
    return [
        *([] if made(found, PLANS)[0].body["properties"]["zoneRedundant"] else ["the plan is in one zone"]),
        *([] if made(found, STORAGE)[0].body["sku"]["name"] == "Standard_ZRS" else ["the storage is in one zone"]),
        *(
            []
            if {item["name"]: item["instanceCount"] for item in ready} == {"blob": 2, "http": 2}
            else [f"always ready are {ready}"]
        ),
    ]


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
    "resource names": resource_names,
    "private network": private_network,
    "everywhere": everywhere,
    "one topic": one_topic,
    "zones": zones,
    "no secrets out": no_secrets_out,
}
