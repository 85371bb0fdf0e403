"""What the header of a BMP tells beside the pixels: its colour profile, of version 5 (BITMAPV5HEADER)."""

from __future__ import annotations

import struct

V5_BYTES = 124
FILE_HEADER_BYTES = 14
EMBEDDED = b"DEBM"  # bV5CSType: PROFILE_EMBEDDED, 'MBED'
COLOUR_SPACE = slice(FILE_HEADER_BYTES + 56, FILE_HEADER_BYTES + 60)
PLACE = struct.Struct("<II")  # of the profile: offset from the header, and bytes
PLACE_AT = FILE_HEADER_BYTES + 112


def profile(data: bytes) -> bytes | None:
    """The embedded ICC profile, if there is one."""
    header_bytes = int.from_bytes(data[FILE_HEADER_BYTES : FILE_HEADER_BYTES + 4], "little")
    if header_bytes < V5_BYTES or data[COLOUR_SPACE] != EMBEDDED or len(data) < PLACE_AT + PLACE.size:
        return None
    offset, size = PLACE.unpack_from(data, PLACE_AT)
    start = FILE_HEADER_BYTES + offset
    return data[start : start + size] or None
