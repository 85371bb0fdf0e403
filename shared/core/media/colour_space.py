"""Colours that are described without a profile: by code points (HEIC, AVIF, PNG's cICP, films) or by PNG's gAMA and
cHRM.

A `ColourSpace` says what light the stored numbers mean. core/media/icc.py makes a profile of it, so that one colour
engine converts everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Curve = Callable[[float], float]  # 0..1 as stored, to light; 1 is the white of a page
    Primaries = tuple[float, float, float, float, float, float, float, float]

SRGB_PRIMARIES = (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, 0.3127, 0.3290)
PRIMARIES: dict[int, tuple[str, Primaries]] = {
    1: ("BT.709", SRGB_PRIMARIES),
    4: ("BT.470 M", (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, 0.310, 0.316)),
    5: ("BT.601 of 625 lines", (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, 0.3127, 0.3290)),
    6: ("BT.601 of 525 lines", (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290)),
    7: ("SMPTE 240M", (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290)),
    8: ("film", (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, 0.310, 0.316)),
    9: ("BT.2020", (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290)),
    11: ("DCI-P3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351)),
    12: ("Display P3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290)),
    22: ("EBU 3213", (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, 0.3127, 0.3290)),
}
"""By ITU-T H.273 (2024-07), table 2: x and y of red, green, blue and white."""

GAMMA_22, GAMMA_28, LINEAR, PQ, CINEMA, HLG = 4, 5, 8, 16, 17, 18
TRANSFERS = {GAMMA_22: "gamma 2.2", GAMMA_28: "gamma 2.8", LINEAR: "linear", PQ: "PQ", CINEMA: "gamma 2.6", HLG: "HLG"}
"""By ITU-T H.273, table 3, as far as they differ from sRGB. Television's curves are shown as sRGB's by browsers."""

WHITE_CD_M2 = 203.0
"""ITU-R BT.2408-7: the light of a white page in HDR."""
PEAK_CD_M2 = 1000.0
"""What HLG is made for (BT.2100), and PQ is mostly graded to."""
PQ_PEAK_CD_M2 = 10_000.0
KNEE = 0.5
"""Of page white: below, light stays as it is; from here to the peak it is pressed into what is left. Page white then
is 226 of 255, and lights of 300, 400 and 600 cd/m² are 239, 244 and 250; at 0.8 white is 244, and they are one."""
NEARLY_SRGB = (0.43, 0.48)  # of gAMA, whose usual 0.45455 stands for sRGB
POSSIBLE_GAMMA = (0.1, 4.0)
NEAR_XY = 0.002  # two primaries that close are the same


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourSpace:
    """Primaries, white and transfer curve. `transfer` is a code point, or 0 where the curve is `gamma`, the exponent
    from stored numbers to light.
    """

    name: str
    primaries: Primaries
    transfer: int = 0
    gamma: float = 0.0

    @property
    def is_hdr(self) -> bool:
        return self.transfer in {PQ, HLG}

    @property
    def words(self) -> str:
        return f"{self.name}, page white at {WHITE_CD_M2:g} cd/m²" if self.is_hdr else self.name


def space_of_code_points(primaries: int, transfer: int) -> ColourSpace | None:
    """The colour space of two code points of ITU-T H.273; None for sRGB, and for unspecified or unknown ones."""
    name, xy = PRIMARIES.get(primaries, PRIMARIES[1])
    if transfer not in TRANSFERS:
        return None if same_primaries(xy) else ColourSpace(name=name, primaries=xy)
    return ColourSpace(name=f"{name} {TRANSFERS[transfer]}", primaries=xy, transfer=transfer)


def space_of_gamma(gamma: float, primaries: Primaries | None) -> ColourSpace | None:
    """The colour space of PNG's gAMA and, where it is there, cHRM; None for sRGB and for impossible values."""
    if not POSSIBLE_GAMMA[0] <= gamma <= POSSIBLE_GAMMA[1]:
        return None
    xy = primaries if primaries and is_possible(primaries) else SRGB_PRIMARIES
    if NEARLY_SRGB[0] <= gamma <= NEARLY_SRGB[1]:
        return None if same_primaries(xy) else ColourSpace(name="its own primaries", primaries=xy)
    return ColourSpace(name=f"gamma {1 / gamma:.3g}", primaries=xy, gamma=1 / gamma)


