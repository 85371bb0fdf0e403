"""Every check of the infrastructure is shown failing: a copy is broken in one place, and the check has to say so."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.infra import bicep
from tests.infra.azure_types import DATA
from tests.infra.file_checks import ToolMissing, compiled
from tests.infra.mutations import MUTATIONS
from tests.infra.policy_checks import ABSENT, RULES, settled
from tests.infra.template_checks import templates
from tests.infra.test_infra import CHECKS

ROOT = Path(__file__).parents[2]
COPIED = ("azure.yaml", "host.json", ".funcignore", "function_app.py", "requirements.txt")


@pytest.fixture
def copy(tmp_path):
    """The infrastructure and what stands around it, to be broken."""
    for folder in ("infra", ".github"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in COPIED:
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").touch()
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, f"{path.name} has no {old!r} any more: change the mutation"
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: f"{mutation.check}: {mutation.says}")
def test_a_broken_copy_is_found_out(mutation, copy):
    """The check that is there for this fault reports it."""
    if mutation.check.startswith("published") and not DATA.is_file():
        pytest.skip("the published types of Azure's resources are not here (../shared/data/azure-types.json)")
    replace(copy / mutation.file, mutation.old, mutation.new)
    try:
        found = CHECKS[mutation.check](copy)
    except ToolMissing as notice:
        pytest.skip(str(notice))
    assert any(mutation.says in line for line in found), found


def written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) and re.search(r"[?]|^model|^daily", value) else f"'{value}'"


def broken(value: object) -> str:
    return written(not value) if isinstance(value, bool) else "'other'"


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.value != ABSENT], ids=lambda rule: f"{rule.type} {rule.path}"
)
def test_every_rule_can_be_broken(rule, copy):
    """Each promise about a property is noticed when the property says otherwise."""
    parent, _, key = rule.path.rpartition(".")
    inside = parent.rpartition(".")[2]
    line = rf"(?m)^(\s*{key}: ){re.escape(written(rule.value))}(?=\s)"
    nested = rf"(\b{inside}: \{{[^{{}}]*?\b{key}: ){re.escape(written(rule.value))}(?=\s)"
    about = [
        template.path
        for template in templates(copy)
        if any(item.type == rule.type and not item.existing for item in template.resources)
        and rule.where in template.path.name
    ]
    text = about[0].read_text("utf-8")
    pattern = nested if re.search(nested, text) else line
    about[0].write_text(re.sub(pattern, lambda found: found[1] + broken(rule.value), text), "utf-8")
    assert bicep.read(about[0]).faults == ()
    assert any(rule.path in fault for fault in settled(copy))


def test_no_check_goes_without_a_mutation():
    """A check that was never seen to fail proves nothing."""
    assert {mutation.check for mutation in MUTATIONS} | {"compiler"} == set(CHECKS)


@pytest.mark.parametrize(("says", "code"), [("main.bicep(1,1) : Warning no-unused-params: x", 0), ("broken", 1)])
def test_a_warning_of_the_compiler_is_a_fault(says, code, tmp_path):
    """Bicep exits with 0 on warnings; the check does not let them pass."""
    found = compiled(["sh", "-c", f"echo '{says}' >&2; exit {code}"], tmp_path)
    assert found
    assert says in found[0]
