"""Text and codes in a picture: tesseract if it is on PATH, zxing-cpp if it can be imported, else nothing.

Both work on the preview; places are fractions 0..1 of the picture, as in the Vision enhancements.
"""

from __future__ import annotations

import csv
import importlib
import io
import logging
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from types import ModuleType
from typing import Any

from PIL import Image

LOG = logging.getLogger(__name__)

TESSERACT_TIMEOUT_S = 20
# One thread: on two cores the default is three times slower. Below 70 % its words are mostly noise on photos.
TESSERACT_THREADS = "1"
MIN_CONFIDENCE = 70.0
WORD_LEVEL = "5"

Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    text: str
    polygon: Polygon


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A bar code in a picture. `format` is its symbology, such as QR Code."""

    format: str
    text: str
    polygon: Polygon


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    lines: tuple[Line, ...] = ()
    codes: tuple[Code, ...] = ()


def read_picture_text(image: Image.Image, *, ocr: bool) -> Reading:
    return Reading(lines=read_lines(image) if ocr else (), codes=read_codes(image))


def read_lines(image: Image.Image) -> tuple[Line, ...]:
    program = shutil.which("tesseract")
    if program is None:
        return ()
    png = io.BytesIO()
    image.save(png, "PNG", compress_level=1)
    environment = {**os.environ, "OMP_THREAD_LIMIT": TESSERACT_THREADS}
    command = [program, "stdin", "stdout", "tsv"]
    try:
        done = subprocess.run(
            command, input=png.getvalue(), capture_output=True, env=environment, timeout=TESSERACT_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        LOG.warning("tesseract gave no text: %s", type(error).__name__)
        return ()
    return parse_tsv(done.stdout.decode("utf-8", "replace"), image.size)


def parse_tsv(tsv: str, size: tuple[int, int]) -> tuple[Line, ...]:
    rows = csv.DictReader(io.StringIO(tsv), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if row["level"] == WORD_LEVEL and is_readable(row)]
    by_line = groupby(words, key=lambda row: (row["block_num"], row["par_num"], row["line_num"]))
    return tuple(Line(words=tuple(to_word(row, size) for row in group)) for _, group in by_line)


def is_readable(row: dict[str, str]) -> bool:
    return float(row["conf"]) >= MIN_CONFIDENCE and any(character.isalnum() for character in row["text"] or "")


def to_word(row: dict[str, str], size: tuple[int, int]) -> Word:
    left, top = int(row["left"]), int(row["top"])
    right, bottom = left + int(row["width"]), top + int(row["height"])
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Word(text=row["text"].strip(), polygon=fractions(corners, size))


def read_codes(image: Image.Image) -> tuple[Code, ...]:
    reader = code_reader()
    if reader is None:
        return ()
    found = [code for code in reader.read_barcodes(image) if code.text]
    return tuple(to_code(code, image.size) for code in sorted(found, key=lambda code: code.text))


@cache
def code_reader() -> ModuleType | None:
    try:
        return importlib.import_module("zxingcpp")
    except ImportError:
        return None


def to_code(code: Any, size: tuple[int, int]) -> Code:
    place = code.position
    corners = [
        (corner.x, corner.y) for corner in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    ]
    return Code(format=str(code.format), text=code.text, polygon=fractions(corners, size))


def fractions(corners: Iterable[tuple[int, int]], size: tuple[int, int]) -> Polygon:
    width, height = size
    return tuple((round(x / width, 4), round(y / height, 4)) for x, y in corners)
