"""Colours told by anything but a profile of the usual kind arrive as sRGB: the chart looks the same however stored."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image

from shared.adapters.pixels.colour import to_srgb
from shared.adapters.pixels.normalize import normalize_image
from shared.core.media.colour_space import ColourSpace, space_of_code_points
from shared.core.media.icc import icc_profile_of
from shared.core.models.catalogue import look_up_model
from tests.charts import (
    BLACK,
    CHART,
    WHITE,
    as_bt2020,
    as_gamma,
    as_hlg,
    as_p3,
    as_pq,
    chart,
    mean_difference,
    patches,
    to_pq,
)
from tests.pictures import BLUE, GREEN, RED, corner_colours, encoded, heic, near, opened, quarters, swapped_profile

MODEL = look_up_model("gpt-4o")
SRGB, PQ, HLG, LINEAR = 13, 16, 18, 8
BT2020, P3 = 9, 12
NCLX = b"colrnclx"


def normalize(data: bytes):
    return normalize_image(data, model=MODEL, detail="high")


def sent(data: bytes) -> Image.Image:
    return opened(normalize(data).pictures[0].data)


def png_with(image: Image.Image, *chunks: tuple[bytes, bytes], **options: object) -> bytes:
    """The chunks stand before the pixels."""
    data = encoded(image, "PNG", **options)
    made = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return data[:33] + b"".join(made) + data[33:]


def cicp(primaries: int, transfer: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes([primaries, transfer, 0, 1])


def gama(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", round(value * 100_000).to_bytes(4, "big")


def chrm(*xy: float) -> tuple[bytes, bytes]:
    """White, red, green, blue."""
    return b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in xy))


def avif_with(image: Image.Image, primaries: int, transfer: int) -> bytes:
    data = encoded(image, "AVIF", quality=95, subsampling="4:4:4")
    at = data.index(NCLX) + len(NCLX)
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def heic_with(image: Image.Image, primaries: int, transfer: int) -> bytes:
    return heic(image, quality=95, chroma=444, color_primaries=primaries, transfer_characteristics=transfer)


P3_CORNERS = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
STORED = {
    "png, P3": png_with(chart(as_p3), cicp(P3, SRGB)),
    "png, BT.2020": png_with(chart(as_bt2020), cicp(BT2020, 1)),
    "png, PQ": png_with(chart(as_pq), cicp(BT2020, PQ)),
    "png, HLG": png_with(chart(as_hlg), cicp(BT2020, HLG)),
    "png, gamma 1.8": png_with(chart(as_gamma(1 / 1.8)), gama(1 / 1.8)),
    "png, gamma 1": png_with(chart(as_gamma(1)), gama(1)),
    "png, gamma 2.2 of P3": png_with(chart(as_p3), gama(0.45455), chrm(*P3_CORNERS)),
    "heic, P3": heic_with(chart(as_p3), P3, SRGB),
    "heic, PQ": heic_with(chart(as_pq), BT2020, PQ),
    "heic, HLG": heic_with(chart(as_hlg), BT2020, HLG),
    "avif, P3": avif_with(chart(as_p3), P3, SRGB),
    "avif, PQ": avif_with(chart(as_pq), BT2020, PQ),
    "avif, HLG": avif_with(chart(as_hlg), BT2020, HLG),
    "avif, linear": avif_with(chart(as_gamma(1)), 1, LINEAR),
}


@pytest.mark.parametrize("name", STORED)
def test_the_chart_arrives_as_it_was_meant(name):
    """Wide gamut, other gammas, and HDR whose page white, 203 cd/m², is white; the step says what it was."""
    image = normalize(STORED[name])
    shown = opened(image.pictures[0].data)
    assert mean_difference(shown) <= 4
    assert patches(shown)[WHITE][1] >= 215
    assert patches(shown)[BLACK][1] <= 60
    assert any("converted to sRGB from" in step for step in image.steps)


def test_hdr_says_what_is_white():
    """A reader of the result sees that lights were pressed together."""
    steps = normalize(STORED["png, PQ"]).steps
    assert "converted to sRGB from BT.2020 PQ, page white at 203 cd/m²" in steps


def test_lights_above_white_stay_apart():
    """A sky of 400 and a lamp of 900 cd/m² are not one white."""
    sky, lamp, over = (round(255 * to_pq(light)) for light in (400, 900, 4000))
    image = Image.new("RGB", (96, 64))
    for left, value in enumerate((sky, lamp, over)):
        image.paste((value, value, value), (32 * left, 0, 32 * left + 32, 64))
    shown = sent(png_with(image, cicp(BT2020, PQ)))
    grey = shown.convert("L").tobytes()[:96]
    assert grey[16] < grey[48] - 8
    assert grey[80] == 255


ORDER = [
    (png_with(quarters(), cicp(1, SRGB), icc_profile=swapped_profile()), RED),
    (png_with(quarters(), gama(1), icc_profile=swapped_profile()), None),
    (png_with(quarters(), (b"sRGB", b"\0"), gama(1)), RED),
    (png_with(quarters(), gama(0.45455)), RED),
    (png_with(quarters(), gama(0)), RED),
    (png_with(quarters(), chrm(*P3_CORNERS)), RED),
    (png_with(quarters(), cicp(2, 2)), RED),
]


@pytest.mark.parametrize(("data", "first"), ORDER)
def test_what_is_told_first_counts(data, first):
    """By PNG, third edition: cICP before a profile, that before sRGB, that before gAMA; nonsense counts for nothing."""
    red, *_ = corner_colours(sent(data))
    if first is None:
        assert red[1] > red[0] + 80  # the profile, which exchanges red and green
    else:
        assert near(red, first, 2)


def test_only_the_primary_picture_tells_its_colours():
    """A second colr box, of a thumbnail or a gain map, is another picture's."""
    data = avif_with(quarters(), P3, SRGB)
    box = struct.pack(">I", 19) + NCLX + struct.pack(">HHHB", BT2020, PQ, 9, 0x80)
    at = data.index(b"ipco") + 4
    assert near(corner_colours(sent(data))[0], corner_colours(to_srgb(quarters(), icc_of(P3, SRGB)))[0], 8)
    grown = grow(data, (b"meta", b"iprp", b"ipco"), len(box))
    moved = bytearray(grown[:at] + box + grown[at:])
    associations = moved.index(b"ipma") + 4
    first = associations + 4 + 4 + 2 + 1
    for place in range(first, first + moved[first - 1]):
        moved[place] += 1  # all of the picture's properties stand one place later
    extents = moved.index(b"iloc")
    offset_at = next(p for p in range(extents, extents + 40) if moved[p : p + 4] == struct.pack(">I", mdat_body(data)))
    moved[offset_at : offset_at + 4] = struct.pack(">I", mdat_body(data) + len(box))
    assert corner_colours(sent(bytes(moved))) == corner_colours(sent(data))


