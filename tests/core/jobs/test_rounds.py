"""How far a timer's work has come: passes that take several rounds, and look back as far as is needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.core.codec import from_json, to_json
from shared.core.jobs.rounds import (
    FIRST_LOOK_BACK,
    LATE_AFTER,
    ROUND_CLOCK_SKEW,
    SETTLED_AFTER,
    Round,
    begun,
    is_late,
    span,
    went_on,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTES_5 = timedelta(minutes=5)


def test_the_first_pass_looks_back_a_day():
    """What lay there before the app is left alone."""
    since, until = span(begun(Round(), now=NOW), now=NOW)

    assert (since, until) == (NOW - SETTLED_AFTER - FIRST_LOOK_BACK - ROUND_CLOCK_SKEW, NOW - SETTLED_AFTER)


@pytest.mark.parametrize("gap", [MINUTES_5, timedelta(days=9)])
def test_a_pass_looks_back_to_the_last_good_one(gap):
    """However long ago that was; and a little further, as clocks differ."""
    good = went_on(begun(Round(), now=NOW), "")
    since, until = span(begun(good, now=NOW + gap), now=NOW + gap)

    assert (since, until) == (NOW - SETTLED_AFTER - ROUND_CLOCK_SKEW, NOW + gap - SETTLED_AFTER)


def test_a_pass_keeps_its_span_over_several_rounds():
    """It goes on at its marker, and what changes meanwhile is the next pass's."""
    first = went_on(begun(Round(), now=NOW), "m")
    second = begun(first, now=NOW + MINUTES_5)

    assert (second.marker, second.began) == ("m", NOW)
    assert span(second, now=NOW + MINUTES_5) == span(begun(Round(), now=NOW), now=NOW)
    assert went_on(second, "") == Round(good_until=NOW - SETTLED_AFTER)


def test_a_clock_that_was_ahead_hides_nothing():
    """A moment in the future counts as none: a day is looked at again."""
    wrong = Round(good_until=NOW + timedelta(days=1))
    since, _ = span(begun(wrong, now=NOW), now=NOW)

    assert since == NOW - SETTLED_AFTER - FIRST_LOOK_BACK - ROUND_CLOCK_SKEW


def test_a_pass_that_takes_a_day_is_late():
    """Not before, and not when none is under way."""
    under_way = begun(Round(), now=NOW)

    assert not is_late(Round(), now=NOW)
    assert not is_late(under_way, now=NOW + LATE_AFTER)
    assert is_late(under_way, now=NOW + LATE_AFTER + MINUTES_5)


def test_a_round_that_never_began_has_no_new_end():
    """Nothing is called good that was not looked at."""
    assert went_on(Round(good_until=NOW), "") == Round(good_until=NOW)
    assert span(Round(good_until=NOW), now=NOW)[1] == NOW - SETTLED_AFTER


def test_a_round_both_ways():
    """As it is stored."""
    stored = replace(begun(Round(good_until=NOW), now=NOW), marker="2!72!MDA")

    assert from_json(Round, to_json(stored)) == stored
