"""The life of a job: every transition that is allowed, and that no other is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.core import limits
from shared.core.answer.reply import Reply
from shared.core.ask.options import Options
from shared.core.codec import from_json, to_json
from shared.core.errors import BudgetExceeded, ModelUnavailable, NotFound, SourceRejected, StateConflict
from shared.core.jobs import job as jobs
from shared.core.jobs.job import STUCK_AFTER, TERMINAL, TRANSITIONS, AnalysisMessage, Busy, Job, State
from shared.core.jobs.result import AskedModel, Plan, Source
from shared.core.media.normalized import Normalized
from shared.core.models.tokens import Usage
from shared.core.money.estimate import Estimate

LEASE_S = limits.JOB_LEASE_S.value

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOURCE = Source(container="uploads", name="a b/ü#.jpg", etag="0x8D", bytes=10)
QUEUED = jobs.new_job(SOURCE, now=NOW)
RUNNING = jobs.claim(QUEUED, owner="w1", now=NOW, lease_s=LEASE_S)
MINUTES_15 = STUCK_AFTER.total_seconds()
BUSY = ModelUnavailable("the endpoint is throttled", code="throttled", retry_after_s=5)
NO_GOOD = SourceRejected("broken", code="corrupt")


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def reply(finish_reason="stop", refusal=None):
    return Reply(text="A cat.", finish_reason=finish_reason, refusal=refusal)


def test_the_same_drop_is_the_same_job():
    """The id depends on where the blob is and on its version, and on nothing else."""
    ids = {jobs.job_id_of(container="u", name=name, etag=etag) for name in ("a", "b") for etag in ("1", "2")}

    assert len(ids) == 4
    assert QUEUED.job_id == jobs.new_job(SOURCE, now=later(99)).job_id
    assert len(QUEUED.job_id) == 32


@pytest.mark.parametrize("start", State)
@pytest.mark.parametrize("end", State)
def test_only_the_table_s_transitions(start, end):
    """Every pair of states is tried: it is in the table, or it is a conflict."""
    job = replace(QUEUED, state=start)
    if end in TRANSITIONS[start]:
        assert end == jobs.move(job, end, now=NOW).state
    else:
        with pytest.raises(StateConflict, match=f"is {start}, it cannot become {end}"):
            jobs.move(job, end, now=NOW)


def test_nothing_leaves_an_end_state():
    """A late duplicate cannot overwrite a success."""
    assert all(not TRANSITIONS[state] for state in TERMINAL)


def test_a_claim_holds_for_the_lease():
    """While the lease lasts nobody else gets the job; afterwards the next worker does, and it counts."""
    with pytest.raises(Busy) as busy:
        jobs.claim(RUNNING, owner="w2", now=later(LEASE_S - 1), lease_s=LEASE_S)
    taken = jobs.claim(RUNNING, owner="w2", now=later(LEASE_S), lease_s=LEASE_S)

    assert later(LEASE_S) == busy.value.until
    assert (taken.lease_owner, taken.attempts) == ("w2", 2)


def test_waiting_gives_the_job_back():
    """A throttled job has no owner, knows until when it waits and why, and can be claimed again."""
    waiting = jobs.wait(RUNNING, BUSY, until=later(5), now=NOW)
    again = jobs.claim(waiting, owner="w2", now=later(5), lease_s=LEASE_S)

    assert (State.WAITING, None, later(5)) == (waiting.state, waiting.lease_owner, waiting.not_before)
    assert (waiting.error.code, waiting.error.retryable) == ("throttled", True)
    assert (again.error, again.not_before) == (None, None)


def test_parked_jobs_wait_for_money():
    """No owner, no time: the sweeper decides when it goes on."""
    parked = jobs.park(RUNNING, BudgetExceeded("too little", scope="all", hint=""), now=NOW)

    assert (parked.state, parked.lease_owner, parked.not_before) == (State.PARKED, None, None)
    assert (parked.error.code, parked.budget_day) == ("budget_exceeded", None)


def test_a_lease_is_renewed_by_its_owner_only():
    """A worker that has lost its job must not go on as if it had not."""
    assert jobs.renew(RUNNING, owner="w1", now=later(100), lease_s=LEASE_S).lease_until == later(100 + LEASE_S)
    with pytest.raises(StateConflict, match="another worker has taken"):
        jobs.renew(RUNNING, owner="w2", now=later(100), lease_s=LEASE_S)


STUCK = [
    (QUEUED, 0, False),
    (QUEUED, MINUTES_15, True),
    (RUNNING, MINUTES_15, False),
    (RUNNING, MINUTES_15 + LEASE_S, True),
    (jobs.wait(RUNNING, BUSY, until=later(7200), now=NOW), MINUTES_15, False),
    (jobs.wait(RUNNING, BUSY, until=later(7200), now=NOW), 7200 + MINUTES_15, True),
    (jobs.park(RUNNING, NO_GOOD, now=NOW), 10**6, False),
    (jobs.fail(RUNNING, NO_GOOD, now=NOW), 10**6, False),
]


@pytest.mark.parametrize(("job", "after_s", "stuck"), STUCK)
def test_when_a_job_is_stuck(job, after_s, stuck):
    """A quarter of an hour after it should have gone on; parked and ended jobs never are."""
    assert jobs.is_stuck(job, now=later(after_s)) is stuck


def test_when_a_job_is_hopeless():
    """After three new messages, or five turns that broke off; turns that were given back do not count."""
    anew = crashed = waited = QUEUED
    for turn in range(limits.CRASHES.value):
        assert not any(map(jobs.is_hopeless, (crashed, waited)))
        now = later(turn * LEASE_S)
        crashed = jobs.claim(crashed, owner="w", now=now, lease_s=LEASE_S)
        waited = jobs.wait(jobs.claim(waited, owner="w", now=now, lease_s=LEASE_S), BUSY, until=now, now=now)
    for _ in range(limits.REDELIVERIES.value):
        assert not jobs.is_hopeless(anew)
        anew = jobs.redelivered(anew, now=NOW)

    assert [jobs.is_hopeless(job) for job in (anew, crashed, waited)] == [True, True, False]


ENDINGS = [
    (RUNNING, reply(), State.DONE, None),
    (RUNNING, reply("length"), State.PARTIAL, None),
    (replace(RUNNING, source_partial=True), reply(), State.PARTIAL, None),
    (RUNNING, reply("content_filter"), State.FAILED, "content_filter"),
    (RUNNING, reply(refusal="No."), State.FAILED, "refusal"),
]


@pytest.mark.parametrize(("job", "answer", "state", "code"), ENDINGS)
def test_how_a_reply_ends_a_job(job, answer, state, code):
    """A whole answer is done, a cut one partial, a withheld one failed with its code; the reply is always kept."""
    ended = jobs.finish(job, answer, now=later(3), model_ms=2000)

    assert (state, code) == (ended.state, ended.error and ended.error.code)
    assert (answer, later(3), None) == (ended.reply, ended.finished, ended.lease_until)
    assert (ended.timings.model_ms, ended.timings.total_ms) == (2000, 3000)


def test_a_rejected_source_fails_before_anything_is_asked():
    """The error of accept is the job's result."""
    failed = jobs.fail(QUEUED, NO_GOOD, now=later(1))

    assert (failed.state, failed.error.code, failed.attempts) == (State.FAILED, "corrupt", 0)


