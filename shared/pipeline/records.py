"""A job's row and its result document, kept in step: the document is written once, before the row says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.core.errors import NotFound, StateConflict, StorageUnavailable
from shared.core.jobs.asked_jobs import turns_after
from shared.core.jobs.job import TERMINAL, Job, document, fail, from_document, new_job, renew
from shared.core.jobs.result import Source
from shared.core.places import RESULTS
from shared.core.waits import backoff
from shared.pipeline.ports import Services, Stored, Upload

T = TypeVar("T")
HOLD_FIRST_PAUSE_S = 0.5
HOLD_LONGEST_PAUSE_S = 5.0
HOLD_SPARE_S = 20.0
"""Of the lease: one more try takes some 10 s where storage does not answer, and then nobody else may be at the job."""


def job_for(upload: Upload, *, now: datetime) -> Job:
    """The new job of a version of an upload, before anything of it was read."""
    source = Source(
        container=upload.container,
        name=upload.name,
        etag=upload.etag,
        bytes=upload.bytes,
        content_type=upload.content_type,
    )
    return new_job(source, now=now)


def end_unread(services: Services, stored: Stored, *, is_replaced: bool) -> Job:
    """The failed job of a version that can no longer be read, because it was replaced or deleted."""
    name = stored.job.source.name
    if is_replaced:
        hint = "The new version has a job of its own: GET /api/results has its answer."
        error = NotFound(f"{name} was replaced before this version was read", code="replaced", hint=hint)
    else:
        error = NotFound(f"{name} was deleted before it was read", hint="Drop it again.")
    return store_result(services, stored, fail(stored.job, error, now=services.now()))


def load(services: Services, job_id: str) -> Stored:
    """The job with its row's version, for writing it back. Raises NotFound when there is no such job."""
    stored = find(services, job_id)
    if stored is None:
        raise NotFound(f"there is no job {job_id}", hint="GET /api/results lists the jobs there are.")
    return stored


def find(services: Services, job_id: str) -> Stored | None:
    """The job with its row's version and its whole conversation; None when there is no such job."""
    stored = services.jobs.load(job_id)
    return None if stored is None else replace(stored, job=with_turns(services, stored.job))


def with_turns(services: Services, job: Job) -> Job:
    """The job with its conversation, which its row leaves out where it is long: it is read from the parent, which never
    changes once it has ended. Unchanged where the parent is gone.
    """
    if not job.turns_elsewhere or job.origin is None:
        return job
    parent_id = job.origin.jobs[0].job_id
    stored = None if (parent := read_result(services, parent_id)) else find(services, parent_id)
    parent = parent or (stored.job if stored else None)
    if parent is None or parent.turns_elsewhere:
        return job
    before = parent.origin.turns if parent.origin else ()
    turns = turns_after(parent) if job.origin.kind == "follow_up" else before
    return replace(job, origin=replace(job.origin, turns=turns), turns_elsewhere=False)


def reload(services: Services, job_id: str) -> Job:
    return load(services, job_id).job


def keep_lease(services: Services, stored: Stored) -> Stored:
    """The job with at least half a lease left. Raises StateConflict when another worker has taken it."""
    lease_s = services.settings.job_lease_s
    half = timedelta(seconds=lease_s / 2)
    if stored.job.lease_until is not None and stored.job.lease_until - services.now() > half:
        return stored
    renewed = renew(stored.job, owner=services.worker, now=services.now(), lease_s=lease_s)
    return services.jobs.replace(stored, renewed)


def hold_on(services: Services, job: Job, write: Callable[[], T]) -> T:
    """What `write` returns, which stores what this worker has paid for; it is tried until shortly before the lease
    ends.

    Raises StorageUnavailable when storage is away for longer. This is the one place that sleeps: a worker that gave up
    the answer would have to pay for it again.
    """
    tries = 0
    while True:
        pause_s = backoff(tries, first_s=HOLD_FIRST_PAUSE_S, longest_s=HOLD_LONGEST_PAUSE_S)
        try:
            return write()
        except StorageUnavailable:
            if not has_time(services, job, pause_s):
                raise
        services.log("storage is away", {"job_id": job.job_id, "pause_s": pause_s})
        services.sleep(pause_s)
        tries += 1


def has_time(services: Services, job: Job, pause_s: float) -> bool:
    """Whether a pause of `pause_s` seconds and one more try end before the lease does."""
    if job.lease_until is None:
        return False
    return services.now() + timedelta(seconds=pause_s + HOLD_SPARE_S) < job.lease_until


def store_result(services: Services, stored: Stored, job: Job) -> Job:
    """The job whose document is stored, after its row was ended too. The first result ever written stays."""
    return end_job(services, stored, write_result(services, job))


def write_result(services: Services, job: Job) -> Job:
    """The job whose document is stored: this one, or the one that was there before."""
    body = json.dumps(document(job), ensure_ascii=False, indent=1).encode()
    name = result_name(job.job_id)
    if services.blobs.write(RESULTS, name, body, media_type="application/json", overwrite=False):
        return job
    return read_result(services, job.job_id) or job


def end_job(services: Services, stored: Stored, final: Job) -> Job:
    """The job, its row ended and its end logged once. Raises StateConflict if somebody else changed the row of a job
    that has not ended.

    Calls in vain that the row has counted stay counted: the document may be that of an earlier worker, whose call was
    written off before its answer came after all.
    """
    final = replace(final, maybe_paid=max(final.maybe_paid, stored.job.maybe_paid))
    try:
        services.jobs.replace(stored, final)
    except StateConflict:
        if reload(services, final.job_id).state not in TERMINAL:
            raise
        if final.attempts != stored.job.attempts:
            return final  # another worker's result: it has logged it, and its cost must not be counted twice
    services.log("finished", summary(final))
    return final


def read_result(services: Services, job_id: str) -> Job | None:
    try:
        return from_document(json.loads(services.blobs.read(RESULTS, result_name(job_id))))
    except NotFound:
        return None


def result_name(job_id: str) -> str:
    return f"{job_id}.json"


def step_name(call_id: str) -> str:
    """The blob in `results` with the outcome of a call on the way to the answer, whose id is the job's, a dash and the
    step.
    """
    job_id, _, step = call_id.partition("-")
    return f"{job_id}.{step}.json"


def summary(job: Job) -> dict[str, object]:
    """The facts of a finished job that a log line may hold: ids, kinds, sizes, counts, money and times; never
    content.
    """
    return {
        "job_id": job.job_id,
        "state": job.state.value,
        "kind": job.source.kind,
        "bytes": job.source.bytes,
        "code": job.error.code if job.error else None,
        "input_tokens": job.usage.input_tokens if job.usage else None,
        "output_tokens": job.usage.output_tokens if job.usage else None,
        "usd": str(job.cost.usd) if job.cost else None,
        "attempts": job.attempts,
        "maybe_paid": job.maybe_paid,
        "model_ms": job.timings.model_ms,
        "total_ms": job.timings.total_ms,
    }
