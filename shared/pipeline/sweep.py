"""What a timer puts right: parked jobs that have money again, jobs whose message was lost, uploads without a job.

Everything here is safe to do twice or beside the normal work: it only sends pointers and accepts drops, and both are
harmless when repeated.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.core.job import TERMINAL, AnalysisMessage, State, is_stuck, job_id_of
from shared.pipeline.accept import accept_upload
from shared.pipeline.line import release
from shared.pipeline.ports import UPLOADS, Services, Stored

MOST_OPEN = 5000
MOST_MISSED = 200
EVENTS_COME_FOR = timedelta(hours=24)  # Event Grid's own retries end after that
SETTLED_AFTER = timedelta(minutes=10)  # an event that is only slow comes within that


def sweep(services: Services) -> dict[str, int]:
    """How many jobs were released, woken and closed."""
    found = {"released": release(services), **mend_open_jobs(services)}
    services.log("sweep", found)
    return found


def mend_open_jobs(services: Services) -> dict[str, int]:
    """Jobs are woken only while there are fewer messages than jobs: a long queue is no reason to make it longer."""
    open_jobs = services.jobs.open_jobs(most=MOST_OPEN)
    spare = len(open_jobs) - services.messages.depth()
    woken = closed = 0
    for job_id in open_jobs:
        stored = services.jobs.load(job_id)
        if stored is None:
            continue
        if stored.job.state in TERMINAL:
            services.jobs.close(job_id)
            closed += 1
        elif woken < spare and is_stuck(stored.job, now=services.now()):
            wake(services, stored)
            woken += 1
    return {"woken": woken, "closed": closed}


def wake(services: Services, stored: Stored) -> None:
    """Touching the row keeps the next sweep from waking the same job again at once."""
    job = services.jobs.replace(stored, replace(stored.job, updated=services.now())).job
    if job.state is State.QUEUED and not job.dispatched:
        accept_upload(services, job.source.name)
    else:
        services.messages.send(AnalysisMessage(job_id=job.job_id))
    services.log("woken", {"job_id": job.job_id, "state": job.state.value})


def accept_missed(services: Services) -> int:
    """Accept uploads of the last day that never got a job; how many."""
    now = services.now()
    accepted = 0
    for name, etag, changed in services.blobs.changed_since(UPLOADS, now - EVENTS_COME_FOR):
        if accepted >= MOST_MISSED:
            break
        if changed <= now - SETTLED_AFTER and is_missed(services, name, etag):
            accepted += accept_upload(services, name) is not None
    services.log("missed uploads", {"accepted": accepted})
    return accepted


def is_missed(services: Services, name: str, etag: str) -> bool:
    return services.jobs.load(job_id_of(container=UPLOADS, name=name, etag=etag)) is None
