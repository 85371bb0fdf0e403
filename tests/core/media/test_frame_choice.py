"""Where the limits lie by which frames are judged: at the limit itself, and just short of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.media.frame_choice import Look, fault_of, is_sharper_of_scene, may_be_blurred, mean_difference

GOOD = Look(
    at_s=0.0, brightness=120.0, contrast=40.0, lights=200, sharpness=20.0, acuity=0.9, thumbnail=bytes([120]) * 1024
)
DARK = replace(GOOD, brightness=23.9, contrast=5.9, lights=47)
OTHERS = [replace(GOOD, thumbnail=bytes([level]) * 1024) for level in (10, 200, 10)]


def with_cells(*cells: tuple[int, int]) -> Look:
    """The frame with so many cells of a level; the rest is as before."""
    changed = b"".join(bytes([level]) * count for count, level in cells)
    return replace(GOOD, thumbnail=changed.ljust(1024, bytes([120])))


LIMITS = [
    (DARK, [], 0.0, "black"),
    (replace(DARK, brightness=24.0), [], 0.0, None),
    (replace(DARK, contrast=6.0), [], 0.0, None),
    (replace(DARK, lights=48), [], 0.0, None),
    (GOOD, [GOOD], 11.9, "duplicate"),
    (GOOD, [GOOD], 12.0, None),
    (with_cells((1, 129)), [GOOD], 0.0, "duplicate"),
    (with_cells((1, 130)), [GOOD], 0.0, None),
    (with_cells((1, 111)), [GOOD], 0.0, "duplicate"),
    (with_cells((1, 110)), [GOOD], 0.0, None),
    (with_cells((511, 122), (513, 121)), [GOOD], 0.0, "duplicate"),
    (with_cells((512, 122), (512, 121)), [GOOD], 0.0, None),
    (replace(GOOD, sharpness=6.9), OTHERS, 40.0, "blurred"),
    (replace(GOOD, sharpness=7.0), OTHERS, 40.0, None),
    (replace(GOOD, sharpness=6.9), OTHERS[:2], 40.0, None),
]


@pytest.mark.parametrize(("found", "kept", "change", "fault"), LIMITS)
def test_a_limit_is_the_first_value_that_is_good(found, kept, change, fault):
    """Brightness, contrast and lights; a block, a cell and the mean of cells; the share of the median sharpness."""
    assert fault_of(found, kept, change) == fault


DOUBTS = [({"acuity": 0.62}, False), ({"acuity": 0.61}, True), ({"sharpness": 6.0}, False), ({"sharpness": 5.9}, True)]


@pytest.mark.parametrize(("change", "doubt"), DOUBTS)
def test_a_doubt_ends_at_its_limit(change, doubt):
    """Fine detail of 0.62 of the coarse; sharpness of 0.15 of the contrast, which is 40 here."""
    assert may_be_blurred(replace(GOOD, **change)) is doubt


SHARPER = [(30.1, 159, True), (30.0, 159, False), (30.1, 160, False), (30.1, 81, True), (30.1, 80, False)]


@pytest.mark.parametrize(("sharpness", "level", "sharper"), SHARPER)
def test_a_much_sharper_frame_of_the_same_scene(sharpness, level, sharper):
    """More than half as sharp again, and fewer than 40 grey levels away, lighter or darker."""
    other = replace(GOOD, sharpness=sharpness, thumbnail=bytes([level]) * 1024)

    assert mean_difference(other, GOOD) == abs(level - 120)
    assert is_sharper_of_scene(other, GOOD) is sharper
