"""`./visiondrop estimate`: what files would cost, per model, before anything is sent. Offline, from headers.

An animation, a paged TIFF and a video cost what the pictures cost that the app makes of them.
"""

from __future__ import annotations

import json
import os
import re
import sys
from argparse import ArgumentTypeError
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from local.days import day
from local.estimate_rows import Row, Subject, to_json, to_table
from local.video_rows import inspect_file
from shared.core import limits
from shared.core.errors import (
    CapabilityMissing,
    DecoderBusy,
    PriceMissing,
    SourceRejected,
    UnknownModel,
    VisiondropError,
)
from shared.core.media.kinds import HEAD_BYTES, sniff
from shared.core.models.catalogue import Model, look_up_model
from shared.core.models.tokens import ImageTokens, best_size, image_tokens
from shared.core.money import estimate as money
from shared.core.money.estimate import EstimateSubject, Shown
from shared.core.money.price_types import SCOPES

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from shared.core.media.picture_plan import ImageInfo
    from shared.core.models.catalogue import Detail
    from shared.core.models.image_grid import Size

SUMMARY = "tokens and USD of files or sizes, per model, before spending"
DETAILS: tuple[Detail, ...] = ("auto", "low", "high", "original")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked about all subjects, and whose prices of which day hold. Without `words`, only pictures are
    counted.
    """

    words: tuple[str, ...] = ()
    max_output_tokens: int = limits.MAX_OUTPUT_TOKENS.value
    scope: str
    on: date


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", type=Path)
    parser.add_argument(
        "--size", action="append", default=[], type=size, metavar="WxH", help="a size instead of a file"
    )
    parser.add_argument("--model", action="append", metavar="M", help="repeat it to compare; default: VISION_MODEL")
    parser.add_argument(
        "--detail", choices=DETAILS, help="default: auto, as if left out of the request; low for a video's frames"
    )
    parser.add_argument("--prompt", metavar="TEXT", help="also price the question, and its answer at full length")
    parser.add_argument("--system", metavar="TEXT", help="the system message, if there is one")
    parser.add_argument(
        "--max-output-tokens", type=int, default=limits.MAX_OUTPUT_TOKENS.value, metavar="N", help="the longest answer"
    )
    parser.add_argument("--scope", choices=SCOPES, default="global", help="whose price list; default: global (Azure)")
    parser.add_argument("--on", type=day, metavar="DATE", help="prices of that day; default: today")
    parser.add_argument("--json", action="store_true", help="rows for a program")


def size(text: str) -> Size:
    match = re.fullmatch(r"([1-9][0-9]{0,6})[xX*×]([1-9][0-9]{0,6})", text)  # noqa: RUF001 - the sign that people copy
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
        print(f"visiondrop estimate: {explain(error)}", file=sys.stderr)
        return 1
    subjects = [read(path) for path in arguments.files]
    subjects += [Subject(source=f"{w}x{h}", width=w, height=h) for w, h in arguments.size]
    on = arguments.on or datetime.now(tz=UTC).date()
    words = tuple(text for text in (arguments.prompt, arguments.system) if text)
    terms = Terms(words=words, max_output_tokens=arguments.max_output_tokens, scope=arguments.scope, on=on)
    rows = [
        replace(estimate(subject, model, arguments.detail, terms), asked=name)
        for subject in subjects
        for name, model in models.items()
    ]
    print(json.dumps([to_json(row) for row in rows], indent=2) if arguments.json else to_table(rows))
    faults = [f"{row.subject.source}: {row.rejected}" for row in rows if row.rejected]
    faults += [row.unpriced for row in rows if row.unpriced]
    for fault in dict.fromkeys(faults):
        print(f"visiondrop estimate: {fault}", file=sys.stderr)
    return 1 if faults else 0


def read(path: Path) -> Subject:
    """The upright size in pixels, and the number of pictures, from the file's header."""
    try:
        info = inspect_file(path) if is_video(path) else inspect_picture(path)
    except OSError as error:
        return Subject(source=str(path), fault=f"cannot be read ({error.strerror})")
    except (SourceRejected, DecoderBusy) as error:
        return Subject(source=str(path), fault=explain(error))
    return Subject(source=str(path), width=info.width, height=info.height, info=info)


