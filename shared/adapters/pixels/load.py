"""Decodes one opened frame: at reduced size where the codec can, and as far as it goes where the file is cut short.

A picture of which more than half is there is used, and the result says what is missing; below that it is rejected.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageFile

from shared.adapters.pixels.deep import is_deep, load_other_byte, with_srgb_curve
from shared.adapters.pixels.errors import ALL_OVER, LEAST_SHARE, LOWER_PART, UPPER_PART, corrupt, damage_of
from shared.adapters.pixels.ground import weighted
from shared.adapters.pixels.open import open_picture
from shared.adapters.pixels.png import is_streamed, load_png
from shared.adapters.pixels.readers import READERS
from shared.adapters.pixels.shrink import shrink_bands
from shared.adapters.pixels.webp import is_decoded_as_planes, load_webp
from shared.core.media.picture_plan import decode_scale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.core.media.picture_plan import ImageInfo
    from shared.core.models.image_grid import Size

    Box = tuple[int, int, int, int]

PROGRESSIVE_FRAME = b"\xff\xc2"
JPEG_SCAN = b"\xff\xda"
YCBCR_LAYERS = (1, 2, 3)


def load_frame(image: Image.Image, data: bytes, info: ImageInfo, index: int, size: Size) -> tuple[Image.Image, str]:
    """The decoded frame, perhaps shrunk already, and what is missing of it ("" = nothing).

    `size` is what it will be shrunk to, as stored.
    """
    if info.kind.format == "heic":
        shrunk = load_heic(data, index, size)
        shrunk.info["icc_profile"] = image.info.get("icc_profile")
        return shrunk, ""
    if info.kind.format == "pdf":
        from shared.adapters.pixels.pdf import draw_page  # noqa: PLC0415 -- with PDFium, see readers.py

        return draw_page(image, size)
    if is_streamed(info, data):
        return load_png(image, data, info, size)
    if is_decoded_as_planes(info, data):
        with suppress(OSError):
            return load_webp(image, data, size), ""
    return load(image, data, info, size)


def load(image: Any, data: bytes, info: ImageInfo, size: Size) -> tuple[Image.Image, str]:
    """The decoded frame of one kind of file, perhaps shrunk already, and what is missing of it ("" = nothing)."""
    shrink_decode(image, info, size, len(data))
    interlaced = is_interlaced(image)
    try:
        if info.kind.format == "tiff":
            from shared.adapters.pixels.tiff import prepare_page  # noqa: PLC0415 -- with Pillow's reader, see readers.py

            prepare_page(image, image.info["pages"][image.tell()])
        deep, drawn = is_deep(image), drawn_part(image)
        image.load()
        if drawn and info.frames == 1:
            return clear_around(image, drawn), ""
        if deep:
            image = with_srgb_curve(image, load_other_byte(opened_at(data, info, image.tell())))
    except (OSError, ValueError, SyntaxError):
        if not READERS[info.kind.format].is_salvaged or info.frames > 1:
            raise
        image.tile = []  # no further attempt: what is decoded is the picture, the rest of it is black
        if info.kind.format == "jpeg":
            return salvage_jpeg(data, info, size, share_of_rows(image)[0])
        return image, damage_of(info.kind, *(share_of_pixels(image) if interlaced else share_of_rows(image)))
    return image, ""


def drawn_part(image: Any) -> Box | None:
    """The place of a GIF's first frame on its canvas, if it leaves some of it free; otherwise None."""
    if image.format != "GIF" or not image.tile:
        return None
    box: Box = image.tile[0].extents
    return None if box == (0, 0, *image.size) else box


def clear_around(image: Image.Image, box: Box) -> Image.Image:
    """The picture, transparent around that place, as in browsers; Pillow fills the rest with the first colour."""
    seen = image.convert("RGBA")
    canvas = Image.new("RGBA", image.size)
    canvas.paste(seen.crop(box), box)
    return canvas


def opened_at(data: bytes, info: ImageInfo, frame: int) -> Image.Image:
    """The picture opened again, with nothing decoded yet."""
    image = open_picture(data, info.kind)
    image.seek(frame)
    return image


def is_interlaced(image: Any) -> bool:
    """Whether damage shows all over the picture, not only below some row."""
    if image.format == "GIF":
        return any(tile.args[1] for tile in image.tile)
    return bool(image.info.get("interlace"))


def load_heic(data: bytes, index: int, size: Size) -> Image.Image:
    """The picture in libheif's pixels, copied band by band: Pillow's own copy at full size would double the memory."""
    import pillow_heif  # noqa: PLC0415 -- imported for the first HEIC only, see register_heif

    picture = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)[index]
    pixels, stride, mode = memoryview(picture.data), picture.stride, picture.mode

    def band(top: int, bottom: int) -> Image.Image:
        rows = bytes(pixels[top * stride : bottom * stride])
        return Image.frombuffer(mode, (picture.size[0], bottom - top), rows, "raw", mode, stride, 1)

    return shrink_bands(band, picture.size, size, weighted)


def shrink_decode(image: Any, info: ImageInfo, size: Size, data_bytes: int) -> None:
    scale = decode_scale(image.size, size, info.cost.max_scale)
    if info.kind.format == "jpeg":
        image.draft("YCbCr" if is_ycbcr(image) else None, (image.width // scale, image.height // scale))
        # Fed whole: in 64 KB blocks libjpeg starts over at each block's end, a third of a progressive decode.
        image.decodermaxblock = data_bytes
    if info.kind.format == "jp2":
        image.reduce = scale.bit_length() - 1


def is_ycbcr(image: Any) -> bool:
    """Whether the JPEG is stored as YCbCr, by libjpeg's own rule. Left as it is, a photo without profile is never
    converted to RGB and back.
    """
    if image.mode != "RGB":
        return False
    if "jfif" in image.info:
        return True
    if "adobe" in image.info:
        return bool(image.info.get("adobe_transform") == 1)
    return tuple(layer[0] for layer in image.layer) == YCBCR_LAYERS


def salvage_jpeg(data: bytes, info: ImageInfo, size: Size, share: float) -> tuple[Image.Image, str]:
    """What there is of a damaged JPEG, and what is missing. Libjpeg paints the rest in the last colour it knew; a
    progressive file only lacks its finest detail.
    """
    scans = data.partition(PROGRESSIVE_FRAME)[2].count(JPEG_SCAN)
    if share < LEAST_SHARE and scans <= 1:
        raise corrupt(info.kind, "less than half of it is there")
    image = open_picture(data, info.kind)
    shrink_decode(image, info, size, len(data))
    with reading_truncated():
        image.load()
    return image, "its finest detail is missing" if scans > 1 else damage_of(info.kind, share)


def share_of_rows(image: Image.Image) -> tuple[float, str]:
    """The share (0 to 1) of the rows that were decoded, and which are missing: those that are black. BMP is stored from
    below.
    """
    box = (image if image.mode in {"P", "YCbCr"} else image.convert("RGB")).getbbox()
    if box is None:
        return 0.0, LOWER_PART
    if image.format == "BMP" and box[3] == image.height:
        return 1 - box[1] / image.height, UPPER_PART
    return box[3] / image.height, LOWER_PART


def share_of_pixels(image: Image.Image) -> tuple[float, str]:
    counts = (image if image.mode == "P" else image.convert("L")).histogram()
    return 1 - counts[0] / sum(counts), ALL_OVER


@contextmanager
def reading_truncated() -> Iterator[None]:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
