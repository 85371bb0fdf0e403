"""The header of a BMP: profiles and layouts, and nothing taken on trust."""

from __future__ import annotations

import struct

import pytest

from shared.core.media.bmp import profile, rare_layout


def bmp(bits: int, compression: int, *masks: int, header_bytes: int = 40) -> bytes:
    info = struct.pack("<IiiHHIIiiII", header_bytes, 1, 1, 1, bits, compression, 4, 0, 0, 0, 0)
    return b"BM" + bytes(12) + info + struct.pack(f"<{len(masks)}I", *masks)


LAYOUTS = [
    (bmp(24, 0), ""),
    (bmp(8, 1), ""),
    (bmp(32, 3, 0xF0, 0xF00, 0xF000), "of 32 bits with the masks f0, f00, f000"),
    (bmp(24, 4), "of compression 4"),
    (bmp(24, 3, header_bytes=12), ""),
    (b"BM", ""),
]


@pytest.mark.parametrize(("data", "words"), LAYOUTS)
def test_rare_layouts_have_names(data, words):
    """Bit masks by their numbers; OS/2's old header has neither."""
    assert rare_layout(data) == words


def test_a_profile_needs_its_version_and_its_place():
    """Older headers and other colour spaces have none."""
    header = struct.pack("<I", 124) + bytes(52) + b"DEBM" + bytes(52) + struct.pack("<III", 124, 3, 0)
    assert profile(b"BM" + bytes(12) + header + b"icc") == b"icc"
    assert profile(b"BM" + bytes(12) + header[:-12]) is None
    assert profile(b"BM" + bytes(12) + header.replace(b"DEBM", b"BGRs") + b"icc") is None
    assert profile(bmp(24, 0)) is None
