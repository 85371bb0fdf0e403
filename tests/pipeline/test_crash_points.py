"""A worker that dies in the middle of a call: what may have been paid is counted, whatever happens afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.core import limits
from shared.core.jobs import job as jobs
from shared.core.jobs.job import AnalysisMessage, State
from shared.core.places import RESULTS
from shared.pipeline.accept import accept_upload
from shared.pipeline.analyze import analyze
from shared.pipeline.bury import bury_message
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Allowance
from tests.pipeline.test_repair import message
from tests.pipeline.world import picture

pytestmark = pytest.mark.usefixtures("invariants")

LEASE_S = limits.JOB_LEASE_S.value


class DiesInTheCall(BaseException):
    """As a SIGKILL: nothing in the program handles it."""


class Deadly:
    """A model whose reply nobody lives to see."""

    def __init__(self, model):
        self.model = model

    def complete(self, payload):
        self.model.complete(payload)
        raise DiesInTheCall


def die_in_the_call(world, job_id):
    with pytest.raises(DiesInTheCall):
        analyze(replace(world.services, model=Deadly(world.services.model)), AnalysisMessage(job_id=job_id))
    world.outbox.waiting.clear()
    world.pass_time(LEASE_S)


def lost_calls(world, days=1):
    today = world.clock[0].date()
    return [world.services.ledger.lost_calls(today - timedelta(days=day), "all") for day in range(days)]


def totals(world, days_ago=0):
    day = world.clock[0].date() - timedelta(days=days_ago)
    found = world.services.ledger.totals(day, Allowance(scope="all", limit=None))
    return found.spent, found.reserved


def begin(world, **metadata):
    world.drop("a.jpg", picture(), **metadata)
    return world.accept("a.jpg").job_id


AFTERWARDS = [
    (None, State.DONE, 1),
    ({"do": "throttle", "retry_after_s": 60, "times": 1}, State.DONE, 1),
    ({"do": "status", "status": 500, "times": 1}, State.DONE, 2),  # it may have been paid as well
    ({"do": "context_length", "times": 1}, State.FAILED, 1),
    ({"do": "filter_prompt", "times": 1}, State.FAILED, 1),
]


@pytest.mark.parametrize(("step", "state", "lost"), AFTERWARDS, ids=str)
def test_a_call_that_was_cut_off_is_counted_whatever_comes_next(world, step, state, lost):
    """Also when the next try is throttled, fails or is refused."""
    job_id = begin(world)
    die_in_the_call(world, job_id)
    world.script(*[step] if step else [])
    world.analyze(job_id)
    world.finish_all()
    job = look_up(world.services, "a.jpg")

    assert (job.state, job.maybe_paid, lost_calls(world)) == (state, lost, [lost])
    assert totals(world)[1] == 0


def test_a_job_that_is_given_up_has_its_lost_calls(world):
    """Each of its workers died while it asked."""
    job_id = begin(world)
    for _ in range(limits.CRASHES.value):
        die_in_the_call(world, job_id)
    bury_message(world.services, message(job_id))
    job = look_up(world.services, "a.jpg")

    assert (job.error.code, job.maybe_paid, lost_calls(world)) == (
        "gave_up",
        limits.CRASHES.value,
        [limits.CRASHES.value],
    )
    assert totals(world)[1] == 0


def test_a_job_with_a_stored_answer_is_not_given_up(world):
    """Its row is behind; the poison queue finishes it instead of failing it."""
    job_id = begin(world)
    stored = world.services.jobs.load(job_id)
    world.analyze(job_id)
    done = look_up(world.services, "a.jpg")
    running = stored.job
    for _ in range(limits.CRASHES.value):
        running = jobs.claim(running, owner="dead", now=world.clock[0], lease_s=0)
    world.services.jobs.replace(world.services.jobs.load(job_id), running)
    bury_message(world.services, message(job_id))

    assert look_up(world.services, "a.jpg").reply == done.reply


def test_the_next_day_pays_for_its_own_calls(world):
    """A worker died before midnight: what it may have spent stays on that day, the new call counts today."""
    job_id = begin(world)
    world.pass_time(timedelta(hours=11, minutes=59).total_seconds())
    die_in_the_call(world, job_id)
    job = world.analyze(job_id)

    assert (job.state, job.maybe_paid, lost_calls(world, 2)) == (State.DONE, 1, [0, 1])
    assert totals(world)[0] > 0
    assert totals(world)[1] == totals(world, 1)[1] == 0


def test_too_little_money_for_a_second_try_still_counts_the_first(world):
    """The lost call may have used the day's budget up: the job is parked, and the count stays."""
    job_id = begin(world)
    price = look_up(world.services, "a.jpg").estimate.max_usd
    world.set(daily_budget_usd=price)
    die_in_the_call(world, job_id)
    job = world.analyze(job_id)
    world.pass_time(timedelta(days=1).total_seconds())
    world.analyze(job_id)
    done = look_up(world.services, "a.jpg")

    assert (job.state, done.state, done.maybe_paid, lost_calls(world, 2)) == (State.PARKED, State.DONE, 1, [0, 1])


