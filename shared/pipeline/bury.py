"""What the host gave up on after several deliveries: a few more chances, then the job fails, with its history.

Five deliveries are soon used up when workers are killed, and that is not the job's fault. So its pointer is sent anew,
a few times; a job that breaks its workers itself ends as failed and can be run again by hand.
"""

from __future__ import annotations

import json
from typing import Any

from shared.core import codec
from shared.core.errors import GaveUp
from shared.core.jobs import job as jobs
from shared.core.jobs.job import TERMINAL, AnalysisMessage, Job, State, is_hopeless
from shared.pipeline.accept import accept_upload, find_or_create
from shared.pipeline.analyze import conclude
from shared.pipeline.ask import Answered
from shared.pipeline.ports import Services, Stored
from shared.pipeline.records import read_result, store_result
from shared.pipeline.spending.reservations import write_off


def bury_message(services: Services, body: bytes) -> Job | None:
    """A poisoned message of `analyze`. One that cannot be read points at no job; the sweeper finds the job itself."""
    try:
        message = codec.from_json(AnalysisMessage, json.loads(body))
    except (ValueError, KeyError, TypeError):
        services.log("unreadable message", {"bytes": len(body)})
        return None
    stored = services.jobs.load(message.job_id)
    if stored is None or stored.job.state in TERMINAL:
        return stored.job if stored else None
    if is_hopeless(stored.job):
        return give_up(services, stored)
    return send_anew(services, stored)


def send_anew(services: Services, stored: Stored) -> Job:
    """Noted in the history first, so that chances are counted; not before a worker that may be at it has to be done."""
    now = services.now()
    job = services.jobs.replace(stored, jobs.redelivered(stored.job, now=now)).job
    free_at = max(now, job.lease_until or now, job.not_before or now)
    services.messages.send(AnalysisMessage(job_id=job.job_id), delay_s=(free_at - now).total_seconds())
    services.log("sent anew", {"job_id": job.job_id, "state": job.state.value})
    return job


def bury_upload(services: Services, body: bytes) -> Job | None:
    """A poisoned event of `accept`, as the host's blob trigger writes it. A blob that is gone has no job to end."""
    name = name_of(body)
    upload = None if name is None else services.blobs.describe(*name)
    if upload is None:
        services.log("unreadable message", {"bytes": len(body)})
        return None
    stored = find_or_create(services, upload)
    if stored.job.dispatched or is_hopeless(stored.job):
        return give_up(services, stored)
    services.jobs.replace(stored, jobs.redelivered(stored.job, now=services.now()))
    return accept_upload(services, upload.name)


def name_of(body: bytes) -> tuple[str, str] | None:
    try:
        event: Any = json.loads(body)
        return str(event["ContainerName"]), str(event["BlobName"])
    except (ValueError, KeyError, TypeError):
        return None


def give_up(services: Services, stored: Stored) -> Job:
    """A dispatched or ended job has a life of its own: its accept was poisoned after the work was done."""
    job = stored.job
    now = services.now()
    if job.state in TERMINAL or (job.state is State.QUEUED and job.dispatched and not is_hopeless(job)):
        return job
    done = read_result(services, job.job_id)
    if done is not None:
        return conclude(services, stored, Answered(job=done))
    stored = write_off(services, stored)
    return store_result(services, stored, jobs.fail(stored.job, GaveUp(job.attempts), now=now))
