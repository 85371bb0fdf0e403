"""Which moments are sent so that most scenes have one: told from glances at colours alone."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.media.scenes import FrameMoment, Glance, change_odds, choose_moments, distance, glance_of, is_blend

POINTS = 144


def scene(number: int) -> bytes:
    """Colours of a scene: about one hue of its own, and others here and there."""
    dice = random.Random(number)  # noqa: S311 -- repeatable on purpose
    own = [dice.randrange(256) for _ in range(3)]
    points = [own if dice.random() < 0.7 else [dice.randrange(256) for _ in range(3)] for _ in range(POINTS)]
    return bytes(level for point in points for level in point)


def shifted(colours: bytes, points: int) -> bytes:
    """The camera has moved: the same colours elsewhere."""
    return colours[3 * points :] + colours[: 3 * points]


def blended(one: bytes, other: bytes, share: float) -> bytes:
    return bytes(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def film(lengths_s: list[float], *, step_s: float = 0.1, motion: int = 1) -> list[Glance]:
    """Glances at scenes of these lengths, one after the other."""
    glances, at_s, place = [], 0.0, 0
    for number, length_s in enumerate(lengths_s):
        colours = scene(number)
        end_s = at_s + length_s
        while at_s < end_s - 1e-9:
            place += motion
            glances.append(glance_of(round(at_s, 3), shifted(colours, place % POINTS)))
            at_s += step_s
        at_s = end_s
    return glances


def moments_of(glances: list[Glance], every: int) -> list[FrameMoment]:
    return [FrameMoment(at_s=glance.at_s) for glance in glances[::every]]


def found(lengths_s: list[float], chosen_s: list[float]) -> int:
    edges = [0.0]
    for length_s in lengths_s:
        edges.append(edges[-1] + length_s)
    return sum(any(start <= at_s < end for at_s in chosen_s) for start, end in pairwise(edges))


LENGTHS = {
    "equal": [3.0] * 12,
    "long and short": [9.0, 1.0, 1.0, 7.0, 1.2, 1.5, 12.0, 1.0, 1.0, 5.0, 2.0, 1.0],
    "all short": [1.0] * 12,
    "one": [30.0],
}


@pytest.mark.parametrize("motion", [0, 1, 40])
@pytest.mark.parametrize("step_s", [0.1, 0.5], ids=["every frame", "keyframes alone"])
@pytest.mark.parametrize("lengths_s", LENGTHS.values(), ids=LENGTHS)
def test_every_scene_has_a_moment(lengths_s, step_s, motion):
    """However long it is, however the camera moves, and however seldom it is looked at."""
    glances = film(lengths_s, step_s=step_s, motion=motion)
    moments = moments_of(glances, 5 if step_s == 0.1 else 1)
    chosen = choose_moments(glances, moments, 12)

    assert len(chosen) == min(12, len(moments))
    assert found(lengths_s, [moments[index].at_s for index in chosen]) == len(lengths_s)


def test_fewer_frames_than_scenes_are_of_different_scenes():
    """None has two."""
    glances = film([2.0] * 20)
    moments = moments_of(glances, 5)
    chosen = choose_moments(glances, moments, 10)

    assert found([2.0] * 20, [moments[index].at_s for index in chosen]) == 10


def test_without_scenes_moments_are_spread_evenly():
    """A scene of its own has nothing to choose by: no two are much nearer than others."""
    glances = film([60.0], motion=0)
    moments = moments_of(glances, 5)
    chosen = [moments[index].at_s for index in choose_moments(glances, moments, 10)]
    gaps = [after - before for before, after in pairwise(chosen)]

    assert max(gaps) <= 3 * min(gaps)


def test_slides_that_differ_by_some_words():
    """Small changes count where nothing else changes."""
    white = [255] * (3 * POINTS)
    words = [bytes(white[: 90 * number] + [180] * 40 + white[90 * number + 40 :]) for number in range(4)]
    glances = [glance_of(number * 0.1, words[number // 30]) for number in range(120)]
    odds = change_odds(glances)

    assert {place for place, chance in enumerate(odds) if chance > 0.1} == {29, 59, 89}


@pytest.mark.parametrize("through_black", [False, True])
def test_dissolves_and_fades_are_left_out(through_black):
    """Moments within them give way to others of both scenes."""
    one, other = scene(1), scene(2)
    middle = bytes(3 * POINTS)
    glances = []
    for number in range(60):
        share = min(1.0, max(0.0, (number - 25) / 10))
        mixed = blended(one, other, share)
        if through_black and 0 < share < 1:
            mixed = blended(one, middle, 2 * share) if share < 0.5 else blended(middle, other, 2 * share - 1)
        glances.append(glance_of(number * 0.1, shifted(mixed, number % POINTS)))
    moments = moments_of(glances, 3)
    times_s = [glance.at_s for glance in glances]
    chosen = [moments[index].at_s for index in choose_moments(glances, moments, 2)]

    assert sum(is_blend(glances, times_s, at_s) for at_s in times_s[26:35]) >= 5
    assert not any(is_blend(glances, times_s, at_s) for at_s in (*times_s[:20], *times_s[40:]))
    assert min(chosen) <= 2.5
    assert max(chosen) >= 3.5


def test_of_two_moments_of_a_scene_the_sharp_one_is_kept():
    """Where nothing else tells them apart."""
    glances = film([3.0, 3.0])
    moments = [FrameMoment(at_s=at_s, is_blurred=at_s in {1.0, 5.0}) for at_s in (1.0, 2.0, 4.0, 5.0)]

    assert choose_moments(glances, moments, 2) == (1, 2)


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 143))
def test_distances(one, other, points):
    """None to itself, the same both ways, and little for what has only moved."""
    first, second = glance_of(0.0, scene(one)), glance_of(1.0, scene(other))
    moved = glance_of(2.0, shifted(scene(one), points))

    assert distance(first, first) == 0
    assert distance(first, second) == distance(second, first)
    assert distance(first, moved) <= 0.2 * 255


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40, unique=True), st.integers(1, 50))
def test_as_many_as_wanted_or_as_there_are(times_s, wanted):
    """In order, each once, with or without glances."""
    moments = [FrameMoment(at_s=at_s) for at_s in sorted(times_s)]
    for glances in ([], [glance_of(at_s, scene(int(at_s) // 9)) for at_s in sorted(times_s)]):
        chosen = choose_moments(glances, moments, wanted)

        assert len(chosen) == min(wanted, len(moments))
        assert list(chosen) == sorted(set(chosen))
