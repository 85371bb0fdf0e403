"""Spending: reserve before a paid call, settle after it, park what there is no money for.

A job reserves in every budget that holds for it: the file's, the day's, and those of the folders it lies in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from shared.core.ask.options import parse_budget
from shared.core.errors import BudgetExceeded, NotFound
from shared.core.jobs.job import Job
from shared.core.money.budget import alerts_reached, to_nano, to_usd
from shared.core.places import OPTIONS_FILE, RESULTS, UPLOADS
from shared.pipeline.ports import Allowance, Grant, Services, Stored
from shared.pipeline.records import step_name

DAY = "all"
FILE = "file"
FOLDER = "folder /"
NEXT_DAY_HINT = "It goes on when the next day (UTC) begins, or when the budget is raised."


def reserve(services: Services, job: Job, call_id: str) -> bool:
    """True when an earlier attempt at this call may have been paid. Raises BudgetExceeded with nothing reserved."""
    check_file_budget(services, ceiling(job))
    amount = still_to_come(job)
    day = budget_day(job, services)
    granted: dict[str, Grant] = {}
    for allowance in allowances(services, job):
        grant = services.ledger.reserve(day, allowance, call_id, amount)
        if grant is Grant.REFUSED:
            give_back(services, day, granted, call_id)
            raise_alerts(services, day, allowance, refused=amount)
            raise too_little_left(amount, allowance, day)
        granted[allowance.scope] = grant
        raise_alerts(services, day, allowance)
    return Grant.AGAIN in granted.values()


def give_back(services: Services, day: date, scopes: Iterable[str], call_id: str) -> None:
    for scope in scopes:
        services.ledger.settle(day, scope, call_id, 0)


def too_little_left(amount: int, allowance: Allowance, day: date) -> BudgetExceeded:
    budget = "the day" if allowance.scope == DAY else allowance.scope
    return BudgetExceeded(
        f"{to_usd(amount):f} USD do not fit into the budget of {budget} for {day}",
        scope=allowance.scope,
        hint=NEXT_DAY_HINT,
    )


def settle(services: Services, job: Job, call_id: str, usd: Decimal | None) -> bool:
    """Enter what a call cost, None for an unknown outcome. False when nothing was open: it was settled before."""
    spent = None if usd is None else to_nano(usd)
    day = budget_day(job, services)
    settled = [services.ledger.settle(day, scope, call_id, spent) for scope in scopes_of(job)]
    return any(settled)


def write_off(services: Services, stored: Stored) -> Stored:
    """Count what a worker was paying for when it broke off, and let its job go on with the money of today.

    The job's row comes first: a crash in between counts one too many rather than one too few.
    """
    job, day, today = stored.job, budget_day(stored.job, services), services.now().date()
    opened = {scope: services.ledger.open_calls(day, scope, job.job_id) for scope in scopes_of(job)}
    lost = {call_id for call_ids in opened.values() for call_id in call_ids if not is_stored(services, call_id)}
    if lost:
        stored = services.jobs.replace(stored, replace(job, maybe_paid=job.maybe_paid + len(lost)))
        for scope, call_ids in opened.items():
            for call_id in lost.intersection(call_ids):
                services.ledger.settle(day, scope, call_id, None)
    return stored if day == today else services.jobs.replace(stored, replace(stored.job, budget_day=today))


def is_stored(services: Services, call_id: str) -> bool:
    """A step of a video whose outcome is known, and is settled when it is read."""
    return services.blobs.describe(RESULTS, step_name(call_id)) is not None


def check_file_budget(services: Services, amount: int) -> None:
    limit = limit_of_file(services)
    if limit is not None and amount > limit:
        raise BudgetExceeded(
            f"{to_usd(amount):f} USD are more than the {to_usd(limit):f} USD that one file may cost",
            scope=FILE,
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
    """Without what the job has paid already: that stands in the day's spending, and would be counted twice."""
    return max(0, ceiling(job) - to_nano(job.earlier_usd))


def budget_day(job: Job, services: Services) -> date:
    return job.budget_day or services.now().date()


def allowances(services: Services, job: Job) -> list[Allowance]:
    """The limits as they are now, so that a raised budget helps at once."""
    return [allowance_of(services, scope) for scope in scopes_of(job)]


def scopes_of(job: Job) -> tuple[str, ...]:
    """A folder ends with a slash, or is empty for the root of the uploads."""
    return (DAY, *(f"{FOLDER}{folder}" for folder in job.budget_folders))


def allowance_of(services: Services, scope: str) -> Allowance:
    """Raises OptionsInvalid for a folder whose file cannot be read."""
    if scope == FILE:
        return Allowance(scope=scope, limit=limit_of_file(services))
    usd = services.settings.daily_budget_usd if scope == DAY else folder_budget(services, scope.removeprefix(FOLDER))
    return Allowance(scope=scope, limit=None if usd is None else to_nano(usd))


def folder_budget(services: Services, folder: str) -> Decimal | None:
    name = f"{folder}{OPTIONS_FILE}"
    try:
        return parse_budget(services.blobs.read(UPLOADS, name), where=name)
    except NotFound:
        return None


def raise_alerts(services: Services, day: date, allowance: Allowance, *, refused: int = 0) -> None:
    """Each threshold is logged once a day, by whichever worker reaches it."""
    if allowance.limit is None:
        return
    for percent in alerts_reached(services.ledger.totals(day, allowance), refused=refused):
        if services.ledger.note_once(day, allowance.scope, f"alert-{percent}"):
            services.log("budget alert", {"scope": allowance.scope, "percent": percent, "day": day.isoformat()})
