"""TIFF pages whose samples Pillow has no mode for: 10, 12, 14 or 24 bits, floating point in colours, greys with alpha.

What the bytes of a page (pixels/tiff_bytes.py) mean is told here, a channel at a time, and ends in 8 bits; greys keep
all their bits until their range is known (pixels/levels.py).
"""

from __future__ import annotations

import struct
from array import array
from io import BytesIO
from math import ceil, lcm
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageFile

from shared.adapters.pixels.levels import range_of, samples_in, to_greys, upper_halves
from shared.adapters.pixels.orientation import TRANSPOSES
from shared.adapters.pixels.tiff_bytes import (
    BYTE,
    COMPRESSED,
    DIFFERENCES,
    FLOAT_DIFFERENCES,
    INTEGERS,
    NATIVE,
    bytes_per_row,
    raw_plane,
)
from shared.core.media import tiff

if TYPE_CHECKING:
    from shared.core.media.tiff import TiffPage

    Numbers = array[int] | array[float]

MODES = {tiff.WHITE_IS_ZERO: "L", tiff.GREY: "L", tiff.RGB: "RGB", tiff.CMYK: "CMYK"}
ASSOCIATED, UNASSOCIATED = 1, 2  # extra samples: colours are multiplied by them already, or not
FLOATS = {16: "e", 32: "f", 64: "d"}
DEEP, THREE_BYTES, MOST_BITS = 16, 24, 32
LEFT = [bytes(value << shift & 0xFF for value in range(256)) for shift in range(BYTE)]
RIGHT = [bytes(value >> shift for value in range(256)) for shift in range(BYTE + 1)]
MASKS = [bytes(value & 0xFF00 >> count & 0xFF for value in range(256)) for count in range(BYTE + 1)]
"""Tables for `bytes.translate`: shifts, and the first so many bits of a byte."""
COPIES = 4  # of the raw samples, at the peak


def is_read_here(page: TiffPage) -> bool:
    kinds = {tiff.UNSIGNED: (*range(1, DEEP + 1), THREE_BYTES, MOST_BITS), tiff.SIGNED: (8, 16, 32), tiff.FLOAT: FLOATS}
    is_grey = MODES.get(page.photometric) == "L"
    return (
        page.photometric in MODES
        and page.bits in kinds.get(page.kind, ())
        and (page.kind != tiff.SIGNED or is_grey)
        and page.samples >= tiff.CHANNELS[page.photometric]
        and page.one(tiff.COMPRESSION, 1) in {tiff.NONE, *COMPRESSED}
        and is_predictor_read(page)
        and not (page.is_tiled and page.bits * page.samples % BYTE)
    )


def is_predictor_read(page: TiffPage) -> bool:
    predictor = page.one(tiff.PREDICTOR, 1)
    if page.one(tiff.COMPRESSION, 1) == tiff.NONE or predictor == 1:
        return True
    if predictor == DIFFERENCES:
        return page.bits in INTEGERS and page.kind != tiff.FLOAT
    return predictor == FLOAT_DIFFERENCES and page.kind == tiff.FLOAT


class SampleTiff(ImageFile.ImageFile):
    """A TIFF that is read by its samples. As with Pillow's own reader, nothing is decoded before `load`."""

    format = "TIFF"
    format_description = "TIFF of other samples"

    def __init__(self, pages: list[TiffPage]) -> None:
        self.pages = pages
        super().__init__(BytesIO())

    def _open(self) -> None:
        self.show_page(0)

    @property
    def n_frames(self) -> int:
        return len(self.pages)

    @property
    def bytes_per_pixel(self) -> float:
        """Bytes of memory per pixel at the peak of a decode."""
        page = self.pages[self.number]
        return COPIES * ceil(page.bits / BYTE) * page.samples + len(MODES[page.photometric])

    def show_page(self, number: int) -> None:
        self.number = number
        page = self.pages[number]
        self._mode, self._size, self.tile = MODES[page.photometric], page.upright_size, []
        self.info = {"icc_profile": profile} if (profile := page.raw(tiff.ICC_PROFILE)) else {}
        self.is_loaded = False

    def seek(self, frame: int) -> None:
        if frame != self.number:
            self.show_page(frame)

    def tell(self) -> int:
        return self.number

    def load(self) -> Any:
        if not self.is_loaded:
            page = self.pages[self.number]
            drawn = decode(page)
            turn = TRANSPOSES.get(page.one(tiff.ORIENTATION, 1))
            upright = drawn.transpose(turn) if turn is not None else drawn
            self.info |= drawn.info
            self.im, self._mode, self.is_loaded = upright.im, upright.mode, True
        return Image.Image.load(self)


def decode(page: TiffPage) -> Image.Image:
    """The page's pixels, as stored. Raises OSError where data are missing."""
    colours, extra = split(channels_of(page), tiff.CHANNELS[page.photometric])
    alpha = page.one(tiff.EXTRA_SAMPLES) if extra else 0
    if MODES[page.photometric] == "L":
        return grey(page, colours[0], extra[0] if alpha in {ASSOCIATED, UNASSOCIATED} else None)
    eight, steps = eight_bits(page, colours)
    if page.photometric == tiff.RGB and alpha in {ASSOCIATED, UNASSOCIATED}:
        opacity, _ = eight_bits(page, extra[:1])
        drawn = Image.merge("RGBA" if alpha == UNASSOCIATED else "RGBa", (*eight, *opacity))
    else:
        drawn = Image.merge(MODES[page.photometric], eight)
    drawn.info["steps"] = steps
    return drawn


