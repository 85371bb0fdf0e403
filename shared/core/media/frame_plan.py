"""Which moments of a video to look at, and how large its frames are sent, decided before any of them is decoded.

`plan_video` turns the header's facts into a value that the child process (adapters/frames/child.py) follows; which of
the moments are kept is decided by frame_choice.py while they are decoded. The video is cut into equal slots, one frame
is wanted from each, so two neighbouring frames are never more than two slots apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from shared.core.media.kinds import Kind
from shared.core.media.picture_plan import JPEG_QUALITY, ORIENTATIONS
from shared.core.models.catalogue import Detail, Model
from shared.core.models.image_grid import Size
from shared.core.models.tokens import best_size

Sampling = Literal["even", "scenes"]

DEFAULT_FRAMES = 20
"""What Azure's own video prompts looked at (Microsoft's how-to of 2023-11)."""

SCENE_LOOKS = 4  # moments looked at per frame wanted, to find where scenes change
MOST_LOOKS = 500
MOST_KEYFRAMES = 1.6  # for each look
CLOCK_S = 0.001  # times are rounded to it
MOST_AIMS = 3  # tries per slot: the first may be black, blurred or a repetition
ALTERNATIVES = (0.25, 0.4)  # of a slot, after its middle: decoding goes forward only
POSTER_SIDE = 960
SHEET_COLUMNS = 3
SHEET_ROWS = 3
CELL_SIDE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """What a video's header says. Sizes are upright and in square pixels; `keyframes_s` is empty where there is no
    index.
    """

    kind: Kind
    bytes: int
    width: int
    height: int
    orientation: int
    duration_s: float
    frames: int | None
    frames_per_s: float
    codec: str
    audio_codec: str | None = None
    keyframes_s: tuple[float, ...] = ()
    truncated: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """An equal part of the video, from which one frame is wanted."""

    start_s: float
    end_s: float

    def holds(self, at_s: float) -> bool:
        return self.start_s - CLOCK_S <= at_s < self.end_s - CLOCK_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A moment to decode, in seconds: a keyframe costs one frame, any other all frames since the keyframe before it."""

    at_s: float
    keyframe: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A contact sheet: frames side by side in reading order, all in one picture."""

    columns: int
    rows: int
    width: int
    height: int

    @property
    def cells(self) -> int:
        return self.columns * self.rows

    def box(self, place: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of a cell, in pixels; every pixel of the sheet belongs to one cell."""
        row, column = divmod(place, self.columns)
        return (
            column * self.width // self.columns,
            row * self.height // self.rows,
            (column + 1) * self.width // self.columns,
            (row + 1) * self.height // self.rows,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPlan:
    """What is to be decoded and sent: `wanted` frames of `width` x `height` pixels, `tokens` for each picture, which is
    a frame or a sheet of them.
    """

    duration_s: float
    slots: tuple[Slot, ...]
    wanted: int
    sampling: Sampling
    keyframes_s: tuple[float, ...]
    width: int
    height: int
    tokens: int
    poster: Size
    sheet: Sheet | None = None
    jpeg_quality: int = JPEG_QUALITY
    steps: tuple[str, ...] = ()


def plan_video(
    info: VideoInfo,
    *,
    model: Model,
    detail: Detail,
    frames: int | None = None,
    sampling: Sampling = "even",
    contact_sheet: bool = False,
    max_images: int | None = None,
) -> VideoPlan:
    """The plan for a video. `frames` None is DEFAULT_FRAMES, or what fits into one request; more than fit are asked for
    in several.
    """
    room = max(1, min(model.max_images, max_images or model.max_images))
    wanted = frames or (DEFAULT_FRAMES if contact_sheet else min(DEFAULT_FRAMES, room))
    wanted = min(wanted, info.frames or wanted)
    looks = wanted if sampling == "even" else min(MOST_LOOKS, wanted * SCENE_LOOKS, info.frames or MOST_LOOKS)
    best = best_size(model, detail=detail, width=info.width, height=info.height)
    sheet = plan_sheet(info, wanted, model=model, detail=detail) if contact_sheet and wanted > 1 else None
    plan = VideoPlan(
        duration_s=info.duration_s,
        slots=cut(info.duration_s, max(wanted, looks)),
        wanted=wanted,
        sampling=sampling,
        keyframes_s=info.keyframes_s,
        width=best.width,
        height=best.height,
        tokens=best.tokens if sheet is None else sheet_tokens(sheet, model, detail),
        poster=fit((info.width, info.height), POSTER_SIDE),
        sheet=sheet,
    )
    return with_steps(plan, info, single_tokens=best.tokens)


def cut(duration_s: float, count: int) -> tuple[Slot, ...]:
    """The equal parts of the video. The last one has no end: the header's duration may be short by a frame."""
    edges = [duration_s * index / count for index in range(count)] + [float("inf")]
    if duration_s <= 0:
        return (Slot(start_s=0.0, end_s=float("inf")),)
    return tuple(Slot(start_s=edges[index], end_s=edges[index + 1]) for index in range(count))


def aims(slot: Slot, plan: VideoPlan) -> tuple[Aim, ...]:
    """The moments to look at in a slot, best first: its keyframes, nearest to the middle first, then moments after
    it.
    """
    end_s = min(slot.end_s, max(plan.duration_s, slot.start_s))
    span_s = end_s - slot.start_s
    middle_s = slot.start_s + span_s / 2
    inside = sorted((key for key in plan.keyframes_s if slot.holds(key)), key=lambda key: abs(key - middle_s))
    keys = [Aim(at_s=key, keyframe=True) for key in inside[:MOST_AIMS]]
    exact_s = [middle_s, *(middle_s + span_s * share for share in ALTERNATIVES)]
    return tuple([*keys, *(Aim(at_s=at_s, keyframe=False) for at_s in exact_s)][:MOST_AIMS])


def scene_aims(slot: Slot, plan: VideoPlan) -> tuple[Aim, ...]:
    """The moments to look at for scenes: all keyframes of the slot, which stand where scenes begin, else its middle.

    Where there are many keyframes, only the one nearest to the middle.
    """
    found = aims(slot, plan)
    if not found[0].keyframe or len(plan.keyframes_s) > MOST_KEYFRAMES * len(plan.slots):
        return found[:1]
    return tuple(Aim(at_s=key, keyframe=True) for key in plan.keyframes_s if slot.holds(key))


def plan_sheet(info: VideoInfo, wanted: int, *, model: Model, detail: Detail) -> Sheet:
    columns = min(SHEET_COLUMNS, wanted)
    rows = min(SHEET_ROWS, -(-wanted // columns))
    cell = fit((info.width, info.height), CELL_SIDE)
    best = best_size(model, detail=detail, width=columns * cell[0], height=rows * cell[1])
    return Sheet(columns=columns, rows=rows, width=best.width, height=best.height)


def sheet_tokens(sheet: Sheet, model: Model, detail: Detail) -> int:
    return best_size(model, detail=detail, width=sheet.width, height=sheet.height).tokens


def fit(size: Size, longest: int) -> Size:
    """The size in the same shape with no side over `longest` pixels; never larger."""
    side = max(size)
    if side <= longest:
        return size
    return max(1, size[0] * longest // side), max(1, size[1] * longest // side)


def fit_into(size: Size, box: Size) -> Size:
    """The largest size of the same shape that lies within `box`; it may be larger than `size`."""
    scale = min(box[0] / size[0], box[1] / size[1])
    return max(1, min(box[0], round(size[0] * scale))), max(1, min(box[1], round(size[1] * scale)))


def pictures(plan: VideoPlan, frames: int) -> int:
    """How many pictures that many frames are sent in."""
    return frames if plan.sheet is None else -(-frames // plan.sheet.cells)


def with_steps(plan: VideoPlan, info: VideoInfo, *, single_tokens: int) -> VideoPlan:
    return replace(plan, steps=tuple(explain(plan, info, single_tokens)))


def explain(plan: VideoPlan, info: VideoInfo, single_tokens: int) -> Iterator[str]:
    sound = f"sound {info.audio_codec}" if info.audio_codec else "no sound"
    yield f"read as {info.kind.label}, told from its bytes: {info.codec}, {sound}, {info.duration_s:.1f} s"
    every_s = info.duration_s / len(plan.slots)
    looked = f"looked at {len(plan.slots)} moments, one in every {every_s:.3g} s"
    yield looked if plan.sampling == "even" else f"{looked}, and chose {plan.wanted} of them by scenes"
    if plan.sheet is None and (plan.width, plan.height) != (info.width, info.height):
        yield f"shrunk {info.width}x{info.height} to {plan.width}x{plan.height}, all that the model sees or that pays"
    if plan.sheet is not None:
        yield from explain_sheet(plan, plan.sheet, single_tokens)
    if info.orientation != 1:
        yield f"turned upright (it was stored {ORIENTATIONS[info.orientation]})"


def explain_sheet(plan: VideoPlan, sheet: Sheet, single_tokens: int) -> Iterator[str]:
    sheets = pictures(plan, plan.wanted)
    together, alone = sheets * plan.tokens, plan.wanted * single_tokens
    yield (
        f"laid {plan.wanted} frames on {sheets} contact sheets of {sheet.width}x{sheet.height}, "
        f"{sheet.columns} by {sheet.rows} frames each: {together} tokens, {alone} as single frames"
    )
