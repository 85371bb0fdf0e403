"""TIFFs of any layout are read right, or refused by what their samples are; none is called damaged that is not."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from shared.adapters.pixels.normalize import normalize_image
from shared.adapters.pixels.tiff import is_read_by_pillow
from shared.core.errors import SourceRejected
from shared.core.media.tiff import read_pages
from shared.core.models.catalogue import look_up_model
from tests.charts import chart, mean_difference, patches
from tests.pictures import BLUE, GREEN, RED, YELLOW, corner_colours, encoded, near, opened, photo, quarters
from tests.tiffs import (
    CMYK,
    DEFLATE,
    FLOAT,
    LAB,
    PALETTE,
    Sheet,
    deflated,
    differences,
    float_differences,
    packed_bits,
    tiff_file,
)
from tests.tiffs import RGB as RGB_TIFF
from tests.tiffs import SIGNED as SIGNED_NUMBERS

MODEL = look_up_model("gpt-4o")
PICTURE = chart()
WIDTH, HEIGHT = PICTURE.size
BYTES = list(PICTURE.tobytes())
GREYS = list(PICTURE.convert("L").tobytes())
RGB_TAGS = {262: [RGB_TIFF], 277: [3]}
PLANES, UNASSOCIATED = {284: [2]}, {338: [2]}


def normalize(data: bytes):
    return normalize_image(data, model=MODEL, detail="high")


def shown(data: bytes) -> Image.Image:
    return opened(normalize(data).pictures[0].data)


def sheet(body: bytes | list[bytes], tags: dict[int, list[int]], *, is_tiled: bool = False, size=None) -> Sheet:
    width, height = size or (WIDTH, HEIGHT)
    chunks = body if isinstance(body, list) else [body]
    return Sheet(width=width, height=height, chunks=chunks, tags=tags, is_tiled=is_tiled)


def numbers(values: list[int] | list[float], code: str, order: str = "<") -> bytes:
    return struct.pack(f"{order}{len(values)}{code}", *values)


def rgb(bits: int, body: bytes | list[bytes], order: str = "<", **more: dict[int, list[int]]) -> bytes:
    tags = {**RGB_TAGS, 258: [bits] * 3}
    for extra in more.values():
        tags |= extra
    return tiff_file(sheet(body, tags), order=order)


def planes(code: str, scale: int, order: str) -> list[bytes]:
    return [numbers([value * scale for value in BYTES[channel::3]], code, order) for channel in range(3)]


def tiles(order: str) -> bytes:
    """Two across and two down, of 128x96, of 16 bits."""
    wide = Image.new("RGB", (256, 192))
    wide.paste(PICTURE)
    corners = [(x, y) for y in (0, 96) for x in (0, 128)]
    parts = [wide.crop((x, y, x + 128, y + 96)).tobytes() for x, y in corners]
    chunks = [numbers([value * 257 for value in part], "H", order) for part in parts]
    tags = {**RGB_TAGS, 258: [16] * 3, 322: [128], 323: [96]}
    return tiff_file(sheet(chunks, tags, is_tiled=True), order=order)


def rows_of_floats(order: str) -> list[bytes]:
    row = WIDTH * 3
    return [numbers([value / 255 for value in BYTES[at : at + row]], "f", order) for at in range(0, len(BYTES), row)]


def float_predicted() -> bytes:
    body = deflated(float_differences(rows_of_floats(">"), 4, 3))
    return tiff_file(sheet(body, {**RGB_TAGS, 258: [32] * 3, 339: [FLOAT] * 3, 259: [DEFLATE], 317: [3]}))


def with_alpha(order: str) -> bytes:
    """16 bit RGB and 24 bit alpha there is none of: 24 bits each, all opaque."""
    values = [v for at in range(0, len(BYTES), 3) for v in (*BYTES[at : at + 3], 255)]
    body = b"".join((value * 65_793).to_bytes(3, "little" if order == "<" else "big") for value in values)
    return tiff_file(sheet(body, {**RGB_TAGS, 277: [4], 258: [24] * 4, **UNASSOCIATED}), order=order)


def inks(bits: int, *, alpha: bool) -> bytes:
    """Cyan, magenta, yellow; no black."""
    extra = (255,) if alpha else ()
    values = [
        ink * 257 for at in range(0, len(BYTES), 3) for ink in (*(255 - v for v in BYTES[at : at + 3]), 0, *extra)
    ]
    count = 4 + len(extra)
    tags = {262: [CMYK], 277: [count], 258: [bits] * count, **({338: [2]} if alpha else {})}
    return tiff_file(sheet(numbers(values, "H"), tags))


def palette_of_bytes(scale: int) -> bytes:
    indexed = PICTURE.quantize(64)
    colours = indexed.getpalette()
    assert colours is not None
    padded = colours + [0] * (768 - len(colours))
    table = [value * scale for channel in range(3) for value in padded[channel::3]]
    return tiff_file(sheet(indexed.tobytes(), {262: [PALETTE], 320: table}))


FLOATS = [value / 255 for value in BYTES]
IN_COLOUR = {
    "BigTIFF": tiff_file(sheet(bytes(BYTES), {**RGB_TAGS, 258: [8] * 3}), big=True),
    "BigTIFF, big-endian": tiff_file(sheet(bytes(BYTES), {**RGB_TAGS, 258: [8] * 3}), big=True, order=">"),
    "BigTIFF, big-endian, deep": tiff_file(
        sheet(numbers([v * 257 for v in BYTES], "H", ">"), {**RGB_TAGS, 258: [16] * 3}), big=True, order=">"
    ),
    "planes of 8 bits": rgb(8, planes("B", 1, "<"), planes=PLANES),
    "planes of 16 bits": rgb(16, planes("H", 257, "<"), planes=PLANES),
    "planes of 16 bits, big-endian": rgb(16, planes("H", 257, ">"), ">", planes=PLANES),
    "planes of 32 bits": rgb(32, planes("I", 257 * 65_537, "<"), planes=PLANES),
    "planes, compressed": rgb(16, [deflated(p) for p in planes("H", 257, "<")], planes=PLANES, how={259: [DEFLATE]}),
    "tiles of 16 bits": tiles("<"),
    "tiles of 16 bits, big-endian": tiles(">"),
    "10 bits": rgb(10, packed_bits([v * 1023 // 255 for v in BYTES], 10, WIDTH * 3)),
    "10 bits, big-endian": rgb(10, packed_bits([v * 1023 // 255 for v in BYTES], 10, WIDTH * 3), ">"),
    "12 bits": rgb(12, packed_bits([v * 4095 // 255 for v in BYTES], 12, WIDTH * 3)),
    "14 bits": rgb(14, packed_bits([v * 16383 // 255 for v in BYTES], 14, WIDTH * 3)),
    "24 bits and alpha": with_alpha("<"),
    "24 bits and alpha, big-endian": with_alpha(">"),
    "32 bits": rgb(32, numbers([v * 257 * 65_537 for v in BYTES], "I")),
    "32 bits, big-endian": rgb(32, numbers([v * 257 * 65_537 for v in BYTES], "I", ">"), ">"),
    "32 bits, predicted": rgb(
        32,
        deflated(numbers(differences([v * 257 * 65_537 for v in BYTES], 3, WIDTH * 3, 32), "I")),
        how={259: [DEFLATE], 317: [2]},
    ),
    "floating point": rgb(32, numbers(FLOATS, "f"), kind={339: [FLOAT] * 3}),
    "floating point, big-endian": rgb(32, numbers(FLOATS, "f", ">"), ">", kind={339: [FLOAT] * 3}),
    "half floating point": rgb(16, numbers(FLOATS, "e"), kind={339: [FLOAT] * 3}),
    "double floating point": rgb(64, numbers(FLOATS, "d"), kind={339: [FLOAT] * 3}),
    "floating point, compressed": rgb(
        32, deflated(numbers(FLOATS, "f")), how={259: [DEFLATE]}, kind={339: [FLOAT] * 3}
    ),
    "floating point, predicted": float_predicted(),
    "a colour map of words": palette_of_bytes(257),
    "a colour map of bytes": palette_of_bytes(1),
}
INKS = {"CMYK of 16 bits": inks(16, alpha=False), "CMYK of 16 bits and alpha": inks(16, alpha=True)}


@pytest.mark.parametrize("name", IN_COLOUR)
def test_colours_of_any_layout_are_read(name):
    """The chart's colours, whatever they are stored as."""
    image = normalize(IN_COLOUR[name])
    assert mean_difference(opened(image.pictures[0].data)) <= 4
    assert (image.info.width, image.info.height, image.partial) == (WIDTH, HEIGHT, False)


