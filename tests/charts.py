"""A chart of 24 known colours, stored as other colour spaces store them: the inverse of what a reader has to do."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    Colour = tuple[int, int, int]
    Light = tuple[float, float, float]

COLUMNS, PATCH = 6, 40
CHART: tuple[Colour, ...] = (
    (115, 82, 68), (194, 150, 130), (98, 122, 157), (87, 108, 67), (133, 128, 177), (103, 189, 170),
    (214, 126, 44), (80, 91, 166), (193, 90, 99), (94, 60, 108), (157, 188, 64), (224, 163, 46),
    (56, 61, 150), (70, 148, 73), (175, 54, 60), (231, 199, 31), (187, 86, 149), (8, 133, 161),
    (243, 243, 242), (200, 200, 200), (160, 160, 160), (122, 122, 121), (85, 85, 85), (52, 52, 52),
)  # fmt: skip
WHITE, BLACK = 18, 23  # the patches
BT709_TO_BT2020 = ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956))
"""ITU-R BT.2087."""
BT709_TO_P3 = ((0.8225, 0.1774, 0.0), (0.0332, 0.9669, 0.0), (0.0171, 0.0724, 0.9108))
BT2020_LUMA = (0.2627, 0.6780, 0.0593)
PAGE_WHITE, HLG_PEAK = 203.0, 1000.0


def to_floats(colour: Colour) -> Light:
    red, green, blue = colour
    return red / 255, green / 255, blue / 255


def chart(stored: Callable[[Colour], Light] = to_floats) -> Image.Image:
    """The chart with each colour stored as that function has it."""
    image = Image.new("RGB", (COLUMNS * PATCH, len(CHART) // COLUMNS * PATCH))
    for number, colour in enumerate(CHART):
        red, green, blue = (round(255 * min(max(value, 0.0), 1.0)) for value in stored(colour))
        left, top = place(number)
        image.paste((red, green, blue), (left, top, left + PATCH, top + PATCH))
    return image


def place(number: int) -> tuple[int, int]:
    return number % COLUMNS * PATCH, number // COLUMNS * PATCH


def patches(image: Image.Image) -> list[Colour]:
    """What the middles of the patches show, of a chart of any size."""
    rows = len(CHART) // COLUMNS
    small = image.convert("RGB").resize((COLUMNS * PATCH, rows * PATCH))
    middles = [(x + PATCH // 2, y + PATCH // 2) for x, y in map(place, range(len(CHART)))]
    return [small.getpixel(middle) for middle in middles]  # type: ignore[misc] # an RGB pixel is a triple


def mean_difference(image: Image.Image, wanted: tuple[Colour, ...] = CHART) -> float:
    pairs = zip(patches(image), wanted, strict=True)
    return sum(abs(a - b) for found, colour in pairs for a, b in zip(found, colour, strict=True)) / 3 / len(wanted)


def light_of(colour: Colour) -> Light:
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_floats(colour))
    return red, green, blue


def mixed(matrix: tuple[Light, ...], light: Light) -> Light:
    red, green, blue = (sum(a * b for a, b in zip(row, light, strict=True)) for row in matrix)
    return red, green, blue


def to_srgb_curve(value: float) -> float:
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def as_p3(colour: Colour) -> Light:
    red, green, blue = map(to_srgb_curve, mixed(BT709_TO_P3, light_of(colour)))
    return red, green, blue


def as_bt2020(colour: Colour) -> Light:
    red, green, blue = map(to_srgb_curve, mixed(BT709_TO_BT2020, light_of(colour)))
    return red, green, blue


def as_pq(colour: Colour) -> Light:
    red, green, blue = (to_pq(value * PAGE_WHITE) for value in mixed(BT709_TO_BT2020, light_of(colour)))
    return red, green, blue


def to_pq(cd_m2: float) -> float:
    """SMPTE ST 2084."""
    power: float = (max(cd_m2, 0.0) / 10_000) ** (2610 / 16384)
    signal: float = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    return signal


def as_hlg(colour: Colour) -> Light:
    """BT.2100: the display's gamma of 1.2 is taken back, then the camera's curve."""
    shown = tuple(max(value, 0.0) * PAGE_WHITE / HLG_PEAK for value in mixed(BT709_TO_BT2020, light_of(colour)))
    luma = sum(a * b for a, b in zip(BT2020_LUMA, shown, strict=True))
    red, green, blue = (to_hlg(value * luma ** (1 / 1.2 - 1)) for value in shown)
    return red, green, blue


def to_hlg(scene: float) -> float:
    return (3 * scene) ** 0.5 if scene <= 1 / 12 else 0.17883277 * log(12 * scene - 0.28466892) + 0.55991073


def as_gamma(exponent: float) -> Callable[[Colour], Light]:
    """Light to that power."""

    def stored(colour: Colour) -> Light:
        red, green, blue = (value**exponent for value in light_of(colour))
        return red, green, blue

    return stored
