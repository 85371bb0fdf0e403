"""What the header of a BMP says beside the pixels: its colour profile (version 5, BITMAPV5HEADER) and its layout."""

from __future__ import annotations

import struct

V5_BYTES = 124
FILE_HEADER_BYTES = 14
EMBEDDED = b"DEBM"  # bV5CSType: PROFILE_EMBEDDED, 'MBED'
COLOUR_SPACE = slice(FILE_HEADER_BYTES + 56, FILE_HEADER_BYTES + 60)
PLACE = struct.Struct("<II")  # of the profile: offset from the header, and bytes
PLACE_AT = FILE_HEADER_BYTES + 112
INFO_BYTES = 40  # BITMAPINFOHEADER, and all that came later
LAYOUT, LAYOUT_AT = struct.Struct("<HI"), FILE_HEADER_BYTES + 14  # bits per pixel, compression
SIZE_END = FILE_HEADER_BYTES + 4
MASKS_AT = FILE_HEADER_BYTES + INFO_BYTES
USUAL = {0, 1, 2}  # none, run lengths of 8 and of 4 bits
BIT_MASKS = {3, 6}  # without and with one for alpha


def profile(data: bytes) -> bytes | None:
    """The embedded ICC profile; None without one."""
    header_bytes = int.from_bytes(data[FILE_HEADER_BYTES:SIZE_END], "little")
    if header_bytes < V5_BYTES or data[COLOUR_SPACE] != EMBEDDED or len(data) < PLACE_AT + PLACE.size:
        return None
    offset, size = PLACE.unpack_from(data, PLACE_AT)
    start = FILE_HEADER_BYTES + offset
    return data[start : start + size] or None


def rare_layout(data: bytes) -> str:
    """What readers may not know about the layout, in words; "" if it is one of the usual ones."""
    if len(data) < MASKS_AT or int.from_bytes(data[FILE_HEADER_BYTES:SIZE_END], "little") < INFO_BYTES:
        return ""
    bits, compression = LAYOUT.unpack_from(data, LAYOUT_AT)
    if compression in BIT_MASKS:
        masks = ", ".join(f"{mask:x}" for mask in struct.unpack_from("<3I", data.ljust(MASKS_AT + 12, b"\0"), MASKS_AT))
        return f"of {bits} bits with the masks {masks}"
    return "" if compression in USUAL else f"of compression {compression}"
