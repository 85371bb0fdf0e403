"""Over many jobs and every kind of outcome: the documents, the costs of the day, the ledger and telemetry agree."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.core.jobs.job import State
from shared.core.jobs.measures import COST, MAYBE_PAID_METRIC, measure
from shared.core.money.budget import to_nano
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Allowance
from shared.pipeline.spending.costs import costs
from shared.wiring import ModelOnDemand
from tests.hostile_endpoint import HostileEndpoint
from tests.pipeline.world import picture
from tests.videos import clip

COLOURS = ("red", "green", "blue", "olive", "navy", "teal", "maroon", "purple", "black", "orange", "brown", "pink")
FAULTS: list[dict[str, Any]] = [
    {"do": "refuse", "times": 1},
    {"do": "status", "status": 503, "times": 2},
    {"do": "cut", "times": 1},
    {"do": "filter_completion", "category": "violence", "times": 1},
    {"do": "filter_prompt", "times": 1},
    {"do": "html", "times": 2},
    {"do": "throttle", "retry_after_s": 20, "times": 1},
    {"do": "context_length", "times": 1},
    {"do": "truncate", "max_tokens": 5, "times": 1},
]


def totals(world):
    found = world.services.ledger.totals(world.clock[0].date(), Allowance(scope="all", limit=None))
    return found.spent, found.reserved


def sums(world):
    day = world.clock[0].date()
    lines = costs(world.services, first=day, last=day)[2]
    return {
        "usd": sum((line.usd for line in lines), Decimal(0)),
        "maybe_usd": sum((line.maybe_usd for line in lines), Decimal(0)),
        "answers": sum(line.answers for line in lines),
        "maybe_paid": sum(line.maybe_paid for line in lines),
    }


def measured(seen, metric):
    """What telemetry makes of the same events."""
    found = [one for event, facts in seen for one in measure(event, facts)]
    return sum(Decimal(str(one.amount)) for one in found if one.metric == metric)


@pytest.mark.usefixtures("invariants")
def test_the_books_balance(world):
    """Twelve pictures, each dropped twice, and an endpoint that does everything once."""
    seen: list[tuple[str, Any]] = []
    world.services = world.logging_to(seen)
    world.script(*FAULTS)
    names = [f"{copy}/{colour}.jpg" for colour in COLOURS for copy in "ab"]
    for name in names:
        world.drop(name, picture(colour=name.split("/")[1].removesuffix(".jpg")))
        world.accept(name)
    world.finish_all()
    jobs: list[Any] = [look_up(world.services, name) for name in names]
    paid = sum((job.cost.usd for job in jobs if job.cost), Decimal(0))
    lost = sum(job.maybe_paid for job in jobs)
    ceilings = {job.estimate.max_usd for job in jobs}
    found = sums(world)

    assert {job.state for job in jobs} == {State.DONE, State.PARTIAL, State.FAILED}
    assert lost == 2 + 1 + 2  # two 503, a cut connection, two web pages
    assert found["usd"] == paid
    assert (found["maybe_paid"], world.services.ledger.lost_calls(world.clock[0].date(), "all")) == (lost, lost)
    assert len(ceilings) == 1
    assert totals(world) == (to_nano(paid) + lost * to_nano(ceilings.pop()), 0)
    assert found["maybe_usd"] == lost * jobs[0].estimate.max_usd
    assert measured(seen, COST) == pytest.approx(paid)
    assert measured(seen, MAYBE_PAID_METRIC) == lost


@pytest.mark.usefixtures("invariants")
def test_what_a_job_paid_before_it_failed_is_remembered(world):
    """A long film: its first parts are answered, a later one is refused. All of it is on the bill, and no answer."""
    seen: list[tuple[str, Any]] = []
    world.services = world.logging_to(seen)
    world.drop("film.mp4", clip(110), frames="110")
    job = world.accept("film.mp4")
    world.script({"do": "answer", "times": 1}, {"do": "refuse", "times": 1})
    world.finish_all()
    job = look_up(world.services, "film.mp4")
    found = sums(world)

    assert (job.state, job.error.code, world.calls) == (State.FAILED, "refusal", 2)
    assert len([line for line in job.cost.breakdown if line.item == "output"]) == 2
    assert (found["usd"], found["answers"]) == (job.cost.usd, 0)
    assert totals(world) == (to_nano(job.cost.usd), 0)
    assert measured(seen, COST) == pytest.approx(job.cost.usd)


def test_a_part_that_was_refused_is_not_asked_again(world):
    """The worker dies after it has stored the refusal: the next turn reads it, and pays nothing more."""
    world.drop("film.mp4", clip(110), frames="110")
    job = world.accept("film.mp4")
    world.script({"do": "refuse", "times": 1})
    world.finish_all()
    step = world.services.blobs.read("results", f"{job.job_id}.part-001.json")

    assert b"refusal" in step
    assert (look_up(world.services, "film.mp4").state, world.calls) == (State.FAILED, 1)


@pytest.mark.parametrize(("reply", "state", "requests"), [("one_broken_byte", State.DONE, 1), ("elsewhere", None, 1)])
def test_replies_over_a_real_socket(world, reply, state, requests):
    """An answer with one broken byte is kept, and paid once; a redirection is no answer, is followed nowhere and is
    paid not at all.
    """
    with HostileEndpoint(reply) as endpoint:
        settings = replace(
            world.services.settings, endpoint=replace(world.services.settings.endpoint, base_url=endpoint.url)
        )
        model = ModelOnDemand(settings)
        world.services = replace(world.services, settings=settings, model=model)
        world.answer("a.jpg", picture())
        copy = world.answer("b.jpg", picture()) if state else None
        job = look_up(world.services, "a.jpg")
        seen = endpoint.requests

    assert (job.maybe_paid, seen) == (0, requests)
    if state is None:
        assert (job.state, totals(world)) == (State.WAITING, (0, 0))
        return
    assert (job.state, job.reply.text, job.cost.usd) == (state, "caf\ufffd in Latin-1", Decimal("0.000775"))
    assert (copy.reused_from, copy.reply.text) == (job.job_id, job.reply.text)
