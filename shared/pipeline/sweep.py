"""What a timer puts right: parked jobs that have money again, jobs whose message was lost, uploads without a job.

Everything here is safe to do twice or beside the normal work: it only sends pointers and accepts drops, and both are
harmless when repeated. What cannot be put right is logged, and stops nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from shared.core.errors import StateConflict, StorageUnavailable
from shared.core.jobs import job as jobs
from shared.core.jobs.job import TERMINAL, AnalysisMessage, State, is_hopeless, is_stuck, job_id_of
from shared.core.places import UPLOADS
from shared.pipeline.accept import accept_again, accept_upload
from shared.pipeline.bury import give_up
from shared.pipeline.ports import Services
from shared.pipeline.records import load
from shared.pipeline.spending.line import release_line

MOST_OPEN = 5000
MOST_MISSED = 200
EVENTS_COME_FOR = timedelta(hours=24)  # Event Grid's own retries end after that
SETTLED_AFTER = timedelta(minutes=10)  # an event that is only slow comes within that


def sweep(services: Services) -> dict[str, int]:
    """How many jobs were released, woken and closed, and how often that failed."""
    found = Counter(released=0, woken=0, closed=0, failed=0)
    for scope in services.ledger.lines():
        with going_on(services, found, scope):
            found["released"] += release_line(services, scope)
    mend_open_jobs(services, found)
    services.log("sweep", {**found})
    return dict(found)


@contextmanager
def going_on(services: Services, found: Counter[str], what: str) -> Iterator[None]:
    """One broken job or options file must not keep all others waiting. Without storage nothing can go on."""
    try:
        yield
    except StorageUnavailable:
        raise
    except StateConflict:
        return  # a worker has it: it is not stuck
    except Exception as error:  # noqa: BLE001  # whatever it is, it would be in the way at every round
        found["failed"] += 1
        services.log("not mended", {"what": what, "code": getattr(error, "code", type(error).__name__)})


def mend_open_jobs(services: Services, found: Counter[str]) -> None:
    """Jobs are woken only while there are fewer messages than jobs: a long queue is no reason to make it longer.

    It starts anywhere, so that with more open jobs than one round can see each has its turn.
    """
    stuck = []
    moving = 0  # jobs that should have a message
    for job_id in services.jobs.open_jobs(first=f"{int(services.jitter() * 256):02x}", most=MOST_OPEN):
        with going_on(services, found, job_id):
            stored = services.jobs.load(job_id)
            if stored is None or stored.job.state is State.PARKED:
                continue
            if stored.job.state in TERMINAL:
                services.jobs.close(job_id)
                found["closed"] += 1
                continue
            moving += 1
            if is_stuck(stored.job, now=services.now()):
                stuck.append(job_id)
    for job_id in stuck[: max(0, moving - services.messages.depth())]:
        with going_on(services, found, job_id):
            wake(services, job_id)
            found["woken"] += 1


def wake(services: Services, job_id: str) -> None:
    """Touching the row keeps the next sweep from waking the same job again at once."""
    stored = load(services, job_id)
    is_read = stored.job.options is not None
    now = services.now()
    touched = replace(stored.job, updated=now) if is_read else jobs.redelivered(stored.job, now=now)
    stored = services.jobs.replace(stored, touched)
    services.log("woken", {"job_id": job_id, "state": stored.job.state.value})
    if is_read:
        services.jobs.publish(stored.job)  # its worker may have died before that too
        services.messages.send(AnalysisMessage(job_id=job_id))
    elif is_hopeless(stored.job):
        give_up(services, stored)
    else:
        accept_again(services, stored)


def accept_missed(services: Services) -> int:
    """Accept uploads of the last day that never got a job; how many."""
    now = services.now()
    found = Counter(accepted=0, failed=0)
    for name, etag, changed in services.blobs.changed_since(UPLOADS, now - EVENTS_COME_FOR):
        if found["accepted"] >= MOST_MISSED:
            break
        job_id = job_id_of(container=UPLOADS, name=name, etag=etag)
        with going_on(services, found, job_id):
            if changed <= now - SETTLED_AFTER and services.jobs.load(job_id) is None:
                found["accepted"] += accept_upload(services, name) is not None
    services.log("missed uploads", {**found})
    return found["accepted"]
