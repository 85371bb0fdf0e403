"""Which of the decoded moments are sent: black, blurred and repeated frames give way to their neighbours.

The child process measures each frame (a few numbers and a 32x32 thumbnail) and asks here; no pixels are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any, Literal

from shared.core.media.frame_plan import VideoPlan, cut

BLACK_BRIGHTNESS = 24.0  # of 255; video black is 16 where the range is not full
BLACK_CONTRAST = 6.0
BLACK_LIGHTS = 48  # a lamp, a cursor or a line of text on black is brighter
SAME_MEAN = 1.5  # grey levels between thumbnails; the noise of one encoded still stays below 1
SAME_CELL = 10  # one line of text more on a slide changes a cell by about 30
SAME_BLOCK = 12.0  # a small figure that changes on a large screen changes a block by 13 to 26
STILL_BLOCK = 6.0  # an encoder's noise is mostly less, and never over 9
BLURRED_SHARE = 0.35  # of the median sharpness so far
FEWEST_FOR_MEDIAN = 3
SHARP_ACUITY = 0.62  # of fine detail to coarse: 0.63 and up in 60 films in focus, 0.24 to 0.57 in blurred ones
SHARP_SHARE = 0.15  # of contrast
MUCH_SHARPER = 1.5
SCENE_MEAN = 40.0  # grey levels between thumbnails half a second apart, with much motion; cuts have about 60

Flaw = Literal["black", "blurred", "duplicate", "unreadable", "out of time", "not chosen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was measured on one frame: levels of 0 to 255, and its thumbnail row by row.

    `lights` is the level of its few brightest pixels; `acuity` is the ratio of fine detail to coarse, whatever is
    shown.
    """

    at_s: float
    brightness: float
    contrast: float
    lights: int
    sharpness: float
    acuity: float
    thumbnail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A moment that was wanted and is not sent, and why. `like_s` is the second of the sent frame that looks the
    same.
    """

    at_s: float
    reason: Flaw
    like_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a video is sent. `percent` of its equal parts have a frame, or look like one that is sent."""

    percent: float
    largest_gap_s: float
    dropped: tuple[Dropped, ...] = field(default=())

    def facts(self) -> dict[str, Any]:
        dropped = [{"at_s": round(one.at_s, 3), "reason": one.reason} for one in self.dropped]
        return {"coverage_percent": self.percent, "largest_gap_s": self.largest_gap_s, "dropped": dropped}


def fault_of(look: Look, kept: Sequence[Look], change: float) -> Flaw | None:
    """Why this frame is not worth sending after those; None when it is.

    `change` is the difference to the last of them where they differ most, in levels of 0 to 255, in a block of 4 by 4
    measured pixels.
    """
    if is_black(look):
        return "black"
    if kept and is_same(look, kept[-1], change):
        return "duplicate"
    if len(kept) >= FEWEST_FOR_MEDIAN and look.sharpness < BLURRED_SHARE * median(one.sharpness for one in kept):
        return "blurred"
    return None


def is_black(look: Look) -> bool:
    """Whether the frame is black. Averages alone do not tell: what moves through the dark is small."""
    return look.brightness < BLACK_BRIGHTNESS and look.contrast < BLACK_CONTRAST and look.lights < BLACK_LIGHTS


def is_same(one: Look, other: Look, change: float) -> bool:
    differences = [abs(a - b) for a, b in zip(one.thumbnail, other.thumbnail, strict=True)]
    is_alike = sum(differences) < SAME_MEAN * len(differences) and max(differences) < SAME_CELL
    return is_alike and change < SAME_BLOCK


def may_be_blurred(look: Look) -> bool:
    """Whether the frame may be out of focus or in motion: only its neighbours can tell for certain."""
    return look.acuity < SHARP_ACUITY or look.sharpness < SHARP_SHARE * look.contrast


def is_sharper_of_scene(one: Look, other: Look) -> bool:
    """Whether a frame is much sharper than another one and of the same scene."""
    return one.sharpness > MUCH_SHARPER * other.sharpness and mean_difference(one, other) < SCENE_MEAN


def mean_difference(one: Look, other: Look) -> float:
    return sum(abs(a - b) for a, b in zip(one.thumbnail, other.thumbnail, strict=True)) / len(one.thumbnail)


def coverage(plan: VideoPlan, sent: Sequence[tuple[float, float]], dropped: Sequence[Dropped]) -> Coverage:
    """How much of the video the sent frames show. `sent` has for each frame the second that it stands for and its
    own.

    Repetitions of a sent frame count as covered: whoever sees the one has seen the other.
    """
    parts = cut(plan.duration_s, plan.wanted)
    like_sent = [one.at_s for one in dropped if one.like_s is not None]
    seen_s = [*(wanted_s for wanted_s, _ in sent), *like_sent]
    covered = sum(any(part.holds(at_s) for at_s in seen_s) for part in parts)
    edges = [0.0, *sorted([*(at_s for _, at_s in sent), *like_sent])]
    edges.append(max(plan.duration_s, edges[-1]))
    return Coverage(
        percent=round(100 * covered / len(parts), 1),
        largest_gap_s=round(max(later - earlier for earlier, later in pairwise(edges)), 3),
        dropped=tuple(sorted(dropped, key=lambda one: one.at_s)),
    )
