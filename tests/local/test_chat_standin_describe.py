"""What the offline describer measures in a picture, without a socket."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from local.chat_standin.describe import describe_all, measure
from local.chat_standin.pictures import read_picture
from local.chat_standin.reading import Reading, parse_tsv, read_codes, read_lines
from local.chat_standin.replies import all_lines, render_line
from local.chat_standin.schema import fill
from local.colours import NAMED, name_colour
from shared.core.models.catalogue import look_up_model

MODEL = look_up_model("gpt-4o")


@pytest.fixture
def look(encoded):
    """Measures a picture after a round trip through a file."""

    def measure_image(image, form="PNG"):
        data = encoded(image, form)
        return measure(read_picture(data, model=MODEL, detail="high", label="", dialect="azure", param="x"))

    return measure_image


def noise():
    return Image.merge("RGB", [Image.effect_noise((300, 200), 120) for _ in range(3)])


def page():
    image = Image.new("RGB", (600, 800), "white")
    draw = ImageDraw.Draw(image)
    for y in range(60, 740, 40):
        draw.text((60, y), "Lines of text on a page", fill="black", font=ImageFont.load_default(24))
    return image


@pytest.mark.parametrize("name", NAMED)
def test_every_named_colour_is_called_by_its_name(name, look):
    """The table is its own inverse, also through quantising and a file."""
    assert look(Image.new("RGB", (40, 30), NAMED[name])).colours == ((name, 1.0),)


def test_greys_are_never_called_a_colour():
    """All 256 greys get one of the five grey names."""
    greys = {"black", "dark grey", "grey", "light grey", "white"}
    assert {name_colour(value, value, value) for value in range(256)} == greys


def test_shares_are_of_the_area(look):
    """A quarter red on blue is a quarter."""
    image = Image.new("RGB", (200, 200), "blue")
    image.paste("red", (0, 0, 100, 100))
    assert look(image).colours == (("blue", 0.75), ("red", 0.25))


SIZES = {
    (200, 100): "landscape",
    (100, 200): "portrait",
    (100, 100): "square",
    (101, 100): "square",
    (1, 9): "portrait",
}


@pytest.mark.parametrize(("size", "word"), SIZES.items())
def test_orientation(size, word, look):
    """Wide, tall, or equal within two percent."""
    assert look(Image.new("RGB", size)).orientation == word


LIGHT = {0: "very dark", 60: "dark", 128: "medium bright", 200: "bright", 255: "very bright"}


@pytest.mark.parametrize(("level", "word"), LIGHT.items())
def test_brightness(level, word, look):
    """From black to white in five words, all without contrast or detail."""
    seen = look(Image.new("L", (64, 64), level))
    assert (seen.brightness, seen.contrast, seen.sharpness) == (word, "hardly any", "without detail")


def test_blur_takes_sharpness_away(look):
    """The same page, blurred, is soft."""
    assert look(page()).sharpness == "sharp"
    assert look(page().filter(ImageFilter.GaussianBlur(8))).sharpness == "soft"


def test_a_page_is_flat_and_noise_is_not(look):
    """Flat areas in two levels look like a document; many tones look like a photo."""
    assert look(page()).flat
    assert not look(noise()).flat


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_png_mode_is_read(mode, look):
    """A white picture is white in every mode, none of them clipped or inverted."""
    white = {"I;16": 65535, "1": 1, "P": 0}.get(mode, "white")
    image = Image.new(mode, (40, 40), white)
    if mode == "P":
        image.putpalette([255, 255, 255])
    assert look(image).colours == (("white", 1.0),)


def test_transparent_areas_count_as_white_paper(look):
    """Alpha is laid on white, as a viewer would show it."""
    assert look(Image.new("RGBA", (40, 40), (255, 0, 0, 0))).colours == (("white", 1.0),)


def test_without_pictures_it_says_so():
    """A question without a picture gets no invented answer."""
    assert "no picture" in describe_all((), ())


def test_codes_are_read_with_their_place():
    """A QR code's text and corners, as fractions of the picture."""
    zxingcpp = pytest.importorskip("zxingcpp")
    code = zxingcpp.create_barcode("https://example.com/42", zxingcpp.BarcodeFormat.QRCode).to_image(scale=6)
    height, width = code.shape
    image = Image.new("RGB", (width * 2, height * 2), "white")
    image.paste(Image.frombuffer("L", (width, height), bytes(code)), (width // 2, height // 2))
    (found,) = read_codes(image)
    assert (found.format, found.text) == ("QR Code", "https://example.com/42")
    assert all(0.2 < value < 0.8 for corner in found.polygon for value in corner)


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_text_is_read():
    """Rendered text comes back as lines, with every word in its place."""
    image = Image.new("RGB", (600, 200), "white")
    ImageDraw.Draw(image).text((40, 60), "Invoice 2026", fill="black", font=ImageFont.load_default(64))
    (line,) = read_lines(image)
    assert line.text == "Invoice 2026"
    left, _ = line.words[0].polygon[0]
    assert abs(left - 40 / 600) < 0.02


TSV = """level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
4\t1\t1\t1\t1\t0\t10\t10\t80\t20\t-1\t
5\t1\t1\t1\t1\t1\t10\t10\t30\t20\t96.1\tTotal
5\t1\t1\t1\t1\t2\t50\t10\t40\t20\t91.0\t"12
5\t1\t1\t1\t2\t1\t10\t50\t40\t20\t95.0\t@@
5\t1\t1\t1\t3\t1\t10\t70\t40\t20\t40.0\tguess
5\t1\t1\t1\t4\t1\t10\t80\t50\t10\t70.0\tend
"""


def test_only_readable_words_are_kept():
    """Below 70 % or without a letter or digit it is noise; the rest are lines of words with fractions."""
    lines = parse_tsv(TSV, (100, 100))
    assert [line.text for line in lines] == ['Total "12', "end"]
    assert lines[0].words[0].polygon == ((0.1, 0.1), (0.4, 0.1), (0.4, 0.3), (0.1, 0.3))


def test_spans_point_into_their_line():
    """Offset and length cut each word out of the line's text, as the Vision enhancements do."""
    reading = Reading(lines=parse_tsv(TSV, (100, 100)))
    for line in map(render_line, all_lines(reading)):
        for span in line["spans"]:
            assert line["text"][span["offset"] : span["offset"] + span["length"]] == span["text"]


SCHEMAS = {
    "recursion ends": (
        {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}},
        {"next": None},
    ),
    "const": ({"const": "fixed"}, "fixed"),
    "enum with null": ({"enum": ["a", None]}, None),
    "list of at least two": ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
    "minimum": ({"type": "integer", "minimum": 3}, 3),
    "no type but properties": ({"properties": {"a": {"type": "boolean"}}}, {"a": False}),
    "nothing said": ({}, "words"),
}


@pytest.mark.parametrize(("schema", "expected"), SCHEMAS.values(), ids=SCHEMAS)
def test_schemas_are_filled_with_the_least_claim(schema, expected):
    """Null before text, the smallest number, the empty list."""
    assert fill(schema, "words") == expected
