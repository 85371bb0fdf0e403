"""A small JPEG of a picture that was normalized before: no upload's bytes come here."""

from __future__ import annotations

import io

from PIL import Image

LONGEST_SIDE = 320
QUALITY = 80


def make_thumbnail(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        picture.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))  # a JPEG is decoded at a fraction of its size
        small = picture.convert("RGB")
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()
