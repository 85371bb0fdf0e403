"""Spending: reserve before a paid call, settle after it, park what there is no money for.

A job reserves in every budget that holds for it: the file's, the day's, and those of the folders it lies in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from shared.core import limits
from shared.core.ask.options_file import parse_budget
from shared.core.errors import BudgetExceeded, NotFound, OptionsInvalid, OptionsUnreadable, VisiondropError
from shared.core.jobs.job import Job
from shared.core.money.budget import alerts_reached, to_nano, to_usd
from shared.core.places import OPTIONS_FILE, RESULTS, UPLOADS
from shared.pipeline.ports import Allowance, Grant, Services, Stored
from shared.pipeline.records import step_name

DAY_SCOPE = "all"
FILE_SCOPE = "file"
FOLDER_SCOPE = "folder /"
NEXT_DAY_HINT = "It goes on when the next day (UTC) begins, or when the budget is raised."


def reserve(services: Services, job: Job, call_id: str) -> bool:
    """Whether an earlier attempt at this call may have been paid; the money is reserved, and the call is to be made at
    once. Raises BudgetExceeded with nothing reserved.

    Whatever else fails on the way, what was reserved by then is given back too: nobody was called for it.
    """
    check_file_budget(services, ceiling(job))
    day, amount = budget_day(job, services), still_to_come(job)
    tried: list[Allowance] = []
    grants: list[Grant] = []
    try:
        for allowance in allowances(services, job):
            tried.append(allowance)
            grants.append(services.ledger.reserve(day, allowance, call_id, amount))
            if grants[-1] is Grant.REFUSED:
                raise too_little_left(amount, allowance, day)
        for allowance in tried:
            services.ledger.begin(day, allowance.scope, call_id)
    except VisiondropError as error:
        give_back(services, day, tried, call_id)
        if isinstance(error, BudgetExceeded):
            raise_alerts(services, day, error.scope, refused=amount)
        raise
    return Grant.AGAIN in grants


def give_back(services: Services, day: date, reserved_in: Iterable[Allowance], call_id: str) -> None:
    """Close reservations at no cost, as far as storage lets it. What stays open is counted as lost by the job's next
    turn.
    """
    for allowance in reserved_in:
        try:
            services.ledger.settle(day, allowance.scope, call_id, 0)
        except VisiondropError as error:
            services.log("money held", {"scope": allowance.scope, "call_id": call_id, "code": error.code})


def too_little_left(amount: int, allowance: Allowance, day: date) -> BudgetExceeded:
    """The error for an amount (nano-dollars) that does not fit into what is left of a budget on that day."""
    budget = "the day" if allowance.scope == DAY_SCOPE else allowance.scope
    return BudgetExceeded(
        f"{to_usd(amount):f} USD are more than is left of the budget of {budget} for {day}",
        scope=allowance.scope,
        hint=NEXT_DAY_HINT,
    )


def settle(services: Services, job: Job, call_id: str, usd: Decimal | None) -> bool:
    """Whether an open reservation was closed at `usd` dollars (None: nobody knows); False for a call that was settled
    before.

    The budgets' alerts are raised here, after the call.
    """
    spent = None if usd is None else to_nano(usd)
    day = budget_day(job, services)
    settled = [services.ledger.settle(day, scope, call_id, spent) for scope in scopes_of(job)]
    if not any(settled):
        return False
    for scope in scopes_of(job):
        raise_alerts(services, day, scope)
    return True


def write_off(services: Services, stored: Stored) -> Stored:
    """The job after the calls that its broken-off worker left open were closed as perhaps paid. From here on it is paid
    for from today's budget.

    The job's row is written first: a crash in between counts one call too many rather than one too few.
    """
    job, day, today = stored.job, budget_day(stored.job, services), services.now().date()
    opened = {scope: services.ledger.open_calls(day, scope, job.job_id) for scope in scopes_of(job)}
    left = {call_id for call_ids in opened.values() for call_id in call_ids if not is_stored(services, call_id)}
    lost = left.intersection(*(services.ledger.open_calls(day, scope, job.job_id, begun=True) for scope in opened))
    if lost:
        stored = services.jobs.replace(stored, replace(job, maybe_paid=job.maybe_paid + len(lost)))
    for scope, call_ids in opened.items():
        for call_id in left.intersection(call_ids):
            services.ledger.settle(day, scope, call_id, None)
    return stored if day == today else services.jobs.replace(stored, replace(stored.job, budget_day=today))


def is_stored(services: Services, call_id: str) -> bool:
    """Whether the outcome of a step of a video is stored: it is settled when it is read."""
    return services.blobs.describe(RESULTS, step_name(call_id)) is not None


def check_file_budget(services: Services, amount: int) -> None:
    """Check the most that one file may cost. Raises BudgetExceeded when `amount`, in nano-dollars, is more."""
    limit = limit_of_file(services)
    if limit is not None and amount > limit:
        raise BudgetExceeded(
            f"this would cost up to {to_usd(amount):f} USD, and one file may cost {to_usd(limit):f} USD",
            scope=FILE_SCOPE,
            hint="Raise FILE_BUDGET_USD, or ask for a lower detail or a shorter answer.",
        )


def limit_of_file(services: Services) -> int | None:
    usd = services.settings.file_budget_usd
    return None if usd is None else to_nano(usd)


def ceiling(job: Job) -> int:
    """The most that the call can cost, in nano-dollars. A model without a price costs nothing."""
    usd = job.estimate.max_usd if job.estimate else None
    return to_nano(usd or Decimal(0))


def still_to_come(job: Job) -> int:
    """What of the ceiling is not spent yet, in nano-dollars. What was paid earlier stands in the day's spending already
    and would be counted twice.
    """
    return max(0, ceiling(job) - to_nano(job.earlier_usd))


def budget_day(job: Job, services: Services) -> date:
    return job.budget_day or services.now().date()


def allowances(services: Services, job: Job) -> list[Allowance]:
    """The budgets that a job is paid from, with their limits as they are now, so that a raised budget helps at once."""
    return [allowance_of(services, scope) for scope in scopes_of(job)]


def scopes_of(job: Job) -> tuple[str, ...]:
    """The names of the budgets that a job is paid from: the day's, and one per folder. A folder ends with a slash; the
    root of the uploads is empty.
    """
    return (DAY_SCOPE, *(f"{FOLDER_SCOPE}{folder}" for folder in job.budget_folders))


def allowance_of(services: Services, scope: str) -> Allowance:
    """The limit of a budget as it is now. Raises OptionsUnreadable for a folder whose file is broken."""
    if scope == FILE_SCOPE:
        return Allowance(scope=scope, limit=limit_of_file(services))
    usd = (
        services.settings.daily_budget_usd
        if scope == DAY_SCOPE
        else folder_budget(services, scope.removeprefix(FOLDER_SCOPE))
    )
    return Allowance(scope=scope, limit=None if usd is None else to_nano(usd))


def folder_budget(services: Services, folder: str) -> Decimal | None:
    """What the folder may spend a day, in dollars; None for no limit. Raises OptionsUnreadable for a broken file."""
    name = f"{folder}{OPTIONS_FILE}"
    try:
        return parse_budget(services.blobs.read(UPLOADS, name, part=(0, limits.OPTIONS_FILE_BYTES.value)), where=name)
    except NotFound:
        return None
    except OptionsInvalid as fault:
        raise OptionsUnreadable(fault.message, hint=fault.hint) from None


def raise_alerts(services: Services, day: date, scope: str, *, refused: int = 0) -> None:
    """Log each threshold that the budget has reached, once a day, by whichever worker sees it.

    Never raises: a fault is logged, and the next call that is settled looks again.
    """
    try:
        for percent in thresholds(services, day, allowance_of(services, scope), refused=refused):
            if services.ledger.note_once(day, scope, f"alert-{percent}"):
                services.log("budget alert", {"scope": scope, "percent": percent, "day": day.isoformat()})
    except VisiondropError as error:
        services.log("alert not raised", {"scope": scope, "code": error.code})


def thresholds(services: Services, day: date, allowance: Allowance, *, refused: int) -> tuple[int, ...]:
    """The percentages of the budget that are reached; none where it has no limit."""
    if allowance.limit is None:
        return ()
    return alerts_reached(services.ledger.totals(day, allowance), refused=refused)
