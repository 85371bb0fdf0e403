"""ISO base media boxes (HEIC, AVIF, MP4), walked without a decoder: is the whole file there?

libheif decodes a truncated HEIC "successfully" into solid green tiles; the top-level boxes tell the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER_BYTES = 8
LARGE_HEADER_BYTES = 16
MAX_BOXES = 10_000
OF_STILLS = {b"ftyp", b"meta", b"mdat", b"moov", b"free", b"idat", b"uuid", b"mpvd"}
EXTENT_PATH = ((b"meta", 4), (b"iprp", 0), (b"ipco", 0), (b"ispe", 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """`start` and `end` are offsets of the whole box; `body` is where its content starts."""

    type: bytes
    start: int
    body: int
    end: int


def walk_boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes side by side from `start`. A size of 0 runs to the end; an impossible one ends the walk."""
    stop = len(data) if end is None else end
    for _ in range(MAX_BOXES):
        if start + HEADER_BYTES > stop:
            return
        size, kind, body = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], start + 8
        if size == 1:
            size, body = int.from_bytes(data[start + 8 : start + 16], "big"), start + LARGE_HEADER_BYTES
        elif size == 0:
            size = stop - start
        if size < body - start:
            return
        yield Box(type=kind, start=start, body=body, end=start + size)
        start += size


def is_cut_off(data: bytes) -> bool:
    """True if a top-level box announces more bytes than there are. What is no box at all stands behind the picture."""
    return any(box.end > len(data) for box in walk_boxes(data) if box.type in OF_STILLS)


def largest_extent(data: bytes) -> tuple[int, int]:
    """Width and height of the largest picture that the `meta` box announces (ispe), before any decoder sees it."""
    sizes = [
        (
            int.from_bytes(data[ispe.body + 4 : ispe.body + 8], "big"),
            int.from_bytes(data[ispe.body + 8 : ispe.body + 12], "big"),
        )
        for ispe in find_boxes(data, EXTENT_PATH)
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))


def find_boxes(
    data: bytes, path: tuple[tuple[bytes, int], ...], start: int = 0, end: int | None = None
) -> Iterator[Box]:
    """Boxes at a path of (type, bytes between header and children)."""
    (kind, skip), *rest = path
    for box in walk_boxes(data, start, end):
        if box.type == kind and rest:
            yield from find_boxes(data, tuple(rest), box.body + skip, min(box.end, len(data)))
        elif box.type == kind:
            yield box
