"""Pictures of 16 bits whose profile is steep in the dark, linear ones above all: 8 bits would leave few shadows.

Their samples get sRGB's curve while they still have 16 bits; the profile then tells no more than the primaries. Pillow
reads 16 bit colours as 8: what it leaves out is read by a second decode that takes the other byte of each sample.
"""

from __future__ import annotations

from functools import lru_cache
from sys import byteorder
from typing import TYPE_CHECKING, Any

from PIL import Image

from shared.core.media.colour_space import srgb_signal
from shared.core.media.icc import curves_in, with_srgb_curves

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.core.media.colour_space import Curve

STEEP_LEVELS = 3.0  # of 255, that the first of 255 steps stands for
LEVELS = 65_536
BYTES_PER_PIXEL = 28  # at the peak: two decodes, and a channel at a time in 32 bits
NATIVE, FOREIGN = ("L", "B") if byteorder == "little" else ("B", "L")
OTHER_BYTE = {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA")
    for order, other in (("L", "B"), ("B", "L"), ("N", FOREIGN))
}
"""Raw modes that take the upper byte of each sample, and the same with the bytes exchanged."""


def raw_mode_of(image: Any) -> str:
    """Pillow's name for how it will unpack the first tile; "" where it has none."""
    tile = next(iter(getattr(image, "tile", ())), None)
    if tile is None or not tile.args:
        return ""
    return str(tile.args if isinstance(tile.args, str) else tile.args[0])


def is_deep(image: Image.Image) -> bool:
    """Whether the picture has colours of 16 bits, not decoded yet, of which 8 bits are not enough."""
    return raw_mode_of(image) in OTHER_BYTE and is_steep(image.info.get("icc_profile"))


@lru_cache(maxsize=16)
def is_steep(profile: bytes | None) -> bool:
    curves = curves_in(profile) if profile else ()
    return any(srgb_signal(curve(1 / 255)) * 255 >= STEEP_LEVELS for curve in curves)


def load_other_byte(image: Any) -> Image.Image:
    """The same picture, decoded again with the lower byte of each sample."""
    image.tile = [tile._replace(args=exchanged(tile.args)) for tile in image.tile]
    image.load()
    loaded: Image.Image = image
    return loaded


def exchanged(args: Any) -> Any:
    return OTHER_BYTE[args] if isinstance(args, str) else (OTHER_BYTE[args[0]], *args[1:])


def with_srgb_curve(high: Image.Image, low: Image.Image) -> Image.Image:
    """The colours in 8 bits of sRGB's curve. Opacity is not light: its upper byte is enough."""
    profile = high.info["icc_profile"]
    pairs = zip(high.split(), low.split(), tables_of(profile), strict=False)
    colours = [joined(one, other).point(table, "L") for one, other, table in pairs]
    image = Image.merge(high.mode, (*colours, *high.split()[len(colours) :]))
    image.info = {**high.info, "icc_profile": with_srgb_curves(profile)}
    return image


def joined(high: Image.Image, low: Image.Image) -> Image.Image:
    """Both bytes of each sample as one number of 16 bits, in a mode of 32."""
    return Image.frombytes("I;16", high.size, Image.merge("LA", (low, high)).tobytes()).convert("I")


def grey_by_profile(profile: bytes) -> tuple[Callable[[Image.Image], Image.Image], bytes | None]:
    """The conversion of bands of 16-bit greys into L of sRGB's curve, and what is left of the profile."""
    table = tables_of(profile)[0]
    return (lambda band: band.convert("I").point(table, "L")), with_srgb_curves(profile)


@lru_cache(maxsize=4)
def tables_of(profile: bytes) -> tuple[list[int], ...]:
    """For each channel, the sRGB value of each of its 65,536 levels."""
    curves = curves_in(profile)
    made = {id(curve): table_of(curve) for curve in curves}
    return tuple(made[id(curve)] for curve in curves)


def table_of(curve: Curve) -> list[int]:
    return [round(255 * srgb_signal(curve(level / (LEVELS - 1)))) for level in range(LEVELS)]
