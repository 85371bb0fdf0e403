"""Nothing is spent that is not allowed, and what has no money waits in order."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.core.errors import StorageUnavailable
from shared.core.jobs.job import State
from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import Usage
from shared.core.money.budget import to_nano
from shared.core.money.prices import cost
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Allowance
from shared.pipeline.sweep import sweep
from tests.pipeline.world import picture

COLOURS = ("red", "green", "blue", "olive", "navy")


def release(services):
    return sweep(services)["released"]


def drop_many(world, count=5, folder=""):
    names = [f"{folder}{index}.jpg" for index in range(count)]
    for name, colour in zip(names, COLOURS, strict=False):
        world.drop(name, picture(colour=colour))
        world.accept(name)
        world.pass_time(1)
    return names


def states(world, names):
    return [look_up(world.services, name).state.value for name in names]


def price_of_one(world):
    """What one of these jobs may cost at most."""
    world.drop("probe.jpg", picture(colour="white"))
    job = world.accept("probe.jpg")
    world.outbox.waiting.clear()
    world.services.jobs.close(job.job_id)  # or the sweeper would find out that its message is lost
    return job.estimate.max_usd


def test_spending_is_settled_at_its_real_cost(world):
    """After the call the ledger holds what it cost, and nothing is reserved any more."""
    job = world.answer("a.jpg", picture())
    totals = world.services.ledger.totals(world.clock[0].date(), Allowance(scope="all", limit=None))

    assert (totals.spent, totals.reserved) == (to_nano(job.cost.usd), 0)


def test_over_the_day_s_budget_is_parked(world):
    """Three fit at their ceiling, and what they did not use lets no fourth one in once the day is full."""
    price = price_of_one(world)
    world.set(daily_budget_usd=price)
    names = drop_many(world)
    world.finish_all()
    spent = sum(job.cost.usd for job in (look_up(world.services, name) for name in names) if job.cost)

    assert states(world, names)[0] == "done"
    assert states(world, names)[-1] == "parked"
    assert spent <= price
    assert look_up(world.services, names[-1]).error.code == "budget_exceeded"


def test_parked_jobs_go_on_the_next_day_in_order(world):
    """The sweeper wakes as many as the new day has money for, the oldest first."""
    price = price_of_one(world)
    world.set(daily_budget_usd=price / 2)
    names = drop_many(world, 3)
    world.finish_all()
    parked = states(world, names)
    world.set(daily_budget_usd=price * Decimal("2.5"))
    world.pass_time(timedelta(days=1).total_seconds())
    woken = release(world.services)
    order = [message.job_id for message, _ in world.outbox.waiting]
    world.finish_all()

    assert (parked, woken) == (["parked"] * 3, 2)
    assert order == [look_up(world.services, name).job_id for name in names[:2]]
    assert states(world, names)[:2] == ["done", "done"]
    release(world.services)
    world.finish_all()
    assert states(world, names) == ["done"] * 3


def test_whoever_comes_later_does_not_push_in(world):
    """While jobs wait for money, a new one waits behind them, even if it would fit."""
    price = price_of_one(world)
    world.set(daily_budget_usd=price / 2)
    (first,) = drop_many(world, 1)
    world.finish_all()
    world.set(daily_budget_usd=price * 10)
    late = world.answer("late.jpg", picture(colour="black"))

    assert late.state is State.PARKED
    assert release(world.services) == 2
    world.finish_all()
    assert states(world, [first, "late.jpg"]) == ["done", "done"]


def test_one_file_s_budget(world):
    """A file that may cost too much is parked for itself; it stops nobody, and goes on when the limit is raised."""
    price = price_of_one(world)
    world.set(file_budget_usd=price / 2)
    big = world.answer("big.jpg", picture(colour="red"))
    world.set(file_budget_usd=price)
    other = world.answer("other.jpg", picture(colour="green"))

    assert (big.state, other.state) == (State.PARKED, State.DONE)
    assert release(world.services) == 1
    world.finish_all()
    assert look_up(world.services, "big.jpg").state is State.DONE


def test_a_folder_s_budget_holds_for_all_below(world):
    """`daily_budget_usd` in a folder's file; other folders are not touched."""
    price = price_of_one(world)
    world.drop("team/_vision.toml", f"daily_budget_usd = {price / 2}".encode())
    inside = world.answer("team/deep/a.jpg", picture(colour="red"))
    outside = world.answer("b.jpg", picture(colour="green"))
    world.drop("team/_vision.toml", f"daily_budget_usd = {price}".encode())
    release(world.services)
    world.finish_all()

    assert (inside.state, inside.error.message.count("folder /team/"), outside.state) == (State.PARKED, 1, State.DONE)
    assert look_up(world.services, "team/deep/a.jpg").state is State.DONE


