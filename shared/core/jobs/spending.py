"""What has been spent: one line per day and model, added up as jobs end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date
from decimal import Decimal

from shared.core.jobs.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """`estimate_usd` is what was expected for the input, `max_usd` with answers of full length."""

    day: date
    model: str
    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    usd: Decimal = Decimal(0)
    estimate_usd: Decimal = Decimal(0)
    max_usd: Decimal = Decimal(0)


def spending_of(job: Job) -> Spending | None:
    """None for a job that the model did not answer. An answer that was used again cost nothing more."""
    if job.model is None or job.finished is None or job.usage is None:
        return None
    spent = Spending(day=job.finished.astimezone(UTC).date(), model=job.model.name, answers=1)
    if job.reused_from is not None:
        return spent
    return replace(
        spent,
        input_tokens=job.usage.input_tokens,
        output_tokens=job.usage.output_tokens,
        cached_tokens=job.usage.cached_tokens,
        usd=job.cost.usd if job.cost else Decimal(0),
        estimate_usd=(job.estimate.usd if job.estimate else None) or Decimal(0),
        max_usd=(job.estimate.max_usd if job.estimate else None) or Decimal(0),
    )


def add(one: Spending, other: Spending) -> Spending:
    """Of the same day and model."""
    return replace(
        one,
        answers=one.answers + other.answers,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
        usd=one.usd + other.usd,
        estimate_usd=one.estimate_usd + other.estimate_usd,
        max_usd=one.max_usd + other.max_usd,
    )
