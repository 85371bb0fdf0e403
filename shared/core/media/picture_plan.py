"""What will be done to a picture and why, decided before any pixel is decoded.

`plan_image` turns the facts of the header into a value: which frames, how large, in which steps. The adapter that
draws the pixels follows it, and the result document keeps `steps` as provenance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.core import limits
from shared.core.media.kinds import Kind
from shared.core.models.image_grid import Size
from shared.core.models.tokens import best_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.core.models.catalogue import Detail, Model

JPEG_QUALITY = 85
"""Luma SSIM about 0.97 against the uncompressed picture on phone photos (bench/normalize.py)."""

SHRINK_GAP = 1.35
"""Cheap shrinking (in the decoder, by averaging) stops at this multiple of the sent size; Lanczos does the rest.
At 1.1 the picture visibly loses detail (SSIM 0.91 for 0.95); at 1.5 a 24 megapixel photo takes twice the time."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeCost:
    """The decoder's peak memory, in bytes per pixel. `scaled` falls with the decode scale, which may go up to
    `max_scale`.
    """

    scaled: float
    fixed: float = 0.0
    max_scale: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo:
    """What a picture's header says. Sizes are upright, in pixels; `frame_sizes` has one entry per frame or page that
    can be sent.

    `colours` says how the colours are described where they are not sRGB's: a profile, code points. `page_numbers` are
    the places of those pages in the file, where thumbnails and masks stand between them. `is_document`: they are pages,
    each of which matters, not moments of an animation.
    """

    kind: Kind
    bytes: int
    width: int
    height: int
    orientation: int
    frame_sizes: tuple[Size, ...]
    mode: str
    has_alpha: bool = False
    colours: str = ""
    page_numbers: tuple[int, ...] = ()
    is_document: bool = False
    duration_s: float | None = None
    cost: DecodeCost
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
    """What is to be decoded and sent. `frames` are in source order; `max_bytes` is the model's limit on one encoded
    picture.

    `left_out` are the numbers, from 1, of a document's pages that nobody will see; `is_cut` says that the user did not
    ask for that.
    """

    frames: tuple[FramePlan, ...]
    decode_bytes: int = 0
    jpeg_quality: int = JPEG_QUALITY
    max_bytes: int = 20 * 1024 * 1024
    steps: tuple[str, ...] = field(default=())
    left_out: tuple[int, ...] = ()
    is_cut: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.left_out:
            return ()
        count = len(self.left_out) + len(self.frames)
        return (f"{len(self.left_out)} of {count} pages were not looked at: {ranges(self.left_out)} (option frames)",)


def plan_image(info: ImageInfo, *, model: Model, detail: Detail, max_images: int | None = None) -> ImagePlan:
    """The plan for a picture. `max_images` narrows the model's own limit on pictures per request, never widens it, but
    for documents, which are asked about in as many requests as they need.
    """
    chosen = choose(info, model=model, max_images=max_images)
    frames = tuple(plan_frame(index, info.frame_sizes[index], model=model, detail=detail) for index in chosen)
    return ImagePlan(
        frames=frames,
        decode_bytes=max(decode_bytes(info, frame) for frame in frames),
        max_bytes=model.max_image_bytes,
        steps=tuple(explain(info, frames)),
        left_out=tuple(n + 1 for n in range(info.frames) if n not in set(chosen)) if info.is_document else (),
        is_cut=info.is_document and max_images is None and len(chosen) < info.frames,
    )


def choose(info: ImageInfo, *, model: Model, max_images: int | None = None) -> tuple[int, ...]:
    """The indices of the frames or pages that are sent."""
    if info.is_document:
        return pick_evenly(info.frames, max_images or limits.DOCUMENT_PAGES.value)
    return pick_evenly(info.frames, max(1, min(model.max_images, max_images or model.max_images)))


def ranges(numbers: Sequence[int]) -> str:
    """The numbers as people write them: "2-4, 6"."""
    words: list[str] = []
    first = last = 0
    for number in (*numbers, 0):
        if first and number == last + 1:
            last = number
            continue
        if first:
            words.append(f"{first}-{last}" if last > first else str(first))
        first = last = number
    return ", ".join(words)


def plan_frame(index: int, size: Size, *, model: Model, detail: Detail) -> FramePlan:
    best = best_size(model, detail=detail, width=size[0], height=size[1])
    return FramePlan(index=index, width=best.width, height=best.height, tokens=best.tokens)


def decode_bytes(info: ImageInfo, frame: FramePlan) -> int:
    """The memory in bytes to decode and shrink one frame, the source included."""
    source = info.frame_sizes[frame.index]
    target = (frame.width, frame.height)
    scale = decode_scale(source, target, info.cost.max_scale)
    per_pixel = info.cost.fixed + info.cost.scaled / scale**2
    rows = frame.width * source[1] // scale  # the resampler shrinks rows first, then columns
    return info.bytes + int(source[0] * source[1] * per_pixel) + 4 * (rows + 2 * frame.width * frame.height)


def decode_scale(source: Size, target: Size, max_scale: int) -> int:
    """The power of two by which a codec may shrink while it decodes and still leave SHRINK_GAP for Lanczos."""
    room = min(source[0] / target[0], source[1] / target[1]) / SHRINK_GAP
    scale = 1
    while scale * 2 <= min(room, max_scale):
        scale *= 2
    return scale


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
        numbers = ", ".join(str(frame.index + info.is_document) for frame in frames)
        yield f"chose {len(frames)} of {info.frames} {'pages' if info.is_document else 'frames'} evenly: {numbers}"
    if (first.width, first.height) != source:
        how = "drawn at {1} instead of {0}" if info.kind.format == "pdf" else "shrunk {0} to {1}"
        sizes = f"{source[0]}x{source[1]}", f"{first.width}x{first.height}"
        yield f"{how.format(*sizes)}, all that the model sees or that pays"
    if info.orientation != 1:
        yield f"turned upright (it was stored {ORIENTATIONS[info.orientation]})"
    if info.colours:
        yield f"converted to sRGB from {info.colours}"
    yield "removed all metadata"
