"""Greys of more than 8 bits can be seen, whatever their numbers mean, and the steps say where they were stretched."""

from __future__ import annotations

import struct
from array import array
from itertools import pairwise

import pytest
from PIL import Image

from shared.adapters.pixels.levels import to_number
from shared.adapters.pixels.normalize import normalize_image
from shared.core.models.catalogue import look_up_model
from tests.charts import chart, patches
from tests.pictures import encoded, opened, photo

MODEL = look_up_model("gpt-4o")
GREY = chart().convert("L")
WANTED = [grey for grey, *_ in patches(GREY)]
FLOAT_KIND, UNSIGNED_KIND, SIGNED_KIND = 3, 1, 2
NAN = float("nan")
PLACES = 120  # of the first row: no data there


def tiff(body: bytes, bits: int, kind: int = UNSIGNED_KIND, *, order: str = "<", photometric: int = 1, no_data=b""):
    """One strip of a grey chart's size, uncompressed."""
    width, height = GREY.size
    shorts = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 277: 1, 278: height, 339: kind}
    entries = {tag: struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0) for tag, value in shorts.items()}
    ends = 8 + 2 + 12 * (len(entries) + 2 + bool(no_data)) + 4
    entries[273] = struct.pack(f"{order}HHII", 273, 4, 1, ends)
    entries[279] = struct.pack(f"{order}HHII", 279, 4, 1, len(body))
    if no_data:
        entries[42113] = struct.pack(f"{order}HHII", 42113, 2, len(no_data), ends + len(body))
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(entries))
    return start + b"".join(entries[tag] for tag in sorted(entries)) + bytes(4) + body + no_data


def numbers(
    code: str, scale: float = 1.0, offset: float = 0.0, *, order: str = "<", holes: float | None = None
) -> bytes:
    values = [grey * scale + offset for grey in GREY.tobytes()]
    if holes is not None:
        values[:PLACES] = [holes] * PLACES
    return struct.pack(f"{order}{len(values)}{code}", *(values if code in "fd" else map(round, values)))


def packed12(values: list[int]) -> bytes:
    """Two samples in three bytes, the first bits first, in either byte order."""
    pairs = zip(values[::2], values[1::2], strict=True)
    return b"".join((a << 12 | b).to_bytes(3, "big") for a, b in pairs)


