"""Photoshop's composite, exactly: Pillow's reader takes selections for transparency and misreads more than 4 channels.

Rows are packed as in TIFF, so that libtiff unpacks them: a plane becomes a small TIFF of one strip per row.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops, ImageFile

from shared.core.media import psd, tiff
from shared.core.media.tiff_writing import of_bytes

if TYPE_CHECKING:
    from shared.core.media.psd import Composite

MODES = {
    psd.BITMAP: "L",
    psd.GREY: "L",
    psd.DUOTONE: "L",
    psd.INDEXED: "RGB",
    psd.RGB: "RGB",
    psd.CMYK: "CMYK",
    psd.LAB: "LAB",
}
WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}
COPIES = 5  # of the plane that is being unpacked
MERGED_BYTES = 4  # Pillow's own layouts of colours
DEEP = 16


class PsdComposite(ImageFile.ImageFile):
    """A Photoshop file's composite. As with Pillow's own reader, nothing is decoded before `load`."""

    format = "PSD"
    format_description = "Photoshop composite"

    def __init__(self, data: bytes, composite: Composite) -> None:
        self.data, self.composite, self.is_loaded = data, composite, False
        super().__init__(BytesIO())

    def _open(self) -> None:
        plain = MODES[self.composite.mode]
        self._mode = WITH_ALPHA.get(plain, plain) if self.composite.has_alpha else plain
        self._size, self.tile = (self.composite.width, self.composite.height), []
        self.info = {"icc_profile": self.composite.icc_profile} if self.composite.icc_profile else {}

    @property
    def bytes_per_pixel(self) -> float:
        """Bytes of memory per pixel at the peak of a decode."""
        while_merged = self.composite.planes + MERGED_BYTES
        while_unpacked = self.composite.planes - 1 + COPIES * self.composite.depth / 8
        return max(while_merged, while_unpacked) + 1

    def load(self) -> Any:
        if not self.is_loaded:
            drawn = decode(self.data, self.composite)
            self.im, self.is_loaded = drawn.im, True
        return Image.Image.load(self)


def decode(data: bytes, composite: Composite) -> Image.Image:
    """The composite's pixels. Raises ValueError where the file is cut off."""
    planes = [plane(data, composite, at, counts) for at, counts in psd.plane_places(data, composite)]
    mode = MODES[composite.mode]
    if composite.mode == psd.INDEXED:
        indexed = planes[0].convert("P")
        indexed.putpalette(bytes(value for rgb in zip(*three(composite.palette), strict=True) for value in rgb))
        return indexed.convert(mode)
    if composite.mode == psd.BITMAP:
        return planes[0]
    if mode == "CMYK":
        return Image.merge(mode, [ImageChops.invert(one) for one in planes[: len(mode)]])
    whole = WITH_ALPHA.get(mode, mode) if composite.has_alpha else mode
    return Image.merge(whole, planes[: len(whole)])


def three(palette: bytes) -> tuple[bytes, bytes, bytes]:
    third = len(palette) // 3
    return palette[:third], palette[third : 2 * third], palette[2 * third : 3 * third]


def plane(data: bytes, composite: Composite, at: int, counts: list[int]) -> Image.Image:
    """One channel as a picture of 8 bits."""
    size = (composite.row_bytes, composite.height)
    raw = data[at : at + sum(counts)]
    if composite.compression == psd.RLE:
        with Image.open(BytesIO(of_bytes(raw, size, tiff.PACK_BITS, counts)), formats=("TIFF",)) as image:
            raw = image.tobytes()
    if composite.depth == 1:
        return Image.frombytes("1", (composite.width, composite.height), raw, "raw", "1;I").convert("L")
    high = raw[::2] if composite.depth == DEEP else raw
    return Image.frombytes("L", (composite.width, composite.height), high)


def open_psd(data: bytes) -> PsdComposite | tuple[str, str]:
    """The composite, or what of it is not read and what to do. Raises ValueError where the header is broken."""
    try:
        composite = psd.read_composite(data)
    except struct.error as error:
        raise ValueError("the header is cut off") from error
    what, hint = psd.what_is_not_read(composite)
    return (what, hint) if what else PsdComposite(data, composite)
