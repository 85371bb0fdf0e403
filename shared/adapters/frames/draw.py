"""One decoded frame as the picture that is sent, as the poster, or as a cell of a contact sheet.

Scaling comes first, then colours and turning: both then touch few pixels. Runs in the child process only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from av.video.frame import VideoFrame
from PIL import Image

from shared.adapters.frames.deinterlace import progressive
from shared.adapters.frames.rgb import in_srgb
from shared.adapters.frames.shape import square_pixels
from shared.adapters.frames.transparency import laid
from shared.adapters.pixels.encode import Encoded, save
from shared.adapters.pixels.orientation import TRANSPOSES
from shared.core.media.frame_plan import Sheet, VideoPlan, fit_into
from shared.core.media.picture_plan import SWAPS_SIDES
from shared.core.models.image_grid import Size

BAR = (128, 128, 128)
SAME_SHAPE = 1.03  # closer than this, shapes differ by rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the frames of one film are shown. `pixel_shape` is a pixel's width to its height; a film that is transparent
    in part is laid on grey of the level `ground` (0 to 255).
    """

    orientation: int
    pixel_shape: float
    ground: int | None = None


def draw(frame: VideoFrame, size: Size, view: View) -> Image.Image:
    """The frame as a picture of `size` pixels, upright; it is scaled lying as it is stored, then turned.

    Where the film has changed its shape (calls, screens that are turned), bars fill what the frame leaves of it.
    """
    place = place_of(frame, size, view)
    lying = place[::-1] if view.orientation in SWAPS_SIDES else place
    image = in_srgb(laid(progressive(frame), lying, "LANCZOS", view.ground), frame)
    turn = TRANSPOSES.get(view.orientation)
    upright = image if turn is None else image.transpose(turn)
    return upright if place == size else between_bars(upright, size)


def place_of(frame: VideoFrame, size: Size, view: View) -> Size:
    """The size in pixels of the frame within `size`."""
    shown = square_pixels(frame.width, frame.height, view.pixel_shape)
    upright = shown[::-1] if view.orientation in SWAPS_SIDES else shown
    change = upright[0] * size[1] / (upright[1] * size[0])
    return size if 1 / SAME_SHAPE < change < SAME_SHAPE else fit_into(upright, size)


def between_bars(image: Image.Image, size: Size) -> Image.Image:
    page = Image.new("RGB", size, BAR)
    page.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return page


def encode_frame(image: Image.Image, plan: VideoPlan) -> Encoded:
    """The picture as JPEG, always: a video's flat areas are its encoder's, and PNG would keep its faults at many times
    the bytes.
    """
    data = save(image, "JPEG", quality=plan.jpeg_quality)
    return Encoded(data=data, media_type="image/jpeg", how=f"JPEG of quality {plan.jpeg_quality}")


def cell_size(sheet: Sheet, plan: VideoPlan) -> Size:
    left, top, right, bottom = sheet.box(0)
    width, height = plan.poster
    scale = min((right - left) / width, (bottom - top) / height, 1)
    return max(1, int(width * scale)), max(1, int(height * scale))


def compose(images: Sequence[Image.Image], sheet: Sheet) -> Image.Image:
    """The contact sheet of these frames; white where there is none."""
    rows = -(-len(images) // sheet.columns)
    page = Image.new("RGB", (sheet.width, sheet.box(rows * sheet.columns - 1)[3]), "white")
    for place, image in enumerate(images):
        left, top, _, _ = sheet.box(place)
        page.paste(image, (left, top))
    return page
