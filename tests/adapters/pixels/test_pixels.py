"""Pictures of every format, made on the spot, become upright sRGB pictures without metadata."""

from __future__ import annotations

import re
import struct

import pytest
from PIL import Image, ImageDraw

from shared.adapters.pixels.normalize import normalize_image
from shared.core.errors import SourceRejected
from shared.core.media.decode_limits import DecodeLimits
from shared.core.models.catalogue import look_up_model
from tests.pictures import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    corner_colours,
    encoded,
    exif,
    heic,
    near,
    opened,
    photo,
    quarters,
    swapped_profile,
)

MODEL = look_up_model("gpt-4o")
COLOURS = (RED, GREEN, BLUE, YELLOW)
PICTURE = quarters()
TRANSPARENT = PICTURE.copy()
TRANSPARENT.putalpha(Image.new("L", PICTURE.size, 0))


def normalize(data: bytes, detail="high", **more):
    return normalize_image(data, model=MODEL, detail=detail, **more)


def wide(image: Image.Image) -> Image.Image:
    return image.convert("I").point(lambda value: value * 257).convert("I;16")


def white_is_zero(image: Image.Image) -> bytes:
    """A TIFF whose PhotometricInterpretation (tag 262, a short) is turned from 1 to 0."""
    data = encoded(image, "TIFF")
    entry = struct.pack("<HHI", 262, 3, 1)
    return data.replace(entry + b"\1", entry + b"\0")


FORMATS = [
    ("jpeg", encoded(PICTURE, "JPEG", quality=95)),
    ("jpeg", encoded(PICTURE, "JPEG", quality=95, progressive=True, subsampling=0)),
    ("jpeg", encoded(PICTURE, "JPEG", quality=95, subsampling="4:1:1")),
    ("jpeg", encoded(PICTURE, "JPEG", quality=95, keep_rgb=True)),
    ("jpeg", encoded(PICTURE.convert("CMYK"), "JPEG", quality=95)),
    ("jpeg", encoded(PICTURE, "MPO", save_all=True, append_images=[PICTURE.rotate(180)], quality=95)),
    ("png", encoded(PICTURE, "PNG")),
    ("png", encoded(PICTURE.quantize(8), "PNG")),
    ("png", encoded(PICTURE.convert("RGBA"), "PNG")),
    ("apng", encoded(PICTURE, "PNG", save_all=True, append_images=[PICTURE.rotate(180)])),
    ("webp", encoded(PICTURE, "WEBP", quality=95)),
    ("webp", encoded(PICTURE, "WEBP", lossless=True)),
    ("webp", encoded(PICTURE, "WEBP", lossless=True, save_all=True, append_images=[PICTURE.rotate(180)])),
    ("gif", encoded(PICTURE, "GIF")),
    ("gif", encoded(PICTURE, "GIF", save_all=True, append_images=[PICTURE.rotate(180)])),
    ("bmp", encoded(PICTURE, "BMP")),
    ("bmp", encoded(PICTURE.quantize(8), "BMP")),
    ("tiff", encoded(PICTURE, "TIFF")),
    ("tiff", encoded(PICTURE, "TIFF", compression="tiff_lzw")),
    ("tiff", encoded(PICTURE, "TIFF", compression="tiff_adobe_deflate")),
    ("tiff", encoded(PICTURE.convert("CMYK"), "TIFF", compression="tiff_lzw")),
    ("heic", heic(PICTURE, quality=95)),
    ("avif", encoded(PICTURE, "AVIF", quality=95)),
    ("ico", encoded(PICTURE, "ICO", sizes=[(96, 64)])),
    ("jp2", encoded(PICTURE, "JPEG2000")),
]


@pytest.mark.parametrize(("name", "data"), FORMATS)
def test_every_format_keeps_its_colours_in_their_places(name, data):
    """The first picture of each file is the four coloured quarters, at their own size."""
    image = normalize(data)
    first = opened(image.pictures[0].data)
    assert image.info.kind.format == name
    assert first.size == (image.pictures[0].width, image.pictures[0].height) == PICTURE.size
    assert all(near(a, b, within=16) for a, b in zip(corner_colours(first), COLOURS, strict=True))
    assert not image.partial


