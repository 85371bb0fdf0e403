"""Opens a picture for its header: facts and limits first, pixels later. Decoder errors leave as SourceRejected.

Pillow and pillow-heif are told the format that the bytes show, so no other decoder ever sees the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import Image

from shared.adapters.pixels.deep import BYTES_PER_PIXEL as DEEP_BYTES
from shared.adapters.pixels.deep import is_deep
from shared.adapters.pixels.errors import DECODER_ERRORS, corrupt, decoder_errors, not_read
from shared.adapters.pixels.profiles import keep_profile
from shared.adapters.pixels.raw import inspect_preview, is_raw
from shared.adapters.pixels.readers import READERS, open_as
from shared.core.media import boxes, jpeg, png, tiff
from shared.core.media.boxes import is_cut_off, largest_extent
from shared.core.media.decode_limits import DEFAULT_LIMITS, DecodeLimits, Load, check_source, unsupported
from shared.core.media.kinds import sniff
from shared.core.media.picture_plan import ORIENTATIONS, SWAPS_SIDES, DecodeCost, ImageInfo
from shared.core.media.webp import canvas_size, is_opaque_lossy
from shared.core.models.image_grid import Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.core.media.kinds import Kind
    from shared.core.media.tiff import TiffPage

WEBP_BYTES = 18  # of the layouts that Pillow decodes
PLANES_BYTES = 8  # pixels/webp.py: Pillow reserves that much to read the header, of which 3 are then used
STREAMED = DecodeCost(scaled=6, max_scale=1024)  # pixels/png.py keeps averages only
DRAWN = DecodeCost(scaled=0)  # pixels/pdf.py: nothing is larger than what is sent
MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2}
ANY_COLOUR_BYTES = 4  # Pillow's own layouts

ORIENTATION_TAG = 0x112
XMP = ("xmp", "XML:com.adobe.xmp", "Raw profile type xmp")  # Pillow's names for it


def open_picture(data: bytes, kind: Kind, limits: DecodeLimits = DEFAULT_LIMITS) -> Image.Image:
    """The picture with nothing decoded yet. Call within `decoder_errors`."""
    image = open_as(data, kind, limits)
    keep_profile(image, kind, data)
    return image


def inspect(data: bytes, limits: DecodeLimits = DEFAULT_LIMITS) -> ImageInfo:
    """What the header says, checked against `limits`. Raises SourceRejected."""
    kind = sniff(data)
    check_source(Load(bytes=len(data)), limits)
    if kind.kind != "image":
        raise unsupported(kind)
    if is_raw(data, kind):
        return inspect_preview(data, lambda preview: inspect(preview, limits))
    check_readable(data, kind)
    if READERS[kind.format].is_container:
        check_container(data, kind, limits)
    if kind.format == "webp":
        check_canvas(data, limits)
    with (
        decoder_errors(kind, lambda: READERS[kind.format].what_else(data)),
        open_picture(data, kind, limits) as image,
    ):
        return describe(image, kind, data, limits)


def check_readable(data: bytes, kind: Kind) -> None:
    """Check for good files that the decoders here would call damaged. Raises SourceRejected."""
    if kind.format == "jpeg" and (what := jpeg.what_is_not_read(data)):
        raise not_read(kind, what)
    if kind.format == "heic" and boxes.is_sequence_only(data):
        raise not_read(kind, "as an image sequence", "Export it as an MP4 video, or save the picture that you want.")


def check_container(data: bytes, kind: Kind, limits: DecodeLimits) -> None:
    """Check size and completeness of ISO base media, which its decoders do not report, or too late. Raises
    SourceRejected.
    """
    if is_cut_off(data):
        raise corrupt(kind, "it ends before its last box does")
    width, height = largest_extent(data)
    check_source(Load(bytes=len(data), pixels=width * height), limits)


def check_canvas(data: bytes, limits: DecodeLimits) -> None:
    """Check the size of a WebP before it is opened, which allocates its canvas. Raises SourceRejected."""
    width, height = canvas_size(data)
    need = width * height * webp_bytes(data)
    check_source(Load(bytes=len(data), pixels=width * height, decode_bytes=need), limits)


def webp_bytes(data: bytes) -> int:
    return PLANES_BYTES if is_opaque_lossy(data) else WEBP_BYTES


def describe(image: Image.Image, kind: Kind, data: bytes, limits: DecodeLimits) -> ImageInfo:
    check_source(Load(bytes=len(data), pixels=image.width * image.height), limits)
    cost = decode_cost(image, kind, data)
    orientation, notes = read_orientation(image, kind, data)
    width, height = upright_size(image, kind, orientation)
    mode, has_alpha, colours = image.mode, image.has_transparency_data, image.info.get("colours", "")
    pages = read_pages(image, kind, (width, height), data, limits)
    pixels = max(width * height for _, (width, height) in pages)
    check_source(Load(bytes=len(data), pixels=pixels, frames=len(pages)), limits)
    return ImageInfo(
        kind=kind,
        bytes=len(data),
        width=width,
        height=height,
        orientation=orientation,
        frame_sizes=tuple(size for _, size in pages),
        page_numbers=tuple(number for number, _ in pages),
        is_document=len(pages) > 1 and not READERS[kind.format].is_animated,
        mode=mode,
        has_alpha=has_alpha,
        colours=colours,
        cost=cost,
        notes=(*notes, *image.info.get("notes", ())),
    )


def decode_cost(image: Any, kind: Kind, data: bytes) -> DecodeCost:
    """The memory that decoding takes, in bytes per pixel. Baseline JPEG is decoded row by row at reduced size;
    progressive keeps two bytes per coefficient of the whole.
    """
    if kind.format == "jpeg":
        progressive = 2 * samples_per_pixel(image.layer) if "progressive" in image.info else 0.0
        return DecodeCost(scaled=4, fixed=progressive, max_scale=8)
    if kind.format == "jp2":
        return DecodeCost(scaled=20, fixed=4, max_scale=32)
    if kind.format == "pdf":
        return DRAWN
    if own := getattr(image, "bytes_per_pixel", None):
        return DecodeCost(scaled=own)
    if kind.format == "tiff" and not is_deep(image):
        page = image.info["pages"][0]
        is_plain = page.one(tiff.COMPRESSION, 1) == tiff.NONE and page.one(tiff.PLANAR, 1) == 1
        strip = 0 if is_plain else page.one(tiff.ROWS_PER_STRIP) or image.height
        return DecodeCost(scaled=MODE_BYTES.get(image.mode, 4), fixed=4 * min(strip / image.height, 1))
    if is_deep(image):
        return DecodeCost(scaled=DEEP_BYTES)
    reader = READERS[kind.format]
    if reader.frames_bytes_per_pixel and getattr(image, "n_frames", 1) > 1:
        return DecodeCost(scaled=reader.frames_bytes_per_pixel)
    if kind.format == "webp":
        return DecodeCost(scaled=webp_bytes(data))
    if kind.format == "png" and png.samples_per_pixel(data) and image.mode in {"RGB", "RGBA"}:
        return STREAMED
    return DecodeCost(scaled=reader.bytes_per_pixel or MODE_BYTES.get(image.mode, ANY_COLOUR_BYTES))


def samples_per_pixel(layers: Sequence[tuple[int, int, int, int]]) -> float:
    """Samples per pixel of a JPEG, 1.5 for 4:2:0, 3 for 4:4:4: chroma layers are sampled less often than the densest
    one.
    """
    densest = max(across * down for _, across, down, _ in layers)
    return sum(across * down for _, across, down, _ in layers) / densest


def read_orientation(image: Image.Image, kind: Kind, data: bytes) -> tuple[int, tuple[str, ...]]:
    """The EXIF orientation 1 to 8, or a TIFF's own tag, and notes. libheif has applied its own already; broken EXIF is
    not a reason to fail.

    An orientation in XMP alone is what tools leave behind that have turned the pixels: browsers do not turn by it.
    """
    if kind.format == "heic":
        return 1, ()
    if kind.format in {"png", "apng"} and "exif" not in image.info and (exif := png.find_chunk(data, b"eXIf")):
        image.info["exif"] = exif
    if kind.format == "tiff":
        value = next((page.one(tiff.ORIENTATION, 1) for page in image.info["pages"]), 1)
        return (value if value in ORIENTATIONS else 1), ()
    for name in XMP:
        image.info.pop(name, None)
    try:
        # The base class's: the one of PNG would decode the picture to look behind it.
        value = Image.Image.getexif(image).get(ORIENTATION_TAG, 1)
    except DECODER_ERRORS:
        return 1, ("its EXIF block is damaged and was ignored",)
    return (value, ()) if value in ORIENTATIONS else (1, ())


def upright_size(image: Image.Image, kind: Kind, orientation: int) -> Size:
    """The upright size in pixels. Pillow's TIFF reader reports it itself, and turns the pixels while it decodes."""
    if orientation in SWAPS_SIDES and kind.format != "tiff":
        return image.height, image.width
    return image.size


def read_pages(image: Any, kind: Kind, first: Size, data: bytes, limits: DecodeLimits) -> tuple[tuple[int, Size], ...]:
    """The number and size in pixels of each frame or page that is a picture of its own."""
    if READERS[kind.format].is_animated:
        start = 1 if image.info.get("default_image") else 0  # of an APNG: for readers that know no animation
        return tuple((number, first) for number in range(start, int(image.n_frames)))
    if kind.format == "heic":
        return tuple(enumerate(heic_sizes(data)))
    if kind.format == "pdf":
        return tuple(enumerate(image.page_sizes))
    if kind.format != "tiff":
        return ((0, first),)
    pages: list[TiffPage] = image.info["pages"]
    check_source(Load(bytes=1, frames=len(pages)), limits)
    shown = tuple(tiff.pictures_of(pages)) or ((0, first),)
    if any(0 in size for _, size in shown):
        raise corrupt(kind, "a page of it has no size")
    return shown


def heic_sizes(data: bytes) -> Iterator[Size]:
    """The size in pixels of each picture, without Pillow's `seek`, which takes the memory of each picture."""
    import pillow_heif  # noqa: PLC0415 -- see register_heif

    return (picture.size for picture in pillow_heif.open_heif(data))