def test_folders_count_it_too(world):
    """Every budget that the call was reserved in."""
    world.drop("team/_vision.toml", b"daily_budget_usd = 1")
    world.drop("team/a.jpg", picture())
    job = world.accept("team/a.jpg")
    die_in_the_call(world, job.job_id)
    world.analyze(job.job_id)
    day = world.clock[0].date()

    assert [world.services.ledger.lost_calls(day, scope) for scope in ("all", "folder /team/")] == [1, 1]


def test_a_job_that_waited_long_is_not_hopeless(world):
    """A hundred waits are no crash, though the history has only the last fifty steps."""
    job_id = begin(world)
    world.script({"do": "throttle", "retry_after_s": 5, "every": 1})
    waiting = world.analyze(job_id)
    stored = world.services.jobs.load(job_id)
    for turn in range(100):
        now = world.clock[0] + timedelta(seconds=turn)
        claimed = jobs.claim(stored.job, owner="w", now=now, lease_s=LEASE_S)
        stored = replace(stored, job=jobs.move(claimed, State.WAITING, now=now))
    assert waiting.state is State.WAITING
    assert len(stored.job.history) == limits.HISTORY_EVENTS.value
    assert not jobs.is_hopeless(stored.job)


def test_a_turn_of_the_same_worker_is_not_its_next_turn(world):
    """The lease ran out during a call and the same process took the job again: the older turn changes nothing."""
    job_id = begin(world)
    world.script({"do": "status", "status": 500, "times": 1})
    whole = world.services

    class Slow:
        def complete(self, payload):
            world.pass_time(LEASE_S)
            stored = whole.jobs.load(job_id)
            claimed = jobs.claim(stored.job, owner=whole.worker, now=world.clock[0], lease_s=LEASE_S)
            whole.jobs.replace(stored, claimed)
            return whole.model.complete(payload)

    job = analyze(replace(whole, model=Slow()), AnalysisMessage(job_id=job_id))

    assert (job.state, job.attempts) == (State.RUNNING, 2)


class Meanwhile:
    """A model that is so slow that something else happens during its first call."""

    def __init__(self, world, happens):
        self.model, self.happens = world.services.model, happens

    def complete(self, payload):
        happens, self.happens = self.happens, lambda: None
        happens()
        return self.model.complete(payload)


