"""What a call cost, entered in the budgets that it was reserved in: its bill, or what may be assumed without one."""

from __future__ import annotations

from dataclasses import replace

from shared.core.answer.reply import Reply
from shared.core.errors import PriceMissing, VisiondropError
from shared.core.jobs.job import Job
from shared.core.models.catalogue import Model, look_up_model
from shared.core.models.tokens import Usage
from shared.core.money.budget import to_usd
from shared.core.money.exact import exactly
from shared.core.money.outcomes import is_credible, may_be_paid
from shared.core.money.price_types import NO_USD
from shared.core.money.prices import Cost, cost
from shared.pipeline.ports import Services
from shared.pipeline.spending.reservations import settle, still_to_come


def bill_of(services: Services, model: Model, usage: Usage | None) -> Cost | None:
    """What an answer cost in dollars; None when its reply has no usage, or the model has no price.

    A missing price is logged, not raised: an answer that has been paid for is not lost over its bill.
    """
    if usage is None:
        return None
    try:
        return cost(model, usage, on=services.now().date(), scope=services.settings.price_scope)
    except PriceMissing as error:
        services.log("unpriced", {"model": model.name, "code": error.code})
        return None


@exactly
def bill_without_earlier(before: Job, job: Job) -> Cost | None:
    """The bill of the call for the answer alone; None where its reply has no usage, or there is no price.

    `before` is the job with the calls before it: those were settled when they were made.
    """
    usage = job.reply.usage if job.reply else None
    if job.cost is None or usage is None:
        return None
    lines = job.cost.breakdown[len(before.cost.breakdown) if before.cost else 0 :]
    if not lines and usage.input_tokens + usage.output_tokens > 0:
        return None
    return replace(job.cost, usd=job.cost.usd - job.earlier_usd, breakdown=lines)


def settle_reply(services: Services, job: Job, reply: Reply | None, bill: Cost | None, *, call_id: str) -> None:
    """Enter what an answered call cost in its budgets. Without a bill it may have cost all that was reserved, and
    counts as that.

    A prompt that was filtered before a model read it costs nothing, unless the operator knows otherwise.
    """
    if bill is not None:
        settle_bill(services, job, bill, call_id=call_id)
    elif reply is not None and reply.prompt_filtered and not is_charged(services, reply):
        settle(services, job, call_id, NO_USD)
    else:
        settle(services, job, call_id, None)


def is_unpriced(reply: Reply, bill: Cost | None) -> bool:
    """Whether a model has read the question and nobody knows what that cost."""
    return bill is None and not reply.prompt_filtered


def is_charged(services: Services, reply: Reply) -> bool:
    """Whether a filtered prompt is billed without its reply saying how much: the operator's setting says so."""
    return reply.prompt_filtered and reply.usage is None and services.settings.filtered_prompts_are_billed


def settle_bill(services: Services, job: Job, bill: Cost, *, call_id: str) -> None:
    """Enter the bill in the budgets, also where it is above its reservation. A bill that no call can have is not
    believed: it counts as what was reserved, so that one absurd number does not stop everybody for the rest of the day.
    """
    most = to_usd(still_to_come(job))
    model = look_up_model(job.model.name) if job.model else None
    counted = bill.usd if bill.usd <= most or model is None or is_credible(model, bill) else most
    if settle(services, job, call_id, counted) and bill.usd > most:
        facts = {"usd": str(bill.usd), "ceiling_usd": str(most), "counted_usd": str(counted)}
        services.log("bill above ceiling", {"job_id": job.job_id, "model": model.name if model else None, **facts})


def settle_fault(services: Services, job: Job, error: VisiondropError, *, call_id: str, again: bool) -> None:
    """Enter a call that brought no answer, and note on the error how many calls may have been paid in vain: this one,
    and with `again` an earlier attempt at it.
    """
    lost = may_be_paid(error)
    error.lost_calls = lost + again
    settle(services, job, call_id, None if lost else NO_USD)
