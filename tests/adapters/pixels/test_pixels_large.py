"""Large PNG and WebP pictures are read by faster ways than Pillow's, and come out as if Pillow had read them."""

from __future__ import annotations

import random
import re
import zlib

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from shared.adapters.pixels.normalize import normalize_image
from shared.adapters.pixels.open import inspect
from shared.adapters.pixels.png import Rows, is_streamed
from shared.adapters.pixels.webp import decoded, is_decoded_as_planes
from shared.core.errors import SourceRejected
from shared.core.models.catalogue import look_up_model
from tests.pictures import corner_colours, encoded, near, opened, photo, quarters, swapped_profile

MODEL = look_up_model("gpt-4o")
SIZE = (1601, 1301)
PHOTO = photo(SIZE).filter(ImageFilter.GaussianBlur(4))
FADING = PHOTO.copy()
FADING.putalpha(Image.linear_gradient("L").resize(SIZE))
PNG = encoded(PHOTO, "PNG", compress_level=1)
RGBA_PNG = encoded(FADING, "PNG", compress_level=1)
WEBP = encoded(PHOTO, "WEBP", quality=80, method=0)


def normalize(data):
    return normalize_image(data, model=MODEL, detail="high")


def plainly(data, size):
    """Pillow's reader, over white."""
    image = opened(data).convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB").resize(size, Image.Resampling.LANCZOS)


@pytest.mark.parametrize("data", [PNG, RGBA_PNG, WEBP], ids=["png", "png with alpha", "webp"])
def test_large_pictures_look_as_pillow_reads_them(data):
    """Colours, places and transparency; JPEG coding alone makes a difference of 1 to 2."""
    image = normalize(data)
    found = opened(image.pictures[0].data).convert("RGB")
    assert is_streamed(image.info, data) or is_decoded_as_planes(image.info, data)
    assert not image.partial
    assert max(ImageStat.Stat(ImageChops.difference(found, plainly(data, found.size))).mean) < 3


def scanlines_of_every_filter(width, height, samples):
    """Any bytes are a picture: the first one of each row names its filter."""
    dice = random.Random(1)  # noqa: S311 -- pixels, no secret
    return b"".join(bytes([row % 5]) + dice.randbytes(width * samples) for row in range(height))


def png_of(raw, width, height, samples, *, before=b"", after=b""):
    def chunk(name, content):
        return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, {3: 2, 4: 6}[samples], 0, 0, 0])
    packed = zlib.compress(raw, 1)
    parts = [chunk(b"IDAT", packed[at : at + 1000]) for at in range(0, len(packed), 1000)]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + b"".join(parts) + chunk(b"IEND", b"") + after


@pytest.mark.parametrize("samples", [3, 4])
@pytest.mark.parametrize("heights", [(40,), (1, 3, 36), (7,) * 6], ids=str)
def test_scanlines_of_every_filter_are_read_in_bands_of_any_height(samples, heights):
    """To the last bit what Pillow reads."""
    width, height = 61, 40
    data = png_of(scanlines_of_every_filter(width, height, samples), width, height, samples)
    rows, found = Rows(data, width, samples), Image.new({3: "RGB", 4: "RGBA"}[samples], (width, height))
    top = 0
    for rest in heights:
        bottom = min(top + rest, height)
        found.paste(rows.band(top, bottom), (0, top))
        top = bottom
    assert found.tobytes() == opened(data).tobytes()


@pytest.mark.parametrize("tail", [b"", b"garbage after the end" * 5000])
def test_bytes_behind_the_picture_do_not_matter(tail):
    """Some programs hide a video or a ZIP there."""
    assert not normalize(PNG + tail).partial
    assert not normalize(WEBP + tail).partial


def filter_broken_at(share):
    raw = bytearray(scanlines_of_every_filter(2000, 1100, 3))
    raw[int(1100 * share) * 6001] = 9
    return png_of(bytes(raw), 2000, 1100, 3)


DAMAGED = [
    (PNG[: int(len(PNG) * 0.8)], "[1-4][0-9]%"),
    (RGBA_PNG[: int(len(RGBA_PNG) * 0.9)], "[1-9][0-9]?%"),
    (filter_broken_at(0.75), "25%"),
]


@pytest.mark.parametrize(("data", "missing"), DAMAGED, ids=["cut", "cut, with alpha", "filter"])
def test_most_of_a_damaged_picture_is_used(data, missing):
    """What stands above the damage is sent, and the result says how much is missing."""
    image = normalize(data)
    assert image.partial
    assert re.search(missing, image.notes[0])


@pytest.mark.parametrize("data", [PNG[: len(PNG) // 4], PNG[:60], filter_broken_at(0.1), WEBP[: len(WEBP) // 2]])
def test_little_of_a_damaged_picture_is_refused(data):
    """As for small pictures."""
    with pytest.raises(SourceRejected) as caught:
        normalize(data)
    assert caught.value.code == "corrupt"


def test_the_colour_profile_is_used():
    """A profile with red and green swapped makes the red quarter green."""
    picture = quarters(SIZE)
    for data in (
        encoded(picture, "PNG", icc_profile=swapped_profile()),
        encoded(picture, "WEBP", icc_profile=swapped_profile(), method=0),
    ):
        red, *_ = corner_colours(opened(normalize(data).pictures[0].data))
        assert red[1] > red[0] + 80


def test_flat_colours_stay_as_they_are():
    """A screenshot is sent as PNG, with the very colours it had."""
    output = normalize(encoded(quarters(SIZE), "PNG")).pictures[0]
    assert output.media_type == "image/png"
    assert corner_colours(opened(output.data)) == corner_colours(quarters())


LEFT_TO_PILLOW = [
    encoded(PHOTO.quantize(16), "PNG", compress_level=1),
    encoded(PHOTO.convert("L"), "PNG", compress_level=1),
    encoded(quarters(SIZE), "PNG", transparency=(200, 40, 40)),
    encoded(quarters(SIZE), "PNG", save_all=True, append_images=[PHOTO]),
    encoded(quarters(SIZE), "WEBP", lossless=True, method=0),
    encoded(FADING, "WEBP", method=0),
]


@pytest.mark.parametrize("data", LEFT_TO_PILLOW)
def test_other_layouts_are_left_to_pillow(data):
    """Palettes, greys, a transparent colour, animation, lossless and transparent WebP."""
    info = inspect(data)
    assert not is_streamed(info, data)
    assert not is_decoded_as_planes(info, data)
    assert normalize(data).pictures


def test_a_webp_that_ffmpeg_refuses_is_left_to_pillow():
    """Bytes behind it that look like a chunk of their own."""
    data = WEBP + b"VP8 " + b"\xff" * 99
    with pytest.raises(OSError, match="FFmpeg"):
        decoded(data)
    assert normalize(data).pictures


def test_near_colours_survive_the_planes_of_webp():
    """Video range and BT.601, as libwebp has them."""
    data = encoded(quarters(SIZE), "WEBP", quality=95, method=0)
    found, wanted = (corner_colours(opened(file)) for file in (normalize(data).pictures[0].data, data))
    assert all(near(a, b, 2) for a, b in zip(found, wanted, strict=True))
