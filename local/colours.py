"""Names for colours: the nearest of a small table in Oklab, a space where distance means how different it looks."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from PIL import Image

NAMED = {
    "black": (0, 0, 0),
    "dark grey": (64, 64, 64),
    "grey": (128, 128, 128),
    "light grey": (200, 200, 200),
    "white": (255, 255, 255),
    "dark red": (120, 10, 20),
    "red": (215, 30, 35),
    "pink": (245, 160, 185),
    "magenta": (210, 30, 150),
    "purple": (110, 40, 140),
    "violet": (150, 120, 220),
    "navy": (15, 25, 90),
    "blue": (30, 80, 210),
    "light blue": (140, 190, 235),
    "turquoise": (60, 200, 205),
    "teal": (10, 115, 120),
    "dark green": (20, 75, 35),
    "green": (40, 160, 60),
    "light green": (155, 220, 140),
    "olive": (115, 115, 30),
    "yellow": (245, 220, 50),
    "orange": (240, 130, 30),
    "brown": (115, 70, 35),
    "beige": (225, 205, 170),
}
SAMPLE_SIDE = 64
PALETTE_SIZE = 32
SRGB_LINEAR_BELOW = 0.04045
HUE_WEIGHT = 6  # a grey between two greys of the table must not take the name of a dull colour


def colour_shares(image: Image.Image) -> list[tuple[str, float]]:
    """The names of colours and their shares of the area (0 to 1), largest first; ties by name so that the answer is
    always the same.
    """
    sample = image.resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX).quantize(PALETTE_SIZE)
    palette = sample.getpalette() or []
    counts: Counter[str] = Counter()
    for index, count in enumerate(sample.histogram()):
        if count:
            red, green, blue = palette[3 * index : 3 * index + 3]
            counts[name_colour(red, green, blue)] += count
    total = SAMPLE_SIDE * SAMPLE_SIDE
    return sorted(((name, count / total) for name, count in counts.items()), key=lambda row: (-row[1], row[0]))


@lru_cache(maxsize=4096)
def name_colour(red: int, green: int, blue: int) -> str:
    here = oklab(red, green, blue)
    return min(NAMED, key=lambda name: distance(here, oklab(*NAMED[name])))


def distance(here: tuple[float, float, float], there: tuple[float, float, float]) -> float:
    light, *hue = (a - b for a, b in zip(here, there, strict=True))
    return light**2 + HUE_WEIGHT * sum(difference**2 for difference in hue)


@lru_cache(maxsize=4096)
def oklab(red: int, green: int, blue: int) -> tuple[float, float, float]:
    """The colour in Oklab, by Björn Ottosson's matrices, https://bottosson.github.io/posts/oklab/."""
    r, g, b = (linear(value / 255) for value in (red, green, blue))
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def linear(value: float) -> float:
    """The light (0 to 1) of an sRGB channel, by IEC 61966-2-1."""
    return value / 12.92 if value <= SRGB_LINEAR_BELOW else float(((value + 0.055) / 1.055) ** 2.4)
