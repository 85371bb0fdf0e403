"""What a picture, or all that a file became, would cost per model and detail, before anything is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from shared.core.ask.options import Options
from shared.core.ask.question import Exchange
from shared.core.errors import CapabilityMissing, OptionsInvalid, PriceMissing, SourceRejected, UnknownModel
from shared.core.jobs.job import Job
from shared.core.models.catalogue import Detail, Model, look_up_model
from shared.core.models.tokens import ImageTokens, image_tokens
from shared.core.money import estimate as money
from shared.core.money.estimate import NO_WORK, Estimate, EstimateSubject, Shown, Work
from shared.pipeline.ask import options_of
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Services
from shared.pipeline.spending.estimate import shown_as, to_asked
from shared.pipeline.video_modes import work_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one model costs at one detail, in tokens and dollars: `usd` for the input, `max_usd` with an answer of full
    length. Both are None where no price is known; `rejected` says why the model would refuse.
    """

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
    """What is to be asked about: `width` and `height` in pixels, the pictures that are sent, and what is sent with
    them.

    `job` is the upload's, where there is one: for its own question it has its own estimate.
    """

    width: int
    height: int
    shown: tuple[Shown, ...]
    turns: tuple[Exchange, ...] = ()
    work: Work = NO_WORK
    job: Job | None = field(default=None, repr=False)


def subject_of_size(width: int, height: int) -> Subject:
    return Subject(width=width, height=height, shown=(Shown(width=width, height=height),))


def subject_of(services: Services, name: str) -> Subject:
    """An upload, upright, with the pictures that are sent of it. Raises NotFound, or SourceRejected for an upload that
    could not be read.
    """
    job = look_up(services, name)
    width, height = job.source.width, job.source.height
    if width is None or height is None or job.options is None:
        raise SourceRejected(
            f"the size of {name!r} is not known", code="no_pictures", hint="Look at its result: it says why."
        )
    shown = tuple(map(shown_as, job.normalized)) or subject_of_size(width, height).shown
    turns = job.origin.turns if job.origin else ()
    return Subject(width=width, height=height, shown=shown, turns=turns, work=work_of(services, job), job=job)


def estimate_all(
    services: Services, subject: Subject, options: Options, *, models: Sequence[str], details: Sequence[Detail]
) -> tuple[Row, ...]:
    """A row for every model with every detail. Raises OptionsInvalid for an unknown model."""
    known = {name: model_of(services, name) for name in models}
    return tuple(
        estimate_one(services, subject, replace(options, model=name, detail=detail), model)
        for name, model in known.items()
        for detail in details
    )


def model_of(services: Services, name: str) -> Model:
    """The model of a deployment, or of this name. Raises OptionsInvalid for an unknown one."""
    try:
        return look_up_model(services.settings.endpoint.models.get(name, name))
    except UnknownModel as error:
        deployments = ", ".join(services.settings.endpoint.models)
        raise OptionsInvalid(error.message, field="models", hint=f"Deployments here: {deployments}.") from None


def estimate_one(services: Services, subject: Subject, options: Options, model: Model) -> Row:
    """The row of one model and detail. For the question that the upload's job asks itself it is the job's own
    estimate.
    """
    own = own_estimate(subject, options)
    shown = subject.shown if own or len(subject.shown) > 1 else subject_of_size(subject.width, subject.height).shown
    on = services.now().date()
    asked = to_asked(services.settings, on, model, options, shown, subject.turns, subject.work)
    row = Row(model=options.model, detail=options.detail)
    try:
        grid = grid_of(asked)
        found = own or estimated(asked)
    except (SourceRejected, CapabilityMissing) as error:
        return replace(row, rejected=f"{error.message}. {error.hint}")
    return replace(
        row,
        image_tokens=found.image_tokens,
        tiles=grid.tiles,
        patches=grid.patches,
        seen_width=grid.seen_width,
        seen_height=grid.seen_height,
        input_tokens=found.input_tokens,
        usd=found.usd,
        max_usd=found.max_usd,
    )


def own_estimate(subject: Subject, options: Options) -> Estimate | None:
    """The estimate of the upload's job, if this is its question; None otherwise."""
    if subject.job is None or options != options_of(subject.job):
        return None
    return subject.job.estimate


def estimated(asked: EstimateSubject) -> Estimate:
    """The estimate in tokens and dollars, as far as there are prices: some models have none for their answers."""
    for question in (asked, replace(asked, max_output_tokens=0)):
        try:
            found = money.estimate(question)
        except PriceMissing:
            continue
        return found if question is asked else replace(found, max_usd=None)
    return money.count(asked)


def grid_of(asked: EstimateSubject) -> ImageTokens:
    """The tokens of the first picture and the size at which the model sees it, with the tiles or patches of all
    pictures.
    """
    each = [
        image_tokens(asked.model, width=one.width, height=one.height, detail=asked.detail) for one in asked.pictures
    ]
    return replace(
        each[0],
        tiles=None if each[0].tiles is None else sum(one.tiles or 0 for one in each),
        patches=None if each[0].patches is None else sum(one.patches or 0 for one in each),
    )
