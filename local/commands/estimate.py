"""`./visiondrop estimate`: what pictures would cost, per model, before anything is sent. Offline, from headers."""

from __future__ import annotations

import json
import os
import re
import sys
from argparse import ArgumentTypeError
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.table import table
from shared.core.errors import CapabilityMissing, PriceMissing, SourceRejected, UnknownModel, VisiondropError
from shared.core.models import Model, look_up_model
from shared.core.price_types import SCOPES
from shared.core.prices import cost
from shared.core.tokens import ImageTokens, Usage, best_size, image_tokens

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from shared.core.models import Detail

SUMMARY = "tokens and USD of files or sizes, per model, before spending"
HEADINGS = ("source", "size", "model", "detail", "tokens", "cells", "seen as", "usd", "note")
DETAILS: tuple[Detail, ...] = ("auto", "low", "high", "original")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A picture by its size, or the reason why it has none."""

    source: str
    width: int | None = None
    height: int | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    subject: Subject
    asked: str = ""  # the model's name as it was given
    detail: Detail
    counted: ImageTokens | None = None
    usd: Decimal | None = None
    fault: str | None = None
    notes: tuple[str, ...] = ()


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", type=Path)
    parser.add_argument(
        "--size", action="append", default=[], type=size, metavar="WxH", help="a size instead of a file"
    )
    parser.add_argument("--model", action="append", metavar="M", help="repeat it to compare; default: VISION_MODEL")
    parser.add_argument(
        "--detail", choices=DETAILS, default="auto", help="default: auto, as if left out of the request"
    )
    parser.add_argument("--scope", choices=SCOPES, default="global", help="whose price list; default: global (Azure)")
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="prices of that day; default: today")
    parser.add_argument("--json", action="store_true", help="rows for a program")


def size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9]\d{0,6})[x*×]([1-9]\d{0,6})", text)  # noqa: RUF001 - the sign that people copy
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT in pixels, such as 4032x3024")
    return int(match[1]), int(match[2])


def run(arguments: Namespace) -> int:
    names = arguments.model or [name for name in [os.environ.get("VISION_MODEL")] if name]
    if not names or not (arguments.files or arguments.size):
        print("visiondrop estimate: name a --model, and a FILE or a --size WxH", file=sys.stderr)
        return 2
    try:
        models = {name: look_up_model(name) for name in names}
    except UnknownModel as error:
        print(f"visiondrop estimate: {error.message}. {error.hint}", file=sys.stderr)
        return 1
    subjects = [read(path) for path in arguments.files]
    subjects += [Subject(source=f"{w}x{h}", width=w, height=h) for w, h in arguments.size]
    on = arguments.on or datetime.now(tz=UTC).date()
    rows = [
        replace(estimate(subject, model, arguments.detail, arguments.scope, on), asked=name)
        for subject in subjects
        for name, model in models.items()
    ]
    print(json.dumps([to_json(row) for row in rows], indent=2) if arguments.json else to_table(rows))
    for fault in dict.fromkeys(f"{row.subject.source}: {row.fault}" for row in rows if row.fault):
        print(f"visiondrop estimate: {fault}", file=sys.stderr)
    return 1 if any(row.fault for row in rows) else 0


def read(path: Path) -> Subject:
    """The upright size, from the header."""
    from shared.adapters.pixels_open import inspect  # Pillow is loaded for files only

    try:
        info = inspect(path.read_bytes())
    except OSError as error:
        return Subject(source=str(path), fault=f"cannot be read ({error.strerror})")
    except SourceRejected as error:
        return Subject(source=str(path), fault=explain(error))
    return Subject(source=str(path), width=info.width, height=info.height)


def estimate(subject: Subject, model: Model, detail: Detail, scope: str, on: date) -> Row:
    """`on` is the day of the price. A missing price leaves `usd` out, a rejected picture all but the fault."""
    row = Row(subject=subject, detail=detail, fault=subject.fault)
    if subject.width is None or subject.height is None:
        return row
    try:
        counted = image_tokens(model, width=subject.width, height=subject.height, detail=detail)
    except (SourceRejected, CapabilityMissing) as error:
        return Row(subject=subject, detail=detail, fault=explain(error))
    notes = tuple(savings(model, subject.width, subject.height, counted))
    usd = None
    try:
        usage = Usage(input_tokens=counted.tokens, output_tokens=0, image_tokens=counted.tokens)
        usd = cost(model, usage, on=on, scope=scope).usd
    except PriceMissing as error:
        notes = (*notes, error.message)
    return Row(subject=subject, detail=detail, counted=counted, usd=usd, notes=notes)


def savings(model: Model, width: int, height: int, counted: ImageTokens) -> list[str]:
    """What the same picture would cost at detail high, and at the best size."""
    notes = []
    if counted.patches is not None:
        high = image_tokens(model, width=width, height=height, detail="high")
        if high.tokens < counted.tokens:
            notes.append(f"--detail high: {high.tokens:,}")
    best = best_size(model, width=width, height=height, detail=counted.detail)
    if best.saved_tokens:
        notes.append(f"sent as {best.width}x{best.height}: {best.tokens:,}")
    return notes


def explain(error: VisiondropError) -> str:
    return f"{error.message}. {error.hint}".rstrip(" .") + "."


def to_json(row: Row) -> dict[str, Any]:
    """`sent_width` and `sent_height` are what the model gets to see; `usd` is null where no price is known."""
    counted = row.counted
    by_patch = counted is not None and counted.patches is not None
    return {
        "source": row.subject.source,
        "width": row.subject.width,
        "height": row.subject.height,
        "model": row.asked,
        "detail": row.detail,
        "image_tokens": counted and counted.tokens,
        "patches" if by_patch else "tiles": counted and (counted.patches if by_patch else counted.tiles),
        "sent_width": counted and counted.seen_width,
        "sent_height": counted and counted.seen_height,
        "usd": None if row.usd is None else format(row.usd, "f"),
        "rejected": row.fault,
    }


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
    usd = "-" if row.usd is None else f"{row.usd:.6f}"
    return (subject.source, pixels, row.asked, billed, f"{counted.tokens:,}", grid, seen, usd, "; ".join(row.notes))


def cells_of(number: int, one: str, plural: str = "s") -> str:
    return f"{number:,} {one}{'' if number == 1 else plural}"
