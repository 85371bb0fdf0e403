"""From a job to a question for its model, and from the endpoint's reply to an answer with its cost."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from shared.core import job as jobs
from shared.core.errors import OptionsInvalid, PriceMissing
from shared.core.job import Job
from shared.core.models import look_up_model
from shared.core.options import Options
from shared.core.payload import Picture, Question, Target, build_payload
from shared.core.prices import Cost, cost
from shared.core.reply import Reply, filtered_reply, parse_reply
from shared.core.result import Normalized
from shared.core.settings import Settings
from shared.core.tokens import Usage
from shared.pipeline.ports import NORMALIZED, Services


def target_of(settings: Settings, options: Options) -> Target:
    """Where to ask. Raises OptionsInvalid for a deployment that the settings do not name."""
    endpoint = settings.endpoint
    model = endpoint.models.get(options.model)
    if model is None:
        hint = f"Use one of: {', '.join(endpoint.models)}; or add it to VISION_DEPLOYMENTS."
        raise OptionsInvalid(f"model {options.model!r} is no known deployment", field="model", hint=hint)
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
    return Question(
        prompt=options.prompt,
        system=options.system or "",
        pictures=tuple(read_picture(services, item) for item in job.normalized),
        detail=options.detail,
        max_output_tokens=options.max_output_tokens,
        schema=options.schema if isinstance(options.schema, dict) else None,
        ocr=options.ocr,
        grounding=options.grounding,
    )


def read_picture(services: Services, item: Normalized) -> Picture:
    return Picture(
        data=services.blobs.read(NORMALIZED, item.name),
        media_type=item.media_type,
        width=item.width,
        height=item.height,
        text_before=timecode(item.at_s),
    )


def timecode(at_s: float | None) -> str:
    """The moment of a frame, as text before it: the model sees pictures, not times."""
    if at_s is None:
        return ""
    return f"Frame at {int(at_s // 60):02}:{at_s % 60:04.1f}"


def ask(services: Services, job: Job) -> Job:
    """The job with its answer. Raises ModelUnavailable, ModelRefused, ReplyMalformed or what the builder refuses."""
    options = options_of(job)
    target = target_of(services.settings, options)
    payload = build_payload(question_of(services, job, options), target)
    started = time.monotonic()
    body = services.model.complete(payload)
    model_ms = round((time.monotonic() - started) * 1000)
    reply = filtered_reply(body) or parse_reply(body, expects_json=options.schema is not None)
    return jobs.finish(
        job,
        reply,
        now=services.now(),
        model_ms=model_ms,
        usage=reply.usage,
        cost=cost_of(services, target, reply.usage),
        **answered_by(job, reply),
    )


def options_of(job: Job) -> Options:
    if job.options is None:
        raise OptionsInvalid(f"job {job.job_id} has no options", field="options", hint="Drop the file again.")
    return job.options


def cost_of(services: Services, target: Target, usage: Usage | None) -> Cost | None:
    """None when the reply has no usage, or no price: an answer that has been paid for is not lost over its bill."""
    if usage is None:
        return None
    try:
        return cost(target.model, usage, on=services.now().date(), scope=services.settings.price_scope)
    except PriceMissing as error:
        services.log("unpriced", {"model": target.model.name, "code": error.code})
        return None


def answered_by(job: Job, reply: Reply) -> dict[str, Any]:
    if job.model is None:
        return {}
    return {"model": replace(job.model, answered_by=reply.model)}
