"""Budgets: never above the limit, nothing stranded, exact to the nano-dollar."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.money.budget import (
    BUDGET_SHARDS,
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
    return {index: Shard(index=index) for index in range(BUDGET_SHARDS)}


AMOUNTS = [
    ("0", 0),
    ("1" + "0" * 30 + ".000000001", 10**39 + 1),
    ("0.000000001", 1),
    ("0.0000000001", 1),
    ("5.10", 5_100_000_000),
    ("0.0000000010", 1),
]


@pytest.mark.parametrize(("usd", "nano"), AMOUNTS)
def test_dollars_to_nano_dollars(usd, nano):
    """Exact, and rounded up where there is less than a nano-dollar."""
    assert to_nano(Decimal(usd)) == nano
    assert to_usd(to_nano(Decimal("0.123456789"))) == Decimal("0.123456789")


@pytest.mark.parametrize("limit", [0, 1, 7, 8, 9, 1000, 123_456_789])
def test_the_parts_add_up_to_the_limit(limit):
    """No nano-dollar is lost or invented by dividing."""
    assert sum(room(shard, limit) for shard in fresh().values()) == limit


AMOUNTS_RESERVED = st.tuples(st.just("reserve"), st.integers(0, BUDGET_SHARDS - 1), st.integers(1, 3_000))
BILLS = st.tuples(st.just("settle"), st.integers(0, 99), st.integers(0, 6_000))
LIMITS = st.tuples(st.just("limit"), st.just(0), st.integers(0, 10_000))


@given(limit=st.integers(0, 10_000), steps=st.lists(st.one_of(AMOUNTS_RESERVED, BILLS, LIMITS), max_size=60))
def test_what_fits_is_granted_and_nothing_else(limit, steps):
    """In any order, on any shard, after any bill, also one above its reservation, and after any change of the limit."""
    shards, waiting = fresh(), []
    for step, index, amount in steps:
        before = used(shards)
        if step == "limit":
            limit = amount
        elif step == "reserve":
            written = reserve(list(shards.values()), index, amount, limit)
            assert (written is not None) == (amount <= limit - before)
            shards.update({shard.index: shard for shard in written or ()})
            waiting += [(index, amount)] if written else []
            assert used(shards) == before + (amount if written else 0)
            assert not written or all(room(shard, limit) >= 0 for shard in written)
        elif waiting:
            at, reserved = waiting.pop(index % len(waiting))
            shards[at] = settle(shards[at], reserved=reserved, spent=amount)
            assert used(shards) == before - reserved + amount
        assert total(list(shards.values()), limit).free == limit - used(shards)
        assert sum(shard.reserved for shard in shards.values()) == sum(reserved for _, reserved in waiting)
        assert sum(shard.lent for shard in shards.values()) == 0


@given(
    spent=st.lists(st.integers(0, 400), min_size=BUDGET_SHARDS, max_size=BUDGET_SHARDS),
    first=st.integers(0, BUDGET_SHARDS - 1),
    second=st.integers(0, BUDGET_SHARDS - 1),
    amount=st.integers(1, 200),
)
def test_two_workers_that_saw_the_same_rows_do_not_pass_the_limit(spent, first, second, amount):
    """A worker's transaction fails when a row that it writes has changed: what remains possible must fit together."""
    limit = 1000
    seen = [Shard(index=index, spent=spent[index]) for index in range(BUDGET_SHARDS)]
    one, other = (reserve(seen, index, amount, limit) or () for index in (first, second))
    if {shard.index for shard in one} & {shard.index for shard in other}:
        return  # the second one finds a row changed, and looks again
    after = {shard.index: shard for shard in (*seen, *one, *other)}

    assert used(after) <= max(limit, sum(spent))


def test_the_fewest_lenders_with_most_room_first():
    """Each lender is a row more in the transaction, which others may be writing."""
    shards = [Shard(index=index, spent=spent) for index, spent in enumerate((10, 0, 4, 9, 9, 9, 9, 9))]
    written = reserve(shards, 0, 12, 80)

    assert written == (
        Shard(index=0, spent=10, reserved=12, lent=-12),
        Shard(index=1, lent=10),
        Shard(index=2, spent=4, lent=2),
    )


def test_a_shard_that_lacks_nothing_is_not_written():
    """With exactly its part spent it neither lends nor is repaid; one that spent more is repaid in the same write."""
    shards = [Shard(index=index, spent=spent) for index, spent in enumerate((0, 10, 13, 10, 10, 10, 10, 10))]

    assert reserve(shards, 0, 7, 80) == (Shard(index=0, reserved=7, lent=3), Shard(index=2, spent=13, lent=-3))
    assert reserve(shards, 0, 8, 80) is None


def test_what_one_call_cost_too_much_is_missing_everywhere():
    """The first call cost the whole budget: no shard gives out its own part any more."""
    shards = [Shard(index=index, spent=80 if index == 3 else 0) for index in range(BUDGET_SHARDS)]

    assert [reserve(shards, index, 1, 80) for index in range(BUDGET_SHARDS)] == [None] * BUDGET_SHARDS
    assert reserve(shards, 0, 1, 81) is not None


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
    shards = [Shard(index=index, spent=10) for index in range(BUDGET_SHARDS)]

    assert reserve(shards, 0, 1, 40) is None
    assert reserve(shards, 0, 1, 81) is not None


ALERTS = [
    (0, 0, ()),
    (49, 0, ()),
    (79, 0, (50,)),
    (99, 0, (50, 80)),
    (100, 0, (50, 80, 100)),
    (40, 10, (50,)),
    (80, 0, (50, 80)),
    (90, 10, (50, 80, 100)),
    (120, 0, (50, 80, 100)),
]


@pytest.mark.parametrize(("spent", "reserved", "percents"), ALERTS)
def test_alerts(spent, reserved, percents):
    """At 50, 80 and 100 percent of the limit; none where there is no limit."""
    assert alerts_reached(Totals(limit=100, spent=spent, reserved=reserved)) == percents
    assert alerts_reached(Totals(limit=None, spent=spent, reserved=reserved)) == ()


@pytest.mark.parametrize(("spent", "percents"), [(7_999, (50,)), (8_000, (50, 80)), (9_999, (50, 80))])
def test_alerts_of_a_large_budget(spent, percents):
    """At the percentage itself, not a hundredth of it earlier."""
    assert alerts_reached(Totals(limit=10_000, spent=spent, reserved=0)) == percents


def test_an_empty_budget_is_used_up_from_the_start():
    """There is no share of nothing: it raises no alert."""
    assert alerts_reached(Totals(limit=0, spent=0, reserved=0), refused=1) == ()


def test_free_is_what_is_neither_spent_nor_reserved():
    """It decides how many parked jobs go on."""
    assert Totals(limit=100, spent=30, reserved=20).free == 50
    assert Totals(limit=None, spent=30, reserved=20).free is None


@pytest.mark.parametrize(
    ("refused", "percents"),
    [
        (0, (50,)),
        (24, (50,)),
        (29, (50,)),
        (30, (50, 80)),
        (49, (50, 80)),
        (50, (50, 80, 100)),
        (100, (50, 80, 100)),
        (101, (50,)),
    ],
)
def test_a_refusal_says_that_it_is_full(refused, percents):
    """But not what would not fit into an empty budget either."""
    assert alerts_reached(Totals(limit=100, spent=50, reserved=0), refused=refused) == percents
    assert alerts_reached(Totals(limit=100, spent=49, reserved=0), refused=101) == ()