@pytest.mark.parametrize("text", [b"daily_budget_usd = 'much'", b"daily_budget_usd = -1", b"daily_budget_usd = nan"])
def test_a_wrong_budget_is_named(world, text):
    """Money is never guessed."""
    world.drop("team/_vision.toml", text)
    job = world.answer("team/a.jpg", picture())

    assert (job.state, job.error.code) == (State.FAILED, "options_invalid")
    assert "daily_budget_usd" in job.error.message


def test_throttled_calls_reserve_nothing(world):
    """A job that waits for the endpoint does not hold money."""
    world.script({"do": "throttle", "retry_after_s": 60, "times": 1})
    world.answer("a.jpg", picture())
    totals = world.services.ledger.totals(world.clock[0].date(), Allowance(scope="all", limit=None))

    assert (totals.spent, totals.reserved) == (0, 0)


def test_a_call_of_unknown_outcome_counts_and_is_counted(world):
    """The connection broke: it may have been paid, so the money is held to be spent and the job says so."""
    world.script({"do": "cut", "times": 1})
    world.answer("a.jpg", picture())
    world.finish_all()
    job = look_up(world.services, "a.jpg")
    day = world.clock[0].date()
    totals = world.services.ledger.totals(day, Allowance(scope="all", limit=None))

    assert (job.state, job.maybe_paid) == (State.DONE, 1)
    assert world.services.ledger.lost_calls(day, "all") == 1
    assert totals.spent == to_nano(job.estimate.max_usd or Decimal(0)) + to_nano(job.cost.usd)


ODD_PROMPTS = ["\U0001d518\U0001f9ff" * 300, "\u0e51\u1c80\u2cff" * 400, "x7Q" * 500, " a" * 900]


@pytest.mark.parametrize("prompt", ODD_PROMPTS, ids=["emoji", "rare scripts", "codes", "letters"])
def test_no_text_costs_more_than_was_reserved(world, prompt):
    """Whatever a tokenizer makes of it: a token is at least a byte. A schema is read by the model too."""
    world.drop("s/receipt.json", json.dumps({"type": "object", "description": prompt}).encode())
    world.drop("s/_vision.toml", f"prompt = '{prompt}'\nschema = 's/receipt.json'\n".encode())
    world.drop("s/a.jpg", picture())
    job = world.accept("s/a.jpg")
    dearest = Usage(
        input_tokens=job.estimate.image_tokens + 2 * len(prompt.encode()), output_tokens=job.options.max_output_tokens
    )

    assert cost(look_up_model("gpt-5.1"), dearest, on=world.clock[0].date()).usd <= job.estimate.max_usd


def test_alerts_are_raised_once(world):
    """At 50, 80 and 100 percent of the budget, each one time a day."""
    seen: list[tuple[str, Any]] = []
    price = price_of_one(world)
    world.set(daily_budget_usd=price)
    world.services = world.logging_to(seen)
    drop_many(world, 3)
    world.finish_all()

    assert [facts["percent"] for event, facts in seen if event == "budget alert"] == [50, 80, 100]


@pytest.mark.parametrize("split", [{}, {"cached_tokens": 1_000}, {"cache_write_tokens": 1_000}, {"image_tokens": 900}])
def test_a_bill_for_what_was_asked_fits_into_its_reservation(world, split):
    """gpt-5.6 takes more for what is written to the cache than for input: the ceiling knows."""
    endpoint = replace(world.services.settings.endpoint, models={"eyes": "gpt-5.6-sol"})
    world.set(endpoint=endpoint)
    world.drop("a.png", picture("PNG", size=(2000, 2000)), max_output_tokens="100")
    job = world.accept("a.png")
    usage = Usage(input_tokens=job.estimate.input_tokens, output_tokens=100, **split)
    bill = cost(look_up_model("gpt-5.6-sol"), usage, on=world.clock[0].date())

    assert job.estimate.input_tokens > 1_000
    assert bill.usd <= job.estimate.max_usd


def spend_before(world, usd):
    """What another job has spent of the day's budget, in nano-dollars; more than was reserved for it."""
    ledger, day = world.services.ledger, world.clock[0].date()
    ledger.reserve(day, Allowance(scope="all", limit=None), "f" * 32, 1)
    ledger.settle(day, "all", "f" * 32, to_nano(usd))
    return to_nano(usd)


def test_a_limit_holds_exactly_after_a_call_that_cost_more(world):
    """The first call costs the whole budget: no further one is made."""
    price = price_of_one(world)
    world.set(daily_budget_usd=price * 10)
    spend_before(world, price * 10)
    names = drop_many(world)
    world.finish_all()

    assert states(world, names) == ["parked"] * 5
    assert world.calls == 0