def test_queue_time_is_from_acceptance_to_the_first_claim():
    """Later claims do not change it."""
    first = jobs.claim(QUEUED, owner="w", now=later(2), lease_s=LEASE_S)
    second = jobs.claim(jobs.wait(first, BUSY, until=later(9), now=later(3)), owner="w", now=later(9), lease_s=LEASE_S)

    assert (first.timings.queue_ms, second.timings.queue_ms) == (2000, 2000)


FULL = replace(
    RUNNING,
    options=Options(prompt="What?", model="eyes", detail="low", max_output_tokens=9, schema={"type": "object"}),
    normalized=(Normalized(name="j/000.jpg", media_type="image/jpeg", width=5, height=4, bytes=3, at_s=1.5),),
    plan=Plan(steps=("upright",), facts={"coverage": 1}),
    reply=reply(),
    model=AskedModel(name="gpt-5.1", deployment="eyes", endpoint="azure", api="v1"),
    usage=Usage(input_tokens=5, output_tokens=6),
    estimate=Estimate(image_tokens=1, input_tokens=2, usd=Decimal("0.1"), max_usd=Decimal("0.2")),
)


@pytest.mark.parametrize("job", [QUEUED, RUNNING, FULL, jobs.fail(QUEUED, NO_GOOD, now=NOW)])
def test_a_job_survives_its_row(job):
    """What the table stores gives the same job back."""
    assert job == from_json(Job, to_json(job))


def test_the_document_keeps_the_steering_to_itself():
    """Users see what was learned, not leases."""
    body = jobs.document(FULL)

    assert {"lease_owner", "dispatched", "not_before", "source_partial"}.isdisjoint(body)
    assert (body["state"], body["estimate"]["usd"], body["created"]) == ("running", "0.1", "2026-11-21T12:00:00.000Z")
    assert FULL.job_id == jobs.from_document(body).job_id


def test_alien_documents_are_not_jobs():
    """A row written by something else is reported, not half-read."""
    with pytest.raises(NotFound, match="cannot be read"):
        jobs.from_document({"hello": 1})


