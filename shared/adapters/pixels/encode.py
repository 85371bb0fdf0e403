"""Writes the picture that is sent: PNG for text and flat graphics, JPEG for everything else, never metadata."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from shared.adapters.pixels.content import is_flat

if TYPE_CHECKING:
    from PIL import Image

PNG_LEVEL = 4  # 6 takes one and a half to two times as long for 3 to 8 % less
JPEG_FALLBACK_QUALITIES = (85, 75, 60, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    data: bytes
    media_type: str
    how: str


def encode(image: Image.Image, *, jpeg_quality: int, max_bytes: int, is_text: bool = False) -> Encoded:
    """The picture (L, RGB or YCbCr) as PNG or JPEG; its pixels at the size that is sent decide which, unless it is
    known to be text.
    """
    if is_text or is_flat(image):
        png = save(image if image.mode == "L" else image.convert("RGB"), "PNG", compress_level=PNG_LEVEL)
        why = "it is small text" if is_text else "most of it is flat"
        if len(png) <= max_bytes:
            return Encoded(data=png, media_type="image/png", how=f"PNG, as {why}")
    for quality in (jpeg_quality, *(q for q in JPEG_FALLBACK_QUALITIES if q < jpeg_quality)):
        jpeg = save(image, "JPEG", quality=quality)
        if len(jpeg) <= max_bytes:
            break
    return Encoded(data=jpeg, media_type="image/jpeg", how=f"JPEG of quality {quality}")


def save(image: Image.Image, name: str, **options: object) -> bytes:
    image.info = {}  # Pillow would write what it finds there
    target = BytesIO()
    image.save(target, name, **options)
    return target.getvalue()
