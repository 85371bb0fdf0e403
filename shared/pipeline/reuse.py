"""One payment for one question: the first job to ask it answers for all that ask the same about the same pixels.

Whatever the model said is an answer, also a refusal, a verdict of the content filter or half a sentence. Only what
failed for another reason (a fault of ours, of the endpoint or of a setting) is asked again.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from shared.core.ask.question import Target
from shared.core.errors import ModelUnavailable
from shared.core.jobs import job as jobs
from shared.core.jobs.answer_key import Film, Sent, answer_key
from shared.core.jobs.job import TERMINAL, Job, State
from shared.core.models.tokens import Usage
from shared.core.money.prices import Cost
from shared.core.settings import Settings
from shared.pipeline.ask import options_of, turns_of
from shared.pipeline.ports import Services
from shared.pipeline.records import read_result
from shared.pipeline.video_index import index_name
from shared.pipeline.video_modes import video_actions

SAME_QUESTION = "same_question"
SAME_QUESTION_S = 5.0
OPTIONS_CODE = "options_invalid"


def key_of(settings: Settings, job: Job, target: Target) -> str:
    """The key of the question that this job sends to this target, as far as it is known when its file has been read."""
    options, source = options_of(job), job.source
    sound = [item for item in job.media if item.role == "sound"]
    film = Film(index_name=index_name(settings), bytes=source.bytes, duration_s=source.duration_s)
    return answer_key(
        Sent(
            options=options,
            target=target,
            pictures=job.normalized,
            sound=sound,
            transcriber=settings.transcribe_deployment if sound else None,
            turns=turns_of(job),
            film=film if source.kind == "video" and video_actions(options.video).sends_film else None,
        )
    )


def reused(services: Services, job: Job) -> Job | None:
    """The job with another job's answer to the same question, at no cost; None when this job is to ask.

    Raises ModelUnavailable while the other is still being answered.
    """
    if job.answer_key is None or job.options is None or not job.options.reuse:
        return None
    owner_id = services.answers.claim(job.answer_key, job.job_id)
    if owner_id == job.job_id:
        return None
    owner = outcome_of(services, owner_id, key=job.answer_key)
    if owner is not None and owner.state not in TERMINAL and not stands_still(owner):
        raise asked_already(services, owner)
    if owner is not None and owner.reply is not None and owner.state in TERMINAL:
        return taken_over(services, job, owner)
    step_in(services, job, job.answer_key, owner_id)
    return reused(services, job)


def asked_already(services: Services, owner: Job) -> ModelUnavailable:
    """The error that says to wait for the owner's answer: until the owner may go on itself, since both wait for the
    same endpoint.
    """
    waits_s = (owner.not_before - services.now()).total_seconds() if owner.not_before else 0
    return ModelUnavailable(
        f"job {owner.job_id} is asking the same question",
        code=SAME_QUESTION,
        retry_after_s=max(SAME_QUESTION_S, waits_s),
        hint="Nothing to do: its answer will be used here too.",
    )


def step_in(services: Services, job: Job, key: str, owner_id: str) -> None:
    """Let this job ask in place of one that failed without an answer, is gone, asks another question now, or cannot go
    on.

    A job that could not go on may have been woken meanwhile, and may be asking already: then it keeps its place.
    """
    if not services.answers.take_over(key, from_job_id=owner_id, job_id=job.job_id):
        return
    owner = services.jobs.load(owner_id)
    if owner is None or owner.job.answer_key != key:
        return
    if owner.job.state is not State.FAILED and not stands_still(owner.job):
        services.answers.take_over(key, from_job_id=job.job_id, job_id=owner_id)


def stands_still(job: Job) -> bool:
    """Whether the job waits for what only the user of its own folder can mend: its money or its options."""
    waits_for_options = job.state is State.WAITING and job.error is not None and job.error.code == OPTIONS_CODE
    return job.state is State.PARKED or waits_for_options


def outcome_of(services: Services, job_id: str, *, key: str) -> Job | None:
    """The job, with its answer if it has one; None for one that is gone, or asks another question now."""
    stored = services.jobs.load(job_id)
    if stored is None or stored.job.answer_key != key:
        return None
    if stored.job.state not in TERMINAL:
        return stored.job
    return read_result(services, job_id) or stored.job


def taken_over(services: Services, job: Job, owner: Job) -> Job:
    """The job with the owner's answer. What it has paid before, such as a transcript, stays on its bill."""
    if owner.reply is None:
        raise ValueError("only an answered job can be reused")
    prices_as_of = owner.cost.prices_as_of if owner.cost else services.now().date()
    free = Cost(usd=Decimal(0), prices_as_of=prices_as_of, breakdown=())
    usage, cost = job.usage or Usage(input_tokens=0, output_tokens=0), job.cost or free
    finished = jobs.finish(job, owner.reply, now=services.now(), model_ms=0, usage=usage, cost=cost)
    return replace(finished, reused_from=owner.reused_from or owner.job_id, model=owner.model)
