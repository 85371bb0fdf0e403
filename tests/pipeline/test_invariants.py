"""The invariants notice what they are there for: each is broken once, by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.core.jobs.spending import Spending
from shared.pipeline.ports import Allowance
from tests.pipeline import invariants
from tests.pipeline.world import picture

ALL = Allowance(scope="all", limit=None)


def answered(world):
    return world.services.jobs.load(world.services.jobs.newest("a.jpg"))


def spend_without_a_call(world):
    ledger, day = world.services.ledger, world.clock[0].date()
    ledger.reserve(day, ALL, "nobody", 1_000_000)
    ledger.settle(day, "all", "nobody", 1_000_000)


def hold_money_for_nobody(world):
    world.services.ledger.reserve(world.clock[0].date(), ALL, "nobody", 1_000_000_000)


def count_a_call_that_was_not_made(world):
    stored = answered(world)
    world.services.jobs.replace(stored, replace(stored.job, maybe_paid=1))


def report_twice(world):
    again = Spending(day=world.clock[0].date(), model="gpt-5.1", answers=1, usd=Decimal("0.01"))
    world.services.jobs.costs.count("another", again)


def forget_a_bill(world):
    stored = answered(world)
    world.services.jobs.replace(stored, replace(stored.job, cost=None, usage=None))


def lose_a_message(world):
    world.drop("b.jpg", picture(colour="red"))
    world.accept("b.jpg")
    world.outbox.waiting.clear()


def look(world, started):
    messages = {message.job_id for message, _ in world.outbox.waiting}
    journal = world.endpoint.app.journal.to_document()
    invariants.check(world.services, started=started, journal=journal, messages=messages)


BREAKS = [
    spend_without_a_call,
    hold_money_for_nobody,
    count_a_call_that_was_not_made,
    report_twice,
    forget_a_bill,
    lose_a_message,
]


@pytest.mark.parametrize("break_it", BREAKS, ids=lambda broken: broken.__name__)
def test_what_is_wrong_is_noticed(world, break_it):
    """An answered job keeps all of them; one thing put wrong is enough to fail."""
    started = world.clock[0]
    world.answer("a.jpg", picture())
    look(world, started)
    break_it(world)
    with pytest.raises(AssertionError):
        look(world, started)
