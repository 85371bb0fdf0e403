"""What a video's header says about its length in bytes."""

from __future__ import annotations

import pytest

from shared.core.media.length import announced_bytes
from tests.videos import clip

SEGMENT = b"\x18\x53\x80\x67"
HEADER = b"\x1a\x45\xdf\xa3\x82\x00\x00"

SAID = [
    (b"RIFF\x10\x02\x00\x00AVI LIST", 0x218),
    (b"RIFF\x00\x00\x00\x00AVI LIST", 8),
    (b"RIFF\x10\x02\x00\x00WAVEfmt ", None),
    (HEADER + SEGMENT + b"\x81", 13),
    (HEADER + SEGMENT + b"\x41\x00", 13 + 0x100),
    (HEADER + SEGMENT + b"\x01\x00\x00\x00\x00\x00\x00\x05", 19 + 5),
    (HEADER + SEGMENT + b"\x01" + b"\xff" * 7, None),
    (HEADER + SEGMENT + b"\xff", None),
    (HEADER + SEGMENT + b"\x00" * 9, None),
    (HEADER + SEGMENT + b"\x40", None),
    (HEADER + SEGMENT, None),
    (HEADER + b"\xec\x81\x00", None),
    (b"\x1a\x45\xdf\xa3\xff", None),
    (b"\x1a\x45\xdf\xa3", None),
    (b"\0\0\0\x18ftypisom", None),
    (b"", None),
]


@pytest.mark.parametrize(("head", "said"), SAID)
def test_headers(head, said):
    """A number, or None where the header has none or is cut off itself."""
    assert announced_bytes(head) == said


@pytest.mark.parametrize("form", ["avi", "matroska", "webm"])
def test_real_files_say_their_length(form):
    """To the byte."""
    data = clip(5, form=form, codec="libvpx" if form == "webm" else "libx264")

    assert announced_bytes(data[:4096]) == len(data)