def same_primaries(xy: Primaries) -> bool:
    return all(abs(a - b) <= NEAR_XY for a, b in zip(xy, SRGB_PRIMARIES, strict=True))


def is_possible(xy: Primaries) -> bool:
    """Whether the three primaries span an area, and there is a white."""
    rx, ry, gx, gy, bx, by, _, wy = xy
    area = (gx - rx) * (by - ry) - (bx - rx) * (gy - ry)
    return abs(area) > NEAR_XY and min(ry, gy, by, wy) > 0 and max(xy) < 1


def curve_of(space: ColourSpace) -> Curve:
    """The curve from stored numbers to light (0 to 1), each channel by itself. HLG's gives the scene's light: icc.py
    adds its display's.
    """
    powers = {GAMMA_22: 2.2, GAMMA_28: 2.8, CINEMA: 2.6, LINEAR: 1.0}
    if space.transfer == PQ:
        return lambda value: rolled_off(pq_light(value) / WHITE_CD_M2)
    if space.transfer == HLG:
        return hlg_scene_light
    power = space.gamma or powers.get(space.transfer, 0.0)
    return (lambda value: value**power) if power else srgb_light


def srgb_light(value: float) -> float:
    """Light (0 to 1) of an sRGB number (0 to 1), by IEC 61966-2-1."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 -- the standard's


def srgb_signal(light: float) -> float:
    """The sRGB number (0 to 1) of light (0 to 1): the inverse of `srgb_light`."""
    bounded = min(max(light, 0.0), 1.0)
    return 12.92 * bounded if bounded <= 0.0031308 else 1.055 * bounded ** (1 / 2.4) - 0.055  # noqa: PLR2004


def pq_light(value: float) -> float:
    """Light in cd/m², by SMPTE ST 2084 as BT.2100 has it."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = value ** (1 / m2)
    return float(PQ_PEAK_CD_M2 * (max(root - c1, 0.0) / (c2 - c3 * root)) ** (1 / m1))


def hlg_scene_light(value: float) -> float:
    """Light of the scene, 0 to 1, by BT.2100's inverse OETF."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return value**2 / 3 if value <= 0.5 else (exp((value - c) / a) + b) / 12  # noqa: PLR2004 -- the standard's


HLG_LUMA = (0.2627, 0.6780, 0.0593)
HLG_GAMMA = 1.2  # of a display of 1,000 cd/m²


def hlg_display_light(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Light of a display, from the scene's: BT.2100's OOTF, which works on all three channels at once, then rolled
    off.
    """
    luma = HLG_LUMA[0] * red + HLG_LUMA[1] * green + HLG_LUMA[2] * blue
    gain = PEAK_CD_M2 / WHITE_CD_M2 * luma ** (HLG_GAMMA - 1)
    return rolled_off(red * gain), rolled_off(green * gain), rolled_off(blue * gain)


def rolled_off(light: float) -> float:
    """Light from 0 to 1, for light from 0 to the peak: unchanged up to KNEE, then a hyperbola that begins equally steep
    (Möbius).
    """
    if light <= KNEE:
        return light
    peak = PEAK_CD_M2 / WHITE_CD_M2
    a = -(KNEE**2) * (peak - 1) / (KNEE**2 - 2 * KNEE + peak)
    b = (KNEE**2 - 2 * KNEE * peak + peak) / (peak - 1)
    return min(1.0, (b**2 + 2 * b * KNEE + KNEE**2) / (b - a) * (light + a) / (light + b))
