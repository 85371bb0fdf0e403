"""Jobs that wait for money stand in line, one line per budget, and go on in the order they came.

Whoever needs more than the whole budget waits for a raise, and holds up nobody.
"""

from __future__ import annotations

from shared.core.errors import BudgetExceeded
from shared.core.jobs.job import AnalysisMessage, Job, State
from shared.pipeline.ports import Allowance, Place, Services
from shared.pipeline.spending.reservations import FILE_SCOPE, allowance_of, allowances, ceiling, still_to_come

MOST_AT_ONCE = 500


def wait_in_line(services: Services, job: Job) -> Job:
    """The job, if it may go on now. Raises BudgetExceeded for a job that has just come while others wait for the same
    money.
    """
    if State.PARKED in {State(event.state) for event in job.history}:
        return job
    for allowance in allowances(services, job):
        if allowance.limit is not None and services.ledger.parked(allowance.scope, limit=allowance.limit, most=1):
            raise BudgetExceeded(
                "other jobs wait for the same budget", scope=allowance.scope, hint="Jobs go on in the order they came."
            )
    return job


def enter_line(services: Services, job: Job, scope: str) -> None:
    amount = ceiling(job) if scope == FILE_SCOPE else still_to_come(job)
    services.ledger.park(scope, place_of(job), job.job_id, amount)


def place_of(job: Job) -> str:
    """The key that sorts jobs by the time they came."""
    return f"{int(job.created.timestamp() * 1000):014}-{job.job_id}"


def release_line(services: Services, scope: str) -> int:
    """How many parked jobs were woken because there is money for them now. The first that does not fit holds back the
    rest.
    """
    allowance = allowance_of(services, scope)
    free = free_today(services, allowance)
    woken = 0
    for place in services.ledger.parked(scope, limit=allowance.limit, most=MOST_AT_ONCE):
        if not stands_in_line(services, scope, place):
            continue
        if free is not None and place.amount > free:
            break
        free = free if free is None else free - place.amount
        services.messages.send(AnalysisMessage(job_id=place.job_id))
        services.ledger.unpark(scope, place)
        woken += 1
    return woken


def free_today(services: Services, allowance: Allowance) -> int | None:
    """What is left of the budget today, in nano-dollars; None for no limit, as for the budget of one file, which is not
    a sum.
    """
    if allowance.scope == FILE_SCOPE:
        return None
    return services.ledger.totals(services.now().date(), allowance).free


def stands_in_line(services: Services, scope: str, place: Place) -> bool:
    """Whether the place's job is still parked. The place of a job that has ended or was woken is removed; that of a
    running job is kept, since it may be about to be parked.
    """
    stored = services.jobs.load(place.job_id)
    state = stored.job.state if stored else None
    if state not in {State.PARKED, State.RUNNING}:
        services.ledger.unpark(scope, place)
    return state is State.PARKED
