"""Where a film's scenes change, and which of the moments looked at are sent so that most scenes have one.

The child process glances at the frames that it decodes anyway (a few colours each) and asks here; nothing is decoded
for it. Between two glances there is a chance that the scene has changed: how far they are apart, against what is usual
around them, as PySceneDetect's adaptive detector has it. The moment that hardly shows a scene of its own goes first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp
from operator import sub

NEAR_S = 0.3  # apart: nearer glances differ by motion alone, unless there is a cut between them
NEAR_AROUND, FAR_AROUND = 12, 4  # glances before and after that say what is usual
OTHER_CUTS = 2  # among them, at most
LEAST_USUAL = 0.25  # grey levels: the noise of an encoder
LEAST_CHANGE = 0.8  # grey levels: a few words more on a slide
UNLIKELY, LIKELY = 2.0, 4.0  # times what is usual
SOME, MUCH = 10.0, 40.0  # grey levels: worth as much by themselves, where scenes are too short to say what is usual
FAR_TIMES = 5.0  # times what is usual of near ones, and some: so much may motion do in seconds
FAR_LEAST = 2.0

PLACE_WEIGHT = 0.125
"""Where colours are counts less than which there are: motion moves them, a new scene has others."""

TIME_WEIGHT = 0.5
"""A chance of this much is given to time alone: so long scenes get the frames that are left, the longest gaps first."""

BLEND_REACH_S = 0.4  # from a frame in a dissolve to those that are compared with it, and half of it more or less
BLEND_LEAST = 12.0  # grey levels from one to the other
BLEND_SLACK = 1.2  # the way by the frame between them is hardly longer
BLEND_ENDS = 0.12  # of that way, at least, from either end
BLEND_WEIGHT = 0.2
BLURRED_WEIGHT = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A frame's colours at a few points, row by row; `levels` has those of red, green and blue in rising order."""

    at_s: float
    colours: bytes
    levels: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameMoment:
    """A moment that may be sent. `is_blurred`: out of focus or in motion."""

    at_s: float
    is_blurred: bool = False


def glance_of(at_s: float, colours: bytes) -> Glance:
    """The glance at colours that are given as three bytes for each point."""
    levels = b"".join(bytes(sorted(colours[channel::3])) for channel in range(3))
    return Glance(at_s=at_s, colours=colours, levels=levels)


def distance(one: Glance, other: Glance) -> float:
    """How far, in levels of 0 to 255, the colours of one glance must be moved to be those of the other, and a little by
    places.
    """
    in_place: int = sum(map(abs, map(sub, one.colours, other.colours)))
    return moved(one, other) + PLACE_WEIGHT * in_place / len(one.colours)


def moved(one: Glance, other: Glance) -> float:
    """How far, on average, colours are moved, wherever they are: the earth mover's distance of each channel, in levels
    of 0 to 255.
    """
    steps: int = sum(map(abs, map(sub, one.levels, other.levels)))
    return steps / len(one.levels)


def choose_moments(glances: Sequence[Glance], moments: Sequence[FrameMoment], wanted: int) -> tuple[int, ...]:
    """Indices of at most `wanted` moments, in order; both sequences are in order of time."""
    if len(moments) <= wanted:
        return tuple(range(len(moments)))
    chain = Chain(moments, stays(glances, [moment.at_s for moment in moments]), weights(glances, moments))
    chain.shorten(wanted)
    return tuple(chain.kept())


def stays(glances: Sequence[Glance], times_s: Sequence[float]) -> list[float]:
    """For each two neighbouring moments, the chance (0 to 1) that they are of one scene."""
    odds = change_odds(glances)
    places_s = [glance.at_s for glance in glances]
    found = []
    for before_s, after_s in pairwise(times_s):
        chance = 1.0
        first, last = bisect_right(places_s, before_s) - 1, bisect_left(places_s, after_s)
        for odd in odds[max(0, first) : last]:
            chance *= 1 - odd
        found.append(chance)
    return found


def change_odds(glances: Sequence[Glance]) -> list[float]:
    """For each two neighbouring glances, the chance (0 to 1) of a change between them."""
    apart = [distance(one, other) for one, other in pairwise(glances)]
    near = [place for place, (one, other) in enumerate(pairwise(glances)) if other.at_s - one.at_s <= NEAR_S]
    far = sorted(set(range(len(apart))) - set(near))
    odds = [0.0] * len(apart)
    for order, place in enumerate(near):
        odds[place] = odds_of(apart[place], usual_of_near([apart[other] for other in around(near, order, NEAR_AROUND)]))
    for order, place in enumerate(far):
        usual = usual_of_far([apart[other] for other in around(far, order, FAR_AROUND)])
        at = bisect_left(near, place)
        beside = [apart[other] for other in near[max(0, at - NEAR_AROUND) : at + NEAR_AROUND]]
        if beside:
            usual = min(usual, FAR_LEAST + FAR_TIMES * usual_of_near(beside))
        odds[place] = odds_of(apart[place], usual)
    return odds


