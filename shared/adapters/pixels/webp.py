"""Large WebP photos as the planes that they are made of: Pillow's reader holds four copies of them in colours.

FFmpeg decodes the planes and its scaler shrinks them where they are; 3 bytes of memory per pixel instead of 17.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import Image

from shared.adapters.pixels.png import STREAMED_PIXELS
from shared.adapters.pixels.scaler import shrunk_planes
from shared.core.media.webp import is_opaque_lossy

if TYPE_CHECKING:
    from shared.core.media.picture_plan import ImageInfo
    from shared.core.models.image_grid import Size


def is_decoded_as_planes(info: ImageInfo, data: bytes) -> bool:
    return info.kind.format == "webp" and info.width * info.height >= STREAMED_PIXELS and is_opaque_lossy(data)


def load_webp(image: Image.Image, data: bytes, size: Size) -> Image.Image:
    """The photo at `size`, in pixels. Raises OSError where FFmpeg does not read it: Pillow may."""
    frame = decoded(data)
    if (frame.width, frame.height) != image.size:
        raise OSError("the picture is not as large as its canvas")
    shrunk = Image.merge("YCbCr", shrunk_planes(frame, size, "yuvj444p"))
    shrunk.info["icc_profile"] = image.info.get("icc_profile")
    return shrunk


def decoded(data: bytes) -> Any:
    """FFmpeg's frame: a plane of luma, and two planes of colour with half the rows and columns."""
    import av  # noqa: PLC0415 -- for large pictures only, see STREAMED_PIXELS

    reader: Any = av.CodecContext.create("webp", "r")
    reader.thread_count = 1
    try:
        frame = (reader.decode(av.Packet(data)) or reader.decode(None))[0]
    except (av.error.FFmpegError, LookupError) as error:
        raise OSError("FFmpeg does not read it") from error
    if frame.format.name != "yuv420p":
        raise OSError("FFmpeg found transparency")
    return frame
