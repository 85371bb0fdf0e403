"""Brings a decoded frame to the size it is sent at, in a layout that colour conversion understands, in little memory.

Whole factors are averaged away first (cheap), Lanczos does the rest. Layouts that cannot be averaged (palettes, bits,
transparency, wide samples) are converted band by band, so that the converted copy never exists at full size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PIL import Image

from shared.adapters.pixels.content import is_flat
from shared.adapters.pixels.ground import weighted, without_full_alpha
from shared.adapters.pixels.levels import WIDE_MODES, to_greys
from shared.core.media.picture_plan import SHRINK_GAP

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.core.models.image_grid import Size

    Band = Callable[[int, int], Image.Image]  # the rows from top to bottom
    Box = tuple[float, float, float, float]
    Convert = Callable[[Image.Image], Image.Image]
    Scale = Callable[[Image.Image, Size], Image.Image]

LANCZOS, BILINEAR = Image.Resampling.LANCZOS, Image.Resampling.BILINEAR
BOX, NEAREST = Image.Resampling.BOX, Image.Resampling.NEAREST
AVERAGEABLE = {"L", "RGB", "CMYK", "LAB"}
BAND_PIXELS = 1_000_000
COLOUR_SLACK = 0.1  # colour may have somewhat fewer pixels than are sent: JPEG keeps a quarter of them


def shrink(image: Image.Image, size: Size) -> Image.Image:
    """The picture at that size, in pixels: L, RGB, CMYK, LAB or YCbCr; La or RGBa where it is transparent."""
    if image.mode == "YCbCr":
        return finish(image, image.size, size, 1)
    if image.mode not in AVERAGEABLE or "transparency" in image.info:
        return shrink_bands(lambda top, bottom: rows(image, top, bottom), image.size, size, converter(image))
    factor = whole_factor(image.size, size)
    return finish(image.reduce(factor) if factor > 1 else image, image.size, size, factor)


def rows(image: Image.Image, top: int, bottom: int) -> Image.Image:
    return image.crop((0, top, image.width, bottom))


def whole_factor(source: Size, target: Size) -> int:
    return max(1, int(min(source[0] / target[0], source[1] / target[1]) / SHRINK_GAP))


def finish(reduced: Image.Image, source: Size, size: Size, factor: int, scale_luma: Scale | None = None) -> Image.Image:
    """The picture at its last size. `source` is the size before the averaging, whose last column or row may have had
    fewer pixels to average.

    `scale_luma` is a faster Lanczos, for all pixels alike.
    """
    reduced = without_full_alpha(reduced)
    if reduced.size == size:
        return reduced
    box = (0.0, 0.0, source[0] / factor, source[1] / factor)
    if reduced.mode == "YCbCr":
        return merge_colour(reduced.getchannel(0).resize(size, LANCZOS, box), reduced, box)
    if reduced.mode == "RGB":
        even = box[2:] == reduced.size
        return finish_rgb(reduced, box, size, scale_luma if even else None)
    return reduced.resize(size, LANCZOS, box)


def finish_rgb(reduced: Image.Image, box: Box, size: Size, scale_luma: Scale | None) -> Image.Image:
    """The RGB picture at its last size. A photo is sent as JPEG, so that it may as well become YCbCr before the slow
    step.
    """
    grey = reduced.convert("L")
    luma = scale_luma(grey, size) if scale_luma else grey.resize(size, LANCZOS, box)
    return reduced.resize(size, LANCZOS, box) if is_flat(luma) else merge_colour(luma, reduced, box)


def merge_colour(luma: Image.Image, source: Image.Image, box: Box) -> Image.Image:
    """The picture with Lanczos for brightness, where the eye looks, and plain averages for colour, which JPEG halves
    anyway: half the time.
    """
    colour = averaged(source, box, luma.size).convert("YCbCr")
    return Image.merge("YCbCr", (luma, colour.getchannel(1), colour.getchannel(2)))


def averaged(source: Image.Image, box: Box, size: Size) -> Image.Image:
    across, down = box[2] / size[0], box[3] / size[1]
    factor = max(1, int(min(across, down) + COLOUR_SLACK))
    small = source.reduce(factor) if factor > 1 else source
    rest = BOX if factor == 1 else BILINEAR
    way = NEAREST if factor >= max(across, down) else rest
    return small.resize(size, way, (0.0, 0.0, box[2] / factor, box[3] / factor))


def shrink_bands(
    band: Band,
    source: Size,
    size: Size,
    convert: Convert,
    *,
    band_pixels: int = BAND_PIXELS,
    scale_luma: Scale | None = None,
) -> Image.Image:
    factor = whole_factor(source, size)
    reduced: Image.Image | None = None
    height = max(1, band_pixels // source[0] // factor) * factor
    for top in range(0, source[1], height):
        converted = convert(band(top, min(top + height, source[1])))
        small = converted.reduce(factor) if factor > 1 else converted
        reduced = reduced or Image.new(small.mode, (-(-source[0] // factor), -(-source[1] // factor)))
        reduced.paste(small, (0, top // factor))
    return finish(cast("Image.Image", reduced), source, size, factor, scale_luma)


def converter(image: Image.Image) -> Convert:
    """The conversion for the picture's mode. What is found out about the levels of wide samples is left in its `info`,
    as `steps`.
    """
    if image.mode in WIDE_MODES:
        convert, image.info["steps"] = to_greys(image)
        return convert
    if image.mode == "1":
        return lambda band: band.convert("L")
    if image.mode == "LA":
        return weighted
    if image.has_transparency_data:
        return lambda band: weighted(band.convert("RGBA"))
    return lambda band: band.convert("RGB")
