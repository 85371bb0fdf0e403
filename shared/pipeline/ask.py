"""From a job to a question for its model, and from the endpoint's reply to an answer with its cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from shared.core.answer.rate_limits import RateLimits
from shared.core.answer.reply import Reply, parse_reply
from shared.core.ask.options import Options
from shared.core.ask.payload import Payload, Question, Target, build_payload
from shared.core.ask.question import Exchange
from shared.core.errors import (
    NotFound,
    OptionsInvalid,
    VisiondropError,
)
from shared.core.jobs import job as jobs
from shared.core.jobs.job import Job
from shared.core.media.normalized import Normalized
from shared.core.media.picture import Picture, stored_picture
from shared.core.models.catalogue import look_up_model
from shared.core.places import NORMALIZED
from shared.core.settings import Settings
from shared.pipeline.gatekeeper import report_success, turn
from shared.pipeline.ports import Completion, Services
from shared.pipeline.spending.bills import bill_of, is_charged, is_unpriced, settle_fault
from shared.pipeline.spending.reservations import reserve

T = TypeVar("T")

PROVIDERS = {"azure": "azure.ai.openai"}


def target_of(settings: Settings, options: Options) -> Target:
    """The endpoint, deployment and model that the options ask. Raises OptionsInvalid for a deployment that the settings
    do not name.
    """
    endpoint = settings.endpoint
    model = endpoint.models.get(options.model)
    if model is None:
        hint = f"Use one of: {', '.join(endpoint.models)}; or add it to VISION_DEPLOYMENTS."
        raise OptionsInvalid(f"{options.model!r} is not a deployment in the settings", field="model", hint=hint)
    return Target(
        kind=endpoint.kind,
        base_url=endpoint.base_url,
        deployment=options.model,
        model=look_up_model(model),
        api_version=endpoint.api_version,
        vision_endpoint=settings.vision_endpoint or "",
        vision_key=settings.vision_key or "",
    )


def question_of(services: Services, job: Job, options: Options) -> Question:
    """The job's question with its pictures, read from storage."""
    pictures = tuple(read_picture(services, item) for item in job.normalized)
    return Question.of(options, pictures=pictures, turns=turns_of(job))


def turns_of(job: Job) -> tuple[Exchange, ...]:
    """The earlier questions and answers of the job's conversation. Raises NotFound where they were deleted."""
    if job.turns_elsewhere:
        raise NotFound("the conversation was deleted", hint="Begin a new one with POST ask.")
    return job.origin.turns if job.origin else ()


def read_picture(services: Services, item: Normalized) -> Picture:
    return stored_picture(item, services.blobs.read(NORMALIZED, item.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A question ready to be sent."""

    target: Target
    payload: Payload
    expects_json: bool


def compose(services: Services, job: Job) -> Composed:
    """The job's question as it will be sent; nothing is paid yet. Raises OptionsInvalid, CapabilityMissing or
    SourceRejected for what the model cannot be asked.
    """
    options = options_of(job)
    target = target_of(services.settings, options)
    payload = build_payload(question_of(services, job, options), target)
    return Composed(target=target, payload=payload, expects_json=options.schema is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The job with its answer, and the call that brought it; `call` is None where nobody was called.

    `kept` is the job whose document is stored: this one, or the one that was there before. None until it is stored.
    """

    job: Job
    call: Call | None = None
    kept: Job | None = None


def ask(services: Services, job: Job, question: Composed) -> Answered:
    """The job with its answer, for the caller to store at once.

    Raises ModelUnavailable, ModelRefused, ReplyMalformed or BudgetExceeded.
    """
    target = question.target
    started = time.monotonic()
    call = paid_call(services, job, target, question.payload, call_id=job.job_id)
    model_ms = round((time.monotonic() - started) * 1000)
    reply = read_reply(services, job, call, expects_json=question.expects_json)
    bill = bill_of(services, target.model, reply.usage)
    counted = replace(
        job,
        maybe_paid=job.maybe_paid + call.again + is_charged(services, reply),
        unpriced=job.unpriced + is_unpriced(reply, bill),
    )
    finished = jobs.finish(
        counted,
        reply,
        now=services.now(),
        model_ms=model_ms,
        usage=reply.usage,
        cost=bill,
        **answered_by(job, reply),
    )
    return Answered(job=finished, call=call)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The raw reply of one call to a model, with the limits that it reports. `again` says that an earlier attempt at
    the call may have been paid too.
    """

    call_id: str
    body: object
    again: bool
    endpoint: str
    limits: RateLimits


def paid_call(services: Services, job: Job, target: Target, payload: Payload, *, call_id: str) -> Call:
    """The raw reply of one call to the model, inside the gate and the budgets. All paid chat calls go through here.

    Raises ModelUnavailable, ModelRefused or BudgetExceeded. Once the reply is stored, the caller tells the gate
    (`report_answered`) and settles its cost (`settle_reply`): no fault of the tables stands between an answer that was
    paid for and its document.
    """
    endpoint = f"{target.kind}-{target.deployment}"

    def send() -> Completion:
        with services.span("chat", job.job_id, described(target, job)):
            return services.model.complete(payload)

    completion, again = guarded(services, job, endpoint, call_id, send)
    return Call(call_id=call_id, body=completion.body, again=again, endpoint=endpoint, limits=completion.limits)


def report_answered(services: Services, job: Job, call: Call) -> None:
    """Tell the gate that the call's endpoint answers, and what it says about its limits."""
    report_success(services, call.endpoint, call.limits, next_tokens=most_tokens(job))


def guarded(services: Services, job: Job, endpoint: str, call_id: str, send: Callable[[], T]) -> tuple[T, bool]:
    """What `send` returns, and whether an earlier attempt at the call may have been paid too. Raises what the gate, the
    budgets or `send` raise.

    The gate learns of failures and refusals here; of an answer the caller tells it, once that is stored.
    """
    with turn(services, endpoint, job) as own:
        again = reserve(services, job, call_id)
        try:
            return own.ask(send), again
        except VisiondropError as error:
            settle_fault(services, job, error, call_id=call_id, again=again)
            raise


def most_tokens(job: Job) -> int:
    """The tokens that a call like this one takes from the rate limit: endpoints count the longest possible answer
    too.
    """
    asked = job.estimate.input_tokens or 0 if job.estimate else 0
    return asked + options_of(job).max_output_tokens


def described(target: Target, job: Job) -> dict[str, object]:
    """The facts of a call in OpenTelemetry's words for generative models."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS.get(target.kind, target.kind),
        "gen_ai.request.model": target.model.name,
        "pictures": len(job.normalized),
        "picture_bytes": sum(picture.bytes for picture in job.normalized),
    }


def read_reply(services: Services, job: Job, call: Call, *, expects_json: bool) -> Reply:
    try:
        return parse_reply(call.body, expects_json=expects_json)
    except VisiondropError as error:
        report_answered(services, job, call)
        settle_fault(services, job, error, call_id=call.call_id, again=call.again)
        raise


def options_of(job: Job) -> Options:
    if job.options is None:
        raise OptionsInvalid(f"job {job.job_id} has no options", field="options", hint="Drop the file again.")
    return job.options


def answered_by(job: Job, reply: Reply) -> dict[str, Any]:
    if job.model is None:
        return {}
    return {"model": replace(job.model, answered_by=reply.model)}
