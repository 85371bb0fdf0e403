"""docs/payloads.md says what the tables of the program say."""

from __future__ import annotations

import re
from pathlib import Path

from shared.core.answer.error_rules import BAD_REQUEST, BY_STATUS, ERROR_RULES, SERVER_ERROR
from shared.core.models.api_versions import API_VERSIONS, ApiVersion

PAGE = (Path(__file__).parents[3] / "docs" / "payloads.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in PAGE.splitlines() if line.startswith("| ")]


def documented(name: str) -> list[bool]:
    """The cells of the version's row: pictures, enhancements, schema, reasoning, Responses."""
    (cells,) = [row for row in ROWS if name in re.split(r", | \(retired\)", row[0])]
    return [cell != "no" for cell in cells[1:]]


def known(version: ApiVersion) -> list[bool]:
    return [
        version.pictures != "none",
        version.enhancements != "none",
        version.structured_outputs,
        version.reasoning,
        version.responses,
    ]


def test_every_api_version_is_documented_as_it_is() -> None:
    """A version's row in the page says no exactly where the version lacks something."""
    assert {name: documented(name) for name in API_VERSIONS} == {
        name: known(version) for name, version in API_VERSIONS.items()
    }


def test_every_error_code_is_documented() -> None:
    """Whoever meets a code in a result finds it in the page."""
    codes = {rule.code for rule in (*ERROR_RULES, *BY_STATUS.values(), BAD_REQUEST, SERVER_ERROR)}
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()
