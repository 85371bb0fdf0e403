"""Boxes of HEIC, AVIF and JPEG 2000: what they tell about colours and metadata, before any decoder sees them."""

from __future__ import annotations

import pytest

from shared.core.media.boxes import code_points, is_sequence_only, jp2_profile, rare_coding, without_exif


def box(name: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + name + body


def still(*, item: bytes, associations: bytes, properties: bytes) -> bytes:
    """A meta box with those properties."""
    return box(b"meta", bytes(4) + item + box(b"iprp", box(b"ipco", properties) + associations))


COLOUR = box(b"colr", b"nclx\0\x09\0\x10\0\x09\x80")
SHAPE = box(b"ispe", bytes(12))
PRIMARY = box(b"pitm", bytes(4) + b"\0\x02")
WIDE_PRIMARY = box(b"pitm", b"\1" + bytes(3) + b"\0\0\0\x02")
OF_TWO = box(b"ipma", bytes(4) + b"\0\0\0\2" + b"\0\1\1\1" + b"\0\2\2\1\x82")
WIDE_OF_TWO = box(b"ipma", b"\1\0\0\1" + b"\0\0\0\1" + b"\0\0\0\2\1\x80\2")
OF_OTHERS = box(b"ipma", bytes(4) + b"\0\0\0\1" + b"\0\1\1\2")
COLOURED = [
    (still(item=PRIMARY, associations=OF_TWO, properties=SHAPE + COLOUR), (9, 16)),
    (still(item=WIDE_PRIMARY, associations=WIDE_OF_TWO, properties=SHAPE + COLOUR), (9, 16)),
    (still(item=PRIMARY, associations=OF_OTHERS, properties=SHAPE + COLOUR), (2, 2)),
    (still(item=b"", associations=OF_TWO, properties=SHAPE + COLOUR), (2, 2)),
    (still(item=PRIMARY, associations=OF_TWO, properties=SHAPE + SHAPE), (2, 2)),
    (still(item=PRIMARY, associations=OF_TWO, properties=SHAPE), (2, 2)),
    (b"", (2, 2)),
]


@pytest.mark.parametrize(("data", "points"), COLOURED)
def test_code_points_are_those_of_the_primary_picture(data, points):
    """Numbers of items and properties are long or short; what is not told is unspecified (2)."""
    assert code_points(data) == points


@pytest.mark.parametrize("version", [0, 1])
def test_exif_items_can_be_called_something_else(version):
    """In both forms of the list, and of its entries."""
    entries = [
        box(b"infe", bytes([2, 0, 0, 0]) + b"\0\1\0\0" + b"Exif\0"),
        box(b"infe", bytes([3, 0, 0, 0]) + bytes(6) + b"Exif\0"),
    ]
    count = b"\0\2" if version == 0 else b"\0\0\0\2"
    data = box(
        b"meta", bytes(4) + box(b"iinf", bytes([version, 0, 0, 0]) + count + b"".join(entries) + box(b"free", b"Exif"))
    )
    changed = without_exif(data)
    assert (changed.count(b"none"), changed.count(b"Exif"), len(changed)) == (2, 1, len(data))


def test_profiles_of_jpeg_2000_are_found():
    """Restricted or not; a number for a colour space is no profile."""
    for method, found in ((2, b"icc"), (3, b"icc"), (1, None)):
        assert jp2_profile(box(b"jp2h", box(b"colr", bytes([method, 0, 0]) + b"icc"))) == found


def test_a_sequence_without_a_still_is_known():
    """A still may stand beside one."""
    assert is_sequence_only(box(b"ftyp", b"") + box(b"moov", b""))
    assert not is_sequence_only(box(b"moov", b"") + box(b"meta", b""))


CODINGS = [
    (b"hvc1", ""),
    (b"grid", ""),
    (b"vvc1", "of VVC pictures"),
    (b"unci", "of uncompressed pictures"),
]


@pytest.mark.parametrize(("name", "words"), CODINGS)
@pytest.mark.parametrize("wide", [False, True])
def test_rare_codings_have_names(name, words, wide):
    """Of the primary picture; other items may be what they like."""
    one = box(b"infe", b"\2\0\0\0" + b"\0\1\0\0" + b"j2k1\0")
    two = box(b"infe", (b"\3\0\0\0" + b"\0\0\0\2" if wide else b"\2\0\0\0" + b"\0\2") + b"\0\0" + name + b"\0")
    items = box(b"iinf", bytes(4) + b"\0\2" + one + two)
    assert rare_coding(box(b"meta", bytes(4) + PRIMARY + items)) == words


def test_a_file_without_items_has_no_coding():
    """It is damaged, then."""
    assert rare_coding(b"") == ""
