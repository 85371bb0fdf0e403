"""docs/security.md names a test for every threat, and each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "security.md").read_text()


def threats() -> list[list[str]]:
    """The rows of the table of threats: where, threat, kind, held by, proved by."""
    table = PAGE.partition("## Threats")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines() if line[:1] == "|"]
    return rows[2:]


def test_every_threat_names_its_test():
    """A promise that nothing checks is a hope."""
    assert len(threats()) > 10
    assert [row[0] for row in threats() if len(row) != 5 or not re.search(r"`[\w/]+(\.py|/)`", row[-1])] == []


def test_every_named_test_is_there():
    """A test that is renamed takes its row along."""
    named = {path for row in threats() for path in re.findall(r"`([\w/]+(?:\.py|/))`", row[-1])}

    assert {path for path in named if not (TESTS / path).exists()} == set()
