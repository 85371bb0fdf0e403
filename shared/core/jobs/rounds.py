"""How far work has come that goes over everything in storage, in several rounds of a timer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SETTLED_AFTER = timedelta(minutes=10)  # an event that is only slow comes within that
FIRST_LOOK_BACK = timedelta(hours=24)  # what lay there before the app is not answered, and paid, by surprise
ROUND_CLOCK_SKEW = timedelta(minutes=10)  # between storage's clock and those of workers
LATE_AFTER = timedelta(hours=24)  # a pass that takes longer is worth an operator's look


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A pass over everything. `marker` is where the next round goes on, empty at the beginning; `began` is when the
    pass under way began; `good_until` is the time up to which everything has been looked at.
    """

    marker: str = ""
    began: datetime | None = None
    good_until: datetime | None = None


def begun(stored: Round, *, now: datetime) -> Round:
    """The pass under way, or a new one that begins now."""
    return stored if stored.began is not None else replace(stored, began=now, marker="")


def span(current: Round, *, now: datetime) -> tuple[datetime, datetime]:
    """The first and the last time (UTC) of the changes that this pass looks at.

    It goes back to the last good pass, however long ago that was: after an outage of days, days. A time in the future
    was written by a worker whose clock is wrong, and is ignored.
    """
    until = (current.began or now) - SETTLED_AFTER
    good = current.good_until
    since = good if good is not None and good <= now else until - FIRST_LOOK_BACK
    return since - ROUND_CLOCK_SKEW, until


def went_on(current: Round, marker: str) -> Round:
    """The pass after a part of it. An empty `marker` says that it was the last part: then all is good until shortly
    before the pass began.
    """
    if marker:
        return replace(current, marker=marker)
    return Round(good_until=current.began - SETTLED_AFTER if current.began else current.good_until)


def is_late(current: Round, *, now: datetime) -> bool:
    """Whether the pass under way began more than a day ago."""
    return current.began is not None and now - current.began > LATE_AFTER
