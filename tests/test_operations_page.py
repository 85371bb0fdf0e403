"""docs/operations.md against the code: the page an operator reads at night names what is there, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.core.jobs.measures import INSTRUMENTS, MEASURE_RULES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text()


def calls() -> Iterator[ast.Call]:
    """Every `services.log(event, facts)` of the app."""
    for path in sorted((ROOT / "shared").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "log":
                yield node


def emitted() -> set[str]:
    events = {ast.literal_eval(call.args[0]) for call in calls()}
    assert all(isinstance(event, str) for event in events)
    return events


def documented() -> dict[str, set[str]]:
    """The table's events, each with its fields."""
    rows = re.findall(r"(?m)^\| `([a-z ]+)` \| ([a-z_, ]+) \| .+ \| .+ \|$", PAGE)
    return {event: set(fields.split(", ")) for event, fields in rows}


def test_the_page_has_every_event():
    """Each line of the log is explained, and no line is explained that is never written."""
    assert emitted() == set(documented())


def literal_fields() -> list[tuple[str, set[str]]]:
    """The facts that stand in the call itself."""
    found = []
    for call in calls():
        facts = call.args[1]
        if isinstance(facts, ast.Dict):
            keys = {ast.literal_eval(key) for key in facts.keys if key is not None}
            found.append((ast.literal_eval(call.args[0]), keys))
    return found


@pytest.mark.parametrize(("event", "fields"), literal_fields())
def test_the_page_has_every_field(event, fields):
    """A field that an operator can query is on the page."""
    assert fields <= documented()[event]


def test_metrics_count_fields_that_are_written():
    """A rule about an event or a field that does not exist would be silently zero."""
    page = documented()
    wrong = [
        rule for rule in MEASURE_RULES if not {*rule.labels, *({rule.fact} - {"1"})} <= page.get(rule.event, set())
    ]

    assert not wrong


def test_the_page_has_every_metric():
    """What Application Insights shows is on the page, under the same name."""
    assert set(INSTRUMENTS) == set(re.findall(r"(?m)^\| `(visiondrop\.[a-z._]+)` \|", PAGE))
