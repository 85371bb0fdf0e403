"""One picture on its way from the decoder to the request, and what normalizing a file gives besides.

The child process that decodes makes a Picture, storage keeps its bytes beside the record `Normalized`, and the payload
is built from the Picture that is read back: one value, so that no stage drops what an earlier one has learned.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.core.media.normalized import Normalized
from shared.core.media.picture_plan import ImageInfo, ImagePlan
from shared.core.media.place import PagePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One encoded picture: its bytes, its upright size in pixels, and where it belongs.

    `at_s` is its moment in a video or animation, in seconds from the start. A contact sheet has those of all its frames
    in `frames_at_s`, in reading order. `index` is the frame or page of its file, `page` the same for pages, from 1,
    `label` the name that tells it from pictures of other files. `encoding` says how it was written, `damage` what was
    missing of it ("" = nothing), `place` where on its page it stands if that is cut, `flat_share` is 0 for noise and 1
    for one colour, `steps` what was decided by its pixels, `notes` what a reader of the answer should
    know of them.
    """

    data: bytes = field(repr=False)
    media_type: str
    width: int
    height: int
    index: int = 0
    page: int | None = None
    at_s: float | None = None
    frames_at_s: tuple[float, ...] = ()
    label: str | None = None
    place: PagePlace | None = None
    flat_share: float = 0.0
    encoding: str = ""
    damage: str = ""
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def times_s(self) -> tuple[float, ...]:
        """The moments of all frames in it, in seconds and in reading order; none for a still."""
        return self.frames_at_s or (() if self.at_s is None else (self.at_s,))


def stored_picture(item: Normalized, data: bytes) -> Picture:
    """The picture that a record and the bytes of its blob make together."""
    return Picture(
        data=data,
        media_type=item.media_type,
        width=item.width,
        height=item.height,
        page=item.page,
        at_s=item.at_s,
        frames_at_s=item.frames_at_s,
        label=item.label,
        place=item.place,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundPiece:
    """Part of a video's sound as an MP3 file: 16 kHz mono. Where it is silent it has no data."""

    data: bytes = field(default=b"", repr=False)
    start_s: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizedImage:
    """What became of an image file: its header's facts, the plan, and the pictures."""

    info: ImageInfo
    plan: ImagePlan
    pictures: tuple[Picture, ...]
    tile_steps: tuple[str, ...] = ()
    tile_notes: tuple[str, ...] = ()

    @property
    def whole_pictures(self) -> tuple[Picture, ...]:
        """Without the parts of those that are cut."""
        return tuple(one for one in self.pictures if one.place is None or not one.place.number)

    @property
    def partial(self) -> bool:
        """Whether part of the source is missing, damaged or too long, and the rest was used; `notes` say it in
        words.
        """
        is_short = self.plan.is_cut or len(self.whole_pictures) < len(self.plan.frames)
        return is_short or any(picture.damage for picture in self.pictures)

    @property
    def notes(self) -> tuple[str, ...]:
        lost = len(self.plan.frames) - len(self.whole_pictures)
        frames = (f"the last {lost} of {len(self.plan.frames)} chosen frames are damaged",) if lost else ()
        damage = (one.damage for one in self.pictures if one.damage)
        seen = (note for one in self.pictures for note in one.notes)
        return (
            *self.info.notes,
            *self.plan.notes,
            *frames,
            *dict.fromkeys(damage),
            *dict.fromkeys(seen),
            *self.tile_notes,
        )

    @property
    def steps(self) -> tuple[str, ...]:
        """What was done, in words for the result document: the plan's steps and how the pictures were encoded."""
        return (
            *self.plan.steps,
            *self.tile_steps,
            *dict.fromkeys(step for one in self.pictures for step in one.steps),
            *(f"encoded as {how}" for how in dict.fromkeys(one.encoding for one in self.pictures)),
        )
