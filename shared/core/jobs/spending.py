"""What has been spent: one line per day and model, added up as jobs end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date
from decimal import Decimal

from shared.core.jobs.job import Job
from shared.core.money.exact import exactly
from shared.core.money.price_types import NO_USD


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What was spent on one day with one model. `estimate_usd` is what was expected for the input, `max_usd` with
    answers of full length.

    Not in the sum `usd`: `maybe_paid` counts the calls whose outcome nobody knows, `unpriced` the answers that came
    without usage or have no price, `maybe_usd` is the most that all of these can cost.
    """

    day: date
    model: str
    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    usd: Decimal = NO_USD
    estimate_usd: Decimal = NO_USD
    max_usd: Decimal = NO_USD
    maybe_paid: int = 0
    unpriced: int = 0
    maybe_usd: Decimal = NO_USD


def spending_of(job: Job) -> Spending | None:
    """What the job has spent, in dollars and tokens; None for a job that the model did not answer and that has paid
    nothing.

    What was paid before a job failed counts, without an answer; an answer that was used again cost nothing more.
    """
    if job.model is None or job.finished is None or not (has_answer(job) or has_paid(job)):
        return None
    most = (job.estimate.max_usd if job.estimate else None) or NO_USD
    spent = Spending(
        day=job.finished.astimezone(UTC).date(),
        model=job.model.name,
        answers=int(has_answer(job)),
        input_tokens=job.usage.input_tokens if job.usage else 0,
        output_tokens=job.usage.output_tokens if job.usage else 0,
        cached_tokens=job.usage.cached_tokens if job.usage else 0,
        usd=job.cost.usd if job.cost else NO_USD,
        maybe_paid=job.maybe_paid,
        unpriced=job.unpriced,
        maybe_usd=most * (job.maybe_paid + job.unpriced),
    )
    if job.reused_from is not None or not has_answer(job):
        return spent
    return replace(spent, estimate_usd=(job.estimate.usd if job.estimate else None) or NO_USD, max_usd=most)


def has_answer(job: Job) -> bool:
    """Whether the model answered; a refusal is an answer, a prompt that was filtered was not read by a model."""
    return job.reply is not None and not job.reply.prompt_filtered


def has_paid(job: Job) -> bool:
    """Whether the job has paid, or perhaps paid, for its answer or before it."""
    return job.cost is not None or job.usage is not None or job.maybe_paid + job.unpriced > 0


@exactly
def add(one: Spending, other: Spending) -> Spending:
    """The sum of two lines of the same day and model."""
    return replace(
        one,
        answers=one.answers + other.answers,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
        usd=one.usd + other.usd,
        estimate_usd=one.estimate_usd + other.estimate_usd,
        max_usd=one.max_usd + other.max_usd,
        maybe_paid=one.maybe_paid + other.maybe_paid,
        unpriced=one.unpriced + other.unpriced,
        maybe_usd=one.maybe_usd + other.maybe_usd,
    )
