"""Each call stands in the job, in the ledger and in the costs of its day as what it was: paid, perhaps paid, or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from shared.core.answer.error_reply import parse_error
from shared.core.jobs.job import Job, State
from shared.core.money.budget import to_nano
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Allowance
from shared.pipeline.spending.costs import costs
from tests.pipeline.world import Scripted, World, picture

USAGE = {"prompt_tokens": 300, "completion_tokens": 40}
ANSWER = {"choices": [{"finish_reason": "stop", "message": {"content": "A square."}}], "usage": USAGE}
PRICE = Decimal("0.000775")  # of USAGE on gpt-5.1


@dataclass
class Faults:
    """A model that fails with these statuses one after the other, and answers from then on."""

    statuses: tuple[int, ...]
    calls: int = 0

    def complete(self, payload: object) -> Any:
        self.calls += 1
        if self.calls <= len(self.statuses):
            raise parse_error(self.statuses[self.calls - 1], {"error": {"message": "no"}}, {})
        return Scripted(ANSWER).complete(payload)


@dataclass(frozen=True)
class Books:
    """What the ledger and the costs of the day say, in nano-dollars and counts."""

    spent: int
    reserved: int
    lost: int
    usd: int
    maybe_usd: int
    answers: int
    maybe_paid: int
    unpriced: int


def books(world: World) -> Books:
    day = world.clock[0].date()
    ledger: Any = world.services.ledger
    totals = ledger.totals(day, Allowance(scope="all", limit=None))
    lines = costs(world.services, first=day, last=day)[2]
    return Books(
        spent=totals.spent,
        reserved=totals.reserved,
        lost=ledger.lost_calls(day, "all"),
        usd=to_nano(sum((line.usd for line in lines), Decimal(0))),
        maybe_usd=to_nano(sum((line.maybe_usd for line in lines), Decimal(0))),
        answers=sum(line.answers for line in lines),
        maybe_paid=sum(line.maybe_paid for line in lines),
        unpriced=sum(line.unpriced for line in lines),
    )


def ask(world: World, model: Any, **metadata: str) -> Job:
    world.services = replace(world.services, model=model)
    world.answer("a.jpg", picture(), **metadata)
    world.finish_all()
    return look_up(world.services, "a.jpg")


def check_books(world: World, job: Job) -> Books:
    """The ledger is the costs of the day and, in full, what nobody knows the price of; nothing stays reserved."""
    found = books(world)
    ceiling = to_nano(job.estimate.max_usd if job.estimate and job.estimate.max_usd else Decimal(0))

    assert found.reserved == 0
    assert found.usd == to_nano(job.cost.usd if job.cost else Decimal(0))
    assert (found.maybe_paid, found.unpriced) == (job.maybe_paid, job.unpriced)
    assert found.lost == job.maybe_paid + job.unpriced
    assert found.spent == found.usd + found.lost * ceiling
    assert found.maybe_usd == found.lost * ceiling
    return found


STATUSES = [
    ((500,), 1),
    ((503,), 1),
    ((504,), 1),
    ((502, 500), 2),
    ((408,), 1),
    ((429,), 0),
    ((304,), 0),
    ((304, 301), 0),
]


@pytest.mark.parametrize(("statuses", "lost"), STATUSES, ids=str)
def test_a_call_that_failed_before_it_was_answered(world, statuses, lost):
    """5xx may come after the work: it counts once, as perhaps paid. Throttled and redirected calls are no payments."""
    job = ask(world, Faults(statuses))

    assert (job.state, job.maybe_paid, job.cost.usd) == (State.DONE, lost, PRICE)
    assert check_books(world, job).answers == 1


def test_a_tool_call_is_a_bill(world):
    """The model has read and written, and was paid for it."""
    job = ask(world, Scripted({"choices": [{"message": {"tool_calls": [{"id": "1"}]}}], "usage": USAGE}))

    assert (job.state, job.error.code, job.cost.usd) == (State.FAILED, "tool_call", PRICE)
    assert check_books(world, job).spent == to_nano(PRICE)


def test_all_five_malformed_replies_count(world):
    """The last one too, though the job ends with it."""
    job = ask(world, Scripted("<html>"))

    assert (job.state, job.error.code, job.maybe_paid, job.cost) == (State.FAILED, "reply_malformed", 5, None)
    assert check_books(world, job).answers == 0


def test_an_answer_without_usage_is_shown_beside_the_sum(world):
    """It is an answer, and has no price: the costs of the day say so instead of leaving it out."""
    job = ask(world, Scripted({**ANSWER, "usage": None}))

    assert (job.state, job.cost, job.unpriced) == (State.DONE, None, 1)
    assert check_books(world, job).answers == 1


FILTERED_ANSWER = {"choices": [{"finish_reason": "content_filter", "message": {"content": None}}]}


def test_a_filtered_answer_without_usage_may_have_been_paid(world):
    """The model had written it: only a filtered prompt is no work."""
    job = ask(world, Scripted(FILTERED_ANSWER))

    assert (job.state, job.unpriced) == (State.FAILED, 1)
    assert check_books(world, job).lost == 1


FILTERED_PROMPT = {"error": {"code": "content_filter", "message": "filtered"}}


@pytest.mark.parametrize(("billed", "lost"), [(False, 0), (True, 1)])
def test_a_filtered_prompt_counts_as_the_operator_says(world, billed, lost):
    """Nothing by default; where the endpoint charges for it, as a call that was paid nobody knows how much for."""
    world.set(filtered_prompts_are_billed=billed)
    job = ask(world, Scripted(FILTERED_PROMPT))

    assert (job.state, job.error.code, job.maybe_paid, job.unpriced) == (State.FAILED, "content_filter", lost, 0)
    assert check_books(world, job).answers == 0


def test_a_filtered_prompt_with_usage_costs_what_it_says(world):
    """Whatever the setting."""
    verdict = {"prompt_filter_results": [{"content_filter_results": {"hate": {"filtered": True}}}]}
    job = ask(world, Scripted({"choices": [], "usage": USAGE, **verdict}))

    assert (job.state, job.cost.usd, job.maybe_paid) == (State.FAILED, PRICE, 0)
    assert check_books(world, job).spent == to_nano(PRICE)


def test_nobody_asked_is_nothing_spent(world):
    """A job that is refused by the endpoint (400) is no line of the day's costs."""
    job = ask(world, Faults((400,)))

    assert (job.state, job.maybe_paid) == (State.FAILED, 0)
    assert check_books(world, job) == Books(0, 0, 0, 0, 0, 0, 0, 0)


