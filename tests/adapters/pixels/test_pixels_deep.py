"""Shadows of linear pictures of 16 bits survive: 8 bits have 13 levels for what sRGB has 64 for."""

from __future__ import annotations

import struct
import zlib

import pytest

from shared.adapters.pixels.normalize import normalize_image
from shared.core.errors import SourceRejected
from shared.core.media.colour_space import space_of_code_points, srgb_light
from shared.core.media.icc import description, from_tags, icc_profile_of, points_of, xyz
from shared.core.models.catalogue import look_up_model
from tests.pictures import opened
from tests.tiffs import DEFLATE, Sheet, deflated, tiff_file

MODEL = look_up_model("gpt-4o")
LINEAR_SPACE = space_of_code_points(1, 8)
assert LINEAR_SPACE is not None
LINEAR = icc_profile_of(LINEAR_SPACE)
LEVELS = 65
WIDTH, HEIGHT = LEVELS * 4, 16
RAMP = [round(65_535 * srgb_light(at // 4 / 255)) for at in range(WIDTH)] * HEIGHT
WANTED = list(range(LEVELS))


def grey_profile() -> bytes:
    tone = points_of([0, 65_535])
    made = from_tags({b"desc": description("grey"), b"wtpt": xyz((0.9642, 1.0, 0.8249)), b"kTRC": tone})
    return made[:16] + b"GRAY" + made[20:]


def packed(order: str, *extra: int, channels: int = 3) -> bytes:
    return struct.pack(
        f"{order}{len(RAMP) * (channels + len(extra))}H", *(v for value in RAMP for v in (*[value] * channels, *extra))
    )


def png(colour_type: int, body: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """16 bits, each row with filter 0."""
    row = len(body) // HEIGHT
    raw = b"".join(b"\0" + body[top : top + row] for top in range(0, len(body), row))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, colour_type, 0, 0, 0)
    parts = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    made = (struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def tiff(order: str, channels: int, profile: bytes, *, packs: bool) -> bytes:
    body = packed(order, channels=channels)
    tags = {262: [2 if channels == 3 else 1], 277: [channels], 258: [16] * channels, 34675: list(profile)}
    stored = deflated(body) if packs else body
    how = {259: [DEFLATE]} if packs else {}
    return tiff_file(Sheet(width=WIDTH, height=HEIGHT, chunks=[stored], tags={**tags, **how}), order=order)


ICCP, GAMA = (b"iCCP", b"linear\0\0" + zlib.compress(LINEAR)), (b"gAMA", struct.pack(">I", 100_000))
CICP = (b"cICP", bytes([1, 8, 0, 1]))
GREY_ICCP = (b"iCCP", b"grey\0\0" + zlib.compress(grey_profile()))
SHADOWS = {
    "TIFF": tiff("<", 3, LINEAR, packs=False),
    "TIFF, big-endian": tiff(">", 3, LINEAR, packs=False),
    "TIFF, compressed": tiff("<", 3, LINEAR, packs=True),
    "TIFF, big-endian, compressed": tiff(">", 3, LINEAR, packs=True),
    "TIFF, grey": tiff("<", 1, grey_profile(), packs=False),
    "TIFF, grey, big-endian": tiff(">", 1, grey_profile(), packs=True),
    "PNG, profile": png(2, packed(">"), ICCP),
    "PNG, gamma": png(2, packed(">"), GAMA),
    "PNG, code points": png(2, packed(">"), CICP),
    "PNG, alpha": png(6, packed(">", 65_535), ICCP),
    "PNG, grey, profile": png(0, packed(">", channels=1), GREY_ICCP),
    "PNG, grey, profile of colours": png(0, packed(">", channels=1), ICCP),
    "PNG, grey, gamma": png(0, packed(">", channels=1), GAMA),
}


@pytest.mark.parametrize("name", SHADOWS)
def test_shadows_keep_their_levels(name):
    """Each of the 65 darkest levels of sRGB is there, within one."""
    image = normalize_image(SHADOWS[name], model=MODEL, detail="high")
    row = opened(image.pictures[0].data).convert("L").tobytes()[:WIDTH]
    assert len(set(row)) >= LEVELS - 5
    assert all(abs(a - b) <= 2 for a, b in zip(row[2::4], WANTED, strict=True))


@pytest.mark.parametrize("name", ["PNG, gamma", "TIFF"])
def test_a_deep_picture_that_is_cut_off_is_damaged(name):
    """Or used, if most of it is there; its upper bytes are then all that is read."""
    data = SHADOWS[name]
    with pytest.raises(SourceRejected) as caught:
        normalize_image(data[: len(data) // 4], model=MODEL, detail="high")
    assert caught.value.code == "corrupt"
