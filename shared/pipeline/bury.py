"""What the host gave up on after several deliveries: the job gets a few more chances, then it fails, with its
history.

Five deliveries are soon used up when workers are killed or storage is away, and that is not the job's fault. So its
pointer is sent anew, a few times; a job that breaks its workers itself ends as failed and can be run again by hand.

A poison queue has no poison queue: what is raised here five times is never delivered again. So while storage is away,
for however long, the message is put back with a delay, and only what cannot be a message is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from shared.core.errors import DecoderBusy, GaveUp, StateConflict, StorageUnavailable, VisiondropError
from shared.core.jobs import job as jobs
from shared.core.jobs.job import TERMINAL, AnalysisMessage, Job, State, is_hopeless, parse_message
from shared.core.places import ANALYZE_POISON, UPLOAD_POISON, UPLOADS
from shared.pipeline.accept import accept_upload, find_or_create
from shared.pipeline.analyze import conclude
from shared.pipeline.ask import Answered
from shared.pipeline.ports import Services, Stored
from shared.pipeline.postpone import free_at
from shared.pipeline.records import find, read_result, store_result
from shared.pipeline.spending.reservations import write_off

AWAY_S = 60.0
"""How long a message is put back for, up to twice that: a round through a thousand of them takes a host with twelve at
a time minutes anyway, and each costs some requests to storage that is down."""

PASSING = (StorageUnavailable, DecoderBusy, StateConflict)
"""Faults that pass: storage is away, the decoder has much to do, somebody else is at the job."""


def bury_message(services: Services, body: bytes) -> Job | None:
    """The job of a poisoned message of `analyze`, as it stands afterwards; None when the message is not from this app,
    or was put back. Raises StorageUnavailable when it cannot be put back.

    A job whose message cannot be read is found by the sweeper.
    """
    return later_if_away(services, ANALYZE_POISON, body, bury_pointer)


def bury_upload(services: Services, body: bytes) -> Job | None:
    """The job of a poisoned event of `accept`, which the host's blob trigger wrote; None as for `bury_message`, or
    where the blob is gone.
    """
    return later_if_away(services, UPLOAD_POISON, body, bury_event)


def later_if_away(
    services: Services, queue: str, body: bytes, bury: Callable[[Services, bytes], Job | None]
) -> Job | None:
    """The job that `bury` returns; None after a fault. A fault that passes puts the message back; one of the message or
    its job is logged, once.

    Raises StorageUnavailable when the queue cannot take the message either.
    """
    try:
        return bury(services, body)
    except PASSING as error:
        delay_s = AWAY_S * (1 + services.jitter())
        services.poison.put_back(queue, body, delay_s=delay_s)
        services.log("put back", {"queue": queue, "code": error.code, "delay_s": round(delay_s)})
    except VisiondropError as error:
        services.log("not mended", {"what": queue, "code": error.code})
    return None


def bury_pointer(services: Services, body: bytes) -> Job | None:
    try:
        message = parse_message(body)
    except (ValueError, TypeError):
        services.log("unreadable message", {"bytes": len(body)})
        return None
    stored = find(services, message.job_id)
    if stored is None or stored.job.state in TERMINAL:
        return stored.job if stored else None
    if is_hopeless(stored.job):
        return give_up(services, stored)
    return send_anew(services, stored)


def send_anew(services: Services, stored: Stored) -> Job:
    """The job after its pointer was sent again, due when no other worker can have it. The history counts this first, so
    that a job has only so many chances.
    """
    now = services.now()
    job = services.jobs.replace(stored, jobs.redelivered(stored.job, now=now)).job
    delay_s = (free_at(services, job) - now).total_seconds()
    services.messages.send(AnalysisMessage(job_id=job.job_id), delay_s=delay_s)
    services.log("sent anew", {"job_id": job.job_id, "state": job.state.value})
    return job


def bury_event(services: Services, body: bytes) -> Job | None:
    """The job after one more try to accept its drop; None for what is no event. The try is counted first: a drop that
    breaks its worker must not have tries for ever.
    """
    name = upload_in(body)
    upload = None if name is None else services.blobs.describe(UPLOADS, name)
    if upload is None:
        services.log("unreadable message", {"bytes": len(body)})
        return None
    stored = find_or_create(services, upload)
    if stored.job.dispatched or is_hopeless(stored.job):
        return give_up(services, stored)
    with one_chance(services, stored):
        return accept_upload(services, upload.name)


@contextmanager
def one_chance(services: Services, stored: Stored) -> Iterator[Stored]:
    """A context for work that may kill its worker; it yields the job with one chance fewer. When storage is away, the
    chance is given back as far as storage allows: that is not the drop's fault.
    """
    counted = services.jobs.replace(stored, jobs.redelivered(stored.job, now=services.now()))
    try:
        yield counted
    except PASSING:
        with suppress(StorageUnavailable, StateConflict):
            services.jobs.replace(counted, replace(stored.job, updated=counted.job.updated))
        raise


def upload_in(body: bytes) -> str | None:
    """The name of the upload that an event is about; None for what is not an event, or is about another container."""
    try:
        event: Any = json.loads(body)
        container, name = event["ContainerName"], event["BlobName"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return name if container == UPLOADS and isinstance(name, str) else None


def give_up(services: Services, stored: Stored) -> Job:
    """The job, failed with GaveUp, or ended with the result that is stored already. A job that was dispatched or has
    ended is left as it is: its accept was poisoned after the work was done.
    """
    job = stored.job
    now = services.now()
    if job.state in TERMINAL or (job.state is State.QUEUED and job.dispatched and not is_hopeless(job)):
        return job
    done = read_result(services, job.job_id)
    if done is not None:
        return conclude(services, stored, Answered(job=done))
    stored = write_off(services, stored)
    return store_result(services, stored, jobs.fail(stored.job, GaveUp(job.attempts), now=now))
