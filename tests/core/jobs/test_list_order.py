"""The order of the list, its cursors and its filters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.answer.reply import Reply
from shared.core.ask.options import Options
from shared.core.errors import OptionsInvalid
from shared.core.jobs.job import Job, State
from shared.core.jobs.listing import (
    Filters,
    Item,
    Position,
    decode_cursor,
    encode_cursor,
    position_of,
    summarise,
)
from shared.core.jobs.result import AskedModel, Fault, Origin, Source
from shared.core.media.normalized import Normalized
from shared.core.models.tokens import Usage
from shared.core.money.estimate import Estimate
from shared.core.money.prices import Cost

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


@pytest.mark.parametrize("filters", [row for row, _ in FITTING])
def test_a_filter_is_selective_when_a_job_can_be_left_out(filters):
    """All but none, and a time, which only ends the list."""
    assert filters.selective is (filters != Filters())
    assert replace(filters, since=datetime(2026, 1, 1, tzinfo=UTC)).selective is filters.selective


def test_a_place_in_the_list():
    """The month and the milliseconds are counted backwards, in UTC."""
    created = datetime(2026, 12, 1, 8, 59, 59, 999_000, tzinfo=timezone(timedelta(hours=9)))

    assert position_of(item(created)) == Position(partition="list-797388", row=f"98203916800001-{'a' * 32}")


NOW = datetime(2026, 11, 21, tzinfo=UTC)
NEW = Job(
    job_id="a" * 32,
    state=State.QUEUED,
    source=Source(container="uploads", name="a.jpg", etag="1", bytes=1, kind="image", width=4, height=3),
    created=NOW,
    updated=NOW,
)
DONE = replace(
    NEW,
    state=State.DONE,
    options=Options(prompt="What?", model="eyes", detail="low", max_output_tokens=100),
    normalized=(Normalized(name="a/1.jpg", media_type="image/jpeg", width=4, height=3, bytes=9),) * 2,
    model=AskedModel(name="gpt-5", deployment="eyes", endpoint="https://x.example", api="v1"),
    reply=Reply(text="b" * 161, finish_reason="stop"),
    usage=Usage(input_tokens=100, output_tokens=20),
    estimate=Estimate(image_tokens=90, input_tokens=95, usd=Decimal("0.002"), max_usd=Decimal("0.01")),
    cost=Cost(usd=Decimal("0.003"), prices_as_of=NOW.date(), breakdown=()),
    error=Fault(code="odd", message="It was odd.", hint="", retryable=False),
    origin=Origin(kind="rerun", jobs=()),
    finished=NOW,
)


def test_a_line_of_a_job():
    """What is not known yet is None; of the text, its first 160 characters."""
    new = item(NOW, updated=NOW, state=State.QUEUED, kind="image", width=4, height=3)

    assert summarise(NEW) == new
    assert summarise(DONE) == replace(
        new,
        state=State.DONE,
        finished=NOW,
        pictures=2,
        picture="a/1.jpg",
        text="b" * 160,
        model="gpt-5",
        deployment="eyes",
        detail="low",
        input_tokens=100,
        output_tokens=20,
        usd=Decimal("0.003"),
        estimate_usd=Decimal("0.002"),
        error_code="odd",
        origin="rerun",
    )
    assert summarise(replace(DONE, reply=Reply(text="", finish_reason="stop"))).text == ""
