"""What a picture, or all that a file became, would cost per model and detail, before anything is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.core.errors import CapabilityMissing, OptionsInvalid, PriceMissing, SourceRejected, UnknownModel
from shared.core.models.catalogue import Detail, Model, look_up_model
from shared.core.models.tokens import Usage, image_tokens, text_tokens
from shared.core.money.prices import cost
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`usd` prices the input, `max_usd` adds an answer of full length; both None where no price is known."""

    model: str
    detail: Detail
    image_tokens: int | None = None
    tiles: int | None = None
    patches: int | None = None
    seen_width: int | None = None
    seen_height: int | None = None
    input_tokens: int | None = None
    usd: Decimal | None = None
    max_usd: Decimal | None = None
    rejected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`pictures` of this size: the frames of a video or an animation, one of anything else."""

    width: int
    height: int
    pictures: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    subject: Subject
    prompt: str
    max_output_tokens: int


def subject_of(services: Services, name: str) -> Subject:
    """An upload, upright, its frames counted one by one. Raises NotFound, or SourceRejected if nobody could read it."""
    job = look_up(services, name)
    source = job.source
    if source.width is None or source.height is None:
        raise SourceRejected(
            f"the size of {name!r} is not known", code="no_pictures", hint="Look at its result: it says why."
        )
    frames = sum(max(1, len(picture.frames_at_s)) for picture in job.normalized)
    return Subject(width=source.width, height=source.height, pictures=max(1, frames))


def estimate_all(
    services: Services, asked: Asked, *, models: Sequence[str], details: Sequence[Detail]
) -> tuple[Row, ...]:
    """A row for every model with every detail. Raises OptionsInvalid for a model that nobody knows."""
    known = {name: model_of(services, name) for name in models}
    return tuple(
        estimate_one(services, asked, name, model, detail) for name, model in known.items() for detail in details
    )


def model_of(services: Services, name: str) -> Model:
    """By a deployment's name or the model's own."""
    try:
        return look_up_model(services.settings.endpoint.models.get(name, name))
    except UnknownModel as error:
        deployments = ", ".join(services.settings.endpoint.models)
        raise OptionsInvalid(error.message, field="models", hint=f"Deployments here: {deployments}.") from None


def estimate_one(services: Services, asked: Asked, name: str, model: Model, detail: Detail) -> Row:
    subject, number = asked.subject, asked.subject.pictures
    try:
        counted = image_tokens(model, width=subject.width, height=subject.height, detail=detail)
    except (SourceRejected, CapabilityMissing) as error:
        return Row(model=name, detail=detail, rejected=f"{error.message}. {error.hint}")
    tokens = number * counted.tokens
    input_tokens = tokens + text_tokens(asked.prompt)
    return Row(
        model=name,
        detail=detail,
        image_tokens=tokens,
        tiles=None if counted.tiles is None else number * counted.tiles,
        patches=None if counted.patches is None else number * counted.patches,
        seen_width=counted.seen_width,
        seen_height=counted.seen_height,
        input_tokens=input_tokens,
        usd=price(services, model, tokens, input_tokens, 0),
        max_usd=price(services, model, tokens, input_tokens, asked.max_output_tokens),
    )


def price(services: Services, model: Model, image_tokens: int, input_tokens: int, output_tokens: int) -> Decimal | None:
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens, image_tokens=image_tokens)
    try:
        return cost(model, usage, on=services.now().date(), scope=services.settings.price_scope).usd
    except PriceMissing:
        return None
