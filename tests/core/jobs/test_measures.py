"""What an event in the log adds to which metric."""

from __future__ import annotations

import pytest

from shared.core.jobs.measures import INSTRUMENTS, MEASURE_RULES, measure

DONE = {"state": "done", "kind": "image/jpeg", "code": None, "input_tokens": 90, "output_tokens": 0, "usd": "0.003"}
EVENTS = [
    ("tidied", {"kind": "image/jpeg"}, []),
    ("accepted", {"kind": "image/jpeg"}, [("visiondrop.jobs", 1, {"state": "queued", "kind": "image/jpeg"})]),
    ("accepted", {}, [("visiondrop.jobs", 1, {"state": "queued"})]),
    ("claimed", {"queue_ms": None}, [("visiondrop.jobs", 1, {"state": "running"})]),
    (
        "claimed",
        {"queue_ms": 12, "name": "a.jpg"},
        [("visiondrop.jobs", 1, {"state": "running"}), ("visiondrop.queue.age", 12, {})],
    ),
    (
        "finished",
        DONE,
        [
            ("visiondrop.jobs", 1, {"state": "done", "kind": "image/jpeg"}),
            ("visiondrop.tokens", 90, {"direction": "input"}),
            ("visiondrop.tokens", 0, {"direction": "output"}),
            ("visiondrop.cost", 0.003, {}),
        ],
    ),
]


@pytest.mark.parametrize(("event", "facts", "expected"), EVENTS, ids=str)
def test_an_event_is_counted(event, facts, expected):
    """By its own rules only; nothing is a fact too, an absent one adds nothing, and no name becomes a label."""
    assert [(one.metric, one.amount, one.labels) for one in measure(event, facts)] == expected


def test_every_rule_is_of_an_instrument():
    """And every instrument has a rule."""
    assert {rule.metric for rule in MEASURE_RULES} == set(INSTRUMENTS)
