"""Giving a job back until its endpoint can answer; or for good, when what goes wrong is the job's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shared.core import limits
from shared.core.answer.gate import PICTURE_CODES
from shared.core.errors import (
    DecoderBusy,
    ModelUnavailable,
    OptionsUnreadable,
    ReplyMalformed,
    StorageUnavailable,
    VisiondropError,
)
from shared.core.jobs import job as jobs
from shared.core.jobs.job import AnalysisMessage, Job, lease_end, wait_end
from shared.core.waits import backoff
from shared.pipeline.ports import Services, Stored
from shared.pipeline.records import store_result

JOB_FIRST_WAIT_S = 5.0  # a restart or a lost packet is over by then; what lasts is waited for longer each time
JITTER = 0.2  # workers that were throttled together must not come back together

EndpointFault = ModelUnavailable | OptionsUnreadable | ReplyMalformed | StorageUnavailable | DecoderBusy


def postpone(services: Services, message: AnalysisMessage, stored: Stored, error: EndpointFault) -> Job:
    """The waiting job, its message sent to come back when the endpoint said, or later each time; the failed job if this
    was its last try.
    """
    now = services.now()
    job = counted(stored.job, error)
    if (last := last_word(job, error)) is not None:
        return store_result(services, stored, jobs.fail(job, last, now=now))
    until = now + timedelta(seconds=wait_s(services, error, times(job, error.code)))
    waiting = jobs.wait(job, error, until=until, now=now)
    if isinstance(error, StorageUnavailable | DecoderBusy):  # a call may be open that was reserved on that day
        waiting = replace(waiting, budget_day=job.budget_day)
    job = services.jobs.replace(stored, waiting).job
    services.log("waiting", {"job_id": job.job_id, "code": error.code, "until": until.isoformat()})
    return come_back(services, message, job, at=until)


def counted(job: Job, error: EndpointFault) -> Job:
    """The job with this failure counted, if only this job fails while others are answered."""
    is_alone = isinstance(error, ModelUnavailable) and error.is_alone and error.code in PICTURE_CODES
    return replace(job, failed_alone=job.failed_alone + is_alone)


def last_word(job: Job, error: EndpointFault) -> VisiondropError | None:
    """The error that the job fails with now; None while it may try again.

    A malformed reply may have been paid for each time. A failure that comes back while others are answered comes from
    the picture (llama.cpp answers 500 for ever for some): the first one counts too, though nobody knew it then.
    """
    if isinstance(error, ReplyMalformed):
        return error if times(job, error.code) + 1 >= limits.MALFORMED_REPLIES.value else None
    failures = job.failed_alone + 1
    if failures < limits.FAILURES_ALONE.value:
        return None
    return ModelUnavailable(
        f"{error.message}; this job failed {failures} times while others were answered",
        code=error.code,
        hint="It comes from this file or question: ask another model, or prepare the file differently, and rerun it.",
    )


def times(job: Job, code: str) -> int:
    return sum(event.code == code for event in job.history)


def wait_s(services: Services, error: VisiondropError, times_before: int) -> float:
    """Seconds until the next try: as many as the endpoint said, else longer each time. An endpoint that asks for 0 s
    has just refused, so 0 is not believed.
    """
    asked_s = error.retry_after_s if isinstance(error, ModelUnavailable) else None
    is_at_home = isinstance(error, OptionsUnreadable | StorageUnavailable | DecoderBusy)
    longest_s = (limits.OPTIONS_WAIT_S if is_at_home else limits.JOB_WAIT_S).value
    base_s = asked_s or backoff(times_before, first_s=JOB_FIRST_WAIT_S, longest_s=longest_s)
    return base_s * (1 + JITTER * services.jitter())


def free_at(services: Services, job: Job) -> datetime:
    """The time when a worker may take the job: now, or after the lease or wait that holds it."""
    now = services.now()
    held = lease_end(job, now=now, lease_s=services.settings.job_lease_s), wait_end(job, now=now)
    return max((moment for moment in held if moment is not None), default=now)


def come_back(services: Services, message: AnalysisMessage, job: Job, *, at: datetime) -> Job:
    """The job, after its message was sent to come back at that time; a second from now at the earliest."""
    delay_s = max(1.0, (at - services.now()).total_seconds())
    services.messages.send(message, delay_s=delay_s)
    return job
