"""Films that are transparent in part: decoded with what says so, and laid on one ground, chosen by what is on it.

Runs in the child process only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from shared.adapters.frames.rgb import scaled
from shared.adapters.pixels.ground import OPAQUE, VISIBLE_ALPHA, ground_for
from shared.core.models.image_grid import Size

ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these leave transparency out; WebM says in the track whether there is any."""

LOOKED_AT: Size = (320, 240)


def decoder_of(stream: VideoStream) -> VideoCodecContext:
    """The track's own decoder, or one that reads its transparency too."""
    own = stream.codec_context
    name = ALPHA_DECODERS.get(own.codec.canonical_name)
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    if name is None or tags.get("alpha_mode") != "1":
        return own
    decoder = CodecContext.create(name, "r")
    return decoder if isinstance(decoder, VideoCodecContext) else own


def has_alpha(frame: VideoFrame) -> bool:
    return any(component.is_alpha for component in frame.format.components)


def ground_of(frames: Iterable[VideoFrame]) -> int | None:
    """The level of grey (0 to 255) to lay the film on, chosen by the first frame that shows something and has holes.

    None for a film that is transparent everywhere or nowhere: that means nothing.
    """
    for frame in frames:
        if not has_alpha(frame):
            return None
        image = scaled(frame, LOOKED_AT, "AREA", form="RGBA")
        alpha = image.getchannel("A")
        least, most = cast("tuple[int, int]", alpha.getextrema())
        if most >= VISIBLE_ALPHA and least < OPAQUE[0]:
            return ground_for(image.convert("RGB"), alpha)
    return None


def laid(frame: VideoFrame, size: Size, interpolation: str, ground: int | None) -> Image.Image:
    """The frame as RGB of that size in pixels; what lies under transparency is not shown."""
    if ground is None or not has_alpha(frame):
        return scaled(frame, size, interpolation)
    image = scaled(frame, size, interpolation, form="RGBA")
    canvas = Image.new("RGB", size, (ground, ground, ground))
    canvas.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return canvas
