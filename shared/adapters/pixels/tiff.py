"""Opens a TIFF by Pillow where it reads all pages right, else by pixels/tiff_samples.py, or says what is not read."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image, ImagePalette, TiffImagePlugin

from shared.adapters.pixels.levels import samples_in
from shared.adapters.pixels.tiff_bytes import COMPRESSED
from shared.adapters.pixels.tiff_samples import SampleTiff, is_read_here
from shared.core.media import tiff
from shared.core.media.tiff_writing import to_classic

if TYPE_CHECKING:
    from shared.core.media.tiff import TiffPage

SEPARATE = 2  # planar configuration
DEEP = 16  # bits
LARGEST_BYTE = 255


def open_tiff(data: bytes, *, most_pages: int) -> Image.Image | str:
    """The picture with nothing decoded yet, or what of it is not read, in words. Its pages are in `info`, as
    `pages`.
    """
    header = tiff.read_header(data)
    if header is not None and header.is_big:
        data = to_classic(data)
    pages = tiff.read_pages(data, most_pages)
    shown = [page for page in pages if page.is_picture] or pages
    if all(map(is_left_to_pillow, shown)):
        # Pillow's own reading of what is not compressed mixes up deep planes, and tiles whose rows are told too.
        TiffImagePlugin.READ_LIBTIFF = any(map(needs_libtiff, shown))
        image: Image.Image = Image.open(BytesIO(data), formats=("TIFF",))
    elif all(map(is_read_here, shown)):
        image = SampleTiff(pages)
    else:
        return next(what_is_not_read(page) for page in shown if not (is_read_by_pillow(page) or is_read_here(page)))
    image.info["pages"] = pages
    return image


def what_is_not_read(page: TiffPage) -> str:
    compression = page.one(tiff.COMPRESSION, 1)
    return f"of {tiff.COMPRESSIONS[compression]} compression" if compression in tiff.COMPRESSIONS else page.words


def is_left_to_pillow(page: TiffPage) -> bool:
    """Whether Pillow reads the file. It also gets what is not a TIFF: it says in which way a file is broken."""
    is_broken = page.photometric not in tiff.COLOURS or not page.width or not page.height
    return is_read_by_pillow(page) or is_broken


def needs_libtiff(page: TiffPage) -> bool:
    is_deep_in_planes = page.one(tiff.PLANAR, 1) == SEPARATE and page.bits == DEEP
    return page.one(tiff.COMPRESSION, 1) == tiff.NONE and (is_deep_in_planes or page.is_tiled)


def is_read_by_pillow(page: TiffPage) -> bool:
    """Whether Pillow reads the page right, by its own table. What libtiff turns into colours, JPEG above all, does not
    show in the samples.
    """
    compression = page.one(tiff.COMPRESSION, 1)
    if compression not in {tiff.NONE, *COMPRESSED}:
        return compression in TiffImagePlugin.COMPRESSION_INFO or compression not in tiff.COMPRESSIONS
    extra = page.all(tiff.EXTRA_SAMPLES)
    bits = page.all(tiff.BITS) or (1,)
    bits = bits * page.samples if len(bits) == 1 else bits[: page.samples]
    if page.one(tiff.PLANAR, 1) == SEPARATE and extra and max(extra) == 0:
        bits, extra = bits[: -len(extra)], ()
    kind = page.all(tiff.FORMAT) or (tiff.UNSIGNED,)
    kind = kind[:1] if len(set(kind)) == 1 else kind
    order = b"II" if page.order == "<" else b"MM"
    key: Any = (order, page.photometric, kind, page.one(tiff.FILL_ORDER, 1), bits, extra)
    return key in TiffImagePlugin.OPEN_INFO


def prepare_page(image: Any, page: TiffPage) -> None:
    """Correct what Pillow leaves out, for the page that it is at, before its pixels are loaded."""
    image.info["samples"] = samples_in(page)
    image.info["white_is_zero"] = image.mode not in {"1", "L", "P"} and page.photometric == tiff.WHITE_IS_ZERO
    colours = page.all(tiff.COLOUR_MAP)
    if image.mode == "P" and colours and max(colours) <= LARGEST_BYTE:  # scanners write bytes where words belong
        image.palette = ImagePalette.raw("RGB;L", bytes(colours))
