"""Tiles: where a page is cut, so that the model sees its text unshrunk, and in which words it is told."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.media.place import PagePlace, words_of_place
from shared.core.media.tiles import LEGIBLE_EM_PX, MOST_TILES, TILE_EMS_PX, plan_tiles, smallest_legible_px
from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import best_size

MODEL = look_up_model("gpt-4o")
MODELS = [MODEL, look_up_model("gpt-5.4"), look_up_model("gpt-4.1-mini"), look_up_model("local")]

CUTS = [
    ("a web page", (1440, 10000), 16, 1),
    ("a chat", (1080, 14000), 36, 1),
    ("a sheet of one row of parts", (6000, 1500), 20, 2),
    ("a dense screen", (3840, 2160), 14, 2),
]


@pytest.mark.parametrize(("size", "em_px", "columns"), [row[1:] for row in CUTS], ids=[row[0] for row in CUTS])
def test_text_is_shown_large_enough_and_lines_are_cut_least(size, em_px, columns):
    """The em on the tiles is one of those aimed at, and no more columns are made than the model's width needs."""
    plan = plan_tiles(size, model=MODEL, detail="high", em_px=em_px)
    assert plan is not None
    assert TILE_EMS_PX[-1] * 0.99 <= em_px * plan.width / size[0] <= TILE_EMS_PX[0] * 1.01
    assert plan.columns == columns


SIDES = st.integers(200, 12_000)


@given(st.sampled_from(MODELS), SIDES, SIDES, st.one_of(st.none(), st.integers(2, 16)), st.integers(8, 40))
def test_tiles_cover_the_page_and_the_model_sees_each_as_it_is(model, width, height, count, em_px):
    """Whatever the page, in reading order, with an overlap, no more than are allowed, exactly as many as are asked."""
    plan = plan_tiles((width, height), model=model, detail="high", count=count, em_px=em_px)
    if plan is None:
        best = best_size(model, width=width, height=height, detail="high", max_loss=0)
        assert (best.width, best.height) == (width, height)
        return
    assert len(plan.tiles) == (count or len(plan.tiles)) <= MOST_TILES
    assert [(tile.top, tile.left) for tile in plan.tiles] == sorted((tile.top, tile.left) for tile in plan.tiles)
    for tile in plan.tiles:
        size = (tile.right - tile.left, tile.bottom - tile.top)
        best = best_size(model, width=size[0], height=size[1], detail="high", max_loss=0)
        assert (best.width, best.height) == size
    for spans, end in (
        (sorted({(tile.left, tile.right) for tile in plan.tiles}), plan.width),
        (sorted({(tile.top, tile.bottom) for tile in plan.tiles}), plan.height),
    ):
        assert (spans[0][0], spans[-1][1]) == (0, end)
        assert all(later[0] <= sooner[1] for sooner, later in pairwise(spans))


def test_neighbours_share_two_lines_at_least():
    """A line of text that one of them cuts is whole on the other."""
    plan = plan_tiles((1440, 10000), model=MODEL, detail="high", em_px=16)
    overlaps = [sooner.bottom - later.top for sooner, later in pairwise(plan.tiles)]
    assert min(overlaps) >= 2 * 1.4 * 9.5


def test_a_page_that_is_seen_whole_is_not_cut():
    """Neither for its text nor for a number: the parts would show nothing more."""
    assert plan_tiles((700, 1800), model=MODEL, detail="high", em_px=5) is None
    assert plan_tiles((700, 1800), model=MODEL, detail="high", count=4) is None


def test_a_page_too_long_for_all_tiles_is_shown_as_large_as_they_can():
    """Text that is less than legible even so is the caller's to tell."""
    plan = plan_tiles((1440, 60000), model=MODEL, detail="high", em_px=10)
    assert plan is not None
    assert 10 * plan.width / 1440 < LEGIBLE_EM_PX


PLACES = [
    (PagePlace(number=0, of=5), "The whole picture, small; 5 larger parts of it follow"),
    (PagePlace(number=2, of=5, top=0.18, bottom=0.41), "Part 2 of 5: from 18 % to 41 % of the height"),
    (PagePlace(number=1, of=2, right=0.56), "Part 1 of 2: from 0 % to 56 % of the width"),
    (
        PagePlace(number=4, of=4, left=0.44, top=0.5),
        "Part 4 of 4: from 50 % to 100 % of the height, from 44 % to 100 % of the width",
    ),
]


@pytest.mark.parametrize(("place", "words"), PLACES)
def test_the_model_is_told_where_a_part_stands(place, words):
    """A direction that it has whole is not said."""
    assert words_of_place(place) == words


def test_the_smallest_legible_text_is_told_in_pixels_of_the_page():
    """A fifth of the size needs five times the em."""
    assert smallest_legible_px((1000, 10000), (200, 2000)) == 35
