"""What the templates promise, whatever the code is: no keys, no public data, narrow roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.infra import bicep
from tests.infra.bicep_values import Expression, Resource, Template
from tests.infra.plan_checks import everywhere, one_topic, private_network, zones
from tests.infra.reading import Check, templates
from tests.infra.rules import ABSENT, NEEDED_ONCE, ROLES, RULES, Code

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
