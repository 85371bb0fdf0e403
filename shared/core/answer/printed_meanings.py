"""What two printed values have to do with each other.

A printed value may have several meanings: 1.234 is a thousand and something in Vienna and one and something in London,
03/04/2026 is in March or in April. What a page shows elsewhere (7,80 or 31/12/2026) rules some of them out. Two values
are the same only if each has one meaning left, or both are printed alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

from shared.core.answer.printed import Conventions, Printed
from shared.core.answer.printed_amounts import MARKS, number_with
from shared.core.answer.printed_dates import DAY_PARTS, LONG_YEAR


def conventions_of(values: Iterable[Printed]) -> Conventions:
    """How a text writes numbers and dates, by those of its values that can be read in one way only; nothing where they
    contradict each other.
    """
    marks: set[str] = set()
    orders: set[bool] = set()
    for value in values:
        marks |= marks_shown(value)
        orders |= orders_shown(value)
    return Conventions(
        decimal_mark=marks.pop() if len(marks) == 1 else None, day_first=orders.pop() if len(orders) == 1 else None
    )


def marks_shown(value: Printed) -> set[str]:
    if value.kind != "amount" or len(value.meanings) != 1:
        return set()
    plain = "".join(sign for sign in value.surface if sign in f"0123456789{MARKS}")
    return {mark for mark in MARKS if mark in plain and number_with(plain, mark) in value.meanings | negated(value)} & {
        sign for sign in plain if sign in MARKS
    }


def negated(value: Printed) -> frozenset[Decimal]:
    return frozenset(-number for number in value.meanings if isinstance(number, Decimal))


def orders_shown(value: Printed) -> set[bool]:
    parts = re.split(r"[-/.]", value.surface)
    if value.kind != "day" or len(value.meanings) != 1 or len(parts) != len(DAY_PARTS) or len(parts[0]) == LONG_YEAR:
        return set()
    (day,) = value.meanings
    return {int(parts[0]) == day.day} if isinstance(day, date) and parts[0].isdecimal() else set()


def meant(value: Printed, shown: Conventions) -> frozenset[Decimal | date | str]:
    """What the value may say in a text that writes numbers and dates in this way."""
    if len(value.meanings) <= 1:
        return value.meanings
    if value.kind == "amount" and shown.decimal_mark:
        plain = "".join(sign for sign in value.surface if sign in f"0123456789{MARKS}")
        number = number_with(plain, shown.decimal_mark)
        return value.meanings & frozenset({number, -number}) if number is not None else value.meanings
    if value.kind == "day" and shown.day_first is not None:
        first = int(re.split(r"[-/.]", value.surface)[0])
        return frozenset(
            day for day in value.meanings if isinstance(day, date) and (day.day == first) is shown.day_first
        )
    return value.meanings


def contradicts(one: Printed, other: Printed) -> bool:
    """Whether the two values name different currencies or units, such as dollars and euros, or grams and
    millilitres.
    """
    other_money = bool(one.currency and other.currency and not one.currency & other.currency)
    other_unit = (one.unit == "%") is not (other.unit == "%") or bool(
        one.unit and other.unit and one.unit != other.unit
    )
    return other_money or other_unit


def same(one: Printed, other: Printed, shown: Conventions, said: Conventions) -> Literal["exact", "typed"] | None:
    """How the answer's value `one` and the page's value `other` are the same; None when they are not, or may not be."""
    if contradicts(one, other):
        return None
    if one.kind == other.kind and one.surface == other.surface:
        return "exact"
    if one.kind != other.kind or one.kind in {"word", "code"}:
        return None
    ours, theirs = meant(one, said), meant(other, shown)
    if len(ours) != 1 or len(theirs) != 1:
        return None
    return "typed" if ours == theirs or (other.is_bracketed and ours == negated(other)) else None
