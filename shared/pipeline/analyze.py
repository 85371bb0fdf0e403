"""One queue message: claim the job, ask its model, store the answer. What must wait comes back as a delayed message.

Nothing is paid twice knowingly: a job is asked only by the worker that holds its lease, and a result that is already
stored is taken over, not asked for again.
"""

from __future__ import annotations

import json
from dataclasses import replace

from shared.core import codec
from shared.core.errors import BudgetExceeded, ModelUnavailable, ReplyMalformed, StateConflict, VisiondropError
from shared.core.jobs import job as jobs
from shared.core.jobs.job import TERMINAL, AnalysisMessage, Busy, Job, State, follows_a_crash
from shared.pipeline.ask import Answered, ask, compose, report_answered
from shared.pipeline.ports import Services, Stored
from shared.pipeline.postpone import come_back, postpone
from shared.pipeline.records import end_job, hold_on, keep_lease, load, read_result, reload, store_result, write_result
from shared.pipeline.reuse import reused
from shared.pipeline.spending.bills import answer_bill, settle_reply
from shared.pipeline.spending.line import enter_line, wait_in_line
from shared.pipeline.spending.reservations import write_off
from shared.pipeline.video_modes import answer_video


def analyze_message(services: Services, body: bytes) -> Job | None:
    """Raises ValueError, KeyError or TypeError for a body that is no message: the host moves it to the poison queue."""
    return analyze(services, codec.from_json(AnalysisMessage, json.loads(body)))


def analyze(services: Services, message: AnalysisMessage) -> Job | None:
    """The job as it stands afterwards; None when the message points at no job."""
    stored = services.jobs.load(message.job_id)
    if stored is None:
        services.log("orphan message", {"job_id": message.job_id})
        return None
    if stored.job.state in TERMINAL:
        return stored.job
    if stored.job.not_before is not None and stored.job.not_before > services.now():
        return come_back(services, message, stored.job, at=stored.job.not_before)
    try:
        stored = services.jobs.replace(stored, claim(services, stored.job))
    except Busy as busy:
        return come_back(services, message, stored.job, at=busy.until)
    except StateConflict:
        return analyze(services, message)  # accept marked the job, or another worker took it, a moment ago: look again
    facts = {"attempt": stored.job.attempts, "queue_ms": first_wait_ms(stored.job)}
    services.log("claimed", {"job_id": stored.job.job_id, **facts})
    with services.span("analyze", stored.job.job_id, facts):
        return work(services, message, stored)


def first_wait_ms(job: Job) -> int | None:
    """How old the message was; later turns come from waits that were asked for."""
    return job.timings.queue_ms if job.attempts == 1 else None


def claim(services: Services, job: Job) -> Job:
    return jobs.claim(job, owner=services.worker, now=services.now(), lease_s=services.settings.job_lease_s)


def work(services: Services, message: AnalysisMessage, stored: Stored) -> Job:
    """The claimed job's turn. A storage fault goes up to the host, which delivers the message again."""
    try:
        return take_turn(services, message, stored)
    except StateConflict:
        return hand_on(services, message, stored.job.job_id)


def take_turn(services: Services, message: AnalysisMessage, stored: Stored) -> Job:
    try:
        done = read_result(services, stored.job.job_id) if stored.job.attempts > 1 else None
        if done is not None:
            return conclude(services, stored, Answered(job=done))
        if follows_a_crash(stored.job):
            stored = write_off(services, stored)
        return conclude(services, *answer(services, stored))
    except StateConflict:
        raise
    except BudgetExceeded as error:
        return park(services, still_ours(services, stored, error), error)
    except (ModelUnavailable, ReplyMalformed) as error:
        return postpone(services, message, still_ours(services, stored, error), error)
    except VisiondropError as error:
        if error.retryable:
            raise
        stored = still_ours(services, stored, error)
        return store_result(services, stored, jobs.fail(stored.job, error, now=services.now()))


def hand_on(services: Services, message: AnalysisMessage, job_id: str) -> Job:
    """Somebody else went on with the job, or storage took our own write and the answer to it was lost.

    Nobody can tell which, so the pointer goes out again: one too many does no harm, one too few loses the job.
    """
    job = reload(services, job_id)
    if job.state in TERMINAL or job.state is State.PARKED:
        return job
    now = services.now()
    return come_back(services, message, job, at=max(job.not_before or now, job.lease_until or now))


def still_ours(services: Services, stored: Stored, error: VisiondropError) -> Stored:
    """The row as it is by now, with the calls that the error says may have been paid in vain, for the caller to write.

    A turn of several calls has renewed its lease and noted its bill on the way.

    The same worker may have taken the job again: its turns are told apart by their number.
    """
    newest = load(services, stored.job.job_id)
    if (newest.job.lease_owner, newest.job.attempts) != (services.worker, stored.job.attempts):
        raise StateConflict(f"job {newest.job.job_id} is in other hands by now")
    return replace(newest, job=replace(newest.job, maybe_paid=newest.job.maybe_paid + error.lost_calls))


def answer(services: Services, stored: Stored) -> tuple[Stored, Answered]:
    """Somebody else's answer to the same question if there is one, else a call of our own, under a full lease."""
    free = reused(services, stored.job)
    if free is not None:
        return stored, Answered(job=free)
    wait_in_line(services, stored.job)
    if stored.job.source.kind == "video":
        return answer_video(services, stored)
    question = compose(services, stored.job)
    stored = keep_lease(services, stored)
    return stored, ask(services, stored.job, question)


def conclude(services: Services, stored: Stored, answered: Answered) -> Job:
    """Document, gate, bill, row, in this order: what breaks in between finds the document and goes on from there."""
    job = answered.job
    final = hold_on(services, stored.job, lambda: write_result(services, job))
    if answered.call is not None:
        report_answered(services, stored.job, answered.call)
    settle_reply(services, stored.job, job.reply, answer_bill(stored.job, job), call_id=job.job_id)
    return end_job(services, stored, final)


def park(services: Services, stored: Stored, error: BudgetExceeded) -> Job:
    """The place in the line is written first: a job that is parked can always be found again."""
    job = jobs.park(stored.job, error, now=services.now())
    enter_line(services, job, error.scope)
    job = services.jobs.replace(stored, job).job
    services.log("parked", {"job_id": job.job_id, "scope": error.scope})
    return job
