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
COST_DAYS_AT_ONCE = 8  # connections that a storage client keeps


def costs(services: Services, *, first: date | None, last: date | None) -> tuple[date, date, tuple[Spending, ...]]:
    """The first and the last day of the range, and a line of spending (USD, tokens) per day and model, oldest first.
    Raises OptionsInvalid for a range of no day, or of more than limits.COST_DAYS.
    """
    last = last or services.now().date()
    first = first or date.fromordinal(max(1, last.toordinal() - USUAL_DAYS + 1))
    number = (last - first).days + 1
    if not 1 <= number <= limits.COST_DAYS.value:
        hint = "Give a from that is not after to, or a shorter range."
        message = f"the range must be 1 to {limits.COST_DAYS.value} days, not from {first} to {last}"
        raise OptionsInvalid(message, field="from", hint=hint)
    days = [first + timedelta(days=index) for index in range(number)]
    with ThreadPoolExecutor(COST_DAYS_AT_ONCE) as pool:
        found = list(pool.map(services.costs.day, days))
    return first, last, tuple(line for sums in found for line in by_model(sums))


def by_model(sums: Iterable[Spending]) -> list[Spending]:
    lines: dict[str, list[Spending]] = {}
    for line in sums:
        lines.setdefault(line.model, []).append(line)
    return [reduce(add, lines[model]) for model in sorted(lines)]
