"""PNG chunks, walked without a decoder: metadata that stands behind the pixels or breaks the reader, and scanlines.

adapters/pixels/png.py reads large pictures in bands of scanlines, each dressed up as a small PNG (`stored`).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, cast

from shared.core.media.colour_space import space_of_code_points, space_of_gamma

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.core.media.colour_space import ColourSpace, Primaries

SIGNATURE = b"\x89PNG\r\n\x1a\n"
FIRST_CHUNK = len(SIGNATURE)
PIXEL_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"}
HEADER = struct.Struct(">IIBBBBB")  # width, height, depth, colour type, compression, filter method, interlacing
HEADER_START = 16
COLOUR_TYPES = {3: 2, 4: 6}  # by samples per pixel: RGB, RGBA
SLICE_BYTES = 65_536
NO_CHECKSUM = bytes(4)  # readers in a hurry do not look
COLOUR_CHUNKS = {b"cICP", b"sRGB", b"gAMA", b"cHRM"}
CICP_BYTES = 4
GAMMA, CORNERS = struct.Struct(">I"), struct.Struct(">8I")
UNIT = 100_000  # of both
MAX_STORED_BYTES = 65_535  # of one block of deflate


def find_chunk(data: bytes, name: bytes) -> bytes | None:
    """The content of the first chunk of that name, wherever it stands: EXIF may follow the pixels."""
    return next((data[start + 8 : end - 4] for found, start, end in walk_chunks(data) if found == name), None)


def colour_space(data: bytes) -> ColourSpace | None:
    """The colour space that is described without a profile, the strongest first (PNG, third edition, 4.3): cICP, then
    sRGB, then gAMA; None for sRGB or nothing.
    """
    told = {name: data[start + 8 : end - 4] for name, start, end in walk_chunks(data) if name in COLOUR_CHUNKS}
    if len(code_points := told.get(b"cICP", b"")) == CICP_BYTES:
        return space_of_code_points(code_points[0], code_points[1])
    if b"sRGB" in told or len(told.get(b"gAMA", b"")) != GAMMA.size:
        return None
    corners = told.get(b"cHRM", b"")
    white_first = [value / UNIT for value in CORNERS.unpack(corners)] if len(corners) == CORNERS.size else None
    primaries = cast("Primaries", (*white_first[2:], *white_first[:2])) if white_first else None
    return space_of_gamma(GAMMA.unpack(told[b"gAMA"])[0] / UNIT, primaries)


def drop_metadata(data: bytes) -> bytes:
    """The picture without texts and profiles, for when one of them is a bomb or broken: the pixels may be fine."""
    kept = (data[start:end] for name, start, end in walk_chunks(data) if name in PIXEL_CHUNKS)
    return data[:FIRST_CHUNK] + b"".join(kept)


def drop_broken_metadata(data: bytes) -> bytes:
    """The file without ancillary chunks whose checksum is wrong: as browsers read it."""
    chunks = list(walk_chunks(data))
    broken = {start for name, start, end in chunks if is_ancillary(name) and not is_whole(data[start:end])}
    if not broken:
        return data
    return data[:FIRST_CHUNK] + b"".join(data[start:end] for _, start, end in chunks if start not in broken)


def is_ancillary(name: bytes) -> bool:
    """Whether readers may ignore the chunk, by the case of its first letter."""
    return name not in PIXEL_CHUNKS and name[:1].islower()


def is_whole(chunk: bytes) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def walk_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name, start and end of each chunk; the last one may end behind the data."""
    start = FIRST_CHUNK
    while start + 8 <= len(data):
        end = start + int.from_bytes(data[start : start + 4], "big") + 12
        yield data[start + 4 : start + 8], start, end
        start = end


def samples_per_pixel(data: bytes) -> int:
    """3 or 4 where whole scanlines of bytes follow each other, as in photos and screenshots; 0 for other layouts."""
    header = data[HEADER_START : HEADER_START + HEADER.size]
    if data[12:16] != b"IHDR" or len(header) < HEADER.size:
        return 0
    *_, depth, colour_type, _, _, interlacing = HEADER.unpack(header)
    return next((n for n, known in COLOUR_TYPES.items() if (depth, colour_type, interlacing) == (8, known, 0)), 0)


def pixel_slices(data: bytes) -> Iterator[memoryview]:
    """The compressed pixels in small pieces, none of them copied."""
    view = memoryview(data)
    for name, start, end in walk_chunks(data):
        if name == b"IDAT":
            for at in range(start + 8, end - 4, SLICE_BYTES):
                yield view[at : min(at + SLICE_BYTES, end - 4)]


def stored(scanlines: Sequence[bytes], *, width: int, height: int, samples: int) -> bytes:
    """A PNG of filtered scanlines as they are. Its stream has no end: readers have all rows before they notice."""
    header = HEADER.pack(width, height, 8, COLOUR_TYPES[samples], 0, 0, 0)
    blocks: list[bytes | memoryview] = [b"\x78\x01"]
    for part in scanlines:
        for at in range(0, len(part), MAX_STORED_BYTES):
            block = memoryview(part)[at : at + MAX_STORED_BYTES]
            blocks += (struct.pack("<BHH", 0, len(block), len(block) ^ 0xFFFF), block)
    size = sum(map(len, blocks))
    head = (SIGNATURE, chunk_start(b"IHDR", len(header)), header, NO_CHECKSUM, chunk_start(b"IDAT", size))
    return b"".join((*head, *blocks, NO_CHECKSUM))


def chunk_start(name: bytes, size: int) -> bytes:
    return struct.pack(">I", size) + name
