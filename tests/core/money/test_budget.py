"""Budgets: never above the limit, nothing stranded, exact to the nano-dollar."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.money.budget import (
    SHARDS,
    Shard,
    Totals,
    alerts_reached,
    reserve,
    room,
    settle,
    to_nano,
    to_usd,
    total,
)


def fresh():
    return {index: Shard(index=index) for index in range(SHARDS)}


AMOUNTS = [("0", 0), ("0.000000001", 1), ("0.0000000001", 1), ("5.10", 5_100_000_000), ("0.0000000010", 1)]


@pytest.mark.parametrize(("usd", "nano"), AMOUNTS)
def test_dollars_to_nano_dollars(usd, nano):
    """Exact, and rounded up where there is less than a nano-dollar."""
    assert to_nano(Decimal(usd)) == nano
    assert to_usd(to_nano(Decimal("0.123456789"))) == Decimal("0.123456789")


@pytest.mark.parametrize("limit", [0, 1, 7, 8, 9, 1000, 123_456_789])
def test_the_parts_add_up_to_the_limit(limit):
    """No nano-dollar is lost or invented by dividing."""
    assert sum(room(shard, limit) for shard in fresh().values()) == limit


@given(
    limit=st.integers(0, 10_000),
    steps=st.lists(st.tuples(st.integers(0, SHARDS - 1), st.integers(1, 3_000), st.integers(0, 3_000)), max_size=60),
)
def test_never_above_the_limit_and_nothing_stranded(limit, steps):
    """What fits into the whole budget is granted, what does not is refused, in any order and on any shard."""
    shards = fresh()
    for index, amount, _ in steps:
        free = limit - used(shards)
        written = reserve(list(shards.values()), index, amount, limit)
        assert (written is not None) == (amount <= free)
        shards.update({shard.index: shard for shard in written or ()})
        assert used(shards) <= limit
        assert total(list(shards.values()), limit).free == limit - used(shards)
        assert sum(shard.lent for shard in shards.values()) == 0


def used(shards):
    return sum(shard.spent + shard.reserved for shard in shards.values())


def test_without_a_limit_everything_is_granted():
    """It is still counted."""
    written = reserve(list(fresh().values()), 3, 10**12, None)

    assert written == (Shard(index=3, reserved=10**12),)


def test_settling_gives_back_what_was_not_spent():
    """A reservation of 100 that cost 30 leaves 30 spent; one that cost more counts in full."""
    shard = Shard(index=0, reserved=100)

    assert settle(shard, reserved=100, spent=30) == Shard(index=0, spent=30)
    assert settle(shard, reserved=100, spent=130) == Shard(index=0, spent=130)


def test_a_lowered_limit_grants_nothing_more():
    """And a raised one does at once, without touching a row."""
    shards = [Shard(index=index, spent=10) for index in range(SHARDS)]

    assert reserve(shards, 0, 1, 40) is None
    assert reserve(shards, 0, 1, 81) is not None


ALERTS = [(0, 0, ()), (49, 0, ()), (40, 10, (50,)), (80, 0, (50, 80)), (90, 10, (50, 80, 100)), (120, 0, (50, 80, 100))]


@pytest.mark.parametrize(("spent", "reserved", "percents"), ALERTS)
def test_alerts(spent, reserved, percents):
    """At 50, 80 and 100 percent of the limit; none where there is no limit."""
    assert alerts_reached(Totals(limit=100, spent=spent, reserved=reserved)) == percents
    assert alerts_reached(Totals(limit=None, spent=spent, reserved=reserved)) == ()


@pytest.mark.parametrize(
    ("refused", "percents"), [(0, (50,)), (24, (50,)), (30, (50, 80)), (50, (50, 80, 100)), (101, (50,))]
)
def test_a_refusal_says_that_it_is_full(refused, percents):
    """But not what would not fit into an empty budget either."""
    assert alerts_reached(Totals(limit=100, spent=50, reserved=0), refused=refused) == percents
