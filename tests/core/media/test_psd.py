"""The header of a Photoshop file: broken ones are errors, whatever is broken."""

from __future__ import annotations

import struct

import pytest

from shared.core.media.psd import HEADER, read_composite, walk_resources, what_is_not_read

START = HEADER.pack(b"8BPS", 1, 3, 2, 4, 8, 3)


def test_a_header_without_anything_is_read():
    """No palette, resources or layers; its pixels are not packed."""
    composite = read_composite(START + bytes(12) + b"\0\0")
    assert (composite.width, composite.height, composite.planes, composite.row_bytes) == (4, 2, 3, 4)
    assert (composite.has_layers, composite.has_alpha, composite.is_real, composite.start) == (False, False, True, 40)


@pytest.mark.parametrize(
    "data", [b"", START[:20], START, START + bytes(4), START[:4] + b"\0\7" + START[6:], b"8BIM" + START[4:]]
)
def test_a_broken_header_is_an_error(data):
    """Cut off, of another version, or of another kind."""
    with pytest.raises((ValueError, struct.error)):
        read_composite(data)


def test_a_mode_that_there_is_not_is_named():
    """By its number."""
    composite = read_composite(HEADER.pack(b"8BPS", 1, 3, 2, 4, 8, 77) + bytes(14))
    assert what_is_not_read(composite)[0] == "with 3 mode 77 channels of 8 bits"


def test_resources_have_names_of_any_length():
    """Names and contents are filled up to even lengths; what is none ends the list."""
    first = b"8BIM" + struct.pack(">H", 1039) + b"\3abc" + struct.pack(">I", 3) + b"icc\0"
    second = b"8BIM" + struct.pack(">H", 1057) + b"\0\0" + struct.pack(">I", 2) + b"ok"
    assert walk_resources(first + second + b"else") == [(1039, b"icc"), (1057, b"ok")]
    assert walk_resources(b"8BIM\4\0") == [(1024, b"")]
