"""Arithmetic with dollars that never rounds: Decimal's own context keeps 28 digits, and a count may have more."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, localcontext
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

DIGITS = 10_000  # Python reads no integer of more than 4,300 digits, and a price has fewer than 20


def exactly(function: Callable[P, T]) -> Callable[P, T]:
    """The same function, with every sum and product in it exact to the last digit."""

    @wraps(function)
    def kept(*arguments: P.args, **named: P.kwargs) -> T:
        with localcontext(Context(prec=DIGITS)):
            return function(*arguments, **named)

    return kept
