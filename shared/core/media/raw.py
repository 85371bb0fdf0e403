"""Camera raw files: the JPEG preview that the camera put in, found without decoding any raw sample.

DNG, CR2, CR3, NEF, ARW, RAF, ORF, RW2, PEF and their kin differ in where they keep previews, and makers move them; but
each preview is a whole JPEG, and its header says its size. So the file is looked through for JPEGs whose header is
complete, and the largest is taken. Lossless JPEG, as raw samples are packed, is none: its frame header is another.
The direction of the camera stands in the first directory of the file, or of the TIFF inside a CR3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.core.media import tiff

if TYPE_CHECKING:
    from collections.abc import Iterator

SUB_DIRECTORIES = 330
SENSOR, LINEAR_SENSOR = 32803, 34892
PACKED_SAMPLES = frozenset({32767, 32769, 32770, 34713, 65000, 65535})
"""Compressions of Sony, Samsung, Nikon, Kodak and Pentax, by exiftool's table of TIFF compressions."""
START = b"\xff\xd8\xff"
BASELINE_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
OTHER_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
SCAN = 0xDA
CHANNELS, BITS = 3, 8
MOST_JPEGS = 2_000  # beginnings that are looked at; random samples make one in 16 MB look like one
MOST_SEGMENTS = 200  # before the first scan
MOST_DIRECTORIES = 20
TIFF_IN_CR3 = b"CMT1"
LOOKED_FOR_CMT1 = 1 << 20  # it stands in the first box


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A JPEG from `at` to the end of the file (decoders stop at its own end), `orientation` by EXIF, 1 if unknown."""

    at: int
    width: int
    height: int
    orientation: int


def is_raw_tiff(data: bytes) -> bool:
    """Whether a TIFF holds samples of a sensor: by its own or a sub-directory's colours or compression, or as DNG."""
    pages = tiff.read_pages(data, MOST_DIRECTORIES)
    if not pages:
        return False
    return any(
        tiff.DNG_VERSION in page.entries
        or page.photometric in {SENSOR, LINEAR_SENSOR}
        or page.one(tiff.COMPRESSION, 1) in PACKED_SAMPLES
        for page in (*pages, *sub_directories(data, pages))
    )


def sub_directories(data: bytes, pages: list[tiff.TiffPage]) -> Iterator[tiff.TiffPage]:
    header = tiff.read_header(data)
    if header is None:
        return
    for page in pages:
        for at in page.all(SUB_DIRECTORIES)[:MOST_DIRECTORIES]:
            try:
                entries, _ = tiff.read_directory(data, header, at)
            except struct.error:
                continue
            yield tiff.TiffPage(data=data, order=header.order, entries={entry.tag: entry for entry in entries})


def find_preview(data: bytes) -> Preview | None:
    """The largest JPEG in the file; None where there is no whole one."""
    found = [(width * height, at, width, height) for at, (width, height) in jpegs_in(data)]
    if not found:
        return None
    _, at, width, height = max(found, key=lambda one: (one[0], -one[1]))
    return Preview(at=at, width=width, height=height, orientation=orientation_of(data))


def jpegs_in(data: bytes) -> Iterator[tuple[int, tuple[int, int]]]:
    """The offset and size in pixels of each JPEG; at most MOST_JPEGS beginnings are looked at."""
    at = -1
    for _ in range(MOST_JPEGS):
        at = data.find(START, at + 1)
        if at < 0:
            return
        if (size := size_of_jpeg(data, at)) is not None:
            yield at, size


def size_of_jpeg(data: bytes, at: int) -> tuple[int, int] | None:
    """Width and height in pixels of a JPEG in colour that begins here; None for another kind, or what only looks like
    one.
    """
    at += len(START) - 1
    size: tuple[int, int] | None = None
    for _ in range(MOST_SEGMENTS):
        head = data[at : at + 9]
        if len(head) < 9 or head[0] != 0xFF:  # noqa: PLR2004 -- marker, length, and what a frame header begins with
            return None
        marker, length = head[1], int.from_bytes(head[2:4], "big")
        if marker == SCAN:
            return size
        if marker in BASELINE_FRAMES and size is None:
            size = frame_size(head, data[at + 9 : at + 10])
        if marker in OTHER_FRAMES or length < 2 or (marker in BASELINE_FRAMES and size is None):  # noqa: PLR2004
            return None
        at += 2 + length
    return None


def frame_size(head: bytes, channels: bytes) -> tuple[int, int] | None:
    height, width = struct.unpack_from(">HH", head, 5)
    is_colour = head[4] == BITS and channels == bytes([CHANNELS])
    return (width, height) if is_colour and width and height else None


def orientation_of(data: bytes) -> int:
    """The camera's EXIF orientation, by the tag of the first directory; 1 where there is none."""
    inside = data.find(TIFF_IN_CR3, 0, LOOKED_FOR_CMT1) if data[4:8] == b"ftyp" else -1
    pages = tiff.read_pages(data[inside + 4 :] if inside > 0 else data, 1)
    value = pages[0].one(tiff.ORIENTATION, 1) if pages else 1
    return value if value in range(1, 9) else 1
