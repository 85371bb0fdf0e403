"""A WebP's size and layout by its header."""

from __future__ import annotations

import pytest

from shared.core.media.webp import canvas_size, is_opaque_lossy
from tests.pictures import encoded, photo

OPTIONS = [{}, {"lossless": True}, {"exif": b"Exif\0\0"}, {"save_all": True, "append_images": [photo((300, 20))]}]


@pytest.mark.parametrize("options", OPTIONS)
def test_each_kind_of_header_tells_the_size(options):
    """Lossy, lossless, extended by metadata, and animated."""
    assert canvas_size(encoded(photo((300, 20)), "WEBP", **options)) == (300, 20)


@pytest.mark.parametrize("data", [b"", b"RIFF\0\0\0\0WEBP", b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0123456789"])
def test_a_broken_header_has_no_size(data):
    """The decoder will say what is wrong with it."""
    assert canvas_size(data) == (0, 0)


TRANSPARENT = photo((300, 20))
TRANSPARENT.putalpha(0)
LAYOUTS = [
    (encoded(photo((300, 20)), "WEBP"), True),
    (encoded(photo((300, 20)), "WEBP", exif=b"Exif\0\0"), True),
    (encoded(photo((300, 20)), "WEBP", lossless=True), False),
    (encoded(photo((300, 20)), "WEBP", lossless=True, icc_profile=b"odd"), False),
    (encoded(TRANSPARENT, "WEBP"), False),
    (encoded(photo((300, 20)), "WEBP", save_all=True, append_images=[photo((300, 20))]), False),
    (b"RIFF\0\0\0\0WEBP", False),
]


@pytest.mark.parametrize(("data", "plain"), LAYOUTS)
def test_plain_photos_are_known_by_their_chunks(data, plain):
    """Lossy, one picture, nothing transparent; metadata may stand around it."""
    assert is_opaque_lossy(data) == plain
