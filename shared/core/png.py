"""PNG chunks, walked without a decoder: metadata that stands behind the pixels, and metadata that breaks the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_CHUNK = 8
PIXEL_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"}


def find_chunk(data: bytes, name: bytes) -> bytes | None:
    """The content of the first chunk of that name, wherever it stands: EXIF may follow the pixels."""
    return next((data[start + 8 : end - 4] for found, start, end in walk_chunks(data) if found == name), None)


def drop_metadata(data: bytes) -> bytes:
    """The picture without texts and profiles, one of which is a bomb or broken: the pixels may be fine."""
    kept = (data[start:end] for name, start, end in walk_chunks(data) if name in PIXEL_CHUNKS)
    return data[:FIRST_CHUNK] + b"".join(kept)


def walk_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each chunk; the last one may end behind the data."""
    start = FIRST_CHUNK
    while start + 8 <= len(data):
        end = start + int.from_bytes(data[start : start + 4], "big") + 12
        yield data[start + 4 : start + 8], start, end
        start = end
