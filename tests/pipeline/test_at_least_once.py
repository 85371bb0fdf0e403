"""Every event and message may come again, late, or twice at once; every call may fail: one result, nothing lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from shared.core import limits
from shared.core.errors import StateConflict, StorageUnavailable
from shared.core.jobs import job as jobs
from shared.core.jobs.job import AnalysisMessage, State
from shared.pipeline.analyze import analyze, analyze_message
from shared.pipeline.look_up import look_up
from shared.pipeline.records import store_result
from tests.pipeline.world import picture

pytestmark = pytest.mark.usefixtures("invariants")

LEASE_S = limits.JOB_LEASE_S.value


def test_one_event_ten_times_is_one_job_one_call_one_result(world):
    """Deterministic ids and conditional writes make a repeated event harmless."""
    world.drop("a.jpg", picture())
    ids = {world.accept("a.jpg").job_id for _ in range(10)}
    messages = len(world.outbox.waiting)
    world.analyze_next()
    ids |= {world.accept("a.jpg").job_id for _ in range(10)}

    assert (len(ids), messages, len(world.outbox.waiting), world.calls) == (1, 1, 0, 1)


def test_one_message_ten_times_is_one_call(world):
    """A message that comes again finds the job done."""
    world.drop("a.jpg", picture())
    job_id = world.accept("a.jpg").job_id
    states = [world.analyze(job_id).state for _ in range(10)]

    assert (set(states), world.calls) == ({State.DONE}, 1)


def test_a_job_in_other_hands_is_left_alone(world):
    """While a lease holds, the message goes back until it has run out."""
    world.drop("a.jpg", picture())
    job_id = world.accept("a.jpg").job_id
    claim(world, job_id)
    world.analyze_next()
    ((_, delay_s),) = world.outbox.waiting

    assert (delay_s, world.calls) == (LEASE_S, 0)


def claim(world, job_id, owner="somebody else"):
    stored = world.services.jobs.load(job_id)
    return world.services.jobs.replace(stored, jobs.claim(stored.job, owner=owner, now=world.clock[0], lease_s=LEASE_S))


def test_a_worker_that_died_is_replaced(world):
    """After the lease the redelivered message completes the job."""
    world.drop("a.jpg", picture())
    claim(world, world.accept("a.jpg").job_id)
    world.analyze_next()
    job, _ = world.analyze_next()

    assert (job.state, job.attempts, world.calls) == (State.DONE, 2, 1)


def test_a_late_worker_cannot_overwrite_the_result(world):
    """Whoever lost the lease keeps the result that is there."""
    world.drop("a.jpg", picture())
    stale = claim(world, world.accept("a.jpg").job_id)
    world.pass_time(LEASE_S)
    done, _ = world.analyze_next()
    late = jobs.fail(stale.job, StorageUnavailable("late"), now=world.clock[0])

    kept = store_result(world.services, stale, late)
    found = look_up(world.services, "a.jpg")

    assert (kept.state, kept.reply) == (found.state, found.reply) == (State.DONE, done.reply)


class Dies(BaseException):
    """As a SIGKILL: nothing in the program handles it."""


class FailsOnce:
    """A port whose method `name` fails the first time, as a worker that dies there would leave things."""

    def __init__(self, port, name, fault=StorageUnavailable):
        self.port, self.name, self.fault, self.failed = port, name, fault, False

    def __getattr__(self, name):
        if name == self.name and not self.failed:
            self.failed = True
            raise self.fault(f"{name} failed on purpose")
        return getattr(self.port, name)


CRASHES = [
    ("accept", "jobs", "insert"),
    ("accept", "jobs", "publish"),
    ("accept", "blobs", "describe"),
    ("accept", "blobs", "read"),
    ("accept", "blobs", "write"),
    ("accept", "messages", "send"),
    ("accept", "jobs", "replace"),
    ("analyze", "jobs", "load"),
    ("analyze", "jobs", "replace"),
    ("analyze", "blobs", "read"),
    ("analyze", "blobs", "write"),
]


@pytest.mark.parametrize(("stage", "port", "method"), CRASHES)
def test_a_crash_at_any_write_leads_to_completion(world, stage, port, method):
    """The delivery that failed comes again, and the job ends with one result."""
    holds_an_answer = (stage, method) == ("analyze", "write")  # and would not let go of it for a fault of storage
    fault = Dies if holds_an_answer else StorageUnavailable
    flaky = replace(world.services, **{port: FailsOnce(getattr(world.services, port), method, fault)})
    whole = world.services
    world.drop("a.jpg", picture())
    if stage == "accept":
        world.services = flaky
        with pytest.raises(StorageUnavailable):
            world.accept("a.jpg")
        world.services = whole
    world.accept("a.jpg")
    if stage == "analyze":
        with suppress(fault):  # a turn that has begun gives its job back, and sends the message again
            analyze(flaky, world.outbox.waiting[0][0])
        assert getattr(flaky, port).failed
    while world.outbox.waiting:
        world.analyze_next()

    assert look_up(world.services, "a.jpg").state is State.DONE
    assert world.calls == (2 if holds_an_answer else 1)


class AnswerLost:
    """A table that takes the nth write and says it was refused: the reply was cut and the second try came too late."""

    def __init__(self, port, nth):
        self.port, self.left = port, nth

    def __getattr__(self, name):
        return getattr(self.port, name)

    def replace(self, stored, job):
        self.left -= 1
        written = self.port.replace(stored, job)
        if self.left == 0:
            raise StateConflict("the row was changed by somebody else")
        return written


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, 6])
def test_a_write_whose_answer_was_lost_loses_no_job(world, nth):
    """Our own write looks like somebody else's: the pointer goes out all the same, and the job ends."""
    whole = world.services
    world.script({"do": "throttle", "retry_after_s": 5, "times": 1})
    world.services = replace(whole, jobs=AnswerLost(whole.jobs, nth))
    world.drop("a.jpg", picture())
    world.accept("a.jpg")
    world.finish_all()

    assert look_up(whole, "a.jpg").state is State.DONE
    assert world.services.jobs.left <= 0
    assert world.calls == 2


