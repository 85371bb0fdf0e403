"""Large WebP photos as the planes that they are made of: Pillow's reader holds four copies of them in colours.

FFmpeg decodes the planes, which are shrunk one by one; 3 bytes of memory per pixel instead of 17.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from PIL import Image

from shared.adapters.pixels.png import STREAMED_PIXELS
from shared.adapters.pixels.shrink import averaged, shrink
from shared.core.media.webp import is_opaque_lossy

if TYPE_CHECKING:
    from shared.core.media.picture_plan import ImageInfo, Size

# ITU-R BT.601 as WebP has it, from 16..235 and 16..240 to the whole range of JPEG.
LUMA = [max(0, min(255, round((value - 16) * 255 / 219))) for value in range(256)]
COLOUR = [max(0, min(255, round((value - 128) * 255 / 224 + 128))) for value in range(256)]


def is_decoded_as_planes(info: ImageInfo, data: bytes) -> bool:
    return info.kind.format == "webp" and info.width * info.height >= STREAMED_PIXELS and is_opaque_lossy(data)


def load_webp(image: Image.Image, data: bytes, size: Size) -> Image.Image:
    """The photo at `size`. Raises OSError where FFmpeg does not like it: Pillow may."""
    luma, *colours = planes(data)
    if luma.size != image.size:
        raise OSError("the picture has not the size of its canvas")
    box = (0.0, 0.0, luma.width / 2, luma.height / 2)
    small = (shrink(luma, size).point(LUMA), *(averaged(colour, box, size).point(COLOUR) for colour in colours))
    shrunk = Image.merge("YCbCr", small)
    shrunk.info["icc_profile"] = image.info.get("icc_profile")
    return shrunk


def planes(data: bytes) -> list[Image.Image]:
    """Luma, and two of colour with half the rows and columns. They lie in FFmpeg's memory."""
    import av  # noqa: PLC0415 -- for large pictures only, see STREAMED_PIXELS

    reader: Any = av.CodecContext.create("webp", "r")
    reader.thread_count = 1
    try:
        frame = (reader.decode(av.Packet(data)) or reader.decode(None))[0]
    except (av.error.FFmpegError, LookupError) as error:
        raise OSError("FFmpeg does not read it") from error
    if frame.format.name != "yuv420p":
        raise OSError("FFmpeg found transparency")
    return [
        Image.frombuffer("L", (plane.width, plane.height), cast("bytes", plane), "raw", "L", plane.line_size, 1)
        for plane in frame.planes
    ]
