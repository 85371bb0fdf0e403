"""A job whose options name no model asks the deployment that the settings name when it is asked.

So a deployment that was misspelt in the settings, or is another one by now, is no fault of the jobs that wait for it.
"""

from __future__ import annotations

from dataclasses import replace

from shared.core.jobs.job import Job
from shared.pipeline.accept_steps import asked_model
from shared.pipeline.ask import options_of, target_of, turns_of
from shared.pipeline.ports import Services, Stored
from shared.pipeline.reuse import key_of
from shared.pipeline.spending.estimate import estimate
from shared.pipeline.video_modes import work_of


def on_default_deployment(services: Services, stored: Stored) -> Stored:
    """The job, stored again with another deployment, estimate and key if the settings name another deployment now."""
    deployment = services.settings.endpoint.deployment
    if not stored.job.default_deployment or options_of(stored.job).model == deployment:
        return stored
    return services.jobs.replace(stored, on_deployment(services, stored.job, deployment))


def on_deployment(services: Services, job: Job, deployment: str) -> Job:
    """The same question to another deployment. Its pictures stay as they were prepared."""
    options = replace(options_of(job), model=deployment)
    target = target_of(services.settings, options)
    job = replace(job, options=options, model=asked_model(target))
    known = estimate(services, target.model, options, job.normalized, turns_of(job), work_of(services, job))
    return replace(job, estimate=known, answer_key=job.answer_key and key_of(services.settings, job, target))
