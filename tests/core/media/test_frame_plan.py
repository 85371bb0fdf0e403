"""The frame plan: every part of a video is looked at, and what is left out is left out for a reason."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.core.codec import from_json, to_json
from shared.core.media.frame_choice import Dropped, Look, coverage, fault_of, is_same, may_be_blurred
from shared.core.media.frame_plan import (
    CLOCK_S,
    DEFAULT_FRAMES,
    MOST_AIMS,
    Sheet,
    VideoInfo,
    VideoPlan,
    aims,
    cut,
    fit,
    pictures,
    plan_video,
    scene_aims,
)
from shared.core.media.kinds import KINDS
from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import best_size

MODEL = look_up_model("gpt-4o")


def video(**changes) -> VideoInfo:
    facts = VideoInfo(
        kind=KINDS["mp4"],
        bytes=10_000_000,
        width=1920,
        height=1080,
        orientation=1,
        duration_s=120.0,
        frames=3600,
        frames_per_s=30.0,
        codec="h264",
        audio_codec="aac",
        keyframes_s=tuple(range(0, 120, 2)),
    )
    return replace(facts, **changes)


def plan(*, detail="low", info=None, **options) -> VideoPlan:
    return plan_video(info or video(), model=MODEL, detail=detail, **options)


WANTED = [
    ({}, DEFAULT_FRAMES, "the number that Azure's own video prompts used"),
    ({"max_images": 10}, 10, "no more than fit into one request"),
    ({"frames": 7}, 7, "what the option says"),
    ({"frames": 120, "max_images": 10}, 120, "more than fit, when asked for: several requests"),
    ({"info": video(frames=1, duration_s=0.04)}, 1, "a video of one frame"),
    ({"info": video(frames=None)}, DEFAULT_FRAMES, "a header that does not count frames"),
    ({"frames": 50, "info": video(frames=12)}, 12, "no more than there are"),
]


@pytest.mark.parametrize(("options", "wanted", "why"), WANTED, ids=[row[2] for row in WANTED])
def test_how_many_frames_are_wanted(options, wanted, why):
    """Twenty, unless the video, the model or the user say otherwise."""
    assert plan(**options).wanted == wanted, why


def test_frames_have_the_best_size_for_the_model():
    """The same rule as for pictures, on the upright size."""
    best = best_size(MODEL, width=1080, height=1920, detail="low")
    made = plan(info=video(width=1080, height=1920))

    assert (made.width, made.height, made.tokens) == (best.width, best.height, best.tokens)


@given(
    st.floats(0.01, 1e5),
    st.integers(1, 500),
    st.lists(st.floats(0, 1e5), max_size=60),
)
def test_every_slot_is_aimed_at_from_inside(duration_s, frames, keyframes):
    """So neighbouring frames are never more than two slots apart, wherever the keyframes are."""
    made = plan(info=video(duration_s=duration_s, frames=None, keyframes_s=tuple(sorted(keyframes))), frames=frames)
    step_s = duration_s / len(made.slots)

    assert len(made.slots) == made.wanted
    for number, slot in enumerate(made.slots):
        chosen = aims(slot, made)
        assert 1 <= len(chosen) <= MOST_AIMS
        last = number == len(made.slots) - 1
        for aim in chosen:
            assert slot.start_s - CLOCK_S <= aim.at_s
            assert aim.at_s <= slot.start_s + step_s * (1 + 1e-6) or (last and aim.keyframe)


def test_a_keyframe_in_the_slot_is_preferred_and_the_nearest_to_its_middle_first():
    """One decoded frame instead of a run of them."""
    made = plan(info=video(keyframes_s=(1.0, 2.0, 4.5, 40.0)))

    assert [(aim.at_s, aim.keyframe) for aim in aims(made.slots[0], made)] == [(2.0, True), (4.5, True), (1.0, True)]
    assert [aim.keyframe for aim in aims(made.slots[1], made)] == [False, False, False]
    assert aims(made.slots[1], made)[0].at_s == 9.0


def test_a_plan_survives_the_pipe():
    """It travels to the child process as JSON, the open end of the last slot included."""
    made = plan(contact_sheet=True)

    assert from_json(VideoPlan, to_json(made)) == made


def test_all_keyframes_are_looked_at_for_scenes():
    """Encoders set them where scenes begin. Where there are many times as many as looks, one of each slot is."""
    few = plan(info=video(keyframes_s=(0.0, 2.0, 2.4, 4.5, 40.0)), frames=5, sampling="scenes")
    many = plan(info=video(keyframes_s=tuple(number / 10 for number in range(1200))), frames=5, sampling="scenes")

    assert [aim.at_s for aim in scene_aims(few.slots[0], few)] == [0.0, 2.0, 2.4, 4.5]
    assert [(aim.at_s, aim.keyframe) for aim in scene_aims(few.slots[1], few)] == [(9.0, False)]
    assert [aim.at_s for aim in scene_aims(many.slots[1], many)] == [9.0]


def look(
    at_s=0.0, *, level=120, brightness=120.0, contrast=40.0, sharpness=20.0, thumbnail=None, lights=200, acuity=0.9
) -> Look:
    return Look(
        at_s=at_s,
        brightness=brightness,
        contrast=contrast,
        lights=lights,
        sharpness=sharpness,
        acuity=acuity,
        thumbnail=thumbnail or bytes([level]) * 1024,
    )


ONE_LINE_MORE = bytes([120] * 500 + [90] * 20 + [120] * 504)
FAULTS = [
    (look(brightness=16.0, contrast=0.5, lights=17), [], 0.0, "black"),
    (look(brightness=16.0, contrast=0.5, lights=90), [], 0.0, None),
    (look(brightness=16.0, contrast=30.0, lights=17), [], 0.0, None),
    (look(), [], 0.0, None),
    (look(level=121), [look()], 3.0, "duplicate"),
    (look(level=121), [look()], 40.0, None),
    (look(level=140), [look()], 3.0, None),
    (look(thumbnail=ONE_LINE_MORE), [look()], 3.0, None),
    (look(level=120), [look(), look(level=10)], 3.0, None),
    (look(level=9, sharpness=2.0), [look(), look(level=10), look(level=20)], 40.0, "blurred"),
    (look(level=9, sharpness=2.0), [look(), look(level=20)], 40.0, None),
    (look(level=9, sharpness=15.0), [look(), look(level=10), look(level=20)], 40.0, None),
]


@pytest.mark.parametrize(("found", "kept", "change", "fault"), FAULTS)
def test_which_frames_are_not_worth_sending(found, kept, change, fault):
    """Black all over, the same as the one before in all its parts, or far less sharp than the others."""
    assert fault_of(found, kept, change) == fault


def test_sameness_is_mutual():
    """Which of the two came first does not matter."""
    one, other = look(level=120), look(thumbnail=ONE_LINE_MORE)

    assert is_same(one, other, 3.0) is is_same(other, one, 3.0) is False
    assert is_same(one, one, 0.0)


@pytest.mark.parametrize(("found", "doubt"), [(look(), False), (look(acuity=0.4), True), (look(sharpness=2.0), True)])
def test_a_frame_tells_itself_that_it_may_be_blurred(found, doubt):
    """By its fine detail against its coarse detail, or against its contrast."""
    assert may_be_blurred(found) is doubt


def test_coverage_says_what_is_missing_and_why():
    """Ten parts: two are black, one repeats a frame that is sent."""
    made = plan(info=video(duration_s=100.0), frames=10)
    sent = [(at_s, at_s) for at_s in (5.0, 15.0, 25.0, 65.0, 75.0, 85.0, 95.0)]
    dropped = [
        Dropped(at_s=45.0, reason="black"),
        Dropped(at_s=35.0, reason="duplicate", like_s=25.0),
        Dropped(at_s=55.0, reason="black"),
    ]
    found = coverage(made, sent, dropped)

    assert (found.percent, found.largest_gap_s) == (80.0, 30.0)
    assert found.facts()["dropped"] == [
        {"at_s": 35.0, "reason": "duplicate"},
        {"at_s": 45.0, "reason": "black"},
        {"at_s": 55.0, "reason": "black"},
    ]


@pytest.mark.parametrize(
    ("sent", "gap_s"), [([], 100.0), ([(25.0, 40.0)], 60.0), ([(25.0, 40.0), (75.0, 101.0)], 61.0)]
)
def test_the_largest_gap_is_also_before_the_first_frame_and_after_the_last(sent, gap_s):
    """Nothing sent is one gap. Headers may be short by a frame: one after their end leaves none there."""
    made = plan(info=video(duration_s=100.0), frames=2)

    assert coverage(made, sent, []).largest_gap_s == gap_s


@given(st.floats(0.1, 1e4), st.integers(1, 60))
def test_a_frame_from_every_slot_covers_all(duration_s, frames):
    """Nothing dropped is 100 percent, and no gap is longer than two slots (slots of a few clock ticks aside)."""
    assume(duration_s / frames > 4 * CLOCK_S)
    made = plan(info=video(duration_s=duration_s, frames=None), frames=frames)
    middles = [(slot.start_s + min(slot.end_s, duration_s)) / 2 for slot in made.slots]
    found = coverage(made, [(at_s, at_s) for at_s in middles], [])

    assert found.percent == 100.0
    assert found.largest_gap_s <= 2 * duration_s / len(made.slots) + 0.001


@given(st.floats(0, 1e5), st.integers(1, 500))
def test_slots_join_without_a_gap(duration_s, count):
    """From 0 to whatever the last frame's time turns out to be."""
    slots = cut(duration_s, count)

    assert slots[0].start_s == 0.0
    assert slots[-1].end_s == float("inf")
    assert all(a.end_s == b.start_s for a, b in pairwise(slots))


