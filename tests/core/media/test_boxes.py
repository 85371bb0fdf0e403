"""ISO base media boxes: completeness and announced sizes, without a decoder."""

from __future__ import annotations

import pytest

from shared.core.media.boxes import MAX_BOXES, is_cut_off, largest_extent, walk_boxes


def box(kind: bytes, content: bytes = b"") -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def ispe(width: int, height: int) -> bytes:
    return box(b"ispe", bytes(4) + width.to_bytes(4, "big") + height.to_bytes(4, "big"))


def still(*extents: bytes) -> bytes:
    meta = box(b"meta", bytes(4) + box(b"hdlr", bytes(24)) + box(b"iprp", box(b"ipco", b"".join(extents))))
    return box(b"ftyp", b"heic" + bytes(4)) + meta + box(b"mdat", bytes(100))


FILE = still(ispe(512, 512), ispe(4032, 3024))
LARGE = box(b"ftyp", b"heic") + (1).to_bytes(4, "big") + b"mdat" + (16 + 50).to_bytes(8, "big") + bytes(50)
OPEN_END = box(b"ftyp", b"avif") + bytes(4) + b"mdat" + bytes(9)


@pytest.mark.parametrize("data", [FILE, LARGE, OPEN_END, FILE + b"PK\3\4 and more" * 9])
def test_a_whole_file_is_not_cut_off(data):
    """Plain, 64-bit and to-the-end sizes all reach exactly the end; what no box is may follow."""
    assert not is_cut_off(data)


@pytest.mark.parametrize("data", [FILE[:-1], FILE[:-100], LARGE[:-1]])
def test_a_missing_end_shows(data):
    """One byte less than the last box announces is enough."""
    assert is_cut_off(data)


def test_the_largest_picture_counts():
    """Tiles and thumbnails announce sizes too."""
    assert largest_extent(FILE) == (4032, 3024)
    assert largest_extent(b"") == (0, 0)


@pytest.mark.parametrize("data", [b"\0\0\0\7mdat", b"\0\0\0\1mdat\0\0\0\0\0\0\0\1", b"\0\0\0"])
def test_impossible_sizes_end_the_walk(data):
    """A box smaller than its own header would walk in place for ever."""
    assert list(walk_boxes(data)) == []


def test_the_walk_ends():
    """A file of nothing but boxes is not followed for ever."""
    assert len(list(walk_boxes(box(b"free") * (MAX_BOXES + 5)))) == MAX_BOXES