def split(channels: list[Image.Image], count: int) -> tuple[list[Image.Image], list[Image.Image]]:
    return channels[:count], channels[count:]


def grey(page: TiffPage, wide: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """The grey page. It is still wide where there is no alpha: pixels/levels.py then works on it band by band."""
    wide.info["samples"] = samples_in(page)
    wide.info["white_is_zero"] = page.photometric == tiff.WHITE_IS_ZERO
    if alpha is None:
        return wide
    convert, steps = to_greys(wide)
    drawn = Image.merge("LA", (convert(wide), *eight_bits(page, [alpha])[0]))
    drawn.info["steps"] = steps
    return drawn


def eight_bits(page: TiffPage, channels: list[Image.Image]) -> tuple[list[Image.Image], tuple[str, ...]]:
    """The channels in 8 bits, by the range of all of them together, so that colours stay what they are; and the steps
    to report.
    """
    if page.kind == tiff.FLOAT:
        low, high, steps = range_of(channels, samples_in(page))
    else:
        low, high, steps = 0.0, float(2**page.bits - 1), ()
    if page.bits == MOST_BITS and page.kind == tiff.UNSIGNED:
        channels, high = [upper_halves(one) for one in channels], float(2 ** (MOST_BITS // 2) - 1)
    scale = 255.0 / ((high - low) or 1.0)
    return [one.convert("F").point(lambda v: v * scale + (0.5 - low * scale)).convert("L") for one in channels], steps


def channels_of(page: TiffPage) -> list[Image.Image]:
    """The channels as F, or as I where numbers have no fractions; extra samples after the colours."""
    if page.one(tiff.PLANAR, 1) == 1:
        numbers = numbers_in(page, raw_plane(page, 0, page.samples), page.samples)
        return [to_image(page, numbers[place :: page.samples]) for place in range(page.samples)]
    return [to_image(page, numbers_in(page, raw_plane(page, plane, 1), 1)) for plane in range(page.samples)]


def to_image(page: TiffPage, numbers: Numbers) -> Image.Image:
    size = (page.width, page.height)
    if page.kind == tiff.FLOAT:
        return Image.frombytes("F", size, array("f", numbers).tobytes(), "raw", "F;32NF")
    if numbers.typecode == "H":
        wide = Image.frombytes("I;16", size, numbers.tobytes(), "raw", "I;16N").convert("I")
        scale = 2.0 ** (page.bits - DEEP)
        return wide if page.bits == DEEP else wide.point(lambda value: value * scale)
    integers = numbers if numbers.typecode in "iI" else array("i", numbers)
    return Image.frombytes("I", size, integers.tobytes(), "raw", "I;32NS")


def numbers_in(page: TiffPage, raw: bytes, channels: int) -> Numbers:
    if page.kind != tiff.FLOAT and page.bits not in INTEGERS:
        return unpacked(page, raw, channels)
    code = FLOATS[page.bits] if page.kind == tiff.FLOAT else INTEGERS[page.bits]
    if code == "e":  # which arrays do not have
        return array("f", (value for (value,) in struct.iter_unpack(f"{page.order}e", raw)))
    numbers: Numbers = array(code.lower() if page.kind == tiff.SIGNED else code, raw)
    if page.order != NATIVE:
        numbers.byteswap()
    return numbers


def unpacked(page: TiffPage, raw: bytes, channels: int) -> Numbers:
    """The samples that are not whole bytes, or three of them, as the upper bits of 16: a stride of bytes at a time, not
    a sample.
    """
    if page.bits == THREE_BYTES:
        lowest = 0 if page.order == "<" else 2
        return words(raw[2 - lowest :: 3], raw[1::3])
    row_bytes, per_row = bytes_per_row(page, page.width, channels), page.width * channels
    numbers: array[int] = array("H")
    for top in range(0, len(raw), row_bytes):
        numbers.extend(unpacked_row(raw[top : top + row_bytes], page.bits, per_row))
    return numbers


def unpacked_row(row: bytes, bits: int, count: int) -> array[int]:
    """The samples of a row, first bits first. As many samples as fill whole bytes repeat the same shifts."""
    group = lcm(bits, BYTE)
    stride, phases = group // BYTE, group // bits
    groups = ceil(count / phases)
    padded = row.ljust(groups * stride, b"\0") + bytes(stride)
    numbers = array("H", bytes(2 * groups * phases))
    for phase in range(phases):
        at, shift = divmod(phase * bits, BYTE)
        first, second, third = (padded[at + place :: stride][:groups] for place in range(3))
        upper, lower = shifted(first, second, shift), shifted(second, third, shift)
        numbers[phase::phases] = words(
            upper.translate(MASKS[min(bits, BYTE)]), lower.translate(MASKS[max(bits - BYTE, 0)])
        )
    return numbers[:count]


def shifted(left: bytes, right: bytes, shift: int) -> bytes:
    """Eight bits from `shift` on of each pair of bytes."""
    if shift == 0:
        return left
    ones = int.from_bytes(left.translate(LEFT[shift])) | int.from_bytes(right.translate(RIGHT[BYTE - shift]))
    return ones.to_bytes(len(left))


def words(upper: bytes, lower: bytes) -> array[int]:
    both = bytearray(2 * len(upper))
    both[0 if NATIVE == ">" else 1 :: 2], both[1 if NATIVE == ">" else 0 :: 2] = upper, lower
    return array("H", bytes(both))
