"""Money before it is spent: a budget is a set of shards, each with its part of the limit, changed one at a time.

Many workers reserve at once, so no single counter would do. A shard never spends more than its part; a shard that has
too little borrows from others, which changes several rows in one transaction and leaves the sum of the parts as it was.
So spent + reserved never exceeds the limit, whatever runs at the same time, and no money lies stranded.

Amounts are whole nano-dollars: exact, and a price of $0.10 per million tokens is 100 of them per token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from shared.core.money.exact import exactly

NANO = 9  # digits
BUDGET_SHARDS = 8
ALERT_PERCENTS = (50, 80, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One part of a budget, in nano-dollars. `lent` was moved away from (or, if negative, into) this shard's equal part
    of the limit.
    """

    index: int
    spent: int = 0
    reserved: int = 0
    lent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What is spent and reserved in all shards of one budget, in nano-dollars. `limit` None is no limit."""

    limit: int | None
    spent: int
    reserved: int

    @property
    def free(self) -> int | None:
        return None if self.limit is None else self.limit - self.spent - self.reserved


@exactly
def to_nano(usd: Decimal) -> int:
    """The dollars in nano-dollars, rounded up: a reservation may be too large by one, never too small."""
    return int(usd.scaleb(NANO).to_integral_value(rounding=ROUND_CEILING))


@exactly
def to_usd(nano: int) -> Decimal:
    return Decimal(nano).scaleb(-NANO)


def total(shards: Sequence[Shard], limit: int | None) -> Totals:
    return Totals(
        limit=limit, spent=sum(shard.spent for shard in shards), reserved=sum(shard.reserved for shard in shards)
    )


def room(shard: Shard, limit: int) -> int:
    """What this shard may still give out, in nano-dollars; below zero after the limit was lowered. The parts of all
    shards add up to the limit.
    """
    part = limit // BUDGET_SHARDS + (1 if shard.index < limit % BUDGET_SHARDS else 0)
    return part - shard.lent - shard.spent - shard.reserved


def reserve(shards: Sequence[Shard], index: int, amount: int, limit: int | None) -> tuple[Shard, ...] | None:
    """The shards to write, all or none, so that `amount` is reserved in shard `index`; None when it does not fit.

    A shard may be below zero: a call cost more than was reserved for it, or the limit was lowered. What it lacks is
    missing in the whole budget, so it is made good first, in the same transaction: no other worker, who may have looked
    at another shard before, can then give out that money a second time.
    """
    own = shards[index]
    if limit is None:
        return (replace(own, reserved=own.reserved + amount),)
    if sum(room(shard, limit) for shard in shards) < amount:
        return None
    others = [shard for shard in shards if shard.index != index]
    repaid = [replace(shard, lent=shard.lent + room(shard, limit)) for shard in others if room(shard, limit) < 0]
    owed = -sum(room(shard, limit) for shard in others if room(shard, limit) < 0)
    lenders = borrow(others, amount + owed - room(own, limit), limit)
    borrowed = sum(shard.lent - shards[shard.index].lent for shard in lenders)
    return (replace(own, reserved=own.reserved + amount, lent=own.lent + owed - borrowed), *lenders, *repaid)


def borrow(shards: Sequence[Shard], missing: int, limit: int) -> list[Shard]:
    """The lenders, as few as possible and those with most room first, each with the nano-dollars that it gives; none
    when nothing is missing.
    """
    lenders = []
    for shard in sorted(shards, key=lambda shard: room(shard, limit), reverse=True):
        given = min(missing, room(shard, limit))
        if given <= 0:
            break
        lenders.append(replace(shard, lent=shard.lent + given))
        missing -= given
    return lenders


def settle(shard: Shard, *, reserved: int, spent: int) -> Shard:
    """The shard after a reservation was replaced by what was really spent; more than was reserved counts too."""
    return replace(shard, reserved=shard.reserved - reserved, spent=shard.spent + spent)


def alerts_reached(totals: Totals, *, refused: int = 0) -> tuple[int, ...]:
    """The percentages of the limit that spending and reservations have reached.

    A refused amount counts too: a full budget seldom ends at exactly its limit. An amount that is larger than the whole
    limit does not, since it says nothing about how full the budget is.
    """
    if not totals.limit:
        return ()
    used = totals.spent + totals.reserved + (refused if refused <= totals.limit else 0)
    return tuple(percent for percent in ALERT_PERCENTS if used * 100 >= totals.limit * percent)
