"""Every check of the infrastructure is shown failing: a copy is broken in one place, and the check has to say so."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.infra import bicep
from tests.infra.azure_types import DATA
from tests.infra.file_checks import compiled
from tests.infra.mutations import MUTATIONS
from tests.infra.policy_checks import settled
from tests.infra.reading import templates
from tests.infra.rules import ABSENT, RULES, Code, Rule
from tests.infra.test_infra import CHECKS
from tests.infra.tools import ToolMissing

ROOT = Path(__file__).parents[2]
COPIED = ("azure.yaml", "host.json", ".funcignore", "function_app.py", "requirements.txt")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The infrastructure and what stands around it, to be broken, and mended again after each test."""
    tmp_path = tmp_path_factory.mktemp("copy")
    for folder in ("infra", ".github"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in COPIED:
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").touch()
    return tmp_path


@contextmanager
def broken(path: Path, change: Callable[[str], str]) -> Iterator[None]:
    text = path.read_text("utf-8")
    assert change(text) != text, f"{path.name} has nothing to break there any more: change the mutation"
    path.write_text(change(text), "utf-8")
    try:
        yield
    finally:
        path.write_text(text, "utf-8")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: f"{mutation.check}: {mutation.says}")
def test_a_broken_copy_is_found_out(mutation, copy):
    """The check that is there for this fault reports it."""
    if mutation.check.startswith("published") and not DATA.is_file():
        pytest.skip("the published types of Azure's resources are not here (../shared/data/azure-types.json)")
    with broken(copy / mutation.file, lambda text: text.replace(mutation.old, mutation.new)):
        try:
            found = CHECKS[mutation.check](copy)
        except ToolMissing as notice:
            pytest.skip(str(notice))
    assert any(mutation.says in line for line in found), found


def written(value: object) -> str:
    """As it stands in a template, however it is spaced."""
    if isinstance(value, Code):
        return r"\s+".join(map(re.escape, value.split()))
    return re.escape(str(value).lower() if isinstance(value, bool | int) else f"'{value}'")


def another(value: object) -> str:
    return str(not value).lower() if isinstance(value, bool) else "'other'"


def pattern_of(rule: Rule, text: str) -> str:
    """Where the rule's value stands: in an object of this name, else anywhere under its key, or alone in a list."""
    parent, _, key = rule.path.rpartition(".")
    value = written(rule.value) + r"(?=\s)"
    nested = rf"(\b{parent.rpartition('.')[2]}: \{{[^{{}}]*?\b{key}: ){value}"
    if re.search(nested, text):
        return nested
    return rf"(?m)^(\s*){value}" if key.isdigit() else rf"(?m)^(\s*{key}: ){value}"


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.value != ABSENT], ids=lambda rule: f"{rule.type} {rule.path} {rule.where}"
)
def test_every_rule_can_be_broken(rule, copy):
    """Each promise about a property is noticed when the property says otherwise."""
    about = next(
        template.path
        for template in templates(copy)
        for item in template.resources
        if not item.existing and rule.is_about(template, item)
    )
    pattern = pattern_of(rule, about.read_text("utf-8"))
    with broken(about, lambda text: re.sub(pattern, lambda found: found[1] + another(rule.value), text)):
        assert bicep.read(about).faults == ()
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