@pytest.mark.parametrize("name", INKS)
def test_inks_of_16_bits_are_read(name):
    """Like CMYK of 8 bits: by Pillow's formula, which has no profile to go by."""
    wanted = PICTURE.convert("CMYK").convert("RGB")
    assert mean_difference(shown(INKS[name]), tuple(patches(wanted))) <= 4


def grey_with_alpha(order: str, *, predictor: bool) -> bytes:
    values = [v for grey in GREYS for v in (grey * 257, 65_535)]
    body = numbers(differences(values, 2, WIDTH * 2, 16) if predictor else values, "H", order)
    how = {259: [DEFLATE], 317: [2]} if predictor else {}
    stored = deflated(body) if predictor else body
    return tiff_file(sheet(stored, {277: [2], 258: [16, 16], **UNASSOCIATED, **how}), order=order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("predictor", [False, True])
def test_greys_with_alpha_are_read(order, predictor):
    """16 bits each, with and without differences."""
    wanted = tuple(patches(PICTURE.convert("L")))
    assert mean_difference(shown(grey_with_alpha(order, predictor=predictor)), wanted) <= 3


def test_transparency_of_deep_greys_counts():
    """The left half is clear, and white."""
    values = [v for at, grey in enumerate(GREYS) for v in (grey * 257, 0 if at % WIDTH < WIDTH // 2 else 65_535)]
    data = tiff_file(sheet(numbers(values, "H"), {277: [2], 258: [16, 16], **UNASSOCIATED}))
    found = patches(shown(data))
    assert found[0][0] >= 250
    assert found[23][0] < 70


def test_bits_may_be_reversed_in_their_bytes():
    """Fill order 2."""
    body = packed_bits([v * 1023 // 255 for v in BYTES], 10, WIDTH * 3)
    reversed_bits = bytes(int(f"{value:08b}"[::-1], 2) for value in body)
    assert mean_difference(shown(rgb(10, reversed_bits, order_of_bits={266: [2]}))) <= 4


TURNS = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
    5: Image.Transpose.TRANSPOSE,
}


@pytest.mark.parametrize("orientation", TURNS)
def test_pages_of_other_samples_are_turned_upright(orientation):
    """As Pillow turns those that it reads."""
    picture = quarters()
    stored = picture.transpose(TURNS[orientation])
    body = numbers([value / 255 for value in stored.tobytes()], "f")
    tags = {**RGB_TAGS, 258: [32] * 3, 339: [FLOAT] * 3, 274: [orientation]}
    image = normalize(tiff_file(sheet(body, tags, size=stored.size)))
    assert (image.info.width, image.info.height, image.info.orientation) == (*picture.size, orientation)
    colours = corner_colours(opened(image.pictures[0].data))
    assert all(near(a, b, 16) for a, b in zip(colours, (RED, GREEN, BLUE, YELLOW), strict=True))


@pytest.mark.parametrize("big", [False, True])
def test_pages_of_other_samples_are_pages(big):
    """Thumbnails between them are left out, and a profile counts for its page."""
    float_tags = {**RGB_TAGS, 258: [32] * 3, 339: [FLOAT] * 3}
    body = numbers(FLOATS, "f")
    small = sheet(bytes(4 * 3 * 3), {**RGB_TAGS, 258: [8] * 3, 254: [1]}, size=(4, 3))
    image = normalize(tiff_file(sheet(body, float_tags), small, sheet(body, float_tags), big=big))
    assert image.info.page_numbers == (0, 2)
    assert all(mean_difference(opened(page.data)) <= 4 for page in image.pictures)


def pyramid(*sizes: tuple[int, int], tile: bool = False) -> bytes:
    tags = {**RGB_TAGS, 258: [8] * 3}
    pages = []
    for width, height in sizes:
        body = PICTURE.resize((width, height)).tobytes()
        pages.append(
            sheet(body, tags | ({322: [width], 323: [height]} if tile else {}), size=(width, height), is_tiled=tile)
        )
    return tiff_file(*pages)


PYRAMIDS = [
    (pyramid((240, 160), (120, 80), (60, 40)), 1),
    (pyramid((241, 161), (120, 80), (60, 40)), 1),
    (pyramid((240, 160), (120, 80), tile=True), 1),
    (pyramid((240, 160), (120, 80)), 2),
    (pyramid((240, 160), (240, 160), (240, 160)), 3),
    (pyramid((240, 160), (120, 80), (60, 40), (240, 160), (120, 80), (60, 40)), 2),
]


@pytest.mark.parametrize(("data", "pictures"), PYRAMIDS)
def test_smaller_copies_of_a_page_are_no_pages(data, pictures):
    """Half the size each, three times or in tiles: one picture, though its writer did not say so."""
    assert len(normalize(data).pictures) == pictures


def signed_rgb() -> bytes:
    return rgb(16, numbers([value * 100 for value in BYTES], "h"), kind={339: [SIGNED_NUMBERS] * 3})


NOT_READ = {
    "RGB samples of 16 bits (signed numbers)": signed_rgb(),
    "Lab samples of 16 bits": tiff_file(
        sheet(numbers([v * 257 for v in BYTES], "H"), {262: [LAB], 277: [3], 258: [16] * 3})
    ),
    "RGB samples of different bits": rgb(8, bytes(BYTES) * 2).replace(
        struct.pack("<3H", 8, 8, 8), struct.pack("<3H", 8, 16, 8)
    ),
    "of JPEG 2000 compression": tiff_file(sheet(b"jp2", {**RGB_TAGS, 258: [8] * 3, 259: [34_712]})),
}


@pytest.mark.parametrize("words", NOT_READ)
def test_what_is_not_read_is_named(words):
    """The owner learns what it is, instead of being sent to mend it."""
    with pytest.raises(SourceRejected, match=words.replace("(", r"\(").replace(")", r"\)")) as caught:
        normalize(NOT_READ[words])
    assert caught.value.code == "unsupported"


CUT = [
    IN_COLOUR["floating point"][: len(IN_COLOUR["floating point"]) // 2],
    tiff_file(sheet(numbers(FLOATS[:100], "f"), {**RGB_TAGS, 258: [32] * 3, 339: [FLOAT] * 3})),
    tiff_file(sheet(deflated(b"short"), {**RGB_TAGS, 258: [32] * 3, 339: [FLOAT] * 3, 259: [DEFLATE]})),
    b"II*\0" + bytes(20),
    tiff_file(sheet(bytes(3), {**RGB_TAGS, 258: [8] * 3}, size=(1, 1)), sheet(b"", RGB_TAGS, size=(0, 9))),
    b"MM\0+" + bytes(20),
]


@pytest.mark.parametrize("data", CUT)
def test_what_is_cut_off_is_damaged(data):
    """No samples are made up."""
    with pytest.raises(SourceRejected) as caught:
        normalize(data)
    assert caught.value.code == "corrupt"


def test_the_memory_of_other_samples_is_counted():
    """By the header: 80 megapixels of double precision are refused before they are read."""
    tags = {**RGB_TAGS, 258: [64] * 3, 339: [FLOAT] * 3, 259: [DEFLATE]}
    with pytest.raises(SourceRejected, match="memory") as caught:
        normalize(tiff_file(sheet(deflated(b""), tags, size=(10_000, 8_000))))
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("compression", ["raw", "jpeg", "tiff_lzw", "group4"])
def test_usual_pages_are_left_to_pillow(compression):
    """What it reads right, it reads in less memory."""
    page = photo().convert("1") if compression == "group4" else photo()
    data = encoded(page, "TIFF", compression=compression)
    assert all(map(is_read_by_pillow, read_pages(data, 2)))
    assert not normalize(data).partial


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15])
def test_samples_of_any_number_of_bits_are_read(bits, order):
    """Rows of an odd length end within a byte; the next one begins with a new byte."""
    picture, most = PICTURE.resize((37, 23)), (1 << bits) - 1
    stored = [round(value * most / 255) for value in picture.tobytes()]
    body = packed_bits(stored, bits, 37 * 3)
    found = shown(tiff_file(sheet(body, {**RGB_TAGS, 258: [bits] * 3}, size=picture.size), order=order))
    wanted = Image.frombytes("RGB", picture.size, bytes(round(value * 255 / most) for value in stored))
    assert mean_difference(found, tuple(patches(wanted))) <= 4