def mdat_body(data: bytes) -> int:
    return data.index(b"mdat") + 4


def grow(data: bytes, names: tuple[bytes, ...], by: int) -> bytes:
    changed = bytearray(data)
    for name in names:
        at = data.index(name) - 4
        changed[at : at + 4] = struct.pack(">I", int.from_bytes(data[at : at + 4], "big") + by)
    return bytes(changed)


def icc_of(primaries: int, transfer: int) -> bytes:
    space = space_of_code_points(primaries, transfer)
    assert space is not None
    return icc_profile_of(space)


def with_cicp_tag(profile: bytes, primaries: int, transfer: int) -> bytes:
    """The first tag, the description, becomes a `cicp` tag."""
    tag = b"cicp" + bytes(4) + bytes([primaries, transfer, 0, 1])
    at = int.from_bytes(profile[136:140], "big")
    changed = profile[:132] + b"cicp" + profile[136:140] + struct.pack(">I", len(tag)) + profile[144:]
    return changed[:at] + tag + changed[at + len(tag) :]


def test_an_hdr_profile_is_read_for_what_it_stands_for():
    """As a profile, it would cut all lights above its white, or show page white as grey."""
    profile = with_cicp_tag(icc_of(1, LINEAR), BT2020, PQ)
    shown = sent(encoded(chart(as_pq), "PNG", icc_profile=profile))
    assert mean_difference(shown) <= 4
    named = icc_profile_of(ColourSpace(name="ITUR_2100_PQ_FULL", primaries=space_of_code_points(BT2020, 1).primaries))
    assert mean_difference(sent(encoded(chart(as_pq), "PNG", icc_profile=named))) <= 4


def test_a_sdr_profile_with_code_points_is_used_as_a_profile():
    """It knows more than they do."""
    profile = with_cicp_tag(icc_of(P3, SRGB), P3, SRGB)
    assert mean_difference(sent(encoded(chart(as_p3), "PNG", icc_profile=profile))) <= 2


def jp2_with(image: Image.Image, profile: bytes) -> bytes:
    """Its colr box tells a profile instead of sRGB."""
    data = encoded(image, "JPEG2000")
    at = data.index(b"colr") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    box = struct.pack(">I", 11 + len(profile)) + b"colr\2\0\0" + profile
    return grow(data, (b"jp2h",), len(box) - size)[:at] + box + data[at + size :]


def bmp_with(image: Image.Image, profile: bytes) -> bytes:
    """Version 5 of the header, and the profile behind the pixels."""
    pixels = encoded(image, "BMP")[54:]
    info = struct.pack("<IiiHHIIiiII", 124, *image.size, 1, 24, 0, len(pixels), 2835, 2835, 0, 0)
    header = info + bytes(16) + b"DEBM" + bytes(48) + struct.pack("<IIII", 4, 124 + len(pixels), len(profile), 0)
    size = 14 + len(header) + len(pixels) + len(profile)
    return b"BM" + struct.pack("<IHHI", size, 0, 0, 14 + len(header)) + header + pixels + profile


@pytest.mark.parametrize("make", [jp2_with, bmp_with])
def test_profiles_where_the_reader_does_not_look_are_used(make):
    """JPEG 2000's colr box and BMP's version 5: red and green are exchanged."""
    assert near(corner_colours(sent(make(quarters(), swapped_profile())))[2], BLUE, 25)
    red, *_ = corner_colours(sent(make(quarters(), swapped_profile())))
    assert red[1] > red[0] + 80


def test_greys_are_converted_by_a_profile_of_colours():
    """As browsers do: grey 64 of a linear profile is a light grey."""
    data = encoded(Image.new("L", (96, 64), 64), "PNG", icc_profile=icc_of(1, LINEAR))
    assert near(corner_colours(sent(data))[0], (137, 137, 137), 2)


def test_a_made_profile_of_srgb_changes_nothing():
    """The arithmetic of profiles, and of white's adaptation, is that of the colour engine."""
    plain = ColourSpace(name="sRGB", primaries=space_of_code_points(5, 1).primaries)
    own = ColourSpace(name="sRGB", primaries=(0.640, 0.330, 0.300, 0.600, 0.150, 0.060, 0.3127, 0.3290))
    assert mean_difference(to_srgb(chart(), icc_profile_of(own))) <= 0.5
    assert 0 < mean_difference(to_srgb(chart(), icc_profile_of(plain))) < 4
    assert CHART[0] != GREEN
