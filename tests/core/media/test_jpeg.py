"""JPEG segments: what is not decoded is told by the frame's header, and metadata can be left out."""

from __future__ import annotations

import pytest

from shared.core.media.jpeg import drop_but_exif, drop_metadata, walk_segments, what_is_not_read

START, SCAN = b"\xff\xd8", b"\xff\xda\0\x02pixels\xff\xe1\xff\xd9"
EXIF, XMP = b"\xff\xe1\0\x08Exif\0\0", b"\xff\xe1\0\x07http:"
ICC, ADOBE = b"\xff\xe2\0\x0eICC_PROFILE\0", b"\xff\xee\0\x0eAdobe" + bytes(7)
SHORT_ADOBE, JFIF, COMMENT = b"\xff\xee\0\x08Adobe\0", b"\xff\xe0\0\x07JFIF\0", b"\xff\xfe\0\x04me"
TABLE = b"\xff\xdb\0\x03\0"


def frame(marker: int, bits: int = 8) -> bytes:
    return bytes([0xFF, marker, 0, 8, bits, 0, 1, 0, 1, 0])


def test_segments_are_walked_up_to_the_first_scan():
    """Past fill bytes, markers without content and what is no marker."""
    data = START + b"\xff\xff" + TABLE + b"\xff\x01" + b"\xff\0" + frame(0xC0) + SCAN
    assert [marker for marker, *_ in walk_segments(data)] == [0xDB, 0xC0]


@pytest.mark.parametrize("data", [b"", START, START + b"\xff", START + TABLE, START + b"\xff\xd9\0\0\0"])
def test_what_ends_early_ends_the_walk(data):
    """A broken file is the decoder's to judge."""
    assert what_is_not_read(data) == ""


FRAMES = [
    (frame(0xC0), ""),
    (frame(0xC2), ""),
    (frame(0xC3, bits=12), ""),
    (frame(0xC0, bits=0), ""),
    (frame(0xC1, bits=12), "of 12 bits per sample"),
    (frame(0xC6), "hierarchical"),
    (frame(0xCB), "lossless and arithmetic"),
]


@pytest.mark.parametrize(("stored", "words"), FRAMES)
def test_the_frame_says_what_is_not_read(stored, words):
    """Lossless JPEG has any number of bits."""
    assert what_is_not_read(START + TABLE + stored + SCAN) == words


def test_metadata_are_left_out():
    """What says how to read the pixels stays, unless it breaks readers too."""
    data = START + JFIF + EXIF + XMP + COMMENT + SHORT_ADOBE + ADOBE + ICC + TABLE + frame(0xC0) + SCAN
    assert drop_metadata(data) == START + ADOBE + ICC + TABLE + frame(0xC0) + SCAN
    assert drop_but_exif(data) == START + EXIF + ADOBE + ICC + TABLE + frame(0xC0) + SCAN
