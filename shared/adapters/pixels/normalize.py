"""Pictures in, pictures a model can see out: upright, sRGB, no larger than useful, JPEG or PNG, without metadata.

`accept` calls `normalize_image`: header facts and limits (pixels/open.py), the plan (core/media/picture_plan.py),
then drawing the planned frames (here), colours (pixels/colour.py) and encoding (pixels/encode.py).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from PIL import Image

from shared.adapters.pixels.colour import to_srgb
from shared.adapters.pixels.content import flat_share, notes_on
from shared.adapters.pixels.encode import encode
from shared.adapters.pixels.errors import DECODER_ERRORS, decoder_errors
from shared.adapters.pixels.ground import lay_on_ground
from shared.adapters.pixels.load import load_frame
from shared.adapters.pixels.open import inspect, open_picture
from shared.adapters.pixels.orientation import TRANSPOSES
from shared.adapters.pixels.raw import preview_of
from shared.adapters.pixels.readers import READERS
from shared.adapters.pixels.shrink import shrink
from shared.adapters.pixels.tiled import normalize_by
from shared.adapters.pixels.tiling import measure_em
from shared.core.media.decode_limits import DEFAULT_LIMITS, DecodeLimits
from shared.core.media.picture import NormalizedImage, Picture
from shared.core.media.picture_plan import SWAPS_SIDES, FramePlan, ImageInfo, ImagePlan
from shared.core.media.tile_choice import PictureRequest, whole_frame
from shared.core.models.image_grid import Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.core.media.tiles import PageTiles, Tiles
    from shared.core.models.catalogue import Detail, Model


def normalize_image(
    data: bytes,
    *,
    model: Model,
    detail: Detail,
    max_images: int | None = None,
    tiles: Tiles = "auto",
    limits: DecodeLimits = DEFAULT_LIMITS,
) -> NormalizedImage:
    """The picture's facts and the pictures to send. Raises SourceRejected. It runs in the calling process:
    pixels/worker.py has the same with a cap on time and memory.
    """
    info = inspect(data, limits)
    request = PictureRequest(model=model, detail=detail, max_images=max_images, tiles=tiles)
    return normalize_by(StillDecoder(data, info, limits), info, request, limits)


class StillDecoder:
    """Reads pages of one file in this process: a PageReader."""

    def __init__(self, data: bytes, info: ImageInfo, limits: DecodeLimits) -> None:
        self.data, self.info, self.limits = data, info, limits

    def render(self, plan: ImagePlan) -> tuple[Picture, ...]:
        return render(self.data, self.info, plan, limits=self.limits)

    def measure(self, frames: Sequence[FramePlan]) -> tuple[float, ...]:
        found = {frame.index: measure_em(page) for frame, page in self.pages(frames)}
        return tuple(found.get(frame.index, 0.0) for frame in frames)

    def cut(self, pages: Sequence[PageTiles], plan: ImagePlan) -> tuple[Picture, ...]:
        cuts = {one.index: one for one in pages}
        frames = [whole_frame(one.index, (one.plan.width, one.plan.height)) for one in pages]
        return tuple(
            tile for frame, page in self.pages(frames) for tile in self.tiles_of(page, cuts[frame.index], plan)
        )

    def pages(self, frames: Sequence[FramePlan]) -> Iterator[tuple[FramePlan, Image.Image]]:
        """Each frame upright at its size; those that cannot be decoded are left out."""
        data, info = seen_source(self.data, self.info)
        with decoder_errors(info.kind, lambda: ""), open_picture(data, info.kind, self.limits) as image:
            for frame in frames:
                with suppress(*DECODER_ERRORS):
                    yield frame, page_at(image, data, info, frame)

    def tiles_of(self, page: Image.Image, cut: PageTiles, plan: ImagePlan) -> Iterator[Picture]:
        """Encoded one after the other from the page that is drawn once."""
        for number, tile in enumerate(cut.plan.tiles, start=1):
            yield picture_of(
                page.crop((tile.left, tile.top, tile.right, tile.bottom)),
                plan,
                is_text=cut.is_text,
                index=cut.index,
                page=cut.index + 1 if self.info.is_document else None,
                place=cut.plan.place(number),
            )


def page_at(image: Image.Image, data: bytes, info: ImageInfo, frame: FramePlan) -> Image.Image:
    """One frame upright at its size."""
    size = stored_size(info, frame)
    if info.kind.format != "heic":
        image.seek(info.page_numbers[frame.index] if info.page_numbers else frame.index)
    loaded, _ = load_frame(image, data, info, frame.index, size)
    return draw(loaded, size, TRANSPOSES.get(turn_to_do(info)), release=info.frames == 1)[0]


def seen_source(data: bytes, info: ImageInfo) -> tuple[bytes, ImageInfo]:
    """What is decoded: of a camera raw file its preview."""
    return preview_of(data, info) if info.kind.format == "raw" else (data, info)


def render(
    data: bytes, info: ImageInfo, plan: ImagePlan, *, limits: DecodeLimits = DEFAULT_LIMITS
) -> tuple[Picture, ...]:
    """The planned frames as encoded pictures, in order."""
    data, info = seen_source(data, info)
    what_else = READERS[info.kind.format].what_else
    with decoder_errors(info.kind, lambda: what_else(data)), open_picture(data, info.kind, limits) as image:
        return tuple(render_frames(image, data, info, plan))


def render_frames(image: Image.Image, data: bytes, info: ImageInfo, plan: ImagePlan) -> Iterator[Picture]:
    """The planned frames as encoded pictures, one by one. Later frames that cannot be decoded are left out; the first
    one must be there.
    """
    clock = FrameClock()
    for place, frame in enumerate(plan.frames):
        size = stored_size(info, frame)
        try:
            if info.kind.format != "heic":  # whose pictures stand beside each other
                clock.seek(image, info.page_numbers[frame.index] if info.page_numbers else frame.index)
            loaded, damage = load_frame(image, data, info, frame.index, size)
        except DECODER_ERRORS:
            if place == 0:
                raise
            return
        drawn, steps = draw(loaded, size, TRANSPOSES.get(turn_to_do(info)), release=info.frames == 1)
        yield picture_of(
            drawn,
            plan,
            index=frame.index,
            page=frame.index + 1 if info.is_document else None,
            at_s=clock.now_s(image) if READERS[info.kind.format].is_animated and info.frames > 1 else None,
            damage=damage,
            steps=steps,
            notes=tuple(notes_on(drawn)),
        )


def picture_of(drawn: Image.Image, plan: ImagePlan, *, is_text: bool = False, **more: Any) -> Picture:
    """Encoded as it is sent; `more` are the Picture's fields that its pixels do not tell."""
    share = flat_share(drawn)
    encoded = encode(drawn, jpeg_quality=plan.jpeg_quality, max_bytes=plan.max_bytes, is_text=is_text)
    return Picture(
        data=encoded.data,
        media_type=encoded.media_type,
        width=drawn.width,
        height=drawn.height,
        encoding=encoded.how,
        flat_share=share,
        **more,
    )


