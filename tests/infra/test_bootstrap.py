"""infra/bootstrap.py against recorded answers of `az` and `gh`: what it looks at, makes, changes, and leaves alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from infra import bootstrap
from tests.infra import fake_cloud
from tests.infra.policy_checks import ALLOWED_ROLES
from tests.infra.test_infra import ROOT

SUBSCRIPTION = "00000000-0000-4000-8000-00000000000a"
PREFIX = "repo:octo-org@65/octo-repo@74"
REPOSITORY = "octo-org/octo-repo"
COMMAND = ["--repository", REPOSITORY, "--location", "swedencentral", "--model-location", "eastus2"]
ENVIRONMENTS = ("plan", "staging", "production")
WRITES = re.compile(r"\b(create|update|register|set|PUT|POST|delete)\b")


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


def run(folder, records, *options):
    """The script in a process of its own, with the two programs on its PATH."""
    environ = (
        {"PATH": fake_cloud.install(folder, records)} if records is not None else {"PATH": f"{folder}:/usr/bin:/bin"}
    )
    command = [sys.executable, "-m", "infra.bootstrap", *COMMAND, *options]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def writes(folder):
    return [command for command in fake_cloud.asked(folder) if WRITES.search(command)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a cloud in which the script has run once, and what it said."""
    folder = tmp_path_factory.mktemp("made")
    return folder, run(folder, empty_cloud())


def test_a_dry_run_says_all_and_makes_nothing(tmp_path):
    """Whoever signs for it reads every identity, subject, role and variable first."""
    done = run(tmp_path, empty_cloud(), "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert writes(tmp_path) == []
    for said in (
        "register the provider Microsoft.App",
        "make the resource group visiondrop-ci",
        *(f"make the identity visiondrop-{name}" for name in ENVIRONMENTS),
        *(f"when its token says {PREFIX}:environment:{name}" for name in ENVIRONMENTS),
        "make the role 'visiondrop plan': */read",
        "give visiondrop-production the role Contributor on visiondrop-production",
        "Role Based Access Control Administrator (for the roles of access.bicep only)",
        "make GitHub's environment production, which only main may use",
        "set AZURE_CLIENT_ID of plan to the client id of the identity",
    ):
        assert said in done.stdout


def test_all_is_made_and_a_second_run_makes_nothing(made, tmp_path):
    """Idempotent: the second run finds everything there and writes nothing."""
    folder, done = made
    tmp_path = shutil.copytree(folder, tmp_path / "copy")
    assert (done.returncode, done.stderr) == (0, "")
    written = writes(tmp_path)
    assert len([command for command in written if command.startswith("az identity create")]) == 3
    assert len([command for command in written if "role assignment create" in command]) == 5
    assert len([command for command in written if command.startswith("gh variable set")]) == 18
    again = run(tmp_path, None)
    assert (again.returncode, again.stderr) == (0, "")
    assert "everything is there" in again.stdout
    assert writes(tmp_path) == written


def test_the_right_to_give_roles_is_held_to_the_apps_own(made):
    """The workflow's identity can make nobody an owner: neither give nor take any other role."""
    given = [command for command in writes(made[0]) if bootstrap.ROLE_ADMINISTRATOR in command]
    assert len(given) == 2
    for command in given:
        for role in ALLOWED_ROLES.values():
            assert command.count(role) == 2, "once for giving, once for taking"
        assert "roleAssignments/write" in command
        assert "roleAssignments/delete" in command
        assert "--condition-version 2.0" in command
    assert set(bootstrap.given_roles()) == set(ALLOWED_ROLES.values())


def test_the_planner_can_only_plan(made):
    """What a pull request's workflow is trusted with: reading and asking."""
    (role,) = [command for command in writes(made[0]) if "role definition create" in command]
    planner = json.loads(role.partition("--role-definition ")[2])
    assert planner["Actions"] == list(bootstrap.PLAN_ACTIONS)
    assert planner["AssignableScopes"] == [group_scope("staging")]
    assert not [command for command in writes(made[0]) if "principal-plan" in command and "role-plan" not in command]


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ({"use_default": True, "sub_claim_prefix": PREFIX}, f"{PREFIX}:environment:staging"),
        ({"use_default": True}, f"repo:{REPOSITORY}:environment:staging"),
        ({"use_default": False, "include_claim_keys": ["repo", "context"]}, f"repo:{REPOSITORY}:environment:staging"),
    ],
)
def test_the_subject_is_the_one_that_github_issues(said, subject, tmp_path):
    """With ids for repositories made since July 2026, without for older ones."""
    done = run(tmp_path, empty_cloud(said), "--dry-run")
    assert f"token says {subject}\n" in done.stdout


def test_a_subject_without_its_environment_is_refused(tmp_path):
    """An organisation's own subject may not say for which environment a token is: nothing is made then."""
    done = run(tmp_path, empty_cloud({"use_default": False, "include_claim_keys": ["repo"]}), "--dry-run")
    assert done.returncode == 1
    assert "Add `context`" in done.stderr


def test_an_old_subject_and_a_wider_condition_are_changed(made, tmp_path):
    """What is there but not as it should be is set right, not made a second time."""
    tmp_path = shutil.copytree(made[0], tmp_path / "copy")
    changed = json.loads((tmp_path / "records.json").read_text())
    for item in changed:
        for found in item["says"] if isinstance(item["says"], list) else []:
            if found.get("subject") == f"{PREFIX}:environment:staging":
                found["subject"] = f"repo:{REPOSITORY}:environment:staging"
            if found.get("principalId") == "principal-production" and found.get("condition"):
                found["condition"] = "true"
    changed += [
        record("az", "identity", "federated-credential", "update", says={}),
        record("az", "role", "assignment", "update", says={}),
    ]
    (tmp_path / "records.json").write_text(json.dumps(changed))
    before = writes(tmp_path)
    assert run(tmp_path, None).returncode == 0
    after = writes(tmp_path)[len(before) :]
    assert [command.split(" --")[0] for command in after] == [
        "az identity federated-credential update",
        "az role assignment update",
    ]


NOT_YET = record("az", "role", says=None, code=1, error="(PrincipalNotFound) Principal does not exist")


def test_a_new_identity_that_is_not_known_yet_is_waited_for(tmp_path, monkeypatch):
    """Entra needs some seconds until a new principal can be given a role."""
    monkeypatch.setenv("PATH", fake_cloud.install(tmp_path, [record("az", "role", after=[["az", "role"]]), NOT_YET]))
    waited: list[float] = []
    bootstrap.Cloud(sleep=waited.append).write("az", "role", "assignment", "create")
    assert waited == [bootstrap.PAUSE_S]


def test_an_identity_that_is_never_known_ends_it(tmp_path, monkeypatch):
    """After a minute it is something else."""
    monkeypatch.setenv("PATH", fake_cloud.install(tmp_path, [NOT_YET]))
    waited: list[float] = []
    with pytest.raises(bootstrap.Stopped, match="PrincipalNotFound"):
        bootstrap.Cloud(sleep=waited.append).write("az", "role", "assignment", "create")
    assert waited == [bootstrap.PAUSE_S] * (bootstrap.TRIES - 1)


def test_what_a_tool_refuses_is_said_in_its_words(tmp_path):
    """Not signed in, no right: the tool knows best what is wrong."""
    done = run(tmp_path, [record("az", "account", says=None, code=1, error="Please run 'az login'")])
    assert done.returncode == 1
    assert "az login" in done.stderr
