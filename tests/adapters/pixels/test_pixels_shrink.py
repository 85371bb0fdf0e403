"""Shrinking: the cheap ways give what the plain way gives."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from shared.adapters.pixels.shrink import shrink
from tests.pictures import photo

PICTURE = photo((907, 613)).filter(ImageFilter.GaussianBlur(3))
LAYOUTS = ["RGB", "RGBA", "CMYK", "L", "LA", "YCbCr", "P"]
SIZES = [(907, 613), (600, 405), (301, 203), (90, 61), (45, 61), (9, 6)]


@pytest.mark.parametrize("mode", LAYOUTS)
@pytest.mark.parametrize("size", SIZES)
def test_every_layout_shrinks_like_a_plain_lanczos(mode, size):
    """Averaging whole factors first, in bands or not, neither shifts nor darkens the picture."""
    source = PICTURE.quantize(256) if mode == "P" else PICTURE.convert(mode)
    found = shrink(source, size).convert("RGB")
    wanted = source.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    assert found.size == size
    assert max(ImageStat.Stat(ImageChops.difference(found, wanted)).mean) < 2.5
