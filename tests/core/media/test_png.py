"""PNG chunks: found behind the pixels, dropped where they hurt."""

from __future__ import annotations

import struct
import zlib

import pytest

from shared.core.media.png import drop_metadata, find_chunk, pixel_slices, samples_per_pixel, stored, walk_chunks

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


def header(*, depth=8, colour=2, interlacing=0):
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 3, depth, colour, 0, 0, interlacing))


LAYOUTS = [
    (header(), 3),
    (header(colour=6), 4),
    (header(depth=16), 0),
    (header(colour=3), 0),
    (header(interlacing=1), 0),
    (header()[:28], 0),
    (SIGNATURE + chunk(b"CgBI", bytes(17)) + header()[8:], 0),
]


@pytest.mark.parametrize(("data", "samples"), LAYOUTS)
def test_plain_rows_of_bytes_are_known_by_the_header(data, samples):
    """RGB and RGBA of 8 bits, not interlaced; Apple's own variant starts with another chunk."""
    assert samples_per_pixel(data) == samples


def test_the_compressed_pixels_come_in_small_pieces():
    """From all IDAT chunks, also from one that is cut off."""
    data = SIGNATURE + chunk(b"IDAT", bytes(70_000)) + PIXELS + chunk(b"IDAT", b"there is no end")[:-9]
    assert [len(piece) for piece in pixel_slices(data)] == [65_536, 70_000 - 65_536, 6, 10]


def test_scanlines_are_dressed_up_as_a_png():
    """Nothing is compressed and no block is the last, so that any inflater delivers all of it."""
    rows = [b"\0" + bytes(30_000), b"\1" + bytes(60_000) * 2]
    data = stored(rows, width=10_000, height=5, samples=3)
    (packed,) = [data[start + 8 : end - 4] for name, start, end in walk_chunks(data) if name == b"IDAT"]
    assert samples_per_pixel(data) == 3
    assert zlib.decompressobj().decompress(packed) == b"".join(rows)
