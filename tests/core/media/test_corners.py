"""Corners of the media rules that files seldom reach."""

from __future__ import annotations

import struct

import pytest

from shared.core.ask.parts import Part
from shared.core.media.boxes import item_types
from shared.core.media.frame_plan import fit_into
from shared.core.media.kinds import KINDS
from shared.core.media.normalized import Normalized
from shared.core.media.picture import Picture
from shared.core.media.picture_plan import DecodeCost, ImageInfo
from shared.core.media.place import PagePlace
from shared.core.media.raw import sub_directories
from shared.core.media.tile_choice import PictureRequest, choose_tiles
from shared.core.models.catalogue import look_up_model


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


def test_a_list_of_no_items_has_no_items():
    """An empty iinf is read to its end."""
    assert list(item_types(box(b"meta", bytes(4) + box(b"iinf", bytes(6))))) == []


def test_what_is_no_tiff_has_no_directories():
    """Nothing is looked for below pages that nobody read."""
    assert list(sub_directories(b"no TIFF", [])) == []


@pytest.mark.parametrize(
    ("size", "into", "fitted"),
    [((4, 2), (8, 8), (8, 4)), ((100, 10), (50, 50), (50, 5)), ((1000, 1), (10, 10), (10, 1))],
)
def test_a_size_is_made_to_lie_within_a_box(size, into, fitted):
    """In its shape, larger or smaller, one pixel at least."""
    assert fit_into(size, into) == fitted


def test_a_part_of_tiles_says_which():
    """The whole page counts as the first part."""
    places = [PagePlace(number=number, of=3, left=0, top=0, right=1, bottom=1) for number in (0, 2)]
    pictures = tuple(
        Normalized(name="a", media_type="image/png", width=1, height=1, bytes=1, place=place) for place in places
    )

    assert Part(number=1, of=2, pictures=pictures).span == "part 1 to part 2 of the picture"


PAGE = ImageInfo(
    kind=KINDS["png"],
    bytes=1,
    width=1440,
    height=10_000,
    orientation=1,
    frame_sizes=((1440, 10_000),),
    mode="RGB",
    cost=DecodeCost(scaled=4),
)
SMALL = ImageInfo(
    kind=KINDS["png"],
    bytes=1,
    width=64,
    height=64,
    orientation=1,
    frame_sizes=((64, 64),),
    mode="RGB",
    cost=DecodeCost(scaled=4),
)


def picture(width: int, height: int) -> Picture:
    return Picture(data=b"", media_type="image/png", width=width, height=height)


def test_a_page_that_is_seen_whole_or_is_too_large_is_not_cut():
    """The step says the first, a note the second."""
    request = PictureRequest(model=look_up_model("gpt-4o"), detail="high", tiles=4)

    whole = choose_tiles(SMALL, picture(64, 64), request, em_px=16, max_bytes=10**9)
    large = choose_tiles(PAGE, picture(295, 2048), request, em_px=16, max_bytes=1)

    assert whole.plan is None
    assert "sees it as it is" in whole.step
    assert large.plan is None
    assert "too large to be cut" in large.note