@dataclass
class Faulty:
    """A port whose method `name` fails where `when` says so; all others work."""

    port: Any
    name: str
    when: Callable[..., bool] = lambda *_: True
    after: bool = False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.port, name)
        return self.failing(method) if name == self.name else method

    def failing(self, method: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            if not self.when(*arguments):
                return method(*arguments, **named)
            if self.after:
                method(*arguments, **named)
            raise StorageUnavailable("the ledger was too busy")

        return call


def in_folder(_day, allowance, *_):
    return allowance.scope != "all"


def day_totals(world):
    found = world.services.ledger.totals(world.clock[0].date(), Allowance(scope="all", limit=None))
    return found.spent, found.reserved


@pytest.mark.parametrize("after", [False, True], ids=["nothing was written", "the answer to it was lost"])
def test_money_for_a_call_that_was_not_made_is_given_back(world, after):
    """Storage fails at the folder's budget: three turns later nothing is spent, reserved or counted as lost."""
    world.set(daily_budget_usd=Decimal(1))
    world.drop("f/_vision.toml", b"daily_budget_usd = 1.0")
    world.drop("f/a.jpg", picture())
    job = world.accept("f/a.jpg")
    whole = world.services
    world.services = replace(whole, ledger=Faulty(whole.ledger, "reserve", in_folder, after))
    for _ in range(3):
        assert world.analyze(job.job_id).error.code == "storage_unavailable"
        world.pass_time(whole.settings.job_lease_s)
    world.services = whole

    assert (world.calls, day_totals(world)) == (0, (0, 0))
    assert whole.ledger.open_calls(world.clock[0].date(), "folder /f/", job.job_id) == []
    assert world.analyze(job.job_id).maybe_paid == 0


def test_money_that_cannot_be_given_back_is_named(world):
    """Storage fails for good: the job waits, and the log says where money is held."""
    world.set(daily_budget_usd=Decimal(1))
    world.drop("f/_vision.toml", b"daily_budget_usd = 1.0")
    world.drop("f/a.jpg", picture())
    job = world.accept("f/a.jpg")
    seen: list[tuple[str, Any]] = []
    services = world.logging_to(seen)
    broken = Faulty(Faulty(services.ledger, "reserve", in_folder), "settle")
    world.services = replace(services, ledger=broken)
    world.analyze(job.job_id)

    assert [facts["scope"] for event, facts in seen if event == "money held"] == ["all", "folder /f/"]


@pytest.mark.parametrize("method", ["totals", "note_once"])
def test_an_alert_never_costs_an_answer(world, method):
    """Storage fails while alerts are looked for: the job is done at its price, and the next call raises them."""
    price = price_of_one(world)
    world.set(daily_budget_usd=price * 10)
    spent = spend_before(world, price * 6)
    seen: list[tuple[str, Any]] = []
    whole = world.logging_to(seen)
    world.services = replace(whole, ledger=Faulty(whole.ledger, method))
    job = world.answer("a.jpg", picture())
    world.services = whole
    other = world.answer("b.jpg", picture(colour="red"))

    assert (job.state, job.maybe_paid) == (State.DONE, 0)
    assert day_totals(world)[0] - spent == to_nano(job.cost.usd) + to_nano(other.cost.usd)
    assert [event for event, _ in seen if "alert" in event] == ["alert not raised", "budget alert"]


def test_alerts_come_after_the_call(world):
    """What is only reserved by this call itself is no reason to wake anybody."""
    price = price_of_one(world)
    world.set(daily_budget_usd=price)
    seen: list[tuple[str, Any]] = []
    world.services = world.logging_to(seen)
    job = world.answer("a.jpg", picture())
    reached = [percent for percent in (50, 80, 100) if job.cost.usd * 100 >= price * percent]

    assert [facts["percent"] for event, facts in seen if event == "budget alert"] == reached
    assert reached != [50, 80, 100]


def test_a_job_that_waited_for_a_new_price_reserves_at_that(world):
    """gpt-5.6-sol fell on 2026-11-21: accepted the day before at the old price, asked at the new one."""
    world.set(endpoint=replace(world.services.settings.endpoint, models={"eyes": "gpt-5.6-sol"}))
    world.pass_time(-timedelta(days=1).total_seconds())
    world.drop("a.jpg", picture())
    before = world.accept("a.jpg")
    world.pass_time(timedelta(days=1).total_seconds())
    world.finish_all()
    after = look_up(world.services, "a.jpg")

    assert (after.state, after.estimate.input_tokens) == (State.DONE, before.estimate.input_tokens)
    assert after.estimate.usd == before.estimate.usd * Decimal(4) / 5
    assert after.estimate.max_usd < before.estimate.max_usd


def test_a_job_whose_price_holds_keeps_its_estimate(world):
    """Also over midnight."""
    world.drop("a.jpg", picture())
    before = world.accept("a.jpg")
    world.pass_time(timedelta(days=1).total_seconds())
    world.finish_all()

    assert look_up(world.services, "a.jpg").estimate == before.estimate
