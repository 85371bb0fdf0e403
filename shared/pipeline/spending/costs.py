"""Spending per day and model, from sums that are kept as jobs end: a day costs one small read, however busy it was."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import reduce

from shared.core import limits
from shared.core.errors import OptionsInvalid
from shared.core.jobs.spending import Spending, add
from shared.pipeline.ports import Services

USUAL_DAYS = 30
AT_ONCE = 8  # connections that a storage client keeps


def costs(services: Services, *, first: date | None, last: date | None) -> tuple[date, date, tuple[Spending, ...]]:
    """The days that were meant, both included, and a line per day and model with spending, oldest first."""
    last = last or services.now().date()
    first = first or date.fromordinal(max(1, last.toordinal() - USUAL_DAYS + 1))
    number = (last - first).days + 1
    if not 1 <= number <= limits.COST_DAYS.value:
        hint = f"Give from before to, at most {limits.COST_DAYS.value} days."
        raise OptionsInvalid(f"from {first} to {last} is no such span", field="from", hint=hint)
    days = [first + timedelta(days=index) for index in range(number)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(services.costs.day, days))
    return first, last, tuple(line for sums in found for line in by_model(sums))


def by_model(sums: Iterable[Spending]) -> list[Spending]:
    lines: dict[str, list[Spending]] = {}
    for line in sums:
        lines.setdefault(line.model, []).append(line)
    return [reduce(add, lines[model]) for model in sorted(lines)]
