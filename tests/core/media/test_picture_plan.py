"""The plan: which frames, which size, in which words."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.media.kinds import KINDS
from shared.core.media.picture_plan import DecodeCost, ImageInfo, decode_scale, pick_evenly, plan_image, ranges
from shared.core.models.catalogue import look_up_model

MODEL = look_up_model("gpt-4o")


def info(*sizes: tuple[int, int], name: str = "jpeg", orientation: int = 1, **more) -> ImageInfo:
    cost = more.pop("cost", DecodeCost(scaled=4, max_scale=8 if name == "jpeg" else 1))
    return ImageInfo(
        kind=KINDS[name],
        bytes=1000,
        width=sizes[0][0],
        height=sizes[0][1],
        orientation=orientation,
        frame_sizes=sizes,
        mode="RGB",
        cost=cost,
        **more,
    )


PICKS = [
    (1, 10, (0,)),
    (10, 10, tuple(range(10))),
    (10, 1, (0,)),
    (10, 2, (0, 9)),
    (11, 3, (0, 5, 10)),
    (100, 5, (0, 25, 50, 74, 99)),
]


@pytest.mark.parametrize(("count", "room", "picked"), PICKS)
def test_frames_are_picked_evenly(count, room, picked):
    """First and last are among them, and all of them where there is room."""
    assert pick_evenly(count, room) == picked


@given(st.integers(1, 500), st.integers(1, 60))
def test_picks_are_even_whatever_the_count(count, room):
    """As many as there is room for, ascending, no gap more than one frame wider than another."""
    picked = pick_evenly(count, room)
    gaps = [b - a for a, b in pairwise(picked)]
    assert len(picked) == min(count, room)
    assert all(gap > 0 for gap in gaps)
    assert not gaps or max(gaps) - min(gaps) <= 1


SCALES = [
    ((4032, 3024), (1024, 768), 2),
    ((8064, 6048), (1024, 768), 4),
    ((1024, 768), (1024, 768), 1),
    ((800, 10), (100, 10), 1),
]


@pytest.mark.parametrize(("source", "target", "scale"), SCALES)
def test_the_decoder_may_shrink_by_a_power_of_two_that_leaves_a_gap(source, target, scale):
    """1.35 times the sent size is left for Lanczos; the narrower side decides."""
    assert decode_scale(source, target, 8) == scale
    assert decode_scale(source, target, 1) == 1


def test_the_model_decides_how_many_frames_are_sent():
    """`max_images` narrows the model's limit and never widens it."""
    animation = info(*[(64, 64)] * 120, name="gif")
    assert len(plan_image(animation, model=MODEL, detail="low").frames) == MODEL.max_images
    assert len(plan_image(animation, model=MODEL, detail="low", max_images=7).frames) == 7
    assert len(plan_image(animation, model=MODEL, detail="low", max_images=999).frames) == MODEL.max_images


def test_each_page_has_its_own_size():
    """Pages of a TIFF may differ, and each is shrunk by its own."""
    plan = plan_image(info((4000, 3000), (100, 50), name="tiff"), model=MODEL, detail="high")
    assert [(frame.width, frame.height) for frame in plan.frames] == [(1024, 768), (100, 50)]


def test_a_progressive_photo_costs_the_memory_of_its_coefficients():
    """They are held for the whole picture, whatever the scale of the decode."""
    baseline = plan_image(info((8000, 6000)), model=MODEL, detail="high")
    progressive = plan_image(
        info((8000, 6000), cost=DecodeCost(scaled=4, fixed=3, max_scale=8)), model=MODEL, detail="high"
    )
    assert progressive.decode_bytes - baseline.decode_bytes == 3 * 48_000_000


STEPS = [
    (info((4032, 3024)), "shrunk 4032x3024 to 1024x768"),
    (info((640, 480), orientation=6), "turned upright (it was stored turned by 90°)"),
    (info((640, 480), colours="BT.2020 PQ"), "converted to sRGB from BT.2020 PQ"),
    (info((640, 480)), "removed all metadata"),
    (info(*[(64, 64)] * 100, name="gif"), "chose 50 of 100 frames evenly: 0, 2, 4"),
]


@pytest.mark.parametrize(("source", "words"), STEPS)
def test_the_plan_says_what_is_done_and_why(source, words):
    """Each step that applies is named in the result."""
    assert any(words in step for step in plan_image(source, model=MODEL, detail="high").steps)


def test_what_is_not_done_is_not_said():
    """An upright small sRGB picture only loses its metadata."""
    plan = plan_image(info((640, 480)), model=MODEL, detail="high")
    assert plan.steps == ("read as JPEG, told from its bytes", "removed all metadata")


def test_all_pages_of_a_document_are_sent():
    """A request's limit is none for it: it is asked about in parts. Beyond its own limit it says what is missing."""
    fax = replace(info(*[(64, 64)] * 120, name="tiff"), is_document=True)
    plan = plan_image(fax, model=MODEL, detail="low")
    assert (len(plan.frames), plan.left_out, plan.is_cut, plan.notes) == (120, (), False, ())
    book = replace(info(*[(64, 64)] * 123, name="tiff"), is_document=True)
    plan = plan_image(book, model=MODEL, detail="low")
    assert (len(plan.frames), len(plan.left_out), plan.is_cut) == (120, 3, True)
    assert plan.notes[0].startswith("3 of 123 pages were not looked at: ")


def test_pages_that_the_user_leaves_out_are_named_too():
    """From 1, as people count them."""
    fax = replace(info(*[(64, 64)] * 6, name="tiff"), is_document=True)
    plan = plan_image(fax, model=MODEL, detail="low", max_images=2)
    assert (plan.left_out, plan.is_cut) == ((2, 3, 4, 5), False)
    assert "chose 2 of 6 pages evenly: 1, 6" in plan.steps


RANGES = [((), ""), ((3,), "3"), ((1, 2), "1-2"), ((1, 3, 4, 5, 9), "1, 3-5, 9")]


@pytest.mark.parametrize(("numbers", "words"), RANGES)
def test_numbers_are_written_as_ranges(numbers, words):
    """Where they follow each other."""
    assert ranges(numbers) == words
