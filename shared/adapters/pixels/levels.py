"""Samples of more than 8 bits as greys that can be seen: scaled by what they may be, or by what they are.

Photos and scans use the range of their samples. Measurements (heights, heat, microscopes) do not: floating point of
any scale, 12 bits stored in 16, places without data. They are stretched from their 0.5th to their 99.5th percentile,
which the steps say.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from math import isfinite
from sys import byteorder
from typing import TYPE_CHECKING

from PIL import Image

from shared.adapters.pixels.deep import grey_by_profile, is_steep
from shared.core.media import tiff
from shared.core.media.tiff import FLOAT, SIGNED, UNSIGNED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.core.media.tiff import TiffPage

    Convert = Callable[[Image.Image], Image.Image]

WIDE_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
SAMPLED_SIDE = 256  # pixels: 65,536 samples tell the percentiles
LOW_SHARE, HIGH_SHARE = 0.005, 0.995
DARK_SHARE = 0.1  # of the range: nothing is brighter, so that by the letter the picture is nearly black
FLAT_LEVELS = 8  # of 255: a picture of one grey
LEAST_LEVELS = 2
LARGEST_BYTE, BYTE_LEVELS = 255, 32
LEAST_GREY, LEAST_COLOUR, MOST_FLOAT = -0.05, -0.5, 1.5  # floating point within is light, of which 1 is white
DEEP = 16  # bits per sample
WIDEST = 32  # bits per sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The numbers that a grey picture may hold. `is_measured`: measurements come in its format."""

    bits: int = 16
    kind: int = UNSIGNED
    no_data: float | None = None
    is_measured: bool = False


def samples_of(image: Image.Image) -> Samples:
    """The samples as the reader of the picture found them (`samples` of its `info`), or as its mode has them."""
    known = image.info.get("samples") or Samples(kind=FLOAT if image.mode == "F" else UNSIGNED)
    clear = image.info.get("transparency")
    return replace(known, no_data=float(clear)) if isinstance(clear, int) else known


def samples_in(page: TiffPage) -> Samples:
    """The samples of a TIFF's page."""
    no_data = to_number(page.raw(tiff.NO_DATA).decode("latin-1"))
    return Samples(bits=page.bits, kind=page.kind, no_data=no_data, is_measured=True)


def to_number(text: str) -> float | None:
    """The number in a text; None if there is none. GDAL writes its number as text, with a null byte at the end."""
    try:
        return float(text.strip(" \0"))
    except ValueError:
        return None


def to_greys(image: Image.Image) -> tuple[Convert, tuple[str, ...]]:
    """The conversion of bands of a wide picture into L, or La where one of its levels is transparent; and the steps to
    report, if any.
    """
    samples = samples_of(image)
    if is_told_by_profile(image, samples):
        convert_by_profile, image.info["icc_profile"] = grey_by_profile(image.info["icc_profile"])
        return convert_by_profile, ()
    numbers_of, samples = as_numbers(image, samples)
    low, high, steps = range_of([numbers_of(sampled(image))], samples)
    if image.info.get("white_is_zero"):
        low, high = high, low
    scale = 255.0 / ((high - low) or 1.0)
    clear = image.info.get("transparency")

    def convert(band: Image.Image) -> Image.Image:
        numbers = numbers_of(band)
        grey = numbers.point(lambda value: value * scale + (0.5 - low * scale)).convert("L")
        return grey if not isinstance(clear, int) else with_clear(grey, numbers, clear)

    return convert, steps


def is_told_by_profile(image: Image.Image, samples: Samples) -> bool:
    """Whether the profile makes greys of the samples, since their scale is even in light, not in brightness, and has
    much light in its dark parts.
    """
    is_plain = (samples.bits, samples.kind) == (DEEP, UNSIGNED) and image.mode != "F"
    is_upright = not image.info.get("white_is_zero") and "transparency" not in image.info
    return is_plain and is_upright and is_steep(image.info.get("icc_profile"))


def with_clear(grey: Image.Image, numbers: Image.Image, clear: int) -> Image.Image:
    """The conversion that makes one level transparent: the distance from it, cut off at 1, is opacity."""
    above = numbers.point(lambda value: value * 255.0 - clear * 255.0).convert("L")
    below = numbers.point(lambda value: value * -255.0 + clear * 255.0).convert("L")
    alpha = Image.new("L", grey.size, 0)
    alpha.paste(255, mask=above)
    alpha.paste(255, mask=below)
    return Image.merge("LA", (grey, alpha)).convert("La")


def as_numbers(image: Image.Image, samples: Samples) -> tuple[Convert, Samples]:
    """The conversion of bands into F, and their samples. Pillow reads unsigned 32 bits as signed: where that shows, the
    upper 16 bits will do.
    """
    if (samples.kind, samples.bits) != (UNSIGNED, WIDEST) or min(array("i", sampled(image).tobytes())) >= 0:
        return (lambda band: band.convert("F")), samples
    return (lambda band: upper_halves(band).convert("F")), replace(samples, bits=WIDEST // 2)


def upper_halves(image: Image.Image) -> Image.Image:
    words = array("H", image.tobytes())
    return Image.frombytes("I;16N", image.size, words[1 if byteorder == "little" else 0 :: 2].tobytes())


def range_of(channels: Sequence[Image.Image], samples: Samples) -> tuple[float, float, tuple[str, ...]]:
    """The number for black, the number for white, and what to report about them. All channels have one range."""
    values = (value for channel in channels for value in array("f", sampled(channel).convert("F").tobytes()))
    found = sorted(value for value in values if isfinite(value) and value != samples.no_data)
    if not found:
        return 0.0, 1.0, ()
    low, high = found[int(LOW_SHARE * (len(found) - 1))], found[int(HIGH_SHARE * (len(found) - 1))]
    full = full_range(samples, low, high, is_colour=len(channels) > 1)
    if low == high or (full is not None and not is_stretched(samples, full, low, high)):
        return *(full or (low - 1, high)), ()
    return low, high, (f"stretched its values from {low:g}…{high:g} to the whole range of greys",)


def full_range(samples: Samples, low: float, high: float, *, is_colour: bool) -> tuple[float, float] | None:
    """The lowest and the highest number of the format; None where it does not say: signed numbers, and floating point
    that is not light.
    """
    if samples.kind == FLOAT:
        least = LEAST_COLOUR if is_colour else LEAST_GREY
        return (0.0, 1.0) if least <= low and high <= MOST_FLOAT else None
    return None if samples.kind == SIGNED else (0.0, float(2**samples.bits - 1))


def is_stretched(samples: Samples, full: tuple[float, float], low: float, high: float) -> bool:
    """Whether the picture is dark or flat as stored, but has something in it. Less than two levels of 255 are a lens
    cap's noise, unless they are 8 bits that were stored in more.
    """
    if samples.kind == UNSIGNED and samples.bits < WIDEST:
        is_narrow = high <= LARGEST_BYTE and high - low >= BYTE_LEVELS
        if high - low < LEAST_LEVELS / LARGEST_BYTE * full[1] and not is_narrow:
            return False
    is_flat = samples.is_measured and high - low < FLAT_LEVELS / LARGEST_BYTE * full[1]
    return high < DARK_SHARE * full[1] or is_flat


def sampled(image: Image.Image) -> Image.Image:
    side = SAMPLED_SIDE
    return image.resize((min(image.width, side), min(image.height, side)), Image.Resampling.NEAREST)
