"""Brings a decoded frame to the size it is sent at, in a layout that colour conversion understands, in little memory.

Whole factors are averaged away first (cheap), Lanczos does the rest. Layouts that cannot be averaged (palettes, bits,
transparency, wide samples) are converted band by band, so that the converted copy never exists at full size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PIL import Image

from shared.core.plan import SHRINK_GAP

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.core.plan import Size

    Convert = Callable[[Image.Image], Image.Image]

LANCZOS, BOX = Image.Resampling.LANCZOS, Image.Resampling.BOX
AVERAGEABLE = {"L", "RGB", "CMYK", "LAB"}
WIDE_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
SIXTEEN_BIT_MAX = 65_535
BAND_PIXELS = 1_000_000


def shrink(image: Image.Image, size: Size) -> Image.Image:
    """L, RGB, CMYK, LAB or YCbCr of that size; transparency is laid over white."""
    if image.mode == "YCbCr":
        return shrink_ycbcr(image, size)
    factor = max(1, int(min(image.width / size[0], image.height / size[1]) / SHRINK_GAP))
    if image.mode in AVERAGEABLE and "transparency" not in image.info:
        reduced = image.reduce(factor) if factor > 1 else image
    else:
        reduced = convert_in_bands(image, factor)
    if reduced.size == size:
        return reduced
    return reduced.resize(size, LANCZOS, box=(0, 0, image.width / factor, image.height / factor))


def shrink_ycbcr(image: Image.Image, size: Size) -> Image.Image:
    """Lanczos where the eye looks, plain averages for colour, which JPEG halves anyway: half the time."""
    if image.size == size:
        return image
    filters = (LANCZOS, BOX, BOX)
    return Image.merge("YCbCr", [image.getchannel(i).resize(size, filters[i]) for i in range(3)])


def convert_in_bands(image: Image.Image, factor: int) -> Image.Image:
    convert = converter(image)
    width, height = -(-image.width // factor), -(-image.height // factor)
    rows = max(1, BAND_PIXELS // image.width // factor) * factor
    target: Image.Image | None = None
    for top in range(0, image.height, rows):
        band = convert(image.crop((0, top, image.width, min(top + rows, image.height))))
        small = band.reduce(factor) if factor > 1 else band
        target = target or Image.new(small.mode, (width, height))
        target.paste(small, (0, top // factor))
    return cast("Image.Image", target)


def converter(image: Image.Image) -> Convert:
    if image.mode in WIDE_MODES:
        return eight_bits_by(image)
    if image.mode == "1":
        return lambda band: band.convert("L")
    if image.mode == "LA":
        return lambda band: over_white(band, "L")
    if image.has_transparency_data:
        return lambda band: over_white(band.convert("RGBA"), "RGB")
    return lambda band: band.convert("RGB")


def over_white(image: Image.Image, mode: str) -> Image.Image:
    canvas = Image.new(mode, image.size, "white")
    canvas.paste(image.convert(mode), mask=image.getchannel("A"))
    return canvas


def eight_bits_by(image: Image.Image) -> Convert:
    """Scaled by the samples' range: that of 16 bits, 0..1 for floating point, or their extremes where they leave it."""
    low, high = cast("tuple[float, float]", image.getextrema())
    top = 1.0 if image.mode == "F" and high <= 1 else SIXTEEN_BIT_MAX
    low, high = (0.0, top) if low >= 0 and high <= top else (low, high)
    scale = 255.0 / ((high - low) or 1.0)
    return lambda band: band.convert("F").point(lambda value: value * scale - low * scale).convert("L")