def test_the_queue_message_both_ways():
    """A pointer, never content."""
    body = {"schema_version": 1, "job_id": "abc", "due": None}
    of_an_older_version = body | {"step": "ask", "attempt": 1}  # may be in the queue while a new version is deployed

    assert body == to_json(AnalysisMessage(job_id="abc"))
    assert AnalysisMessage(job_id="abc") == from_json(AnalysisMessage, body)
    assert AnalysisMessage(job_id="abc") == from_json(AnalysisMessage, of_an_older_version)


FUTURE_S = 26 * 3600.0


def claimed_ahead(seconds):
    """By a worker whose clock is ahead."""
    return jobs.claim(QUEUED, owner="w1", now=later(seconds), lease_s=LEASE_S)


@pytest.mark.parametrize(("ahead_s", "holds"), [(0, True), (290, True), (310, False), (FUTURE_S, False)])
def test_a_lease_of_a_wrong_clock_is_not_believed(ahead_s, holds):
    """Clocks differ by minutes at most; a lease that ends later than one taken now holds nobody up for a day."""
    job = claimed_ahead(ahead_s)

    assert (jobs.lease_end(job, now=NOW, lease_s=LEASE_S) is not None) is holds
    if not holds:
        assert jobs.claim(job, owner="w2", now=NOW, lease_s=LEASE_S).lease_until == later(LEASE_S)


@pytest.mark.parametrize("state", [State.QUEUED, State.WAITING])
def test_only_a_running_job_is_held(state):
    """A lease that was left behind by another state says nothing."""
    assert jobs.lease_end(replace(RUNNING, state=state), now=NOW, lease_s=LEASE_S) is None


@pytest.mark.parametrize(
    ("not_before_s", "written_s", "waits"),
    [(None, 0, False), (0, 0, False), (5, 0, True), (86_400, 0, True), (86_405, 86_400, False)],
)
def test_how_long_a_job_waits(not_before_s, written_s, waits):
    """Until it was told, unless that was written by a clock that is ahead."""
    moment = None if not_before_s is None else later(not_before_s)
    job = replace(QUEUED, state=State.WAITING, not_before=moment, updated=later(written_s))

    assert jobs.wait_end(job, now=NOW) == (moment if waits else None)


def test_a_hurried_job_may_be_claimed_at_once():
    """Its endpoint has been mended."""
    waiting = jobs.wait(RUNNING, BUSY, until=later(86_400), now=NOW)
    hurried = jobs.hurried(waiting, now=later(60))

    assert jobs.wait_end(hurried, now=later(60)) is None
    assert (hurried.state, hurried.updated) == (State.WAITING, later(60))


OLDEST = [
    (None, True),
    (MINUTES_15 - 1, False),
    (MINUTES_15, True),
    (MINUTES_15 + 999, True),
]


@pytest.mark.parametrize(("waiting_since_s", "stuck"), OLDEST)
def test_a_message_may_only_not_have_had_its_turn(waiting_since_s, stuck):
    """While older messages wait on the queue, the job's own may be behind them; once they are gone, it is lost."""
    since = None if waiting_since_s is None else later(waiting_since_s)

    assert jobs.is_stuck(QUEUED, now=later(MINUTES_15 + 500), waiting_since=since) is stuck


def test_what_a_wrong_clock_wrote_is_looked_at_again():
    """It would not be stuck for a day by its own times."""
    assert jobs.is_stuck(claimed_ahead(FUTURE_S), now=NOW)
    assert not jobs.is_stuck(claimed_ahead(299), now=NOW)


@pytest.mark.parametrize("answer", [reply(finish_reason="content_filter"), reply(refusal="No.")])
def test_what_the_model_withholds_is_not_tried_again(answer):
    """A filter and a refusal are its last word, and the document says so."""
    withheld = jobs.why_withheld(answer)

    assert withheld is not None
    assert withheld.retryable is False


NO_MESSAGES = [
    *(b"", b"\xff\xfe", b"{", b"null", b"[]", b"7", b'"x"', b"{}", b"[" * 100_000),
    *(b'{"job_id": 7}', b'{"job_id": null}', b'{"job_id": ["a"]}', b'{"job_id": "x"}', b'{"job_id": "a/b?c#d"}'),
    *(b'{"job_id": "../../x"}', b'{"job_id": "' + b"a" * 30_000 + b'"}', b'{"job_id": "' + b"A" * 32 + b'"}'),
]


@pytest.mark.parametrize("body", NO_MESSAGES, ids=lambda body: repr(body[:30]))
def test_what_is_no_message(body):
    """Another shape, or an id that no job can have, whoever wrote it."""
    with pytest.raises((ValueError, TypeError)):
        jobs.parse_message(body)


def test_a_message_is_read():
    """Fields of newer versions are passed over."""
    body = b'{"schema_version": 9, "job_id": "%s", "rows": 1, "due": "2026-11-21T12:00:00+00:00"}' % (b"0" * 32)

    assert jobs.parse_message(body) == AnalysisMessage(schema_version=9, job_id="0" * 32, due=NOW)
