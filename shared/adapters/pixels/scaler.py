"""FFmpeg's scaler, where FFmpeg is loaded anyway (pixels/png.py, pixels/webp.py): Lanczos in half of Pillow's time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from shared.core.models.image_grid import Size


def shrunk_luma(image: Image.Image, size: Size) -> Image.Image:
    """The picture as L at that size, in pixels."""
    import av  # noqa: PLC0415 -- for large pictures only, see STREAMED_PIXELS

    frame = av.VideoFrame(image.width, image.height, "gray")
    plane: Any = frame.planes[0]
    plane.update(image.tobytes("raw", "L", plane.line_size, 1))  # each row filled up to what FFmpeg wants it to have
    return shrunk_planes(frame, size, "gray")[0]


def shrunk_planes(frame: Any, size: Size, layout: str) -> list[Image.Image]:
    """The planes of a frame at that size, in pixels, in a layout of 8 bits and full range."""
    small = frame.reformat(width=size[0], height=size[1], format=layout, interpolation="LANCZOS")
    return [
        Image.frombytes("L", (plane.width, plane.height), bytes(plane), "raw", "L", plane.line_size, 1)
        for plane in small.planes
    ]
