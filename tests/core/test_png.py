"""PNG chunks: found behind the pixels, dropped where they hurt."""

from __future__ import annotations

import zlib

from shared.core.png import drop_metadata, find_chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, content: bytes = b"") -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


HEADER, PIXELS, END = chunk(b"IHDR", bytes(13)), chunk(b"IDAT", b"pixels"), chunk(b"IEND")
WITH_EXIF_LAST = SIGNATURE + HEADER + chunk(b"iCCP", b"bomb") + PIXELS + chunk(b"eXIf", b"II*\0") + END


def test_a_chunk_is_found_wherever_it_stands():
    """ImageMagick writes EXIF behind the pixels."""
    assert find_chunk(WITH_EXIF_LAST, b"eXIf") == b"II*\0"
    assert find_chunk(WITH_EXIF_LAST, b"zTXt") is None


def test_only_pixels_are_left():
    """Profiles and texts go, whatever is in them."""
    assert drop_metadata(WITH_EXIF_LAST) == SIGNATURE + HEADER + PIXELS + END


def test_a_chunk_that_is_cut_off_ends_the_walk():
    """A truncated file has what it has."""
    assert drop_metadata(SIGNATURE + HEADER + PIXELS[:9]) == SIGNATURE + HEADER + PIXELS[:9]
