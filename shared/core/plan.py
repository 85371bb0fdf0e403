"""What will be done to a picture and why, decided before any pixel is decoded.

`plan_image` turns the facts of the header into a value: which frames, how large, in which steps. The adapter that
draws the pixels follows it, and the result document keeps `steps` as provenance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.core.tokens import best_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.core.media import Kind
    from shared.core.models import Detail, Model

JPEG_QUALITY = 85
"""Luma SSIM about 0.97 against the uncompressed picture on phone photos (bench/normalize.py)."""

ORIENTATIONS = {
    1: "upright",
    2: "mirrored",
    3: "turned by 180°",
    4: "mirrored and turned by 180°",
    5: "mirrored and turned by 90°",
    6: "turned by 90°",
    7: "mirrored and turned by 270°",
    8: "turned by 270°",
}
SWAPS_SIDES = (5, 6, 7, 8)

Size = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo:
    """The header's facts. Sizes are upright; `frame_sizes` has one entry per frame or page that can be sent."""

    kind: Kind
    bytes: int
    width: int
    height: int
    orientation: int
    frame_sizes: tuple[Size, ...]
    mode: str
    has_alpha: bool = False
    has_icc: bool = False
    duration_s: float | None = None
    decode_bytes: int = 0
    notes: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        return len(self.frame_sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlan:
    """One picture to send: which frame, and the size it is sent at."""

    index: int
    width: int
    height: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlan:
    """`frames` are in source order. `max_bytes` is the model's limit on one encoded picture."""

    frames: tuple[FramePlan, ...]
    jpeg_quality: int = JPEG_QUALITY
    max_bytes: int = 20 * 1024 * 1024
    steps: tuple[str, ...] = field(default=())


def plan_image(info: ImageInfo, *, model: Model, detail: Detail, max_images: int | None = None) -> ImagePlan:
    """`max_images` narrows the model's own limit on pictures per request, never widens it."""
    room = max(1, min(model.max_images, max_images or model.max_images))
    chosen = pick_evenly(info.frames, room)
    frames = tuple(plan_frame(index, info.frame_sizes[index], model=model, detail=detail) for index in chosen)
    return ImagePlan(frames=frames, max_bytes=model.max_image_bytes, steps=tuple(explain(info, frames)))


def plan_frame(index: int, size: Size, *, model: Model, detail: Detail) -> FramePlan:
    best = best_size(model, detail=detail, width=size[0], height=size[1])
    return FramePlan(index=index, width=best.width, height=best.height, tokens=best.tokens)


def pick_evenly(count: int, room: int) -> tuple[int, ...]:
    """At most `room` of `count` indices, first and last among them, the rest evenly between."""
    if count <= room:
        return tuple(range(count))
    if room == 1:
        return (0,)
    return tuple((2 * i * (count - 1) + room - 1) // (2 * (room - 1)) for i in range(room))


def explain(info: ImageInfo, frames: tuple[FramePlan, ...]) -> Iterator[str]:
    first = frames[0]
    source = info.frame_sizes[first.index]
    yield f"read as {info.kind.label}, told from its bytes"
    if len(frames) < info.frames:
        numbers = ", ".join(str(frame.index) for frame in frames)
        yield f"chose {len(frames)} of {info.frames} frames evenly: {numbers}"
    if (first.width, first.height) != source:
        yield f"shrunk {source[0]}x{source[1]} to {first.width}x{first.height}, all that the model sees or that pays"
    if info.orientation != 1:
        yield f"turned upright (it was stored {ORIENTATIONS[info.orientation]})"
    if info.has_icc:
        yield "converted to sRGB by its colour profile"
    if info.has_alpha:
        yield "laid over white where it is transparent"
    yield "removed all metadata"