GREYS = [
    encoded(PICTURE.convert("L"), "JPEG", quality=95),
    encoded(PICTURE.convert("L"), "PNG"),
    encoded(PICTURE.convert("LA"), "PNG"),
    encoded(wide(PICTURE.convert("L")), "PNG"),
    encoded(wide(PICTURE.convert("L")), "TIFF"),
    white_is_zero(wide(PICTURE.convert("L").point(lambda value: 255 - value))),
    encoded(PICTURE.convert("L").convert("F").point(lambda value: value / 255.0), "TIFF"),
]


@pytest.mark.parametrize("data", GREYS)
def test_greys_of_any_depth_keep_their_brightness(data):
    """16 bits and floating point are scaled to 8, not cut."""
    wanted = corner_colours(PICTURE.convert("L"))
    found = corner_colours(opened(normalize(data).pictures[0].data))
    assert all(near(a, b, within=6) for a, b in zip(found, wanted, strict=True))


def test_black_and_white_scans_are_read():
    """Fax compression: the reader shrinks bits as greys."""
    page = Image.new("1", (2480, 3508), 1)
    ImageDraw.Draw(page).rectangle((0, 0, 2480, 1754), fill=0)
    image = normalize(encoded(page, "TIFF", compression="group4"))
    colours = corner_colours(opened(image.pictures[0].data))
    assert colours == ((0, 0, 0), (0, 0, 0), (255, 255, 255), (255, 255, 255))
    assert image.pictures[0].media_type == "image/png"


TRANSPARENT_FILES = [
    encoded(TRANSPARENT, "PNG"),
    encoded(TRANSPARENT, "WEBP", lossless=True, exact=True),
    encoded(TRANSPARENT, "AVIF", quality=95),
    encoded(TRANSPARENT, "GIF"),
    encoded(TRANSPARENT, "TIFF"),
    encoded(PICTURE.convert("L").convert("LA").point(lambda _: 0), "PNG"),
    encoded(PICTURE.quantize(4), "PNG", transparency=bytes(4)),
    heic(TRANSPARENT, quality=95),
]


@pytest.mark.parametrize("data", TRANSPARENT_FILES)
def test_what_is_transparent_is_white(data):
    """Never black, and never the colour that hides below."""
    image = normalize(data)
    assert all(near(found, (255, 255, 255), within=2) for found in corner_colours(opened(image.pictures[0].data)))
    assert any("white" in step for step in image.steps)


WRITERS = ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"]
TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("orientation", TURNS)
def test_orientation_is_applied_exactly_once(writer, orientation):
    """Stored turned and tagged so, the picture comes out as it was seen; TIFF and AVIF readers turn it themselves."""
    turn = TURNS[orientation]
    stored = PICTURE if turn is None else PICTURE.transpose(turn)
    image = normalize(encoded(stored, writer, exif=exif(orientation=orientation), quality=95))
    assert (image.info.width, image.info.height, image.info.orientation) == (*PICTURE.size, orientation)
    assert all(near(a, b, 16) for a, b in zip(corner_colours(opened(image.pictures[0].data)), COLOURS, strict=True))


def test_heic_is_turned_by_its_container_alone():
    """Libheif applies irot; an EXIF orientation that says the same must not turn the picture again."""
    stored = PICTURE.transpose(Image.Transpose.ROTATE_90)
    image = normalize(heic(stored, exif=exif(orientation=6).tobytes(), quality=95))
    assert all(near(a, b, 16) for a, b in zip(corner_colours(opened(image.pictures[0].data)), COLOURS, strict=True))


