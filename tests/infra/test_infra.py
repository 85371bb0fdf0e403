"""The templates and what stands around them pass every check; test_infra_mutations.py shows that each can fail."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from tests.infra.azure_types import DATA
from tests.infra.bicep_functions import Unknown
from tests.infra.code_checks import CODE_CHECKS
from tests.infra.file_checks import FILE_CHECKS, default_model
from tests.infra.plans import MOST, plan, plans
from tests.infra.policy_checks import POLICY_CHECKS
from tests.infra.reading import templates
from tests.infra.template_checks import TEMPLATE_CHECKS
from tests.infra.tools import ToolMissing
from tests.infra.type_coverage import coverage

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


MOST_UNCHECKED = 0.15
NEVER_KNOWN = {  # until it is deployed: what a plan shows as an expression, or not at all
    "access.bicep appModel.properties.principalId",
    "access.bicep appStorage.properties.principalId",
    "access.bicep appTelemetry.properties.principalId",
    "access.bicep appVision.properties.principalId",
    "access.bicep topicDeadLetters.properties.principalId",
    "access.bicep visionUploads.properties.principalId",
    "alerts.bicep healthTest.properties.Request.RequestUrl",
    "app.bicep settings.properties.APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "app.bicep settings.properties.APPLICATIONINSIGHTS_CONNECTION_STRING",
    "app.bicep settings.properties.AZURE_CLIENT_ID",
    "app.bicep settings.properties.AzureWebJobsStorage__clientId",
    "app.bicep settings.properties.OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
}


def unknown_values(value, at):
    """The places below a value that only a deployment fills."""
    if isinstance(value, Unknown):
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from unknown_values(item, f"{at}.{key}")


def test_a_plan_shows_all_but_these_values():
    """Whoever reviews a change sees the roles, the site and its settings, but for identities and addresses to come."""
    found = {
        place
        for made in plan(ROOT, MOST).made
        for place in unknown_values(made.body, f"{made.template.path.name} {made.resource.symbol}")
    }
    assert found == NEVER_KNOWN


@pytest.mark.skipif(not DATA.is_file(), reason="the published types of Azure's resources are not here")
def test_nearly_every_value_is_held_to_its_type(capsys):
    """Parameters and outputs are followed into modules, so that at most 15 % of the leaf values stay unchecked."""
    found = coverage(plans(ROOT))
    with capsys.disabled():
        print(f"\n{found}")  # noqa: T201  # the figure that docs/internals/bicep-checks.md quotes
    assert found.unchecked_share <= MOST_UNCHECKED
    assert found.checked + found.text + found.unchecked >= 300


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
