"""Answers of `az` and `gh`, as their documentation shows them, for a subscription and a repository without anything."""

from __future__ import annotations

from infra import bootstrap

SUBSCRIPTION = "00000000-0000-4000-8000-00000000000a"

PREFIX = "repo:octo-org@65/octo-repo@74"

REPOSITORY = "octo-org/octo-repo"

ENVIRONMENTS = ("plan", "staging", "production")


def record(*words, says=None, after=(), **more):
    return {"words": list(words), "says": says, "after": list(after), **more}


def identity(name):
    return {"name": f"visiondrop-{name}", "principalId": f"principal-{name}", "clientId": f"client-{name}"}


def stages(*words, item, empty, wrap=lambda items: items, made_by):
    """Listings of what grows: with each item once the command that makes it was run."""
    count = len(item)
    return [
        record(*words, says=wrap(item[:number]), after=made_by[:number]) if number else record(*words, says=empty)
        for number in range(count, -1, -1)
    ]


GROUPS = [{"name": name} for name in ("visiondrop-ci", "visiondrop-staging", "visiondrop-production")]

MADE = [identity(name) for name in ENVIRONMENTS]

PLAN_ROLE = {"name": "role-plan", "permissions": [{"actions": list(bootstrap.PLAN_ACTIONS)}]}


def group_scope(name):
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/visiondrop-{name}"


def assignment(principal, role, condition=None):
    definition = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"principalId": f"principal-{principal}", "roleDefinitionId": definition, "condition": condition}


def empty_cloud(subject=None):
    """A subscription and a repository in which nothing was set up, in the tools' answers, growing as it is made."""
    credentials = [
        answer
        for name in ENVIRONMENTS
        for where in [("identity", "federated-credential")]
        for answer in (
            record(
                "az",
                *where,
                "list",
                f"visiondrop-{name}",
                says=[{"name": "github", "subject": f"{PREFIX}:environment:{name}"}],
                after=[["az", *where, "create", f"visiondrop-{name}"]],
            ),
            record("az", *where, "list", f"visiondrop-{name}", says=[]),
            record("az", *where, "create", f"visiondrop-{name}", says={}),
        )
    ]
    only = bootstrap.condition(bootstrap.given_roles())
    given = []
    for name in ("staging", "production"):
        two = [
            assignment(name, bootstrap.CONTRIBUTOR),
            assignment(name, bootstrap.ROLE_ADMINISTRATOR, only),
        ]
        made_by = [
            ["az", "role", "assignment", "create", role, group_scope(name)]
            for role in (bootstrap.CONTRIBUTOR, bootstrap.ROLE_ADMINISTRATOR)
        ]
        plans = [assignment("plan", "role-plan")] if name == "staging" else []
        words = ("az", "role", "assignment", "list", group_scope(name))
        if plans:
            by_plan = ["az", "role", "assignment", "create", "role-plan", group_scope(name)]
            given.append(record(*words, says=[*plans, *two], after=[by_plan, *made_by]))
            given.append(record(*words, says=plans, after=[by_plan]))
        given += stages(*words, item=two, empty=[], made_by=made_by)
    api = f"repos/{REPOSITORY}"
    environments = stages(
        "gh",
        "api",
        f"{api}/environments",
        item=[{"name": name} for name in ENVIRONMENTS],
        empty={"environments": []},
        wrap=lambda items: {"environments": items},
        made_by=[["gh", "api", "PUT", f"{api}/environments/{name}"] for name in ENVIRONMENTS],
    )
    variables = [
        answer
        for name in ENVIRONMENTS
        for answer in (
            record(
                "gh",
                "variable",
                "list",
                name,
                says=[{"name": key, "value": value} for key, value in variables_of(name).items()],
                after=[["gh", "variable", "set", key, name] for key in variables_of(name)],
            ),
            record("gh", "variable", "list", name, says=[]),
        )
    ]
    return [
        record("az", "account", "show", says={"id": SUBSCRIPTION, "tenantId": "tenant", "name": "a subscription"}),
        record(
            "az",
            "provider",
            "list",
            says=[
                {"namespace": f"Microsoft.{name}", "registrationState": "Registered"} for name in bootstrap.PROVIDERS
            ],
            after=[["az", "provider", "register", "Microsoft.App"]],
        ),
        record(
            "az",
            "provider",
            "list",
            says=[
                {
                    "namespace": f"Microsoft.{name}",
                    "registrationState": "NotRegistered" if name == "App" else "Registered",
                }
                for name in bootstrap.PROVIDERS
            ],
        ),
        record("az", "provider", "register"),
        *stages(
            "az",
            "group",
            "list",
            item=GROUPS,
            empty=[{"name": "another"}],
            made_by=[["az", "group", "create", item["name"]] for item in GROUPS],
        ),
        record("az", "group", "create", says={}),
        record("gh", "api", f"{api}/actions/oidc/customization/sub", says=subject or {"sub_claim_prefix": PREFIX}),
        *credentials,
        *stages(
            "az",
            "identity",
            "list",
            item=MADE,
            empty=[],
            made_by=[["az", "identity", "create", item["name"]] for item in MADE],
        ),
        record("az", "identity", "create", says={}),
        record("az", "role", "definition", "list", says=[PLAN_ROLE], after=[["az", "role", "definition", "create"]]),
        record("az", "role", "definition", "list", says=[]),
        record("az", "role", "definition", "create", says={}),
        *given,
        record("az", "role", "assignment", "create", says={}),
        record("gh", "api", "PUT"),
        record("gh", "api", "POST", says={}),
        *environments,
        *variables,
        record("gh", "variable", "set"),
    ]


def variables_of(name):
    group = f"visiondrop-{'staging' if name == 'plan' else name}"
    return {
        "AZURE_CLIENT_ID": f"client-{name}",
        "AZURE_TENANT_ID": "tenant",
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "AZURE_RESOURCE_GROUP": group,
        "AZURE_ENV_NAME": group,
        "AZURE_MODEL_LOCATION": "eastus2",
    }
