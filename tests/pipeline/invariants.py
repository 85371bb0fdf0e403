"""What holds after every crash, race and outage, whatever else a test is about: of money, of lost calls, of jobs.

A test asks for it by the fixture `invariants`, which looks when the test is over, past any port that the test broke.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.core.jobs.job import TERMINAL, Job, State
from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import Usage
from shared.core.money.budget import to_nano
from shared.core.money.prices import cost
from shared.pipeline.ports import Allowance, Services

DAY = "all"
PAGE = 100
OK = 200
MODEL = look_up_model("gpt-5.1")  # which the stand-in of these tests is
WHISPER_USD_PER_S = Decimal("0.0001")


def check(services: Services, *, started: datetime, journal: dict[str, Any], messages: set[str]) -> None:
    """`journal` is what the endpoint was asked, `messages` the jobs that have one on the queue."""
    days = [started.date() + timedelta(days=day) for day in range(-1, (services.now() - started).days + 3)]
    jobs = list(all_jobs(services))
    check_ledger(services, days, jobs, journal)
    check_lost_calls(services, days, jobs, journal)
    check_reports(services, days, jobs)
    check_ends(services, jobs, messages)


def all_jobs(services: Services) -> Iterator[Job]:
    """As the list names them; the open ones too, where a crash came before the list."""
    items = services.listing.page(after=None, most=PAGE)
    assert len(items) < PAGE, "more jobs than this reads"
    for job_id in {item.job_id for item in items} | set(services.jobs.open_jobs(first="", most=PAGE)):
        stored = services.jobs.load(job_id)
        if stored is not None:
            yield stored.job


def spent_and_held(services: Services, days: list[date]) -> tuple[int, int]:
    """Nano-dollars of the day's budget."""
    totals = [services.ledger.totals(day, Allowance(scope=DAY, limit=None)) for day in days]
    return sum(total.spent for total in totals), sum(total.reserved for total in totals)


def lost_calls(services: Services, days: list[date]) -> int:
    ledger: Any = services.ledger  # the port has no such method: nothing in the app asks
    return sum(ledger.lost_calls(day, DAY) for day in days)


def real_nano(journal: dict[str, Any], jobs: list[Job], on: date) -> int:
    """What the endpoint would charge for all that it has answered, whoever lived to see it."""
    usages = [
        Usage(input_tokens=one["prompt_tokens"], output_tokens=one["completion_tokens"])
        for one in journal["entries"]
        if one["status"] == OK
    ]
    chats = sum((cost(MODEL, usage, on=on).usd for usage in usages), Decimal(0))
    heard = sum(one["path"].endswith("/audio/transcriptions") and one["status"] == OK for one in journal["entries"])
    longest_s = max((item.duration_s or 0 for job in jobs for item in job.media if item.role == "sound"), default=0)
    return to_nano(chats + heard * WHISPER_USD_PER_S * Decimal(str(longest_s)))


def ceiling_nano(jobs: list[Job]) -> int:
    return max((to_nano(job.estimate.max_usd or Decimal(0)) for job in jobs if job.estimate), default=0)


def check_ledger(services: Services, days: list[date], jobs: list[Job], journal: dict[str, Any]) -> None:
    """Spent and held is never more than what was really charged, and the most for each call that was lost; beside that,
    only a job that is at work holds money.
    """
    spent, held = spent_and_held(services, days)
    at_work = sum(job.state is State.RUNNING for job in jobs)
    lost = lost_calls(services, days)

    assert held <= at_work * ceiling_nano(jobs)
    assert spent <= real_nano(journal, jobs, days[0]) + lost * ceiling_nano(jobs)


def check_lost_calls(services: Services, days: list[date], jobs: list[Job], journal: dict[str, Any]) -> None:
    """A call is counted as lost only where the endpoint was asked about those pixels, and its answer is not kept.

    The stand-in that fails on purpose does not look at the picture: such a call may have been about any.
    """
    unseen = sum(bool(one["fault"]) and not one["images"] for one in journal["entries"])
    asked = Counter(sha256 for one in journal["entries"] for sha256 in set(one["image_sha256"]))
    kept = Counter(
        picture.sha256
        for job in jobs
        if job.reply is not None and job.cost is not None and job.reused_from is None
        for picture in job.normalized
    )
    lost = Counter[str]()
    for job in jobs:
        for picture in job.normalized:
            lost[picture.sha256] += job.maybe_paid
    too_many = {name: count for name, count in lost.items() if count > asked[name] + unseen - kept[name]}

    assert too_many == {}
    assert lost_calls(services, days) <= journal["requests"]


def check_reports(services: Services, days: list[date], jobs: list[Job]) -> None:
    """The report's sums are the jobs' sums; the ledger has these, and the most for each call that was lost."""
    ended = [job for job in jobs if job.state in TERMINAL]
    reported = sum((line.usd for day in days for line in services.costs.day(day)), Decimal(0))
    billed = sum((job.cost.usd for job in ended if job.cost), Decimal(0))
    under_way = sum((job.cost.usd for job in jobs if job.cost and job.state not in TERMINAL), Decimal(0))
    spent, _ = spent_and_held(services, days)
    lost = lost_calls(services, days)
    unsettled = sum(job.state is State.RUNNING for job in jobs)  # its document may be there, and its bill not entered

    assert reported == billed
    most = to_nano(billed + under_way) + lost * ceiling_nano(jobs)
    assert spent <= most
    if not lost and not unsettled:
        assert spent == most


def check_ends(services: Services, jobs: list[Job], messages: set[str]) -> None:
    """Each job is at an end, or something brings it back: a message, a time, a place in a line, its upload's event."""
    waiting = {
        place.job_id
        for scope in services.ledger.lines()
        for place in services.ledger.parked(scope, limit=None, most=PAGE)
    }
    left_alone = [
        job.job_id
        for job in jobs
        if job.state not in TERMINAL
        and job.job_id not in messages | waiting
        and job.lease_until is None
        and job.not_before is None
        and job.dispatched
    ]

    assert left_alone == []