class FrameClock:
    """Steps through an animation and adds up durations (seconds): GIF and PNG store only those, WebP and AVIF the
    moments.
    """

    def __init__(self) -> None:
        self.passed_ms = 0.0

    def seek(self, image: Image.Image, index: int) -> None:
        while image.tell() < index:
            self.passed_ms += image.info.get("duration", 0)
            image.seek(image.tell() + 1)

    def now_s(self, image: Image.Image) -> float:
        return round(float(image.info.get("timestamp", self.passed_ms)) / 1000, 3)


def draw(
    image: Image.Image, size: Size, turn: Image.Transpose | None, *, release: bool
) -> tuple[Image.Image, tuple[str, ...]]:
    """The picture as it is sent, and what was decided by its pixels.

    Shrink first: turning and colour conversion then touch few pixels.
    """
    small = shrink(image, size)
    icc_profile = image.info.get("icc_profile")  # of which shrinking may have used its curve
    if small is not image and release:
        image.close()  # its pixels, a quarter of the peak
    laid, ground = lay_on_ground(small)
    upright = laid if turn is None else laid.transpose(turn)
    return to_srgb(upright, icc_profile), (*image.info.get("steps", ()), *ground)


def turn_to_do(info: ImageInfo) -> int:
    """The EXIF orientation that is still to be applied; 1 for a TIFF, whose reader in Pillow turns the pixels
    itself.
    """
    return 1 if info.kind.format == "tiff" else info.orientation


def stored_size(info: ImageInfo, frame: FramePlan) -> Size:
    """The planned upright size in pixels, along the axes of the stored picture."""
    return (frame.height, frame.width) if turn_to_do(info) in SWAPS_SIDES else (frame.width, frame.height)
