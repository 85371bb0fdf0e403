"""What the host gave up on after several deliveries: the job ends as failed, with its history, and can be run again."""

from __future__ import annotations

import json
from typing import Any

from shared.core import codec
from shared.core import job as jobs
from shared.core.errors import GaveUp
from shared.core.job import TERMINAL, AnalysisMessage, Busy, Job
from shared.pipeline.accept import find_or_create
from shared.pipeline.ports import Services, Stored
from shared.pipeline.records import store_result


def bury_message(services: Services, body: bytes) -> Job | None:
    """A poisoned message of `analyze`. One that cannot be read points at no job; the sweeper finds the job itself."""
    try:
        message = codec.from_json(AnalysisMessage, json.loads(body))
    except (ValueError, KeyError, TypeError):
        services.log("unreadable message", {"bytes": len(body)})
        return None
    stored = services.jobs.load(message.job_id)
    return None if stored is None else give_up(services, stored)


def bury_upload(services: Services, body: bytes) -> Job | None:
    """A poisoned event of `accept`, as the host's blob trigger writes it. A blob that is gone has no job to end."""
    name = name_of(body)
    upload = None if name is None else services.blobs.describe(*name)
    if upload is None:
        services.log("unreadable message", {"bytes": len(body)})
        return None
    return give_up(services, find_or_create(services, upload))


def name_of(body: bytes) -> tuple[str, str] | None:
    try:
        event: Any = json.loads(body)
        return str(event["ContainerName"]), str(event["BlobName"])
    except (ValueError, KeyError, TypeError):
        return None


def give_up(services: Services, stored: Stored) -> Job:
    """Raises Busy while a worker holds the job: the message comes again."""
    job = stored.job
    if job.state in TERMINAL:
        return job
    now = services.now()
    if job.lease_until is not None and job.lease_until > now:
        raise Busy(job.job_id, job.lease_until)
    return store_result(services, stored, jobs.fail(job, GaveUp(job.attempts), now=now))