def around(places: Sequence[int], order: int, reach: int) -> list[int]:
    return [*places[max(0, order - reach) : order], *places[order + 1 : order + 1 + reach]]


def usual_of_near(distances: Sequence[float]) -> float:
    """The largest distance that motion explains: the largest, apart from those that may be cuts."""
    found = sorted(distances)[: -OTHER_CUTS or None]
    return max(LEAST_USUAL, found[-1] if found else 0.0)


def usual_of_far(distances: Sequence[float]) -> float:
    """The mean of the smaller half of the distances: between far glances, cuts may be as many as not."""
    smaller = sorted(distances)[: max(1, len(distances) // 2)]
    return max(LEAST_USUAL, sum(smaller) / max(1, len(smaller)))


def odds_of(apart: float, usual: float) -> float:
    """The chance (0 to 1) of a cut. A change that is large by itself counts more: what suddenly comes into a picture
    may be a part of it.
    """
    if apart < LEAST_CHANGE:
        return 0.0
    size = ramp(apart, SOME, MUCH)
    return max(ramp(apart / usual, UNLIKELY, LIKELY) * (1 + size) / 2, size / 2)


def ramp(value: float, start: float, end: float) -> float:
    """A number from 0 at the start to 1 at the end."""
    return min(1.0, max(0.0, (value - start) / (end - start)))


def weights(glances: Sequence[Glance], moments: Sequence[FrameMoment]) -> list[float]:
    """What each moment is worth (0 to 1): little within a dissolve or fade, less when it is blurred."""
    places_s = [glance.at_s for glance in glances]
    return [
        (BLEND_WEIGHT if is_blend(glances, places_s, moment.at_s) else 1.0)
        * (BLURRED_WEIGHT if moment.is_blurred else 1.0)
        for moment in moments
    ]


def is_blend(glances: Sequence[Glance], places_s: Sequence[float], at_s: float) -> bool:
    """Whether the colours are between those before and those after: a dissolve, or a fade."""
    before, own, after = (nearest(glances, places_s, at_s + step) for step in (-BLEND_REACH_S, 0.0, BLEND_REACH_S))
    if before is None or own is None or after is None:
        return False
    whole, first, second = moved(before, after), moved(before, own), moved(own, after)
    is_between = first + second <= BLEND_SLACK * whole and min(first, second) >= BLEND_ENDS * whole
    return whole >= BLEND_LEAST and is_between


def nearest(glances: Sequence[Glance], places_s: Sequence[float], at_s: float) -> Glance | None:
    place = bisect_left(places_s, at_s)
    beside = glances[max(0, place - 1) : place + 1]
    found = min(beside, key=lambda one: abs(one.at_s - at_s), default=None)
    return found if found is not None and abs(found.at_s - at_s) <= BLEND_REACH_S / 2 else None


class Chain:
    """The moments side by side. The one that is needed least is taken out until enough are gone."""

    def __init__(self, moments: Sequence[FrameMoment], stay: Sequence[float], weight: Sequence[float]) -> None:
        count = len(moments)
        self.times_s = [moment.at_s for moment in moments]
        self.stay = [*stay, 0.0]  # of each moment with the next one
        self.weight = weight
        self.before = list(range(-1, count - 1))
        self.after = [*range(1, count), -1]
        self.left = set(range(count))
        self.usual_gap_s = max(1e-9, (self.times_s[-1] - self.times_s[0]) / count)
        self.value = [self.value_of(index) for index in range(count)]

    def kept(self) -> list[int]:
        return sorted(self.left)

    def shorten(self, wanted: int) -> None:
        self.usual_gap_s *= len(self.left) / wanted
        self.value = [self.value_of(index) for index in range(len(self.value))]
        while len(self.left) > wanted:
            self.take_out(min(self.left, key=self.value.__getitem__))

    def value_of(self, index: int) -> float:
        """The chance that the moment is the only one of its scene: that scenes change before and after it."""
        return self.weight[index] * self.change(self.before[index], index) * self.change(index, self.after[index])

    def change(self, one: int, other: int) -> float:
        """The chance of a change between two moments; 1 beyond the ends of a film."""
        if one < 0 or other < 0:
            return 1.0
        gap_s = self.times_s[other] - self.times_s[one]
        by_time = TIME_WEIGHT * (1 - exp(-gap_s / self.usual_gap_s))
        return 1 - self.stay[one] * (1 - by_time)

    def take_out(self, index: int) -> None:
        before, after = self.before[index], self.after[index]
        self.left.remove(index)
        if before >= 0:
            self.after[before] = after
            self.stay[before] *= self.stay[index]
        if after >= 0:
            self.before[after] = before
        for neighbour in (before, after):
            if neighbour >= 0:
                self.value[neighbour] = self.value_of(neighbour)
