"""One row per kind of picture: who reads it, and what that costs. tests/adapters/pixels/test_readers.py holds the rows
to core/media/kinds.py and docs/images.md.

Pillow is told the format that the bytes show, so no other decoder ever sees the file; and only the plugin that is
needed is imported, as all of them take 45 ms and 4 MB.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image

from shared.adapters.pixels.errors import DECODER_ERRORS, not_read
from shared.core.media import bmp, boxes, jpeg, png

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.core.media.decode_limits import DecodeLimits
    from shared.core.media.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureReader:
    """How one kind of picture is read, and what that costs. `pillow` is Pillow's word for the format, `plugin` its
    module.

    Bytes per pixel at the peak of a decode are measured (docs/images.md); None where they depend on the layout.
    `frames_bytes_per_pixel` is that of an animation, whose frames share a canvas. `without_metadata` makes files of
    which less can be broken, the one that loses least first. `is_container`: ISO base media, whose truncation shows in
    its boxes, and the decoder may not tell. `is_salvaged`: what is there of a truncated file is used. `what_else` names
    what the decoder may not know, where it fails.
    """

    pillow: str
    plugin: str
    bytes_per_pixel: float | None = None
    frames_bytes_per_pixel: float | None = None
    without_metadata: tuple[Callable[[bytes], bytes], ...] = ()
    is_animated: bool = False
    is_container: bool = False
    is_salvaged: bool = False
    what_else: Callable[[bytes], str] = lambda _data: ""


READERS = {
    "jpeg": PictureReader(
        pillow="JPEG",  # which opens MPO too
        plugin="JpegImagePlugin",
        without_metadata=(jpeg.drop_but_exif, jpeg.drop_metadata),
        is_salvaged=True,
    ),
    "png": PictureReader(
        pillow="PNG", plugin="PngImagePlugin", without_metadata=(png.drop_metadata,), is_salvaged=True
    ),
    "apng": PictureReader(
        pillow="PNG",
        plugin="PngImagePlugin",
        frames_bytes_per_pixel=22,
        without_metadata=(png.drop_metadata,),
        is_animated=True,
    ),
    "gif": PictureReader(
        pillow="GIF", plugin="GifImagePlugin", frames_bytes_per_pixel=18, is_animated=True, is_salvaged=True
    ),
    "webp": PictureReader(
        pillow="WEBP", plugin="WebPImagePlugin", bytes_per_pixel=18, frames_bytes_per_pixel=26, is_animated=True
    ),
    "bmp": PictureReader(pillow="BMP", plugin="BmpImagePlugin", is_salvaged=True, what_else=bmp.rare_layout),
    "tiff": PictureReader(pillow="TIFF", plugin="TiffImagePlugin", is_salvaged=True),
    "heic": PictureReader(pillow="HEIF", plugin="", bytes_per_pixel=6, is_container=True, what_else=boxes.rare_coding),
    "avif": PictureReader(
        pillow="AVIF",
        plugin="AvifImagePlugin",
        bytes_per_pixel=12,
        frames_bytes_per_pixel=28,
        without_metadata=(boxes.without_exif,),
        is_animated=True,
        is_container=True,
    ),
    "ico": PictureReader(pillow="ICO", plugin="IcoImagePlugin"),
    "jp2": PictureReader(pillow="JPEG2000", plugin="Jpeg2KImagePlugin"),
    "psd": PictureReader(pillow="PSD", plugin=""),
    "pdf": PictureReader(pillow="PDF", plugin=""),
    "raw": PictureReader(pillow="JPEG", plugin="JpegImagePlugin", is_salvaged=True),  # its preview: pixels/raw.py
}


def open_as(data: bytes, kind: Kind, limits: DecodeLimits) -> Image.Image:
    """The picture with nothing decoded yet. Raises SourceRejected for what is not read here, else what the reader
    raises.
    """
    Image.MAX_IMAGE_PIXELS = limits.max_pixels // 2  # Pillow's own check, which raises at twice this
    if kind.format in OURS:
        return OURS[kind.format](data, kind, limits)
    register(READERS[kind.format])
    return open_with(READERS[kind.format], data)


def open_psd(data: bytes, kind: Kind, _limits: DecodeLimits) -> Image.Image:
    from shared.adapters.pixels import psd  # noqa: PLC0415 -- for the first one only, with what it imports

    opened = psd.open_psd(data)
    if isinstance(opened, tuple):
        raise not_read(kind, *opened)
    return opened


def open_tiff(data: bytes, kind: Kind, limits: DecodeLimits) -> Image.Image:
    from shared.adapters.pixels import tiff  # noqa: PLC0415 -- for the first one only, with what it imports

    opened = tiff.open_tiff(data, most_pages=limits.max_frames + 1)
    if isinstance(opened, str):
        raise not_read(kind, opened)
    return opened


def open_pdf(data: bytes, kind: Kind, limits: DecodeLimits) -> Image.Image:
    from shared.adapters.pixels import pdf  # noqa: PLC0415 -- for the first one only, with PDFium

    opened = pdf.open_pdf(data, limits)
    if isinstance(opened, tuple):
        raise not_read(kind, *opened)
    return opened


OURS: dict[str, Callable[[bytes, Kind, DecodeLimits], Image.Image]] = {
    "pdf": open_pdf,
    "psd": open_psd,
    "tiff": open_tiff,
}


def open_with(reader: PictureReader, data: bytes) -> Image.Image:
    """The picture, opened by Pillow. Metadata that break its reader are left out: the pixels may be fine."""
    whole = png.drop_broken_metadata(data) if reader.pillow == "PNG" else data
    try:
        return Image.open(BytesIO(whole), formats=(reader.pillow,))
    except DECODER_ERRORS:
        for without in reader.without_metadata:
            with suppress(*DECODER_ERRORS):
                return Image.open(BytesIO(without(data)), formats=(reader.pillow,))
        raise


def register(reader: PictureReader) -> None:
    if reader.pillow in Image.OPEN:
        return
    if reader.pillow == "HEIF":
        register_heif()
        return
    plugin: Any = import_module(f"PIL.{reader.plugin}")
    if reader.pillow == "AVIF":
        plugin.DEFAULT_MAX_THREADS = 1  # as for HEIC: the smallest instance has one core, and threads cost memory


def register_heif() -> None:
    """Register the HEIF plugin, which is imported for the first HEIC only: it costs 28 ms and 4 MB."""
    import pillow_heif  # noqa: PLC0415 -- see the docstring

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