TWELVE = packed12([grey * 4095 // 255 for grey in GREY.tobytes()])
AS_IT_IS = {
    "16 bits": tiff(numbers("H", 257), 16),
    "16 bits, big-endian": tiff(numbers("H", 257, order=">"), 16, order=">"),
    "32 bits": tiff(numbers("I", 257 * 65537), 32),
    "32 bits, big-endian": tiff(numbers("I", 257 * 65537, order=">"), 32, order=">"),
    "12 bits": tiff(TWELVE, 12),
    "12 bits, big-endian": tiff(TWELVE, 12, order=">"),
    "floating point to 1": tiff(numbers("f", 1 / 255), 32, FLOAT_KIND),
    "double precision": tiff(numbers("d", 1 / 255), 64, FLOAT_KIND),
    "floating point, big-endian": tiff(numbers("f", 1 / 255, order=">"), 32, FLOAT_KIND, order=">"),
    "floating point somewhat over 1": tiff(numbers("f", 1.02 / 255), 32, FLOAT_KIND),
    "floating point with places that are no number": tiff(numbers("f", 1 / 255, holes=NAN), 32, FLOAT_KIND),
    "floating point, white is zero": tiff(numbers("f", -1 / 255, 1), 32, FLOAT_KIND, photometric=0),
    "12 bits, white is zero": tiff(packed12([4095 - g * 4095 // 255 for g in GREY.tobytes()]), 12, photometric=0),
    "PNG of 16 bits": encoded(Image.frombytes("I;16", GREY.size, numbers("H", 257)), "PNG"),
}
STRETCHED = {
    "floating point to 255": tiff(numbers("f"), 32, FLOAT_KIND),
    "floating point, small": tiff(numbers("f", 1e-4), 32, FLOAT_KIND),
    "floating point below zero": tiff(numbers("f", 1, -500), 32, FLOAT_KIND),
    "floating point with a number for no data": tiff(
        numbers("f", 1, 100, holes=-9999), 32, FLOAT_KIND, no_data=b"-9999\0"
    ),
    "floating point with endless places": tiff(numbers("f", holes=float("inf")), 32, FLOAT_KIND),
    "32 bits of 0 to 255": tiff(numbers("I"), 32),
    "16 bits of 0 to 255": tiff(numbers("H"), 16),
    "12 bits in 16": tiff(numbers("H", 16), 16),
    "16 bits about the middle": tiff(numbers("H", 8, 30_000), 16),
    "signed, below zero": tiff(numbers("h", 10, -2000), 16, SIGNED_KIND),
    "signed, 32 bits": tiff(numbers("i", 10, -2000), 32, SIGNED_KIND),
    "PNG with 12 bits in 16": encoded(Image.frombytes("I;16", GREY.size, numbers("H", 16)), "PNG"),
}


def normalize(data: bytes):
    return normalize_image(data, model=MODEL, detail="high")


def greys(data: bytes) -> list[int]:
    return [grey for grey, *_ in patches(opened(normalize(data).pictures[0].data))]


@pytest.mark.parametrize("name", AS_IT_IS)
def test_what_uses_its_range_keeps_its_brightness(name):
    """Scaled by what the samples may be; nothing is stretched."""
    found = greys(AS_IT_IS[name])
    assert all(abs(a - b) <= 6 for a, b in zip(found[1:], WANTED[1:], strict=True))
    assert not any("stretched" in step for step in normalize(AS_IT_IS[name]).steps)


@pytest.mark.parametrize("name", STRETCHED)
def test_what_does_not_use_its_range_is_stretched(name):
    """Its structure can be seen, in the right order, and the steps name the values."""
    found = greys(STRETCHED[name])[1:]
    assert max(found) - min(found) >= 200
    order = sorted(range(len(found)), key=lambda place: WANTED[1:][place])
    assert all(found[a] <= found[b] + 4 for a, b in pairwise(order))
    assert sum("stretched its values from" in step for step in normalize(STRETCHED[name]).steps) == 1


EVEN = [
    tiff(numbers("f", 0, 5.0), 32, FLOAT_KIND),
    tiff(numbers("f", holes=NAN)[: 4 * PLACES] + struct.pack("<f", NAN) * (GREY.width * GREY.height - PLACES), 32, 3),
    tiff(numbers("H", 0, 40_000), 16),
]


@pytest.mark.parametrize("data", EVEN)
def test_one_value_everywhere_is_no_reason_to_fail(data):
    """There is nothing to stretch."""
    assert len(set(greys(data))) == 1


def test_a_page_of_16_bits_is_not_stretched_into_noise():
    """An even PNG is one that was scanned so."""
    noise = array("H", (64_000 + value for value in photo(GREY.size).convert("L").tobytes()))
    assert min(greys(encoded(Image.frombytes("I;16", GREY.size, noise.tobytes()), "PNG"))) > 240


def test_noise_in_the_dark_is_not_stretched():
    """A covered lens has some 200 of 65,535 levels; a note says that there is little to see."""
    image = normalize(tiff(numbers("H", 1, 300), 16))
    assert not any("stretched" in step for step in image.steps)
    assert any("hardly anything can be seen" in note for note in image.notes)


@pytest.mark.parametrize(("text", "number"), [("-9999\0", -9999.0), (" 1e3 ", 1000.0), ("", None), ("none", None)])
def test_the_number_for_no_data_is_a_text(text, number):
    """As GDAL writes it."""
    assert to_number(text) == number
