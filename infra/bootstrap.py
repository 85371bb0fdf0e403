"""Lets a GitHub repository deploy to Azure without a secret: identities, what each may do, and GitHub's environments.

    python3 -m infra.bootstrap --repository OWNER/REPO --location REGION --model-location REGION [--dry-run]

Needs `az` and `gh`, both signed in, by somebody who may give roles in the subscription (Owner, or Contributor with User
Access Administrator). It looks first and says what it will make or change; with --dry-run that is all. Run it again at
any time: what is there stays as it is, reviewers of the environments among it.

Made are: a group for each of staging and production and one for the identities; an identity for each of the
environments plan, staging and production, which GitHub may be; a role that may only plan; for the others Contributor,
and the right to give the roles of access.bicep and no others; the environments, and the variables that say all this.
"""

# ruff: noqa: INP001 - scripts beside templates, no package

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"
PROVIDERS = (
    "App",
    "CognitiveServices",
    "Consumption",
    "EventGrid",
    "Insights",
    "ManagedIdentity",
    "Network",
    "OperationalInsights",
    "Security",
    "Storage",
    "Web",
)
PLAN, DEPLOYS = "plan", ("staging", "production")
PLAN_ACTIONS = (
    "*/read",
    "Microsoft.Resources/deployments/validate/action",
    "Microsoft.Resources/deployments/whatIf/action",
)
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
ROLE_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
TRIES, PAUSE_S = 6, 10.0
FOLLOWED_LATER = "PrincipalNotFound"  # a new identity takes a while to be known everywhere


class Stopped(Exception):
    """Why it cannot go on, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for."""

    repository: str
    location: str
    model_location: str
    name: str

    def group(self, environment: str) -> str:
        return f"{self.name}-{'staging' if environment == PLAN else environment}"

    @property
    def identities_group(self) -> str:
        return f"{self.name}-ci"

    def identity(self, environment: str) -> str:
        return f"{self.name}-{environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to make or change; `do` is called only if it is not as it should be."""

    says: str
    do: Callable[[], object]


@dataclass(slots=True)
class Cloud:
    """The two command lines, and what they said about the account."""

    sleep: Callable[[float], None] = time.sleep
    account: dict[str, str] = field(default_factory=dict)
    answers: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def run(self, *command: str, text: str | None = None) -> str:
        """What the command prints. Raises Stopped with the command's own words."""
        for attempt in range(TRIES):
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)  # noqa: S603 - ours
            if done.returncode == 0:
                return done.stdout
            if FOLLOWED_LATER not in done.stderr or attempt == TRIES - 1:
                break
            self.sleep(PAUSE_S)
        raise Stopped(f"{' '.join(command[:4])} …: {done.stderr.strip()}")

    def read(self, *command: str) -> Any:
        """The command's JSON; the same question is asked once until its kind is written."""
        if command not in self.answers:
            self.answers[command] = json.loads(self.run(*command))
        return self.answers[command]

    def az(self, *arguments: str) -> Any:
        return self.read("az", *arguments, "--output", "json")

    def gh(self, *arguments: str) -> Any:
        return self.read("gh", *arguments)

    def write(self, *command: str, text: str | None = None) -> None:
        """Forgets what was read of the same kind: the first two words."""
        for asked in [asked for asked in self.answers if asked[:2] == command[:2]]:
            del self.answers[asked]
        self.run(*command, text=text)

    def group_id(self, group: str) -> str:
        return f"/subscriptions/{self.account['id']}/resourceGroups/{group}"


def condition(roles: list[str]) -> str:
    """The condition on the right to give roles: only these may be given, and only these taken away."""
    listed = ", ".join(sorted(roles))
    rules = [
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})) OR "
        f"(@{side}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
        f"ForAnyOfAnyValues:GuidEquals {{{listed}}}))"
        for action, side in (("write", "Request"), ("delete", "Resource"))
    ]
    return " AND ".join(rules)


