"""The size of a WebP by its header: its decoder takes memory for the whole canvas as soon as it is opened."""

from __future__ import annotations

EXTENDED, LOSSY, LOSSLESS = b"VP8X", b"VP8 ", b"VP8L"
LOSSY_START = b"\x9d\x01\x2a"
FOURTEEN_BITS = 0x3FFF


def canvas_size(data: bytes) -> tuple[int, int]:
    """(0, 0) where the header is broken."""
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
