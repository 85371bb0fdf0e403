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
SAME_MEAN = 1.5  # grey levels between thumbnails; the noise of one encoded still stays below 1
SAME_CELL = 10  # one line of text more on a slide changes a cell by about 30
BLURRED_SHARE = 0.35  # of the median sharpness so far
FEWEST_FOR_MEDIAN = 3
SCENE_CUT = 15.0  # mean difference of thumbnails; found all joints of a film of six clips

Fault = Literal["black", "blurred", "duplicate", "unreadable", "out of time", "not chosen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was measured on one frame: levels of 0 to 255, and its thumbnail row by row."""

    at_s: float
    brightness: float
    contrast: float
    sharpness: float
    thumbnail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A moment that was wanted and is not sent. `like_s` is the sent frame that looks the same."""

    at_s: float
    reason: Fault
    like_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """`percent` of the video's equal parts have a frame, or look like one that is sent."""

    percent: float
    largest_gap_s: float
    dropped: tuple[Dropped, ...] = field(default=())

    def facts(self) -> dict[str, Any]:
        dropped = [{"at_s": round(one.at_s, 3), "reason": one.reason} for one in self.dropped]
        return {"coverage_percent": self.percent, "largest_gap_s": self.largest_gap_s, "dropped": dropped}


def fault_of(look: Look, kept: Sequence[Look]) -> Fault | None:
    """Why this frame is not worth sending after those; None when it is."""
    if look.brightness < BLACK_BRIGHTNESS and look.contrast < BLACK_CONTRAST:
        return "black"
    if kept and is_same(look, kept[-1]):
        return "duplicate"
    if len(kept) >= FEWEST_FOR_MEDIAN and look.sharpness < BLURRED_SHARE * median(one.sharpness for one in kept):
        return "blurred"
    return None


def is_same(one: Look, other: Look) -> bool:
    differences = [abs(a - b) for a, b in zip(one.thumbnail, other.thumbnail, strict=True)]
    return sum(differences) < SAME_MEAN * len(differences) and max(differences) < SAME_CELL


def difference(one: Look, other: Look) -> float:
    return sum(abs(a - b) for a, b in zip(one.thumbnail, other.thumbnail, strict=True)) / len(one.thumbnail)


def choose_scenes(looks: Sequence[Look], wanted: int) -> tuple[int, ...]:
    """Every scene gets a frame as far as they go, the longest first; what is left goes where frames are scarcest."""
    scenes = split_scenes(looks)
    if len(scenes) > wanted:
        scenes = sorted(scenes, key=len, reverse=True)[:wanted]
    shares = [1] * len(scenes)
    for _ in range(min(wanted, len(looks)) - len(scenes)):
        open_scenes = [index for index, scene in enumerate(scenes) if shares[index] < len(scene)]
        shares[max(open_scenes, key=lambda index: len(scenes[index]) / shares[index])] += 1
    chosen = (spread(scene, share) for scene, share in zip(scenes, shares, strict=True))
    return tuple(sorted(index for indices in chosen for index in indices))


def split_scenes(looks: Sequence[Look]) -> list[range]:
    cuts = [index for index in range(1, len(looks)) if difference(looks[index - 1], looks[index]) > SCENE_CUT]
    edges = [0, *cuts, len(looks)]
    return [range(start, end) for start, end in pairwise(edges) if end > start]


def spread(scene: range, share: int) -> list[int]:
    """The middles of `share` equal parts of a scene."""
    return [scene[(2 * part + 1) * len(scene) // (2 * share)] for part in range(share)]


def coverage(plan: VideoPlan, sent: Sequence[tuple[float, float]], dropped: Sequence[Dropped]) -> Coverage:
    """`sent` has for each frame the moment it stands for and its own.

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
