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
from tests.infra.recorded_cloud import ENVIRONMENTS, PREFIX, REPOSITORY, empty_cloud, group_scope, record
from tests.infra.test_infra import ROOT

COMMAND = ["--repository", REPOSITORY, "--location", "swedencentral", "--model-location", "eastus2"]

WRITES = re.compile(r"\b(create|update|register|set|PUT|POST|delete)\b")


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
