"""docs/deploy.md keeps telling the truth: its prices are computed, its names and settings exist."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from infra import bootstrap
from local.__main__ import names as local_commands
from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import Usage, image_tokens
from shared.core.money.prices import cost
from tests.infra.reading import main as main_template

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
PRICED = date(2026, 11, 21)
PROMPT_TOKENS = 20
ANSWER_TOKENS = 300
ROWS = re.findall(r"^\| (gpt-[\w.-]+) \| ([\d,]+) \| \$([\d.]+) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("name", "tokens", "usd"), ROWS)
def test_the_prices_are_the_ones_the_app_computes(name, tokens, usd):
    """Tokens of one photograph, and US dollars of 1,000 of them with their answers."""
    model = look_up_model(name)
    seen = image_tokens(model, width=4032, height=3024, detail="high").tokens
    usage = Usage(input_tokens=seen + PROMPT_TOKENS, output_tokens=ANSWER_TOKENS, image_tokens=seen)
    computed = cost(model, usage, on=PRICED, scope="global").usd * 1000
    assert (f"{seen:,}", f"{computed:.2f}") == (tokens, usd)


def test_the_price_table_is_there_and_has_the_default_model():
    """An empty table would pass the test above."""
    assert main_template(ROOT).parameters["modelName"].default in {row[0] for row in ROWS}
    assert len(ROWS) >= 5


def test_every_variable_of_the_page_sets_a_parameter():
    """`azd env set NAME` is only shown for names that main.parameters.json or a workflow reads."""
    read = (ROOT / "infra" / "main.parameters.json").read_text("utf-8")
    read += "".join(path.read_text("utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    shown = set(re.findall(r"(?:azd env set|gh variable set) ([A-Z_]+)", PAGE))
    assert shown
    assert {name for name in shown if name not in read} == set()


def test_every_parameter_is_on_the_page():
    """Whoever deploys finds each switch without reading Bicep."""
    variables = re.findall(r"\$\{(\w+)\}", (ROOT / "infra" / "main.parameters.json").read_text("utf-8"))
    assert [name for name in variables if f"`{name}`" not in PAGE and f" {name} " not in PAGE] == []


def test_every_command_of_the_page_exists():
    """A page that tells to run what is not there is worse than none."""
    commands = set(re.findall(r"\./visiondrop (\w+)", PAGE))
    assert commands
    assert commands <= set(local_commands())


def test_the_page_registers_what_the_script_registers():
    """By hand or by infra/bootstrap.py: the same providers."""
    (listed,) = re.findall(r"for name in ([\w ]+); do", PAGE)
    assert sorted(listed.split()) == sorted(bootstrap.PROVIDERS)


FAULTS = (  # of the platform, as reported in public: each has a row
    "InaccessibleStorageException",
    "UnmatchedPrincipalType",
    "51021",
    "blobs_extension",
    "FlagMustBeSetForRestore",
    "CanNotRestoreANonExistingResource",
    "InsufficientQuota",
    "RequestConflict",
    "250 cores",
    "lacks role assignment permissions",
    "BUDGET_START_DATE",
    "AADSTS700213",
    "customised it",
    "Only one system topic",
    "AccountProvisioningStateInvalid",
    "Could not create BlobServiceClient",
    "04916",
    "FUNCTIONS_EXTENSION_VERSION",
    "single broken app",
    "after idle",
)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_remains_the_platforms_fault_is_in_the_table(fault):
    """Whoever meets it finds why it is and what to do."""
    rows = [line for line in PAGE[PAGE.index("## When something is wrong") :].splitlines() if line.startswith("| ")]
    assert any(fault in row for row in rows)
