"""A job that waited while its model's price changed is estimated anew: its ceiling must bound the bill of today."""

from __future__ import annotations

from dataclasses import replace

from shared.core.errors import PriceMissing
from shared.core.jobs.job import Job
from shared.core.models.catalogue import look_up_model
from shared.core.money.prices import price_has_changed
from shared.pipeline.ask import options_of, turns_of
from shared.pipeline.ports import Services, Stored
from shared.pipeline.spending.estimate import estimate
from shared.pipeline.video_modes import work_of


def at_new_prices(services: Services, stored: Stored) -> Stored:
    """The job, stored with a new estimate if a price of its model has begun since it came."""
    job = stored.job
    if job.model is None or job.estimate is None or job.estimate.usd is None:
        return stored
    model, since, on = look_up_model(job.model.name), job.created.date(), services.now().date()
    try:
        if not price_has_changed(model, since=since, on=on, scope=services.settings.price_scope):
            return stored
        job = estimated_anew(services, job)
    except PriceMissing:  # under another price list than it was accepted with: its answer will have no price
        return stored
    return services.jobs.replace(stored, job)


def estimated_anew(services: Services, job: Job) -> Job:
    """The job with a new estimate in dollars: what earlier calls have cost, and what is still to be done."""
    model = look_up_model(job.model.name if job.model else "")
    known = estimate(services, model, options_of(job), job.normalized, turns_of(job), work_of(services, job))
    most = None if known.max_usd is None else known.max_usd + job.earlier_usd
    return replace(job, estimate=replace(known, max_usd=most))
