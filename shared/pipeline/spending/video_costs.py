"""What a video costs beside its question: the minutes that are transcribed, and those that go into the index.

The same functions price the estimate, before anything is reserved, and the bill.
"""

from __future__ import annotations

from decimal import Decimal

from shared.core.ask.options import Options
from shared.core.errors import PriceMissing
from shared.core.media.normalized import Normalized
from shared.core.money.prices import Cost, unit_cost
from shared.pipeline.ports import Services


def transcription_cost(services: Services, item: Normalized) -> Cost | None:
    """The dollars for a piece of sound, by the minute; None, and a line in the log, before the price's first day."""
    model = services.settings.transcribe_model or services.settings.transcribe_deployment or ""
    try:
        return unit_cost(model, minutes(item.duration_s), on=services.now().date())
    except PriceMissing as error:
        services.log("unpriced", {"model": model, "code": error.code})
        return None


def transcript_name(item: Normalized) -> str:
    """Where the job that a piece of sound was made for keeps its words, in `results`."""
    return f"{item.name.removesuffix('.mp3').replace('/', '.')}.json"


def index_cost(services: Services, duration_s: float | None) -> Cost:
    return unit_cost("video index", minutes(duration_s), on=services.now().date())


def query_cost(services: Services, options: Options) -> Cost:
    """The question finds its frames with one, and the option `query` is another."""
    return unit_cost("video index query", 1 if options.query is None else 2, on=services.now().date())


def minutes(seconds: float | None) -> Decimal:
    return (Decimal(str(seconds or 0)) / 60).quantize(Decimal("0.0001"))
