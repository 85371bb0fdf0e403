"""What is done to a video beside asking, in dollars: minutes that are transcribed or indexed, searches of the index.

The same functions price the estimate, before anything is reserved, and the bill. All raise PriceMissing.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from shared.core.money.prices import Cost, unit_cost


def transcription_cost(model: str, heard_s: float | None, *, on: date) -> Cost:
    """The dollars for transcribing `duration_s` seconds of sound, by the minute. Raises PriceMissing."""
    return unit_cost(model, minutes(heard_s), on=on)


def index_cost(indexed_s: float | None, *, on: date) -> Cost:
    """The dollars for indexing `duration_s` seconds of video once, by the minute. Raises PriceMissing."""
    return unit_cost("video index", minutes(indexed_s), on=on)


def query_cost(*, finds_moments: bool, on: date) -> Cost:
    """The dollars for searching: the question finds its frames with one search, and moments that fit a text are
    another. Raises PriceMissing.
    """
    return unit_cost("video index query", 2 if finds_moments else 1, on=on)


def minutes(seconds: float | None) -> Decimal:
    return (Decimal(str(seconds or 0)) / 60).quantize(Decimal("0.0001"))
