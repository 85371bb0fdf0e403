"""The order of the list, its cursors and its filters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.errors import OptionsInvalid
from shared.core.jobs.job import State
from shared.core.jobs.listing import Filters, Item, decode_cursor, encode_cursor, position_of

MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2400, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # the time zone is the strategy's


def item(created=datetime(2026, 11, 21, tzinfo=UTC), **facts):
    known = {"job_id": "a" * 32, "name": "a.jpg", "state": State.DONE, "updated": created}
    return Item(created=created, **(known | facts))


@given(MOMENTS, MOMENTS)
def test_keys_sort_newest_first(one, other):
    """The table's order of keys is the list's order, across the ends of months and years."""
    ends = timedelta(milliseconds=1)
    keys = [(place.partition, place.row) for place in map(position_of, (item(one), item(other)))]
    if one - other >= ends:
        assert keys[0] < keys[1]
    if other - one >= ends:
        assert keys[1] < keys[0]


@given(MOMENTS, st.text(max_size=20))
def test_a_cursor_comes_back_as_its_position(created, prefix):
    """Encoded for an address, decoded with the same filters."""
    filters = Filters(prefix=prefix)
    position = position_of(item(created))
    cursor = encode_cursor(position, filters)

    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?#")
    assert decode_cursor(cursor, filters) == position


@given(st.text(max_size=120))
def test_alien_cursors_are_refused(text):
    """Nothing but our own cursors reaches storage."""
    with pytest.raises(OptionsInvalid) as refused:
        decode_cursor(text, Filters())

    assert refused.value.field == "cursor"


@pytest.mark.parametrize("index", range(10, 70, 7))
def test_changed_cursors_are_refused(index):
    """One letter is enough."""
    cursor = encode_cursor(position_of(item()), Filters())
    changed = cursor[:index] + ("A" if cursor[index] != "A" else "B") + cursor[index + 1 :]

    with pytest.raises(OptionsInvalid):
        decode_cursor(changed, Filters())


FITTING = [
    (Filters(), True),
    (Filters(prefix="hol"), True),
    (Filters(prefix="Hol"), False),
    (Filters(text="BEACH"), True),
    (Filters(text="umbrella"), True),
    (Filters(text="storm"), False),
    (Filters(kind="image"), True),
    (Filters(kind="video"), False),
    (Filters(states=frozenset({State.FAILED, State.DONE})), True),
    (Filters(states=frozenset({State.FAILED})), False),
]


@pytest.mark.parametrize(("filters", "fits"), FITTING)
def test_filters(filters, fits):
    """Prefixes are exact, text is not."""
    assert filters.fit(item(name="holiday/beach.jpg", kind="image", text="A red Umbrella")) is fits
