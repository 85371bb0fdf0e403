"""What a timer puts right: parked jobs that have money again, jobs whose message was lost, jobs that wait for an
endpoint which has been mended.

Everything here is safe to do twice or beside the normal work: it only sends pointers and accepts drops, and both are
harmless when repeated. What cannot be put right is logged, and stops nothing else. (Uploads without a job: missed.py.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from shared.core.answer.gate import ANSWERED_WITHIN_S, CALL_FAULTS
from shared.core.errors import StateConflict, StorageUnavailable
from shared.core.jobs.job import (
    TERMINAL,
    AnalysisMessage,
    Job,
    State,
    hurried,
    is_hopeless,
    is_stuck,
    wait_end,
)
from shared.core.jobs.rounds import Round
from shared.pipeline.accept import accept_again
from shared.pipeline.bury import give_up, one_chance
from shared.pipeline.ports import Services, Stored
from shared.pipeline.records import load
from shared.pipeline.reuse import SAME_QUESTION
from shared.pipeline.spending.line import release_line

OPEN_JOBS = "open jobs"
MOST_OPEN = 5000  # a point read each, 5 to 10 ms in Azure: under a minute
ROUND_LASTS = timedelta(minutes=4)  # the timer comes every five, and its function ends after ten
BEHIND = "!"  # sorts before every character of an id: the next one is behind this
NOTICED_WITHIN = timedelta(minutes=5)  # what was mended at an endpoint
MOST_HURRIES = 3  # then the job waits as it was told


def sweep(services: Services) -> dict[str, int]:
    """How many jobs were released, woken, hurried and closed in this round, and how often that failed. Raises
    StorageUnavailable: without storage nothing can go on.
    """
    found = Counter(released=0, woken=0, hurried=0, closed=0, failed=0)
    for scope in services.ledger.lines():
        with going_on(services, found, scope):
            found["released"] += release_line(services, scope)
    mend_open_jobs(services, found)
    services.log("sweep", {**found})
    return dict(found)


@contextmanager
def going_on(services: Services, found: Counter[str], what: str) -> Iterator[None]:
    """A context that logs and counts any fault but StorageUnavailable, so that one broken job or options file does not
    keep the others waiting.
    """
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
    """Look at some of the open jobs. The next round goes on behind the last of them, and after the last of all at the
    beginning.
    """
    ends = services.now() + ROUND_LASTS
    waiting_since = min((peeked.due for peeked in services.messages.peek()), default=None)
    waiting: list[Job] = []
    marker = services.rounds.load(OPEN_JOBS).marker
    for job_id in services.jobs.open_jobs(first=marker, most=MOST_OPEN):
        if services.now() >= ends:
            break
        with going_on(services, found, job_id):
            waiting += mend(services, found, job_id, waiting_since)
        marker = job_id + BEHIND
    services.rounds.store(OPEN_JOBS, Round(marker=marker))
    hurry(services, found, waiting)


def mend(services: Services, found: Counter[str], job_id: str, waiting_since: datetime | None) -> list[Job]:
    """The job, if nothing is wrong with it and it waits for its endpoint for long; otherwise nothing, once it is closed
    or woken.
    """
    stored = services.jobs.load(job_id)
    if stored is None:
        return []
    if stored.job.state in TERMINAL:
        services.jobs.close(job_id)
        found["closed"] += 1
    elif is_stuck(stored.job, now=services.now(), waiting_since=waiting_since):
        wake(services, stored)
        found["woken"] += 1
    elif waits_long(stored.job, now=services.now()):
        return [stored.job]
    return []


def wake(services: Services, stored: Stored) -> None:
    """Send the job's pointer again, or accept its upload again if it was never read. Its row is touched first, so that
    the next sweep does not wake it again at once.
    """
    job = stored.job
    services.log("woken", {"job_id": job.job_id, "state": job.state.value})
    if job.options is not None:
        services.jobs.replace(stored, replace(job, updated=services.now()))
        services.jobs.publish(job)  # its worker may have died before that too
        services.messages.send(AnalysisMessage(job_id=job.job_id))
        return
    with one_chance(services, stored) as counted:
        if is_hopeless(counted.job):
            give_up(services, counted)
        else:
            accept_again(services, counted)


def waits_long(job: Job, *, now: datetime) -> bool:
    """Whether the job waits for its endpoint, or for a job that does, for so long that it would not soon notice that
    the endpoint works again.
    """
    until = wait_end(job, now=now)
    waits = job.error is not None and job.error.code in {*CALL_FAULTS, SAME_QUESTION}
    return job.state is State.WAITING and waits and until is not None and until > now + NOTICED_WITHIN


def hurry(services: Services, found: Counter[str], waiting: Sequence[Job]) -> None:
    """Bring waiting jobs back before their time: all jobs of an endpoint that has answered since they were told to
    wait, else the one that has waited longest, as a test.
    """
    for endpoint, jobs_there in by_endpoint(waiting).items():
        gate, _ = services.gates.change(endpoint, lambda gate: gate)
        for job in worth_a_try(jobs_there, gate.answered_at):
            with going_on(services, found, job.job_id):
                try_now(services, job.job_id)
                found["hurried"] += 1


def by_endpoint(waiting: Sequence[Job]) -> dict[str, list[Job]]:
    there: dict[str, list[Job]] = {}
    for job in waiting:
        if job.model is not None:
            there.setdefault(f"{job.model.endpoint}-{job.model.deployment}", []).append(job)
    return there


def worth_a_try(waiting: Sequence[Job], answered_at: datetime | None) -> list[Job]:
    """The jobs to bring back before their time. One that was sent back again and again although others were answered
    keeps its wait: it may be too large for the endpoint's limit.
    """
    answered = None if answered_at is None else answered_at + timedelta(seconds=ANSWERED_WITHIN_S)
    told = [job for job in waiting if answered is not None and job.updated <= answered]
    hopeful = [job for job in told if times_told(job) < MOST_HURRIES]
    askers = [job for job in waiting if job.error is not None and job.error.code != SAME_QUESTION]
    return hopeful or sorted(askers, key=lambda job: job.updated)[:1]


def times_told(job: Job) -> int:
    return sum(job.error is not None and event.code == job.error.code for event in job.history)


def try_now(services: Services, job_id: str) -> None:
    """Let the job go on at once. Its old message comes at its own time and then finds nothing to do."""
    stored = load(services, job_id)
    if stored.job.state is not State.WAITING:
        return
    services.jobs.replace(stored, hurried(stored.job, now=services.now()))
    services.messages.send(AnalysisMessage(job_id=job_id))
