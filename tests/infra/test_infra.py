"""The templates and what stands around them pass every check; test_infra_mutations.py shows that each can fail."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from tests.infra.azure_types import DATA
from tests.infra.code_checks import CODE_CHECKS
from tests.infra.file_checks import FILE_CHECKS, ToolMissing, default_model
from tests.infra.policy_checks import POLICY_CHECKS
from tests.infra.template_checks import TEMPLATE_CHECKS, templates

ROOT = Path(__file__).parents[2]
CHECKS = {**TEMPLATE_CHECKS, **POLICY_CHECKS, **CODE_CHECKS, **FILE_CHECKS}


@pytest.mark.parametrize("name", CHECKS)
def test_nothing_is_found(name):
    """The project as it is passes the check."""
    if name.startswith("published") and not DATA.is_file():
        pytest.skip("the published types of Azure's resources are not here (../shared/data/azure-types.json)")
    try:
        found = CHECKS[name](ROOT)
    except ToolMissing as notice:
        pytest.skip(str(notice))
    assert found == []


def test_there_are_templates_to_check():
    """The checks look at something: a moved folder must not pass for a clean one."""
    assert len(templates(ROOT)) >= 10
    assert sum(len(template.resources) for template in templates(ROOT)) >= 50


def test_the_default_model_is_offered_for_a_while(capsys):
    """On the day of this decision; CI asks again for its own day, and only warns: a date must not stop a fix."""
    assert default_model(ROOT, date(2026, 11, 21)) == []
    if os.environ.get("CI"):
        with capsys.disabled():
            for line in default_model(ROOT, date.today()):  # noqa: DTZ011  # the one check that is about the calendar
                print(f"::warning title=default model::{line}")  # noqa: T201  # GitHub shows such a line


@pytest.mark.parametrize(("day", "warned"), [(date(2027, 3, 16), False), (date(2027, 3, 17), True)])
def test_a_retiring_default_model_is_noticed(day, warned):
    """Sixty days before Azure ends it, the check speaks."""
    assert bool(default_model(ROOT, day)) is warned
