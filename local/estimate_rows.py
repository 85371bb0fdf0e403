"""What `./visiondrop estimate` prints: a row a file or size, model and detail, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from local.table import table
from shared.core.models.tokens import ImageTokens
from shared.core.money.estimate import Estimate

if TYPE_CHECKING:
    from shared.core.media.frame_plan import VideoInfo
    from shared.core.media.picture_plan import ImageInfo
    from shared.core.models.catalogue import Detail

HEADINGS = ("source", "size", "model", "detail", "tokens", "cells", "seen as", "usd", "note")
NO_PRICE = Estimate(image_tokens=None, input_tokens=None, usd=None, max_usd=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is estimated: a picture by its size, a file by its header, or the reason why it has neither."""

    source: str
    width: int = 0
    height: int = 0
    info: ImageInfo | VideoInfo | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the estimate. `counted` adds up the tokens of all pictures; the size seen is the first one's. `price`
    is the whole question's.
    """

    subject: Subject
    asked: str = ""  # the model's name as it was given
    detail: Detail
    counted: ImageTokens | None = None
    pictures: int = 1
    price: Estimate | None = None
    with_words: bool = False
    rejected: str | None = None
    unpriced: str | None = None
    notes: tuple[str, ...] = ()


def to_json(row: Row) -> dict[str, Any]:
    """The row for programs. `sent_width` and `sent_height`, in pixels, are what the model gets to see; `usd` is null
    where no price is known.
    """
    counted = row.counted
    several = {"pictures": row.pictures} if row.pictures > 1 else {}
    by_patch = counted is not None and counted.patches is not None
    price = row.price or NO_PRICE
    return {
        "source": row.subject.source,
        "width": row.subject.width or None,
        "height": row.subject.height or None,
        "model": row.asked,
        "detail": row.detail,
        "image_tokens": counted and counted.tokens,
        "patches" if by_patch else "tiles": counted and (counted.patches if by_patch else counted.tiles),
        "sent_width": counted and counted.seen_width,
        "sent_height": counted and counted.seen_height,
        "usd": text_of(price.usd),
        "rejected": row.rejected,
        **several,
        **({"input_tokens": price.input_tokens, "max_usd": text_of(price.max_usd)} if row.with_words else {}),
    }


def text_of(usd: Decimal | None) -> str | None:
    return None if usd is None else format(usd, "f")


def to_table(rows: list[Row]) -> str:
    return table(HEADINGS, (cells(row) for row in rows), right=("size", "tokens", "cells", "seen as", "usd"))


def cells(row: Row) -> tuple[str, ...]:
    subject, counted = row.subject, row.counted
    pixels = f"{subject.width}x{subject.height}" if subject.width else "-"
    if counted is None:
        return (subject.source, pixels, row.asked, row.detail, "-", "-", "-", "-", "rejected")
    billed = row.detail if row.detail == counted.detail else f"{row.detail} ({counted.detail})"
    grid = cells_of(counted.tiles or 0, "tile") if counted.patches is None else cells_of(counted.patches, "patch", "es")
    seen = f"{counted.seen_width}x{counted.seen_height}"
    usd = shown_usd(row)
    return (subject.source, pixels, row.asked, billed, f"{counted.tokens:,}", grid, seen, usd, "; ".join(row.notes))


def shown_usd(row: Row) -> str:
    """The dollars for the input; with a question, up to what an answer of full length adds."""
    if row.price is None or row.price.usd is None:
        return "-"
    most = f" to {row.price.max_usd:.6f}" if row.with_words and row.price.max_usd is not None else ""
    return f"{row.price.usd:.6f}{most}"


def cells_of(number: int, one: str, plural: str = "s") -> str:
    return f"{number:,} {one}{'' if number == 1 else plural}"