@pytest.mark.parametrize("skew_s", [LEASE_S, 3600])
def test_a_lease_lost_during_the_call_leaves_one_result(world, skew_s):
    """The lease ran out, or the other worker's clock is an hour ahead: two calls, one counted as lost, one result."""
    job_id = begin(world)
    seen: list[tuple[str, Any]] = []
    other = replace(world.logging_to(seen), worker="other")

    def other_takes_it() -> None:
        world.pass_time(skew_s)
        analyze(other, AnalysisMessage(job_id=job_id))
        world.pass_time(-skew_s)

    own = replace(world.logging_to(seen), model=Meanwhile(world, other_takes_it))
    late = analyze(own, AnalysisMessage(job_id=job_id))
    job = look_up(world.services, "a.jpg")

    assert (late.reply, late.attempts) == (job.reply, 2)
    assert (job.state, job.maybe_paid, world.calls, lost_calls(world)) == (State.DONE, 1, 2, [1])
    assert totals(world)[1] == 0
    assert [event for event, _ in seen].count("finished") == 1


class WrittenLate:
    """Blobs whose first document is long on its way: `meanwhile` happens, and is given what makes it arrive."""

    def __init__(self, blobs, meanwhile):
        self.blobs, self.meanwhile = blobs, meanwhile

    def __getattr__(self, name):
        return getattr(self.blobs, name)

    def write(self, container, name, data, **more):
        if container != RESULTS or self.meanwhile is None:
            return self.blobs.write(container, name, data, **more)
        written: list[bool] = []
        meanwhile, self.meanwhile = self.meanwhile, None
        meanwhile(lambda: written.append(self.blobs.write(container, name, data, **more)))
        return written[0]


def test_a_document_that_comes_during_the_next_workers_call_keeps_the_lost_call(world):
    """The first answer stays the result. The call that was written off before it came is counted on the job too, as in
    the ledger.
    """
    job_id = begin(world)

    def other_asks_too(arrive) -> None:
        world.pass_time(LEASE_S)
        other = replace(world.services, worker="other", model=Meanwhile(world, arrive))
        analyze(other, AnalysisMessage(job_id=job_id))

    slow = replace(world.services, blobs=WrittenLate(world.services.blobs, other_asks_too))
    analyze(slow, AnalysisMessage(job_id=job_id))
    job = look_up(world.services, "a.jpg")

    assert (job.state, job.maybe_paid, world.calls, lost_calls(world)) == (State.DONE, 1, 2, [1])
    assert totals(world)[1] == 0


def test_a_document_that_came_before_its_finder_died_keeps_the_lost_call_too(world):
    """The next worker had written the call off, and died while it asked; a third one finds the document."""
    job_id = begin(world)

    def other_dies(arrive) -> None:
        world.pass_time(LEASE_S)
        arrived = Meanwhile(world, arrive)
        arrived.model = Deadly(arrived.model)
        with pytest.raises(DiesInTheCall):
            analyze(replace(world.services, worker="other", model=arrived), AnalysisMessage(job_id=job_id))
        world.pass_time(LEASE_S)
        analyze(replace(world.services, worker="third"), AnalysisMessage(job_id=job_id))

    slow = replace(world.services, blobs=WrittenLate(world.services.blobs, other_dies))
    analyze(slow, AnalysisMessage(job_id=job_id))
    job = look_up(world.services, "a.jpg")

    assert (job.state, job.maybe_paid, world.calls, lost_calls(world)) == (State.DONE, 1, 2, [1])
    assert totals(world)[1] == 0


def test_another_picture_under_the_same_name_during_the_call(world):
    """Both are answered, each about its own pixels, and the name leads to the newer one."""
    first_id = begin(world)

    def replaced() -> None:
        world.drop("a.jpg", picture(size=(320, 200), colour="red"))
        world.pass_time(1)
        world.accept("a.jpg")

    world.outbox.waiting.clear()
    analyze(replace(world.services, model=Meanwhile(world, replaced)), AnalysisMessage(job_id=first_id))
    world.finish_all()
    first, second = world.services.jobs.load(first_id).job, look_up(world.services, "a.jpg")

    assert (first.state, second.state, world.calls) == (State.DONE, State.DONE, 2)
    assert first.job_id != second.job_id
    assert "640 x 480 px" in first.reply.text
    assert "320 x 200 px" in second.reply.text


