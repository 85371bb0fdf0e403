"""A job's question as core/money/estimate.py takes it: its options, its pictures, what its video needs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from shared.core.ask.option_rows import VideoMode
from shared.core.ask.options import Options
from shared.core.ask.parts import words_before
from shared.core.ask.question import Exchange
from shared.core.jobs.job import Job, State
from shared.core.media.normalized import Normalized
from shared.core.models.catalogue import Model, host_limits
from shared.core.money import estimate as money
from shared.core.money.estimate import NO_WORK, Estimate, EstimateSubject, Shown, Work
from shared.core.money.price_types import NO_USD
from shared.core.places import RESULTS
from shared.core.settings import Settings
from shared.pipeline.ports import Services
from shared.pipeline.spending.video_bills import transcript_name, transcription_cost


def estimate(
    services: Services,
    model: Model,
    options: Options,
    pictures: tuple[Normalized, ...],
    turns: tuple[Exchange, ...] = (),
    work: Work = NO_WORK,
) -> Estimate:
    """What the job's question costs at least and at most, in tokens and dollars. Raises PriceMissing."""
    shown = tuple(map(shown_as, pictures))
    return money.estimate(to_asked(services.settings, services.now().date(), model, options, shown, turns, work))


def to_asked(
    settings: Settings,
    on: date,
    model: Model,
    options: Options,
    pictures: tuple[Shown, ...],
    turns: tuple[Exchange, ...] = (),
    work: Work = NO_WORK,
) -> EstimateSubject:
    """The job's question as the estimate in core takes it: texts, pictures, model, prices' day and scope."""
    return EstimateSubject(
        model=model,
        detail=options.detail,
        max_output_tokens=options.max_output_tokens,
        texts=(options.prompt, options.system or "", *(text for turn in turns for text in (turn.prompt, turn.answer))),
        schema=json.dumps(options.schema) if options.schema else "",
        pictures=pictures,
        room=min(model.max_images, host_limits(settings.endpoint.kind).images),
        work=work,
        on=on,
        scope=settings.price_scope,
    )


def shown_as(picture: Normalized) -> Shown:
    return Shown(width=picture.width, height=picture.height, words_before=words_before(picture))


def frames_work(services: Services, job: Job) -> Work:
    """What a question about frames needs beside its pictures: the seconds of sound that it shows as text, and the
    dollars for transcribing what has not been transcribed yet.
    """
    sound = [item for item in job.media if item.role == "sound"]
    unheard = [item for item in sound if services.blobs.describe(RESULTS, transcript_name(item)) is None]
    bills = [transcription_cost(services, item) for item in unheard]
    return Work(
        sound_s=sum(item.duration_s or 0.0 for item in sound),
        transcription_usd=sum((bill.usd for bill in bills if bill is not None), NO_USD),
    )


def index_work(_: Services, job: Job) -> Work:
    """What a question by way of the index needs: the whole film is indexed, its sound included."""
    finds_moments = job.options is not None and job.options.query is not None
    return Work(indexed_s=job.source.duration_s or 0.0, finds_moments=finds_moments)


def later_index_work(services: Services, job: Job, parent: Job) -> Work:
    """As index_work, but nothing is indexed again if the parent job has answered by way of the index already."""
    mode = parent.options.video if parent.options else None
    was_answered = mode is VideoMode.INDEX and parent.state in {State.DONE, State.PARTIAL}
    return replace(index_work(services, job), is_in_index=was_answered)
