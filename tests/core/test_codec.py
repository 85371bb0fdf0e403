"""The codec: every kind of value there and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import pytest

from shared.core.codec import from_json, to_json


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, kw_only=True)
class Inner:
    usd: Decimal


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    colour: Colour
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    point: tuple[float, float] = (0.0, 0.0)
    at: datetime | None = None
    day: date | None = None
    mode: Literal["a", "b"] = "a"
    free: Any = None
    table: dict[str, Any] | str | None = None


NOON = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)

BOTH_WAYS = [
    (
        Outer(name="x", colour=Colour.RED),
        {"name": "x", "colour": "red", "inner": None, "many": [], "point": [0.0, 0.0], "at": None, "day": None}
        | {"mode": "a", "free": None, "table": None},
    ),
    (
        Outer(
            name="é",
            colour=Colour.RED,
            inner=Inner(usd=Decimal("0.000123")),
            many=(Inner(usd=Decimal(1)),),
            point=(0.5, 1.0),
            at=NOON,
            day=date(2026, 11, 21),
            mode="b",
            free={"any": [1, None]},
            table={"type": "object"},
        ),
        {"name": "é", "colour": "red", "inner": {"usd": "0.000123"}, "many": [{"usd": "1"}], "point": [0.5, 1.0]}
        | {"at": "2026-11-21T12:00:00.250Z", "day": "2026-11-21", "mode": "b", "free": {"any": [1, None]}}
        | {"table": {"type": "object"}},
    ),
]


@pytest.mark.parametrize(("value", "body"), BOTH_WAYS, ids=("least", "most"))
def test_both_ways(value, body):
    """What is written is what the table says, and reading it gives the value back."""
    assert body == to_json(value)
    assert value == from_json(Outer, body)


def test_unknown_keys_are_ignored():
    """An older worker reads what a newer one wrote."""
    assert Inner(usd=Decimal(1)) == from_json(Inner, {"usd": "1", "newer": True})


@pytest.mark.parametrize("body", [{}, {"usd": "much"}, None, "text", {"usd": {}}], ids=repr)
def test_alien_json_is_an_error(body):
    """Nothing half-read comes back."""
    with pytest.raises((KeyError, TypeError, ValueError, ArithmeticError)):
        from_json(Inner, body)


def test_a_value_without_json_form_is_an_error():
    """A set, say, or an object of somebody else's."""
    with pytest.raises(TypeError, match="set has no JSON form"):
        to_json({1, 2})
