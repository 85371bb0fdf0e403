"""TIFF directories: pages and their facts, whatever the byte order, and nothing taken on trust."""

from __future__ import annotations

import struct

import pytest

from shared.core.media.tiff import (
    BITS,
    EXTRA_SAMPLES,
    MAX_ENTRIES,
    NO_DATA,
    PLANAR,
    read_header,
    read_pages,
)
from shared.core.media.tiff_writing import of_bytes, to_classic
from tests.tiffs import Sheet, tiff_file

SHEETS = (
    Sheet(width=4, height=3, chunks=[b"abc", b"def"], tags={NO_DATA: list(b"-9999\0"), BITS: [8, 8, 8], 277: [3]}),
    Sheet(width=70_000, height=2, chunks=[b"x"]),
)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_pages_are_read_in_order(order, big):
    """Classic and BigTIFF, and the same once a BigTIFF was made classic."""
    data = tiff_file(*SHEETS, order=order, big=big)
    for stored in (data, to_classic(data)):
        first, second = read_pages(stored, 10)
        assert (first.width, first.height, first.bits, first.order) == (4, 3, 8, order)
        assert [first.data[at : at + 3] for at in first.all(273)] == [b"abc", b"def"]
        assert first.raw(NO_DATA) == b"-9999\0"
        assert (second.width, second.one(PLANAR, 1), second.all(EXTRA_SAMPLES), second.raw(1)) == (70_000, 1, (), b"")
    assert read_header(to_classic(data)) is not None
    assert not read_header(to_classic(data)).is_big


@pytest.mark.parametrize("data", [b"", b"II", b"XX*\0\0\0\0\0", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_tiff_has_no_pages(data):
    """And stays as it is."""
    assert read_pages(data, 10) == []
    assert to_classic(data) == data


def test_a_ring_of_directories_ends():
    """The second one names the first."""
    data = bytearray(tiff_file(*SHEETS))
    link = len(data) - 4
    data[link:] = data[4:8]
    assert len(read_pages(bytes(data), 10)) == 2
    assert len(read_pages(bytes(data), 1)) == 1


BROKEN = [
    b"II*\0" + struct.pack("<I", 1000),
    b"II*\0" + struct.pack("<IH", 8, MAX_ENTRIES + 1) + bytes(20_000),
    b"II*\0" + struct.pack("<IH", 8, 3) + bytes(12),
]


@pytest.mark.parametrize("data", BROKEN)
def test_a_directory_that_cannot_be_read_ends_the_list(data):
    """Outside of the file, with more tags than any writer has, or cut off."""
    assert read_pages(data, 10) == []


def test_values_outside_of_the_file_are_none():
    """Nor are those of types without whole numbers."""
    entries = (
        struct.pack("<HHII", 258, 3, 1000, 8) + struct.pack("<HHII", 339, 5, 1, 8) + struct.pack("<HHII", 9, 99, 1, 8)
    )
    (page,) = read_pages(b"II*\0" + struct.pack("<IH", 8, 3) + entries + bytes(4), 10)
    assert (page.bits, page.kind, page.all(258), page.all(339), page.all(9)) == (1, 1, (), (), ())


def test_words_say_what_samples_are():
    """For a refusal."""
    odd = Sheet(width=1, height=1, chunks=[b""], tags={262: [9], 277: [2], BITS: [8, 16], 339: [1, 3], PLANAR: [2]})
    (page,) = read_pages(tiff_file(odd), 1)
    assert page.words == "with 2 photometric 9 samples of different bits (mixed, in planes)"


@pytest.mark.parametrize("strips", [(), (2, 3)])
def test_bytes_are_dressed_up_as_a_picture(strips):
    """One strip, or one for each row."""
    (page,) = read_pages(of_bytes(b"abcde", (4, 2), 32_773, strips), 1)
    assert (page.width, page.height, page.bits, page.one(259)) == (4, 2, 8, 32_773)
    places = zip(page.all(273), page.all(279), strict=True)
    assert [page.data[at : at + size] for at, size in places] == ([b"ab", b"cde"] if strips else [b"abcde"])
