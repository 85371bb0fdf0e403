"""Jobs that wait for money stand in line, one line per budget, and go on in the order they came."""

from __future__ import annotations

from datetime import date

from shared.core.budget import Totals
from shared.core.errors import BudgetExceeded
from shared.core.job import AnalysisMessage, Job, State
from shared.pipeline.money import FILE, allowances, ceiling, limit_of_file, still_to_come
from shared.pipeline.ports import Services

MOST_AT_ONCE = 500


def wait_in_line(services: Services, job: Job) -> Job:
    """The job, if nobody waits before it. Raises BudgetExceeded for one that has just come while others wait."""
    if State.PARKED in {State(event.state) for event in job.history}:
        return job
    for allowance in allowances(services, job):
        if allowance.limit is not None and services.ledger.parked(allowance.scope, most=1):
            raise BudgetExceeded(
                "other jobs wait for money already", scope=allowance.scope, hint="Jobs go on in the order they came."
            )
    return job


def enter_line(services: Services, job: Job, scope: str) -> None:
    services.ledger.park(scope, place_of(job), job.job_id)


def place_of(job: Job) -> str:
    """Sorts by the time the job came."""
    return f"{int(job.created.timestamp() * 1000):014}-{job.job_id}"


def release(services: Services) -> int:
    """Wake the parked jobs that there is money for by now, in order; how many."""
    return sum(release_line(services, scope) for scope in services.ledger.lines())


def release_line(services: Services, scope: str) -> int:
    """The first that still does not fit keeps its place and all behind it; a file over its own limit stops nobody."""
    today = services.now().date()
    promised = 0
    woken = 0
    for place, job_id in services.ledger.parked(scope, most=MOST_AT_ONCE):
        stored = services.jobs.load(job_id)
        if stored is not None and stored.job.state is State.PARKED:
            amount = still_to_come(stored.job)
            if not fits(services, stored.job, scope, amount + promised, today):
                if scope == FILE:
                    continue
                break
            promised += amount
            services.messages.send(AnalysisMessage(job_id=job_id))
            woken += 1
        services.ledger.unpark(scope, place)
    return woken


def fits(services: Services, job: Job, scope: str, amount: int, today: date) -> bool:
    if scope == FILE:
        limit = limit_of_file(services)
        return limit is None or ceiling(job) <= limit
    named = [allowance for allowance in allowances(services, job) if allowance.scope == scope]
    return all(has_room(services.ledger.totals(today, allowance), amount) for allowance in named)


def has_room(totals: Totals, amount: int) -> bool:
    return totals.free is None or amount <= totals.free
