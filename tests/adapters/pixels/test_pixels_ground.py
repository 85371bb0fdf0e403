"""What is transparent is laid on white, unless white would hide what is on it; the steps say on what."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image, ImageDraw

from shared.adapters.pixels.normalize import normalize_image
from shared.core.models.catalogue import look_up_model
from tests.pictures import encoded, heic, opened, quarters

MODEL = look_up_model("gpt-4o")
SIZE = (240, 120)
LARGE = (2000, 1100)
OVER_WHITE, OVER_DARK = (
    "laid over white where it is transparent",
    "laid over dark grey, as white would hide what is on it",
)


def logo(colour: tuple[int, int, int], *more: tuple[int, int, int], opacity: int = 255, size=SIZE) -> Image.Image:
    """Bars of those colours on nothing."""
    image = Image.new("RGBA", size, (*colour, 0))
    bars = (colour, *more)
    width = size[0] // (2 * len(bars))
    for place, bar in enumerate(bars):
        left = width * (2 * place + 1) - width // 2
        ImageDraw.Draw(image).rectangle((left, 30, left + width, size[1] - 30), fill=(*bar, opacity))
    return image


def normalize(data: bytes):
    return normalize_image(data, model=MODEL, detail="high")


def luma_range(data: bytes) -> int:
    luma = greys(data)
    return max(luma) - min(luma)


def greys(data: bytes) -> bytes:
    return opened(normalize(data).pictures[0].data).convert("L").tobytes()


def png16(level: int, clear: int) -> bytes:
    """16 bit grey words of one level on another, which the tRNS chunk makes transparent."""
    wide = Image.new("I", SIZE, clear)
    wide.paste(level, (60, 30, 180, 90))
    image = wide.convert("I;16")
    data, body = encoded(image, "PNG"), clear.to_bytes(2, "big")
    chunk = struct.pack(">I", 2) + b"tRNS" + body + struct.pack(">I", zlib.crc32(b"tRNS" + body))
    return data[:33] + chunk + data[33:]


WHITE, CREAM, BLACK, RED = (255, 255, 255), (255, 250, 225), (0, 0, 0), (200, 0, 0)
LIGHT = [
    encoded(logo(WHITE), "PNG"),
    encoded(logo(CREAM), "PNG"),
    encoded(logo(WHITE, opacity=128), "PNG"),
    encoded(logo(WHITE).convert("LA"), "PNG"),
    encoded(logo(WHITE, BLACK), "PNG"),
    encoded(logo(WHITE), "WEBP", lossless=True),
    encoded(logo(WHITE).quantize(4), "PNG"),
    encoded(logo(WHITE), "GIF"),
    encoded(logo(WHITE), "TIFF"),
    encoded(logo(WHITE), "AVIF", quality=95),
    heic(logo(WHITE), quality=95),
    encoded(logo(WHITE, size=LARGE), "PNG"),
    png16(60_000, 0),
]
OTHER = [
    encoded(logo(BLACK), "PNG"),
    encoded(logo(RED), "PNG"),
    encoded(logo(BLACK, size=LARGE), "PNG"),
    png16(1_000, 0),
]


@pytest.mark.parametrize("data", LIGHT)
def test_light_things_on_nothing_can_be_seen(data):
    """In every format, at every size, also where dark things stand beside them."""
    assert OVER_DARK in normalize(data).steps
    assert luma_range(data) >= 90


@pytest.mark.parametrize("data", OTHER)
def test_other_things_on_nothing_lie_on_white(data):
    """As on paper."""
    assert OVER_WHITE in normalize(data).steps
    assert luma_range(data) >= 100


def test_a_light_picture_with_a_little_transparency_may_lie_on_dark():
    """A screenshot with round corners stays as it is but there."""
    page = Image.new("RGBA", SIZE, "white")
    page.putpixel((0, 0), (255, 255, 255, 0))
    shown = greys(encoded(page, "PNG"))
    assert shown[0] < 80
    assert shown[-1] == 255


@pytest.mark.parametrize("size", [SIZE, LARGE])
def test_an_alpha_channel_that_says_nothing_is_left_out(size):
    """No step is told of it."""
    image = normalize(encoded(quarters(size).convert("RGBA"), "PNG"))
    assert not any("laid" in step for step in image.steps)


def test_what_a_gif_leaves_free_is_transparent():
    """A frame smaller than its canvas: the rest has no colour of its own."""
    small = Image.new("P", (4, 3), 1)
    small.putpalette([0, 0, 200, 200, 0, 0])
    data = bytearray(encoded(small, "GIF"))
    data[6:10] = struct.pack("<HH", 40, 30)  # the canvas
    at = data.index(b",") + 1
    data[at : at + 4] = struct.pack("<HH", 20, 10)  # where the frame stands
    image = normalize(bytes(data))
    shown = opened(image.pictures[0].data).convert("RGB")
    assert shown.crop((0, 0, 10, 10)).getextrema() == ((255, 255),) * 3
    assert shown.crop((20, 10, 24, 13)).getextrema() == ((200, 200), (0, 0), (0, 0))
