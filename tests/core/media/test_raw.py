"""Camera raw files by their directories and by the JPEGs inside them, byte by byte."""

from __future__ import annotations

import struct

import pytest

from shared.core.media.raw import Preview, find_preview, is_raw_tiff

SCAN = b"\xff\xda\x00\x0c"


def frame(width: int, height: int, *, marker: int = 0xC0, channels: int = 3, bits: int = 8) -> bytes:
    body = struct.pack(">BHHB", bits, height, width, channels) + bytes(3 * channels)
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(body)) + body


def jpeg(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments) + SCAN + bytes(8)


def entry(tag: int, kind: int, value: int) -> bytes:
    return struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value)


def directory(*entries: bytes) -> bytes:
    return struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)


def tiff_of(*entries: bytes, rest: bytes = b"") -> bytes:
    return b"II*\0" + struct.pack("<I", 8) + directory(*entries) + rest


RAW = {
    "sensor's colours": (tiff_of(entry(262, 3, 32803)), True),
    "linear colours": (tiff_of(entry(262, 3, 34892)), True),
    "maker's packing": (tiff_of(entry(259, 3, 34713)), True),
    "DNG": (tiff_of(entry(50706, 4, 0x0104)), True),
    "sensor below": (tiff_of(entry(330, 4, 26), rest=directory(entry(262, 3, 32803))), True),
    "below is nothing": (tiff_of(entry(330, 4, 5_000)), False),
    "plain RGB": (tiff_of(entry(262, 3, 2)), False),
    "no TIFF": (b"\xff\xd8\xff\xe0", False),
    "no directory": (b"II*\0" + struct.pack("<I", 0), False),
}


@pytest.mark.parametrize(("data", "is_raw"), RAW.values(), ids=RAW)
def test_a_tiff_of_a_sensor_is_told(data, is_raw):
    """By the colours or the packing of any of its directories."""
    assert is_raw_tiff(data) is is_raw


FOUND = {
    "baseline": (jpeg(frame(1600, 1200)), (1600, 1200)),
    "extended": (jpeg(frame(1600, 1200, marker=0xC1)), (1600, 1200)),
    "progressive": (jpeg(frame(1600, 1200, marker=0xC2)), (1600, 1200)),
    "with metadata": (jpeg(b"\xff\xe1\x00\x04ab", frame(1600, 1200)), (1600, 1200)),
    "larger of two": (jpeg(frame(160, 120)) + jpeg(frame(1600, 1200)), (1600, 1200)),
    "first of two alike": (jpeg(frame(160, 120)) + jpeg(frame(160, 120)), (160, 120)),
    "lossless": (jpeg(frame(1600, 1200, marker=0xC3)), None),
    "grey": (jpeg(frame(1600, 1200, channels=1)), None),
    "12 bits": (jpeg(frame(1600, 1200, bits=12)), None),
    "no width": (jpeg(frame(0, 1200)), None),
    "no frame": (jpeg(b"\xff\xe1\x00\x04ab"), None),
    "no scan": (b"\xff\xd8" + frame(1600, 1200), None),
    "no marker where one must be": (b"\xff\xd8" + b"\xff\xe1\x00\x04ab" + bytes(30), None),
    "a length of one": (jpeg(b"\xff\xe1\x00\x01", frame(1600, 1200)), None),
    "segments without end": (b"\xff\xd8" + b"\xff\xe1\x00\x02" * 500, None),
}


@pytest.mark.parametrize(("data", "size"), FOUND.values(), ids=FOUND)
def test_a_preview_is_a_whole_jpeg_in_colour(data, size):
    """Its header must be complete, up to the first scan."""
    preview = find_preview(b"IIRO" + data)

    assert (preview and (preview.width, preview.height)) == size


def test_the_first_of_two_alike_is_taken():
    """And an orientation that no camera writes is none."""
    data = tiff_of(entry(274, 3, 9), rest=jpeg(frame(160, 120)) * 2)

    assert find_preview(data) == Preview(at=data.index(b"\xff\xd8"), width=160, height=120, orientation=1)