def is_video(path: Path) -> bool:
    with path.open("rb") as file:
        return sniff(file.read(HEAD_BYTES)).kind == "video"


def inspect_picture(path: Path) -> ImageInfo:
    from shared.adapters.pixels.open import inspect  # Pillow is loaded for pictures only

    return inspect(path.read_bytes())


def estimate(subject: Subject, model: Model, detail: Detail | None, terms: Terms) -> Row:
    """The row of one subject. Without a price it has no dollars; of a rejected picture it has only the fault."""
    is_film = subject.info is not None and subject.info.kind.kind == "video"
    row = Row(subject=subject, detail=detail or ("low" if is_film else "auto"), rejected=subject.fault)
    if subject.fault:
        return row
    try:
        sizes = sent_sizes(subject, model, row.detail)
        counted = count(model, sizes, row.detail)
    except (SourceRejected, CapabilityMissing) as error:
        return replace(row, rejected=explain(error))
    notes = tuple(savings(model, sizes, counted))
    asked = to_asked(model, row.detail, sizes, terms)
    row = replace(row, counted=counted, pictures=len(sizes), notes=notes, with_words=bool(terms.words))
    try:
        return replace(row, price=money.estimate(asked))
    except PriceMissing as error:
        return replace(row, price=money.count(asked), unpriced=explain(error), notes=(*notes, error.message))


def to_asked(model: Model, detail: Detail, sizes: list[Size], terms: Terms) -> EstimateSubject:
    return EstimateSubject(
        model=model,
        detail=detail,
        max_output_tokens=terms.max_output_tokens if terms.words else 0,
        texts=terms.words,
        pictures=tuple(Shown(width=width, height=height) for width, height in sizes),
        room=model.max_images,
        on=terms.on,
        scope=terms.scope,
    )


def sent_sizes(subject: Subject, model: Model, detail: Detail) -> list[Size]:
    """The sizes in pixels of the pictures that the app sends: all pages, frames up to the model's limit, the moments of
    a video.
    """
    info = subject.info
    if info is None:
        return [(subject.width, subject.height)]

    from shared.core.media.frame_plan import VideoInfo, plan_video  # for files only
    from shared.core.media.picture_plan import choose

    if isinstance(info, VideoInfo):
        plan = plan_video(info, model=model, detail=detail)
        return [(plan.width, plan.height)] * plan.wanted
    return [info.frame_sizes[index] for index in choose(info, model=model)]


def count(model: Model, sizes: list[Size], detail: Detail) -> ImageTokens:
    each = [image_tokens(model, width=width, height=height, detail=detail) for width, height in sizes]
    return replace(
        each[0],
        tokens=sum(one.tokens for one in each),
        tiles=None if each[0].tiles is None else sum(one.tiles or 0 for one in each),
        patches=None if each[0].patches is None else sum(one.patches or 0 for one in each),
    )


def savings(model: Model, sizes: list[Size], counted: ImageTokens) -> Iterator[str]:
    """Lines that say what the same pictures would cost at detail high, and at the best size."""
    if len(sizes) > 1:
        yield f"{len(sizes)} pictures"
    if counted.patches is not None:
        high = count(model, sizes, "high")
        if high.tokens < counted.tokens:
            yield f"--detail high: {high.tokens:,}"
    best = [best_size(model, width=width, height=height, detail=counted.detail) for width, height in sizes]
    if any(one.saved_tokens for one in best):
        yield f"sent as {best[0].width}x{best[0].height}: {sum(one.tokens for one in best):,}"


def explain(error: VisiondropError) -> str:
    return f"{error.message}. {error.hint}".rstrip(" .") + "."
