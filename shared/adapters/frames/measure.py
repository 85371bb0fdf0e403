"""A decoded frame as a few numbers: light, sharpness, a thumbnail, a glance at colours. In the child process only."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter, ImageStat

from shared.adapters.frames.decoder import Timed
from shared.adapters.frames.transparency import laid
from shared.core.media.frame_choice import Look
from shared.core.media.scenes import Glance, glance_of

MEASURED_WIDTH = 320
THUMBNAIL = (32, 32)
GLANCE = (16, 9)
BLOCK = 4  # pixels; a figure of a price on a large screen has three
LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
LEAST_SIDE = 8  # of a picture that has any detail to measure
LIGHTS = 8  # pixels of the measured picture that make a light
FLAT = 0.5  # grey levels of coarse detail: there is nothing that could be out of focus
FINE, COARSE = ImageFilter.BoxBlur(1), ImageFilter.BoxBlur(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    look: Look
    grey: Image.Image


def measure(timed: Timed, ground: int | None) -> Measured:
    """What is measured on a frame: levels (0 to 255), sharpness and a thumbnail. Sharpness is the spread of the
    Laplacian: blur takes it away.
    """
    at_s, frame = timed
    width = min(MEASURED_WIDTH, frame.width)
    height = max(1, frame.height * width // frame.width)
    grey = laid(frame, (width, height), "AREA", ground).convert("L")
    light = ImageStat.Stat(grey)
    has_detail = min(grey.size) >= LEAST_SIDE
    look = Look(
        at_s=round(at_s, 3),
        brightness=light.mean[0],
        contrast=light.stddev[0],
        lights=level_of_lights(grey),
        sharpness=sharpness(grey) if has_detail else 0.0,
        acuity=acuity(grey) if has_detail else 1.0,
        thumbnail=grey.resize(THUMBNAIL, Image.Resampling.BOX).tobytes(),
    )
    return Measured(look=look, grey=grey)


def level_of_lights(grey: Image.Image) -> int:
    """The level (0 to 255) that LIGHTS pixels reach."""
    count = 0
    for level, pixels in reversed(list(enumerate(grey.histogram()))):
        count += pixels
        if count >= LIGHTS:
            return level
    return 0


def sharpness(grey: Image.Image) -> float:
    inner = grey.filter(LAPLACIAN).crop((1, 1, grey.width - 1, grey.height - 1))
    return ImageStat.Stat(inner).stddev[0]


def acuity(grey: Image.Image) -> float:
    """The ratio of fine detail to coarse. Whatever is shown, edges have as much of both when they are in focus."""
    fine, coarse = grey.filter(FINE), grey.filter(COARSE)
    coarse_detail = spread(fine, coarse)
    return spread(grey, fine) / coarse_detail if coarse_detail > FLAT else 1.0


def spread(one: Image.Image, other: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.subtract(one, other, 1, 128)).stddev[0]


def largest_change(one: Measured, other: Measured) -> float:
    """The mean difference, in levels of 0 to 255, within the part of the picture that has changed most."""
    if one.grey.size != other.grey.size:
        return 255.0
    blocks = ImageChops.difference(one.grey, other.grey).reduce(BLOCK)
    return float(blocks.getextrema()[1])  # type: ignore[arg-type]  # of a grey picture, a pair of numbers


def glance(timed: Timed, ground: int | None) -> Glance:
    return glance_of(timed[0], laid(timed[1], GLANCE, "AREA", ground).tobytes())