def test_a_crash_after_the_result_was_written_pays_nothing_more(world):
    """The next worker takes the stored result over instead of asking again."""
    world.drop("a.jpg", picture())
    world.accept("a.jpg")
    message = world.outbox.waiting[0][0]
    jobs_port = FailsOnce(world.services.jobs, "replace")
    jobs_port.failed = True  # the claim passes …
    result = analyze_until_row(world, message, jobs_port)

    assert result == "failed on the row"
    world.pass_time(LEASE_S)
    assert world.analyze(message.job_id).state is State.DONE
    assert world.calls == 1


def analyze_until_row(world, message, jobs_port):
    """Run analyze with a table that stops working once the result document is there."""

    class Table:
        def __getattr__(self, name):
            if name == "replace" and result_exists(world, message.job_id):
                raise StorageUnavailable("replace failed on purpose")
            return getattr(jobs_port.port, name)

    with pytest.raises(StorageUnavailable):
        analyze(replace(world.services, jobs=Table()), message)
    return "failed on the row" if result_exists(world, message.job_id) else "failed before"


def result_exists(world, job_id):
    return world.services.blobs.describe("results", f"{job_id}.json") is not None


WAITS = [
    ({"do": "throttle", "retry_after_s": 7}, "throttled", 7),
    ({"do": "throttle", "retry_after_s": 5000}, "throttled", 5000),
    ({"do": "throttle", "retry_after_s": 0.7, "retry_after_as": "ms"}, "throttled", 1),
    ({"do": "throttle", "retry_after_s": 0}, "throttled", 5),
    ({"do": "throttle", "retry_after_s": 10**11}, "throttled", 604_800),
    ({"do": "status", "status": 500}, None, 5),
    ({"do": "status", "status": 503}, None, 5),
    ({"do": "unauthorized"}, "not_authorized", None),
    ({"do": "cut"}, "connection_lost", None),
    ({"do": "html"}, "reply_malformed", 5),
    ({"do": "alien"}, "reply_malformed", 5),
]


@pytest.mark.parametrize(("step", "code", "delay_s"), WAITS, ids=str)
def test_the_service_s_faults_wait_and_then_succeed(world, step, code, delay_s):
    """The job waits as long as it was told, says why, and is answered when the endpoint is back."""
    world.script({**step, "times": 1})
    waiting = world.answer("a.jpg", picture())
    done, waited_s = world.analyze_next()

    assert (waiting.state, waiting.error.retryable) == (State.WAITING, True)
    assert waiting.error.code == (code or waiting.error.code)
    assert waited_s == (delay_s or waited_s)
    assert waited_s >= 1
    assert (done.state, done.error, done.attempts) == (State.DONE, None, 2)


def test_an_early_duplicate_does_not_wake_a_waiting_job(world):
    """Throttled means throttled: the duplicate goes back for the rest of the time, and nothing is asked."""
    world.script({"do": "throttle", "retry_after_s": 60, "times": 1})
    job = world.answer("a.jpg", picture())
    world.pass_time(20)
    analyze(world.services, AnalysisMessage(job_id=job.job_id))

    assert [delay_s for _, delay_s in world.outbox.waiting] == [60, 40]
    assert world.calls == 1


def test_replies_that_are_none_end_after_some_tries(world):
    """Each may have been paid for, so it does not go on for ever; the end is a stored result."""
    world.script({"do": "alien", "every": 1})
    world.answer("a.jpg", picture())
    while world.outbox.waiting:
        job, _ = world.analyze_next()

    assert (job.state, job.error.code, world.calls) == (State.FAILED, "reply_malformed", limits.MALFORMED_REPLIES.value)


FINAL = [
    ({"do": "filter_prompt"}, State.FAILED, "content_filter"),
    ({"do": "filter_completion"}, State.FAILED, "content_filter"),
    ({"do": "refuse"}, State.FAILED, "refusal"),
    ({"do": "truncate"}, State.PARTIAL, None),
    ({"do": "context_length"}, State.FAILED, "context_length"),
]


@pytest.mark.parametrize(("step", "state", "code"), FINAL, ids=str)
def test_the_model_s_final_word_is_a_result(world, step, state, code):
    """Stored with its code, and never asked again."""
    world.script({**step, "times": 1})
    job = world.answer("a.jpg", picture())

    assert (job.state, job.error and job.error.code) == (state, code)
    assert (world.calls, world.outbox.waiting) == (1, [])


@pytest.mark.parametrize("step", [{"do": "filter_prompt"}, {"do": "filter_completion"}], ids=str)
def test_a_filtered_answer_names_its_category(world, step):
    """The result says what was filtered, not only that something was."""
    world.script({**step, "category": "violence", "times": 1})
    job = world.answer("a.jpg", picture())

    assert job.reply.content_filter.filtered == ("violence",)


def test_a_message_without_a_job_is_dropped(world):
    """Its job was deleted; delivering it for ever would help nobody."""
    assert analyze(world.services, AnalysisMessage(job_id="0" * 32)) is None


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b"{}", b"\xff"])
def test_an_unreadable_message_is_the_host_s_to_poison(world, body):
    """It fails loudly, so that the host moves it to the poison queue."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        analyze_message(world.services, body)