@pytest.mark.parametrize("writer", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_no_metadata_leaves(writer):
    """Neither the place where a photo was taken nor anything else that is not pixels."""
    data = encoded(
        photo(), writer, exif=exif(gps=True), icc_profile=swapped_profile(), xmp=b"<x:xmpmeta/>", comment="me"
    )
    output = normalize(data).pictures[0].data
    assert not {"exif", "xmp", "icc_profile", "comment", "gps"} & set(opened(output).info)
    assert b"Exif" not in output
    assert b"xmpmeta" not in output


@pytest.mark.parametrize("writer", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_colour_profile_is_used(writer):
    """A profile with red and green swapped makes the red quarter green."""
    image = normalize(encoded(PICTURE, writer, icc_profile=swapped_profile(), quality=95))
    red, green, _, _ = corner_colours(opened(image.pictures[0].data))
    assert red[1] > red[0] + 80
    assert green[0] > green[1] + 40


@pytest.mark.parametrize("profile", [b"", b"not a profile", swapped_profile()[:200]])
def test_a_broken_colour_profile_is_ignored(profile):
    """The pixels are fine without it."""
    image = normalize(encoded(PICTURE, "PNG", icc_profile=profile))
    assert near(corner_colours(opened(image.pictures[0].data))[0], RED)


def test_flat_graphics_are_sent_as_png_and_photos_as_jpeg():
    """Text must not get JPEG artefacts; a photo as PNG would be many times larger."""
    page = Image.new("RGB", (800, 600), "white")
    ImageDraw.Draw(page).text((20, 20), "The quick brown fox " * 4, fill="black")
    assert normalize(encoded(page, "JPEG", quality=100)).pictures[0].media_type == "image/png"
    assert normalize(encoded(photo(), "PNG")).pictures[0].media_type == "image/jpeg"


def test_few_colours_are_sent_as_they_are():
    """A dithered scan is never flat, and JPEG would blur its dots."""
    output = normalize(encoded(photo().convert("1"), "PNG")).pictures[0]
    assert output.media_type == "image/png"
    assert {colour for _, colour in opened(output.data).getcolors()} == {0, 255}


def test_the_sent_size_is_the_best_size_of_the_model():
    """Shrunk to what the model sees at that detail, never enlarged."""
    data = encoded(photo((2000, 1500)), "JPEG")
    assert (normalize(data).pictures[0].width, normalize(data).pictures[0].height) == (1024, 768)
    assert normalize(data, detail="low").pictures[0].width == 512
    assert normalize(encoded(photo((20, 10)), "PNG")).pictures[0].width == 20


def test_moments_of_an_animation_have_their_times():
    """Three of five frames, evenly, each at the sum of the durations before it."""
    frames = [Image.new("RGB", (40, 30), (50 * i, 0, 0)) for i in range(5)]
    options = {"save_all": True, "append_images": frames[1:], "duration": 200}
    for data in (
        encoded(frames[0], "GIF", **options),
        encoded(frames[0], "PNG", **options),
        encoded(frames[0], "WEBP", **options),
    ):
        image = normalize(data, max_images=3)
        assert image.info.frames == 5
        assert [(output.index, output.at_s) for output in image.pictures] == [(0, 0.0), (2, 0.4), (4, 0.8)]
        reds = [corner_colours(opened(output.data))[0][0] for output in image.pictures]
        assert reds == pytest.approx([0, 100, 200], abs=12)


def test_pages_of_a_scan_become_pictures():
    """Each page at its own size, without a time."""
    pages = [Image.new("RGB", (60 + 10 * i, 40), (80 * i, 0, 0)) for i in range(3)]
    image = normalize(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert [(output.width, output.at_s) for output in image.pictures] == [(60, None), (70, None), (80, None)]


def test_thumbnails_between_pages_are_no_pages():
    """A reduced-resolution page (subfile type 1) shows what another page shows."""
    pages = [Image.new("RGB", (60 + 10 * i, 40), (80 * i, 0, 0)) for i in range(3)]
    pages[1].encoderinfo = {"tiffinfo": {254: 1}}
    image = normalize(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert [output.width for output in image.pictures] == [60, 80]
    assert near(corner_colours(opened(image.pictures[1].data))[0], (160, 0, 0))


def test_bursts_in_a_heic_become_pictures():
    """HEIC holds several pictures too."""
    image = normalize(heic(PICTURE, PICTURE.rotate(180), quality=95))
    assert image.info.frames == 2
    assert near(corner_colours(opened(image.pictures[1].data))[0], YELLOW, 16)


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


@pytest.mark.parametrize(("writer", "more"), [("JPEG", {}), ("PNG", {}), ("TIFF", {}), ("JPEG", {"progressive": True})])
def test_most_of_a_truncated_picture_is_used(writer, more):
    """Four fifths are there: the picture is sent and the result says that something is missing."""
    image = normalize(cut(encoded(photo(), writer, **more), 0.8))
    assert image.partial
    assert "missing" in image.notes[0]


PARTS = [
    (cut(encoded(photo(), "BMP"), 0.8), "the upper 2[01]%"),
    (cut(encoded(photo(), "TIFF"), 0.7), "the lower (29|3[01])%"),
    (cut(encoded(photo().convert("L"), "GIF"), 0.7), "% of the pixels"),
]


@pytest.mark.parametrize(("data", "words"), PARTS)
def test_the_result_says_which_part_is_missing(data, words):
    """BMP is stored from below, and an interlaced GIF misses rows everywhere."""
    assert re.search(words, normalize(data).notes[0])


@pytest.mark.parametrize("data", [heic(photo()), encoded(photo(), "AVIF"), encoded(photo(), "JPEG2000")])
def test_bytes_behind_the_picture_do_not_matter(data):
    """Phones and tools hang things there."""
    assert not normalize(data + b"PK\3\4 a hidden archive" * 100).partial


TRUNCATED = [
    ("JPEG", 0.3),
    ("PNG", 0.3),
    ("WEBP", 0.7),
    ("AVIF", 0.7),
    ("BMP", 0.3),
    ("GIF", 0.2),
    ("JPEG2000", 0.01),
]


@pytest.mark.parametrize(("writer", "share"), TRUNCATED)
def test_little_of_a_truncated_picture_is_refused(writer, share):
    """What is mostly missing would be answered with nonsense."""
    with pytest.raises(SourceRejected) as caught:
        normalize(cut(encoded(photo(), writer), share))
    assert caught.value.code == "corrupt"


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_a_truncated_heic_is_refused(share):
    """Libheif would deliver green tiles and call it success."""
    with pytest.raises(SourceRejected, match="ends before its last box") as caught:
        normalize(cut(heic(photo()), share))
    assert caught.value.code == "corrupt"


REFUSED = [
    (b"", "empty"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://localhost/'/></svg>", "unsupported"),
    (b"%PDF-1.4", "corrupt"),
    (b"hello", "unsupported"),
    (b"\xff\xd8\xff\xe0", "corrupt"),
    (b"\x89PNG\r\n\x1a\n", "corrupt"),
    (b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\2\2D\1\0;", "too_large"),
    (
        b"BM"
        + bytes(12)
        + (40).to_bytes(4, "little")
        + (100_000).to_bytes(4, "little") * 2
        + b"\1\0\x18\0"
        + bytes(24),
        "too_large",
    ),
]


@pytest.mark.parametrize(("data", "code"), REFUSED)
def test_what_is_no_picture_is_refused_with_its_code(data, code):
    """Every refusal has one of the documented codes, a message and a hint."""
    with pytest.raises(SourceRejected) as caught:
        normalize(data)
    assert caught.value.code == code
    assert caught.value.hint


def test_a_metadata_bomb_does_not_hide_the_pixels():
    """A profile that unpacks to 50 MB is dropped, and the picture is read."""
    data = encoded(PICTURE, "PNG", icc_profile=bytes(50_000_000))
    assert near(corner_colours(opened(normalize(data).pictures[0].data))[0], RED)


LIMITED = [
    (DecodeLimits(max_pixels=1000), encoded(photo((64, 64)), "WEBP")),
    (DecodeLimits(max_pixels=1000), encoded(photo((64, 64)), "AVIF")),
    (DecodeLimits(max_pixels=1000), heic(photo((64, 64)))),
    (
        DecodeLimits(max_frames=2),
        encoded(PICTURE, "GIF", save_all=True, append_images=[photo((96, 64)), PICTURE.rotate(180)]),
    ),
    (DecodeLimits(max_decode_bytes=100_000), encoded(photo(), "PNG")),
    (DecodeLimits(max_decode_bytes=1_000_000), encoded(photo((1000, 1000)), "JPEG", progressive=True)),
    (DecodeLimits(max_bytes=1000), encoded(photo(), "JPEG")),
]


@pytest.mark.parametrize(("limits", "data"), LIMITED)
def test_limits_are_read_off_the_header(limits, data):
    """Pixels, frames and memory are known before anything is decoded."""
    with pytest.raises(SourceRejected) as caught:
        normalize(data, limits=limits)
    assert caught.value.code == "too_large"
