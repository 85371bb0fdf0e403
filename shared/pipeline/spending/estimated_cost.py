"""What a question will cost, before it is asked: the least without an answer, and the most with a full one.

Budgets reserve the most. So it has what a video costs beside the question too: transcription, or index and query.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shared.core.ask.option_rows import VideoMode
from shared.core.ask.options import Options
from shared.core.ask.parts import calls, words_before
from shared.core.ask.question import Exchange
from shared.core.jobs.job import Job, State
from shared.core.jobs.result import Estimate
from shared.core.media.normalized import Normalized
from shared.core.models.catalogue import Model, host_limits
from shared.core.models.tokens import Usage, image_tokens, text_tokens
from shared.core.money.prices import ceiling_usd, cost
from shared.core.money.video_prompt import FRAMES, frame_tokens, video_prompt_cost
from shared.core.places import RESULTS
from shared.pipeline.ports import Services
from shared.pipeline.spending.video_costs import index_cost, query_cost, transcript_name, transcription_cost

SPOKEN_TOKENS = 10
"""A second: hardly anybody says more than four words in it, and few languages need more than two tokens for a word."""

FRAME_OF_REQUEST_TOKENS = 100  # roles, and the words around the prompt when a video is asked about in parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be done to a video beside showing its frames. Exactly what its job will do, no more.

    What is said in `sound` stands in the question; `unheard` is the part of it that has yet to be transcribed.
    """

    sound: tuple[Normalized, ...] = ()
    unheard: tuple[Normalized, ...] = ()
    indexed_s: float | None = None
    is_in_index: bool = False


NO_WORK = Work()


def frames_work(services: Services, job: Job) -> Work:
    """The sound that was stored beside the frames stands in the question, and costs what nobody has heard of it yet."""
    sound = tuple(item for item in job.media if item.role == "sound")
    unheard = tuple(item for item in sound if services.blobs.describe(RESULTS, transcript_name(item)) is None)
    return Work(sound=sound, unheard=unheard)


def index_work(_: Services, job: Job) -> Work:
    """The whole film goes into the index, which listens for itself."""
    return Work(indexed_s=job.source.duration_s or 0.0)


def later_index_work(services: Services, job: Job, parent: Job) -> Work:
    """As index_work; a film that was asked about by way of the index and answered is in it already."""
    mode = parent.options.video if parent.options else None
    was_answered = mode is VideoMode.INDEX and parent.state in {State.DONE, State.PARTIAL}
    return replace(index_work(services, job), is_in_index=was_answered)


def estimate(
    services: Services,
    model: Model,
    options: Options,
    pictures: tuple[Normalized, ...],
    turns: tuple[Exchange, ...] = (),
    work: Work = NO_WORK,
) -> Estimate:
    if model.image_rule is None:
        return Estimate(image_tokens=None, input_tokens=None, usd=None, max_usd=None)  # the reply's usage will say
    said = [options.prompt, options.system or "", *(part for turn in turns for part in (turn.prompt, turn.answer))]
    text = sum(text_tokens(part) for part in said)
    if work.indexed_s is not None:
        return estimate_indexed(services, model, options, text, work)
    images = tokens_of(model, options, pictures)
    room = min(model.max_images, host_limits(services.settings.endpoint.kind).images)
    requests = calls(len(pictures), room)
    named = sum(text_tokens(words_before(picture)) for picture in pictures)
    usage = Usage(input_tokens=images + named + text * requests, output_tokens=0, image_tokens=images)
    most_said = (requests - 1) * options.max_output_tokens  # about parts: an output, then the last question's input
    heard_tokens = sum(spoken_tokens(item.duration_s) for item in work.sound)
    most = ceiling_usd(
        model,
        input_tokens=images + most_text_tokens(said, options, pictures) * requests + most_said + heard_tokens,
        output_tokens=most_said + options.max_output_tokens,
        on=services.now().date(),
        scope=services.settings.price_scope,
    )
    heard = price_of_sound(services, work)
    return Estimate(
        image_tokens=images,
        input_tokens=usage.input_tokens,
        usd=price(services, model, usage) + heard,
        max_usd=most + heard,
    )


def most_text_tokens(said: Sequence[str], options: Options, pictures: tuple[Normalized, ...]) -> int:
    """More than any tokenizer makes of it: a token is at least a byte. An estimate may be too low, a budget not."""
    schema = json.dumps(options.schema) if options.schema else ""
    return sum(len(part.encode()) for part in (*said, schema, *map(words_before, pictures))) + FRAME_OF_REQUEST_TOKENS


def estimate_indexed(services: Services, model: Model, options: Options, text: int, work: Work) -> Estimate:
    """The least is what is sure to be sent; the most is the service's bill, search for frames and answer included."""
    frames = FRAMES * frame_tokens(model)
    usage = Usage(input_tokens=frames + text, output_tokens=0, image_tokens=frames)
    bill = video_prompt_cost(
        model,
        prompt_tokens=text,
        transcript_tokens=spoken_tokens(work.indexed_s),
        output_tokens=options.max_output_tokens,
        on=services.now().date(),
        scope=services.settings.price_scope,
    )
    index = index_cost(services, 0 if work.is_in_index else work.indexed_s).usd
    found = query_cost(services, options).usd
    bill_finds = query_cost(services, replace(options, query=None)).usd
    return Estimate(
        image_tokens=frames,
        input_tokens=usage.input_tokens,
        usd=price(services, model, usage) + found + index,
        max_usd=bill.usd - bill_finds + found + index,
    )


def tokens_of(model: Model, options: Options, pictures: tuple[Normalized, ...]) -> int:
    return sum(
        image_tokens(model, width=picture.width, height=picture.height, detail=options.detail).tokens
        for picture in pictures
    )


def spoken_tokens(heard_s: float | None) -> int:
    """The most that a transcript adds to the question, its times included."""
    return round((heard_s or 0) * SPOKEN_TOKENS)


def price_of_sound(services: Services, work: Work) -> Decimal:
    costs = (transcription_cost(services, item) for item in work.unheard)
    return sum((one.usd for one in costs if one is not None), Decimal(0))


def price(services: Services, model: Model, usage: Usage) -> Decimal:
    return cost(model, usage, on=services.now().date(), scope=services.settings.price_scope).usd
