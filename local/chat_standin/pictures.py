"""An image of a request, decoded once and checked as the service checks it; only a small preview is kept.

Bytes → format → size → every pixel, so that a file that is broken at its end is refused too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import struct
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from local.chat_standin.wire import Dialect, Refusal
from shared.core.models.catalogue import Model

DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*;base64,", re.IGNORECASE)
MEDIA_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
PREVIEW_SIDE = 1600  # enough for tesseract, and fifty of them still fit in memory

# What Pillow raises on broken files of these formats.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, Image.DecompressionBombError)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPicture:
    """A picture of a request. `label` is the text that stood right before it, such as "Frame at 00:03"."""

    media_type: str
    width: int
    height: int
    bytes: int
    sha256: str
    detail: str
    label: str = ""
    preview: Image.Image


def decode_data_url(url: str, *, param: str) -> bytes:
    if not url.startswith("data:"):
        message = "image URLs are not supported by this local stand-in: send the image itself as a data: URL."
        raise Refusal(message, code="invalid_image_url", param=param)
    prefix = DATA_URL.match(url)
    if prefix is None:
        raise Refusal("Invalid base64 image_url.", code="invalid_base64", param=param)
    return decode_base64(url[prefix.end() :], param=param)


def decode_base64(text: str, *, param: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal("Invalid base64 image_url.", code="invalid_base64", param=param) from None


def read_picture(data: bytes, *, model: Model, detail: str, label: str, dialect: Dialect, param: str) -> SentPicture:
    if len(data) > model.max_image_bytes:
        message = f"Image size {len(data)} bytes is over the limit of {model.max_image_bytes} bytes."
        raise Refusal(message, code="image_too_large", param=param)
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "GIF", "WEBP"]) as image:
            media_type = MEDIA_TYPES[image.format or ""]
            check_format(image, media_type, model=model, dialect=dialect, param=param)
            width, height = image.size
            preview = shrink(image)
    except UnidentifiedImageError:
        raise unsupported_format(param) from None
    except BROKEN:
        message = "You uploaded an unsupported image. Please make sure your image is valid."
        raise Refusal(message, code="image_parse_error", param=param) from None
    return SentPicture(
        media_type=media_type,
        width=width,
        height=height,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        detail=detail,
        label=label,
        preview=preview,
    )


def check_format(image: Image.Image, media_type: str, *, model: Model, dialect: Dialect, param: str) -> None:
    # Azure reads the first frame of an animation, OpenAI takes still GIFs only.
    animated = dialect == "openai" and media_type == "image/gif" and getattr(image, "is_animated", False)
    if animated or media_type not in model.image_formats:
        raise unsupported_format(param)


def unsupported_format(param: str) -> Refusal:
    message = (
        "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
        "['png', 'jpeg', 'gif', 'webp']."
    )
    return Refusal(message, code="invalid_image_format", param=param)


def shrink(image: Image.Image) -> Image.Image:
    """A small RGB copy on white. All pixels are read first, since that is what finds truncated files."""
    image.load()
    factor = -(-max(image.size) // PREVIEW_SIDE)
    if image.mode.startswith("I"):  # 16 bits per channel: keep the upper 8, which a plain conversion would clip
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode in {"P", "PA", "LA", "La", "RGBa"}:
        image = image.convert("RGBA")
    elif image.mode not in {"L", "RGB", "RGBA"}:
        image = image.convert("RGB")
    small = image.reduce(factor) if factor > 1 else image
    if small.mode == "RGBA":
        paper = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(paper, small)
    return small.convert("RGB")