@given(st.integers(1, 3), st.integers(1, 3), st.integers(3, 2048), st.integers(3, 2048))
def test_a_sheet_s_cells_fill_it_without_overlap(columns, rows, width, height):
    """Every pixel belongs to one cell."""
    sheet = Sheet(columns=columns, rows=rows, width=width, height=height)
    boxes = [sheet.box(place) for place in range(sheet.cells)]

    assert sum((right - left) * (bottom - top) for left, top, right, bottom in boxes) == width * height


def test_a_contact_sheet_says_what_it_saves():
    """20 frames of 85 tokens are 1,700; on three sheets of 85 they are 255."""
    made = plan(contact_sheet=True)

    assert pictures(made, made.wanted) == 3
    assert any("on 3 contact sheets" in step and "255 tokens, 1700 as single frames" in step for step in made.steps)


FITS = [
    ((1920, 1080), 960, (960, 540)),
    ((960, 540), 960, (960, 540)),
    ((961, 540), 960, (960, 539)),
    ((540, 1920), 960, (270, 960)),
    ((3, 2), 960, (3, 2)),
    ((4000, 1), 960, (960, 1)),
]


@pytest.mark.parametrize(("size", "longest", "fitted"), FITS)
def test_a_size_is_made_to_fit_and_never_enlarged(size, longest, fitted):
    """In the same shape, rounded down, one pixel at least."""
    assert fit(size, longest) == fitted
