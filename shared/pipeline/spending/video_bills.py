"""What is paid for a video beside its question, at the day's prices and those of the deployment that transcribes."""

from __future__ import annotations

from shared.core.ask.options import Options
from shared.core.errors import PriceMissing
from shared.core.media.normalized import Normalized
from shared.core.money import video_prices as prices
from shared.core.money.prices import Cost
from shared.pipeline.ports import Services


def transcription_cost(services: Services, item: Normalized) -> Cost | None:
    """The dollars for transcribing a piece of sound, by the minute; None, and a line in the log, before the price's
    first day.
    """
    model = services.settings.transcribe_model or services.settings.transcribe_deployment or ""
    try:
        return prices.transcription_cost(model, item.duration_s, on=services.now().date())
    except PriceMissing as error:
        services.log("unpriced", {"model": model, "code": error.code})
        return None


def transcript_name(item: Normalized) -> str:
    """The blob in `results` that holds the words of a piece of sound; all jobs that use the sound share it."""
    return f"{item.name.removesuffix('.mp3').replace('/', '.')}.json"


def index_cost(services: Services, duration_s: float | None) -> Cost:
    return prices.index_cost(duration_s, on=services.now().date())


def query_cost(services: Services, options: Options) -> Cost:
    return prices.query_cost(finds_moments=options.query is not None, on=services.now().date())
