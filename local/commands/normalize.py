"""`./visiondrop normalize`: what `accept` would make of files, written to a folder. Offline; nothing is sent."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from local.table import table
from local.video_rows import VideoQuestion, sample_file, to_row
from shared.core.ask.option_rows import SAMPLINGS
from shared.core.ask.parts import words_before
from shared.core.errors import DecoderBusy, SourceRejected
from shared.core.limits import VIDEO_FRAMES
from shared.core.media.kinds import HEAD_BYTES, sniff
from shared.core.media.tiles import LEAST_TILES, MOST_TILES
from shared.core.models.catalogue import look_up_model

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from shared.adapters.frames.worker import FrameWorker
    from shared.adapters.pixels.worker import PixelWorker
    from shared.core.media.picture import NormalizedImage
    from shared.core.media.tiles import Tiles

SUMMARY = "pictures and frames of videos as they would be sent, written to a folder"
DETAILS = ("auto", "low", "high", "original")
DEFAULT_MODEL = "gpt-4o"
HEADINGS = ("source", "state", "kind", "size", "frames", "sent", "bytes", "note")
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png"}
MAX_STEM_CHARACTERS = 80

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """The child processes that decode."""

    pixels: PixelWorker
    frames: FrameWorker


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
    parser.add_argument("--out", required=True, metavar="DIR", type=Path, help="made if it is not there")
    parser.add_argument("--detail", choices=DETAILS, help="default: high for pictures, low for frames of videos")
    parser.add_argument(
        "--frames", type=frame_count, metavar="N", help="of a video, or pages; default: 20, or all pages"
    )
    parser.add_argument("--sampling", choices=SAMPLINGS, default="even", help="of a video's frames; default: even")
    parser.add_argument(
        "--tiles",
        type=tile_count,
        default="auto",
        metavar="auto|off|2-16",
        help="parts of a page beside the whole; default: auto, where its text would be lost",
    )
    parser.add_argument("--model", metavar="M", help=f"whose rules decide; default: VISION_MODEL or {DEFAULT_MODEL}")
    parser.add_argument("--json", action="store_true", help="rows for a program, with steps and notes")


def frame_count(text: str) -> int:
    """The number of frames in an argument. Raises ValueError, which the parser turns into a message."""
    number = int(text)
    if not 1 <= number <= VIDEO_FRAMES.value:
        raise ValueError(text)
    return number


def tile_count(text: str) -> Tiles:
    """Raises ValueError, which the parser turns into a message."""
    if text in {"auto", "off"}:
        return cast("Tiles", text)
    if not LEAST_TILES <= int(text) <= MOST_TILES:
        raise ValueError(text)
    return int(text)


def run(arguments: Namespace) -> int:
    from shared.adapters.frames.worker import FrameWorker
    from shared.adapters.pixels.worker import PixelWorker

    model = look_up_model(arguments.model or os.environ.get("VISION_MODEL") or DEFAULT_MODEL)
    arguments.out.mkdir(parents=True, exist_ok=True)
    names = FreeNames()
    asked = VideoQuestion(model=model, detail=arguments.detail, frames=arguments.frames, sampling=arguments.sampling)
    with PixelWorker() as pixels, FrameWorker() as frames:
        workers = Workers(pixels=pixels, frames=frames)
        rows = [
            normalize_file(path, arguments.out, workers=workers, asked=asked, names=names, tiles=arguments.tiles)
            for path in arguments.files
        ]
    print(json.dumps(rows, ensure_ascii=False, indent=2) if arguments.json else table(HEADINGS, map(cells, rows)))
    return int(any(row["state"] == "rejected" for row in rows))


def normalize_file(
    path: Path, out: Path, *, workers: Workers, asked: VideoQuestion, names: FreeNames, tiles: Tiles = "auto"
) -> Row:
    row: Row = dict.fromkeys(("code", "kind", "format", "width", "height", "orientation", "frames", "duration_s"))
    row |= {"source": str(path), "outputs": []}
    try:
        kind = sniff(read_head(path))
        row |= {"kind": kind.kind, "format": kind.format}
        if kind.kind == "video":
            video = sample_file(path, workers.frames, asked)
            return row | to_row(video, out, names.take(path.stem))
        image = workers.pixels.normalize_image(
            path.read_bytes(), model=asked.model, detail=asked.detail or "high", max_images=asked.frames, tiles=tiles
        )
    except OSError as error:
        return row | {"state": "rejected", "code": "unreadable", "message": str(error.strerror)}
    except (SourceRejected, DecoderBusy) as error:
        return row | {"state": "rejected", "code": error.code, "message": error.message, "hint": error.hint}
    return row | accepted(image) | {"outputs": list(write(image, names.take(path.stem), out))}


def read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def accepted(image: NormalizedImage) -> Row:
    info = image.info
    return {
        "state": "ok",
        "width": info.width,
        "height": info.height,
        "orientation": info.orientation,
        "frames": info.frames,
        "duration_s": info.duration_s,
        "partial": image.partial,
        "steps": list(image.steps),
        "notes": list(image.notes),
    }


def write(image: NormalizedImage, stem: str, out: Path) -> Iterator[Row]:
    for picture in image.pictures:
        number = f"-{picture.index:04}" if len(image.whole_pictures) > 1 else ""
        if picture.place is not None and picture.place.number:
            number += f"-part{picture.place.number:02}"
        path = out / f"{stem}{number}{SUFFIXES[picture.media_type]}"
        path.write_bytes(picture.data)
        yield {
            "path": str(path),
            "width": picture.width,
            "height": picture.height,
            "bytes": len(picture.data),
            "at_s": picture.at_s,
            "before": words_before(picture),
        }


class FreeNames:
    """File names that stay in the folder and do not overwrite each other, whatever the sources are called."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def take(self, wanted: str) -> str:
        stem = re.sub(r"[^\w-]+", "_", wanted)[:MAX_STEM_CHARACTERS].strip("_") or "picture"
        name, number = stem, 1
        while name.casefold() in self.taken:
            number += 1
            name = f"{stem}_{number}"
        self.taken.add(name.casefold())
        return name


def cells(row: Row) -> tuple[str, ...]:
    outputs = row["outputs"]
    note = row.get("message") or "; ".join(row.get("notes", ()))
    sent = f"{outputs[0]['width']}x{outputs[0]['height']}" if outputs else ""
    return (
        Path(row["source"]).name,
        row["state"] if row["state"] == "ok" else str(row["code"]),
        str(row["format"] or ""),
        f"{row['width']}x{row['height']}" if row["width"] else "",
        str(row["frames"] or ""),
        f"{len(outputs)} x {sent}" if len(outputs) > 1 else sent,
        str(sum(output["bytes"] for output in outputs) or ""),
        note,
    )