@dataclass
class Absurd:
    """The first answer has this many output tokens, all others the usual."""

    tokens: int
    calls: int = 0

    def complete(self, payload: object) -> Any:
        self.calls += 1
        usage = USAGE | ({"completion_tokens": self.tokens} if self.calls == 1 else {})
        return Scripted({**ANSWER, "usage": usage}).complete(payload)


def drop_two(world: World, model: Any) -> tuple[Job, Job, list[tuple[str, Any]]]:
    """Two different pictures, with money for three calls at their ceiling; and what was logged."""
    seen: list[tuple[str, Any]] = []
    world.drop("probe.jpg", picture(colour="white"))
    estimate = world.accept("probe.jpg").estimate
    world.outbox.waiting.clear()
    world.set(daily_budget_usd=estimate.max_usd * 3 if estimate and estimate.max_usd else None)
    world.services = replace(world.logging_to(seen), model=model)
    first = world.answer("a.jpg", picture(colour="red"))
    return first, world.answer("b.jpg", picture(colour="green")), seen


def alerts(seen: list[tuple[str, Any]]) -> list[Any]:
    return [facts for event, facts in seen if event == "bill above ceiling"]


def test_a_bill_that_no_call_can_have_stops_nobody(world):
    """Four billion tokens of output: an alert, the full sum in the document, and the ceiling in the budget."""
    first, second, seen = drop_two(world, Absurd(4_000_000_000))
    (alert,) = alerts(seen)

    assert first.cost.usd > 39_999
    assert (alert["job_id"], alert["usd"]) == (first.job_id, str(first.cost.usd))
    assert alert["counted_usd"] == alert["ceiling_usd"]
    assert Decimal(alert["ceiling_usd"]) == first.estimate.max_usd
    assert second.state is State.DONE
    assert books(world).spent == to_nano(first.estimate.max_usd) + to_nano(PRICE)


def test_a_bill_that_a_call_can_have_counts_in_full(world):
    """A hundred times what was asked for, and still no more than the model can write: the budget is used up."""
    first, second, seen = drop_two(world, Absurd(100_000))
    (alert,) = alerts(seen)

    assert alert["counted_usd"] == str(first.cost.usd)
    assert second.state is State.PARKED
    assert books(world).spent == to_nano(first.cost.usd)


def test_a_bill_within_its_ceiling_is_no_alert(world):
    """As nearly all are."""
    first, second, seen = drop_two(world, Scripted(ANSWER))

    assert alerts(seen) == []
    assert (first.state, second.state) == (State.DONE, State.DONE)
