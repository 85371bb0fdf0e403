"""From a file's header facts to its pictures, the parts of pages with small text among them: the order of the steps.

Whoever decodes, this process or a child, does as a PageReader is asked; what is asked is decided here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from shared.core import limits as bounds
from shared.core.media.decode_limits import DecodeLimits, Load, check_source
from shared.core.media.picture import NormalizedImage, Picture
from shared.core.media.picture_plan import decode_bytes, plan_image
from shared.core.media.place import PagePlace
from shared.core.media.tile_choice import Choice, choose_none, choose_tiles, frame_to_measure, is_in_question
from shared.core.media.tiles import PageTiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.core.media.picture_plan import FramePlan, ImageInfo, ImagePlan
    from shared.core.media.tile_choice import PictureRequest

MOST_TILES_OF_FILE = bounds.DOCUMENT_PAGES.value


class PageReader(Protocol):
    def render(self, plan: ImagePlan) -> tuple[Picture, ...]:
        """The planned frames."""

    def measure(self, frames: Sequence[FramePlan]) -> tuple[float, ...]:
        """The em of the small text of each, in pixels of the planned size; 0 where there is none."""

    def cut(self, pages: Sequence[PageTiles], plan: ImagePlan) -> tuple[Picture, ...]:
        """The tiles of all pages, in order. A page that cannot be decoded gives none."""


def normalize_by(reader: PageReader, info: ImageInfo, request: PictureRequest, limits: DecodeLimits) -> NormalizedImage:
    """Raises SourceRejected."""
    plan = plan_image(info, model=request.model, detail=request.detail, max_images=request.max_images)
    check_source(Load(bytes=info.bytes, decode_bytes=plan.decode_bytes), limits)
    image = NormalizedImage(info=info, plan=plan, pictures=reader.render(plan))
    pages = [one for one in image.pictures if is_in_question(info, one, request)]
    if not pages:
        return image
    if not request.cuts:
        return told(image, [choose_none(info, one, request) for one in pages])
    texts = measured(reader, info, pages, limits)
    choices = {
        one.index: choose_tiles(info, one, request, em_px=texts[one.index], max_bytes=limits.max_decode_bytes)
        for one in pages
    }
    return told(with_tiles(reader, image, dict(within_room(choices))), list(choices.values()))


def measured(
    reader: PageReader, info: ImageInfo, pages: Sequence[Picture], limits: DecodeLimits
) -> Mapping[int, float]:
    """The em of each page's text at full size, by the page's index; 0 where it takes too much memory to see."""
    frames = [frame_to_measure(info, one) for one in pages]
    affordable = [one for one in frames if decode_bytes(info, one) <= limits.max_decode_bytes]
    ems = reader.measure(affordable) if affordable else ()
    found = {
        frame.index: em_px * info.frame_sizes[frame.index][0] / frame.width
        for frame, em_px in zip(affordable, ems, strict=True)
    }
    return {one.index: found.get(one.index, 0.0) for one in pages}


def within_room(choices: Mapping[int, Choice]) -> Iterator[tuple[int, PageTiles]]:
    """The pages that are cut, from the first on, as long as the file has no more than MOST_TILES_OF_FILE."""
    left = MOST_TILES_OF_FILE
    for index, choice in choices.items():
        if choice.plan is None:
            continue
        left -= len(choice.plan.tiles)
        if left < 0:
            return
        yield index, PageTiles(index=index, plan=choice.plan, is_text=choice.is_text)


def with_tiles(reader: PageReader, image: NormalizedImage, pages: Mapping[int, PageTiles]) -> NormalizedImage:
    """Each whole page is followed by its tiles."""
    tiles = reader.cut(list(pages.values()), image.plan) if pages else ()
    pictures: list[Picture] = []
    for whole in image.pictures:
        own = [tile for tile in tiles if tile.index == whole.index]
        place = PagePlace(number=0, of=len(own)) if own else None
        pictures += [replace(whole, place=place), *own]
    return replace(image, pictures=tuple(pictures))


def told(image: NormalizedImage, choices: Sequence[Choice]) -> NormalizedImage:
    cut = {one.index for one in image.pictures if one.place is not None}
    planned = sum(choice.plan is not None for choice in choices)
    more = (f"{planned - len(cut)} pages with small text were not cut into parts",) if len(cut) < planned else ()
    steps = tuple(choice.step for choice in choices if choice.step)
    return replace(image, tile_steps=steps, tile_notes=(*(one.note for one in choices if one.note), *more))