def given_roles() -> list[str]:
    """The ids of the roles that access.bicep gives."""
    text = (FOLDER / "modules" / "access.bicep").read_text("utf-8")
    return re.findall(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'", text)


def subject_prefix(cloud: Cloud, repository: str) -> str:
    """What GitHub puts before `:environment:NAME` in its tokens: since 2026-07-15 with ids, for new repositories."""
    said = cloud.gh("api", f"repos/{repository}/actions/oidc/customization/sub")
    keys = said.get("include_claim_keys") or []
    if not said.get("use_default", True) and "context" not in keys:
        raise Stopped(
            f"{repository} has a customised subject ({', '.join(keys)}) without `context`: tokens do not say which "
            "environment they are for. Add `context` to include_claim_keys, or use the default"
        )
    return str(said.get("sub_claim_prefix") or f"repo:{repository}")


def steps(cloud: Cloud, wanted: Wanted) -> Iterator[Step]:
    """What is not there yet, in order. Each is looked for only when its turn comes: the ones before have been done."""
    yield from provider_steps(cloud)
    groups = [wanted.identities_group, *(wanted.group(environment) for environment in DEPLOYS)]
    yield from group_steps(cloud, wanted, groups)
    prefix = subject_prefix(cloud, wanted.repository)
    for environment in (PLAN, *DEPLOYS):
        yield from identity_steps(cloud, wanted, environment, f"{prefix}:environment:{environment}")
    yield from role_definition_steps(cloud, wanted)
    for environment in (PLAN, *DEPLOYS):
        yield from assignment_steps(cloud, wanted, environment)
    yield from github_steps(cloud, wanted)


def provider_steps(cloud: Cloud) -> Iterator[Step]:
    states = {item["namespace"]: item["registrationState"] for item in cloud.az("provider", "list")}
    for name in (f"Microsoft.{provider}" for provider in PROVIDERS):
        if states.get(name) not in {"Registered", "Registering"}:
            yield Step(
                says=f"register the provider {name}",
                do=partial(cloud.write, "az", "provider", "register", "--namespace", name),
            )


def group_steps(cloud: Cloud, wanted: Wanted, groups: list[str]) -> Iterator[Step]:
    there = {item["name"] for item in cloud.az("group", "list")}
    for name in groups:
        if name not in there:
            yield Step(
                says=f"make the resource group {name} in {wanted.location}",
                do=partial(cloud.write, "az", "group", "create", "--name", name, "--location", wanted.location),
            )


def found_identity(cloud: Cloud, wanted: Wanted, environment: str) -> dict[str, str] | None:
    if wanted.identities_group not in {item["name"] for item in cloud.az("group", "list")}:
        return None
    listed = cloud.az("identity", "list", "--resource-group", wanted.identities_group)
    return next((item for item in listed if item["name"] == wanted.identity(environment)), None)


def identity_steps(cloud: Cloud, wanted: Wanted, environment: str, subject: str) -> Iterator[Step]:
    where = ("--resource-group", wanted.identities_group)
    name = wanted.identity(environment)
    if found_identity(cloud, wanted, environment) is None:
        yield Step(
            says=f"make the identity {name}",
            do=partial(cloud.write, "az", "identity", "create", *where, "--name", name, "--location", wanted.location),
        )
    credential = ("--identity-name", name, *where)
    is_there = found_identity(cloud, wanted, environment) is not None
    listed = cloud.az("identity", "federated-credential", "list", *credential) if is_there else []
    trusted = next((item for item in listed if item["name"] == "github"), None)
    if trusted is None or trusted["subject"] != subject:
        verb = "create" if trusted is None else "update"
        options = ("--issuer", ISSUER, "--subject", subject, "--audiences", AUDIENCE)
        yield Step(
            says=f"let GitHub be {name} when its token says {subject}",
            do=partial(
                cloud.write, "az", "identity", "federated-credential", verb, "--name", "github", *credential, *options
            ),
        )


def plan_role(cloud: Cloud, wanted: Wanted) -> dict[str, Any]:
    return {
        "Name": f"{wanted.name} plan",
        "Description": "Reads, and asks what a deployment would change",
        "Actions": list(PLAN_ACTIONS),
        "NotActions": [],
        "AssignableScopes": [cloud.group_id(wanted.group(PLAN))],
    }


def found_plan_role(cloud: Cloud, wanted: Wanted) -> dict[str, Any] | None:
    listed = cloud.az("role", "definition", "list", "--custom-role-only", "true", "--name", f"{wanted.name} plan")
    return listed[0] if listed else None


def role_definition_steps(cloud: Cloud, wanted: Wanted) -> Iterator[Step]:
    role = plan_role(cloud, wanted)
    found = found_plan_role(cloud, wanted)
    if found is None:
        yield Step(
            says=f"make the role {role['Name']!r}: {', '.join(PLAN_ACTIONS)}",
            do=partial(cloud.write, "az", "role", "definition", "create", "--role-definition", json.dumps(role)),
        )
    elif sorted(found["permissions"][0]["actions"]) != sorted(PLAN_ACTIONS):
        changed = {**role, "Id": found["name"]}
        yield Step(
            says=f"set the actions of the role {role['Name']!r} to {', '.join(PLAN_ACTIONS)}",
            do=partial(cloud.write, "az", "role", "definition", "update", "--role-definition", json.dumps(changed)),
        )


def assignment_steps(cloud: Cloud, wanted: Wanted, environment: str) -> Iterator[Step]:
    scope = cloud.group_id(wanted.group(environment))
    principal = (found_identity(cloud, wanted, environment) or {}).get("principalId", "")
    groups = {item["name"] for item in cloud.az("group", "list")}
    listed = cloud.az("role", "assignment", "list", "--scope", scope) if wanted.group(environment) in groups else []
    mine = {item["roleDefinitionId"].rpartition("/")[2]: item for item in listed if item["principalId"] == principal}
    for label, role, only in wanted_roles(cloud, wanted, environment):
        there = mine.get(role)
        if there is None:
            yield Step(
                says=f"give {wanted.identity(environment)} the role {label} on {wanted.group(environment)}",
                do=partial(assign, cloud, wanted, environment, role, only),
            )
        elif only and " ".join((there.get("condition") or "").split()) != only:
            changed = {**there, "condition": only, "conditionVersion": "2.0"}
            yield Step(
                says=f"set the condition of {label} of {wanted.identity(environment)}",
                do=partial(cloud.write, "az", "role", "assignment", "update", "--role-assignment", json.dumps(changed)),
            )


def wanted_roles(cloud: Cloud, wanted: Wanted, environment: str) -> Iterator[tuple[str, str, str]]:
    """Each role's words, id and condition."""
    if environment == PLAN:
        yield f"{wanted.name} plan", (found_plan_role(cloud, wanted) or {}).get("name", "not made yet"), ""
    else:
        yield "Contributor", CONTRIBUTOR, ""
        only = condition(given_roles())
        yield "Role Based Access Control Administrator (for the roles of access.bicep only)", ROLE_ADMINISTRATOR, only


def assign(cloud: Cloud, wanted: Wanted, environment: str, role: str, only: str) -> None:
    """The identity is looked up anew: a step before may just have made it."""
    principal = (found_identity(cloud, wanted, environment) or {})["principalId"]
    whom = ("--assignee-object-id", principal, "--assignee-principal-type", "ServicePrincipal")
    options = ("--condition", only, "--condition-version", "2.0") if only else ()
    scope = cloud.group_id(wanted.group(environment))
    cloud.write("az", "role", "assignment", "create", *whom, "--role", role, "--scope", scope, *options)


def github_steps(cloud: Cloud, wanted: Wanted) -> Iterator[Step]:
    at = f"repos/{wanted.repository}/environments"
    there = {item["name"] for item in cloud.gh("api", at)["environments"]}
    for environment in (PLAN, *DEPLOYS):
        if environment not in there:
            yield Step(
                says=f"make GitHub's environment {environment}"
                + ("" if environment == PLAN else ", which only main may use (give production reviewers yourself)"),
                do=partial(make_environment, cloud, at, environment),
            )
        yield from variable_steps(cloud, wanted, environment)


def make_environment(cloud: Cloud, at: str, environment: str) -> None:
    only_main = {"protected_branches": False, "custom_branch_policies": True} if environment != PLAN else None
    body = json.dumps({"deployment_branch_policy": only_main})
    cloud.write("gh", "api", "--method", "PUT", f"{at}/{environment}", "--input", "-", text=body)
    if only_main:
        cloud.write(
            "gh", "api", "--method", "POST", f"{at}/{environment}/deployment-branch-policies", "-f", "name=main"
        )


def variable_steps(cloud: Cloud, wanted: Wanted, environment: str) -> Iterator[Step]:
    """Those that are someone's choice (AZURE_ENV_NAME, AZURE_MODEL_LOCATION) are set once and then left alone."""
    where = ("--env", environment, "--repo", wanted.repository)
    names = {item["name"] for item in cloud.gh("api", f"repos/{wanted.repository}/environments")["environments"]}
    listed = cloud.gh("variable", "list", *where, "--json", "name,value") if environment in names else []
    there = {item["name"]: item["value"] for item in listed}
    client = (found_identity(cloud, wanted, environment) or {}).get("clientId", "")
    facts = {
        "AZURE_CLIENT_ID": client,
        "AZURE_TENANT_ID": cloud.account["tenantId"],
        "AZURE_SUBSCRIPTION_ID": cloud.account["id"],
        "AZURE_RESOURCE_GROUP": wanted.group(environment),
    }
    choices = {"AZURE_ENV_NAME": wanted.group(environment), "AZURE_MODEL_LOCATION": wanted.model_location}
    for name, value in {**choices, **facts}.items():
        if there.get(name) != value and not (name in choices and name in there):
            yield Step(
                says=f"set {name} of {environment} to {value or 'the client id of the identity'}",
                do=partial(cloud.write, "gh", "variable", "set", name, *where, "--body", value),
            )


def carry_out(cloud: Cloud, wanted: Wanted, *, dry_run: bool, say: Callable[[str], None]) -> int:
    """How many steps there were."""
    cloud.account = cloud.az("account", "show")
    say(f"subscription {cloud.account['name']}, repository {wanted.repository}")
    planned = list(steps(cloud, wanted))
    say("\n".join(f"  {step.says}" for step in planned) or "  everything is there")
    if dry_run or not planned:
        return len(planned)
    for step in steps(cloud, wanted):
        say(f"… {step.says}")
        step.do()
    say("now: gh variable set AZURE_DEPLOYS --body true, when the workflow is to deploy")
    return len(planned)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repository", required=True, metavar="OWNER/REPO")
    parser.add_argument("--location", required=True, metavar="REGION")
    parser.add_argument("--model-location", required=True, metavar="REGION")
    parser.add_argument("--name", default="visiondrop", help="begins the names of groups and identities")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be made or changed")
    arguments = parser.parse_args(argv)
    wanted = Wanted(
        repository=arguments.repository,
        location=arguments.location,
        model_location=arguments.model_location,
        name=arguments.name,
    )
    try:
        carry_out(Cloud(), wanted, dry_run=arguments.dry_run, say=lambda text: print(text, flush=True))  # noqa: T201
    except Stopped as fault:
        print(fault, file=sys.stderr)  # noqa: T201 - a terminal command
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
