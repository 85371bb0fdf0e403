"""What the header of a WebP tells: its decoder takes memory for the whole canvas as soon as it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EXTENDED, LOSSY, LOSSLESS = b"VP8X", b"VP8 ", b"VP8L"
LOSSY_START = b"\x9d\x01\x2a"
FOURTEEN_BITS = 0x3FFF
ANIMATION_OR_ALPHA = 0x12
FIRST_CHUNK = 12


def canvas_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels; (0, 0) where the header is broken."""
    chunk = data[12:16]
    if chunk == EXTENDED:
        return little(data[24:27]) + 1, little(data[27:30]) + 1
    if chunk == LOSSY and data[23:26] == LOSSY_START:
        return little(data[26:28]) & FOURTEEN_BITS, little(data[28:30]) & FOURTEEN_BITS
    if chunk == LOSSLESS:
        bits = little(data[21:25])
        return (bits & FOURTEEN_BITS) + 1, (bits >> 14 & FOURTEEN_BITS) + 1
    return 0, 0


def little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def is_opaque_lossy(data: bytes) -> bool:
    """Whether it is one photo without transparency: planes of a video's key frame, no more."""
    if data[12:16] == EXTENDED and little(data[20:21]) & ANIMATION_OR_ALPHA:
        return False
    return next((name for name in chunk_names(data) if name in {LOSSY, LOSSLESS}), b"") == LOSSY


def chunk_names(data: bytes) -> Iterator[bytes]:
    start = FIRST_CHUNK
    while start + 8 <= len(data):
        size = little(data[start + 4 : start + 8])
        yield data[start : start + 4]
        start += 8 + size + size % 2
