"""Which pages of a file are cut into tiles, and what the result says about it: decided from sizes and measured text."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from shared.core.media.picture_plan import FramePlan, decode_bytes
from shared.core.media.tiles import (
    LEGIBLE_EM_PX,
    TilePlan,
    Tiles,
    is_seen_whole,
    plan_tiles,
    scaled,
    smallest_legible_px,
)

if TYPE_CHECKING:
    from shared.core.media.picture import Picture
    from shared.core.media.picture_plan import ImageInfo
    from shared.core.models.catalogue import Detail, Model
    from shared.core.models.image_grid import Size

SMALL_PRINT_PX = 12  # a page on which such letters stay legible is fine, whatever is on it
MAYBE_FLAT_SHARE = 0.3  # of a page that is shrunk: its text has become grey, yet photos have 0.2 at most
LONG_RATIO = 3  # hardly any photo is so long
LOSSLESS = frozenset({"png", "bmp", "gif", "tiff"})  # screenshots and scans, seldom photos
MEASURED_PIXELS = 16_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """For whom the pictures are made, and what the user has said of their number."""

    model: Model
    detail: Detail
    max_images: int | None = None
    tiles: Tiles = "auto"

    @property
    def count(self) -> int | None:
        """The number of tiles that is asked for; None leaves it to the text."""
        return self.tiles if isinstance(self.tiles, int) else None

    @property
    def cuts(self) -> bool:
        """Who asks for detail low wants it cheap, and gets tiles only by their number."""
        return self.count is not None or (self.tiles == "auto" and self.detail != "low")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`plan` is None where the page is not cut; `step` and `note` say why, "" = nothing to say."""

    plan: TilePlan | None = None
    is_text: bool = False
    step: str = ""
    note: str = ""


def is_in_question(info: ImageInfo, picture: Picture, request: PictureRequest) -> bool:
    """Whether a still or page may lose text by being shrunk, or is to be cut whatever is on it."""
    size = info.frame_sizes[picture.index]
    if info.frames > 1 and not info.is_document:
        return False
    if is_seen_whole(size, model=request.model, detail=request.detail):
        return False
    if request.count is not None:
        return True
    sent = (picture.width, picture.height)
    is_worth_a_look = looks_like_a_page(size, picture) or (request.cuts and info.kind.format in LOSSLESS)
    return is_worth_a_look and smallest_legible_px(size, sent) > SMALL_PRINT_PX


def looks_like_a_page(size: Size, picture: Picture) -> bool:
    """By its shape, or by how much of it is flat as it is sent."""
    return picture.flat_share >= MAYBE_FLAT_SHARE or max(size) >= LONG_RATIO * min(size)


def frame_to_measure(info: ImageInfo, picture: Picture) -> FramePlan:
    """The page at full size, or as large as MEASURED_PIXELS allow."""
    width, height = info.frame_sizes[picture.index]
    return whole_frame(picture.index, scaled((width, height), min(1.0, sqrt(MEASURED_PIXELS / (width * height)))))


def whole_frame(index: int, size: Size) -> FramePlan:
    return FramePlan(index=index, width=size[0], height=size[1], tokens=0)


def choose_tiles(info: ImageInfo, picture: Picture, request: PictureRequest, *, em_px: float, max_bytes: int) -> Choice:
    """For one page, whose text has `em_px` at full size (0: it has none). A decode may take `max_bytes`."""
    size, sent = info.frame_sizes[picture.index], (picture.width, picture.height)
    em_sent_px = em_px * sent[0] / size[0]
    if request.count is None and (not em_px or em_sent_px >= LEGIBLE_EM_PX):
        why = f"its text has about {em_sent_px:.0f} px as it is sent" if em_px else "no lines of small text were found"
        return Choice(step=f"{named(picture)}not cut into parts: {why}")
    plan = plan_tiles(size, model=request.model, detail=request.detail, count=request.count, em_px=em_px or None)
    if plan is None:
        return Choice(step=f"{named(picture)}not cut into parts: the model sees it as it is")
    if decode_bytes(info, whole_frame(picture.index, (plan.width, plan.height))) > max_bytes:
        return Choice(note=f"{lost_text(size, sent, picture)}, and it is too large to be cut into parts")
    first = plan.tiles[0]
    shape = f"{len(plan.tiles)} parts of {first.right - first.left}x{first.bottom - first.top}"
    why = f", as its text of about {em_px:.0f} px would be sent at {em_sent_px:.1f} px" if em_px else ""
    step = f"{named(picture)}cut into {shape} beside the whole, for {plan.tokens} tokens{why}"
    is_small = em_px * plan.width / size[0] < LEGIBLE_EM_PX
    note = lost_text(size, (plan.width, plan.height), picture) if em_px and is_small else ""
    return Choice(plan=plan, is_text=em_px > 0, step=step, note=note)


def choose_none(info: ImageInfo, picture: Picture, request: PictureRequest) -> Choice:
    """What is said of a flat page that nobody wants cut, measured or not."""
    advice = "detail high" if request.tiles == "auto" else 'tiles = "auto"'
    lost = lost_text(info.frame_sizes[picture.index], (picture.width, picture.height), picture)
    return Choice(note=f"{lost} ({advice} would send it in parts)")


def lost_text(size: Size, sent: Size, picture: Picture) -> str:
    return f"{named(picture)}text under {smallest_legible_px(size, sent)} px will not be read"


def named(picture: Picture) -> str:
    return "" if picture.page is None else f"page {picture.page}: "