def test_an_upload_that_is_deleted_while_queued_is_answered(world):
    """What was accepted has its pictures already."""
    begin(world)
    world.blobs.get_blob_client("uploads", "a.jpg").delete_blob()
    world.finish_all()

    assert look_up(world.services, "a.jpg").state is State.DONE


def test_events_that_come_too_late(world):
    """Of a version that was replaced before it was read, of one that is deleted: nothing is left hanging."""
    world.drop("a.jpg", picture())
    world.drop("a.jpg", picture(colour="red"))
    ids = {world.accept("a.jpg").job_id for _ in range(3)}
    world.finish_all()
    world.blobs.get_blob_client("uploads", "a.jpg").delete_blob()

    assert len(ids) == world.calls == 1
    assert accept_upload(world.services, "a.jpg") is None
    assert list(world.services.jobs.open_jobs(first="", most=10)) == []


def test_a_full_budget_raises_its_alert(world):
    """It seldom ends at exactly its limit: the first refusal says that it is full."""
    job_id = begin(world)
    price: Any = look_up(world.services, "a.jpg").estimate.max_usd
    world.set(daily_budget_usd=price * Decimal("1.02"))
    seen: list[tuple[str, Any]] = []
    world.services = world.logging_to(seen)
    world.analyze(job_id)
    world.outbox.waiting.clear()
    world.drop("b.jpg", picture(colour="red"))
    other = world.accept("b.jpg")
    world.analyze(other.job_id)

    assert [facts["percent"] for event, facts in seen if event == "budget alert"] == [50, 80, 100]
    assert look_up(world.services, "b.jpg").state is State.PARKED


def test_who_waits_for_money_holds_up_no_richer_folder(world):
    """The same picture in a folder that has money is asked there, and the poor one gets the answer for nothing."""
    world.drop("poor/_vision.toml", b"daily_budget_usd = 0.000001")
    poor = world.answer("poor/a.jpg", picture())
    rich = world.answer("rich/a.jpg", picture())
    world.drop("poor/_vision.toml", b"daily_budget_usd = 1")
    world.analyze(poor.job_id)
    answered = look_up(world.services, "poor/a.jpg")

    assert (poor.state, rich.state, answered.state) == (State.PARKED, State.DONE, State.DONE)
    assert (answered.reused_from, world.calls) == (rich.job_id, 1)


def test_who_was_woken_meanwhile_keeps_its_part(world):
    """Between the look at the parked job and the step into its place it went on: it is asked once."""
    world.drop("poor/_vision.toml", b"daily_budget_usd = 0.000001")
    poor = world.answer("poor/a.jpg", picture())
    world.drop("poor/_vision.toml", b"daily_budget_usd = 1")
    whole = world.services

    class GoesOn:
        def __getattr__(self, name):
            return getattr(whole.answers, name)

        def take_over(self, key, *, from_job_id, job_id):
            if from_job_id == poor.job_id:
                analyze(whole, AnalysisMessage(job_id=poor.job_id))
            return whole.answers.take_over(key, from_job_id=from_job_id, job_id=job_id)

    world.services = replace(whole, answers=GoesOn())
    rich = world.answer("rich/a.jpg", picture())

    assert (rich.state, rich.reused_from, world.calls) == (State.DONE, poor.job_id, 1)


def test_copies_wait_as_long_as_the_first(world):
    """They need the same endpoint: asking every five seconds whether it is done would help nobody."""
    world.script({"do": "throttle", "retry_after_s": 7200, "times": 1})
    world.answer("a.jpg", picture())
    world.drop("b.jpg", picture())
    copy = world.analyze(world.accept("b.jpg").job_id)

    assert (copy.error.code, copy.not_before - world.clock[0]) == ("same_question", timedelta(hours=2))
