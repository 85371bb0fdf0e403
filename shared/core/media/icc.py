"""ICC profiles, written (ICC.1:2001-04, version 2) for a colour space that a file describes without one.

Matrix and curves where each channel has its own light; a grid of 25 steps a channel for HLG, whose display brightens
all three by their luma.
"""

from __future__ import annotations

import struct
from itertools import product
from typing import TYPE_CHECKING

from shared.core.media.colour_space import HLG, PQ, curve_of, hlg_display_light, srgb_light

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.core.media.colour_space import ColourSpace, Curve, Primaries

    Matrix = tuple[tuple[float, float, float], ...]

HEADER_BYTES = 128
HEADER = struct.Struct(">III4s4s4s6H4s28x3i")
TAG = struct.Struct(">4sII")
MOST_TAGS = 100
CICP_BYTES = 12
PRIMARY_TAGS = {b"wtpt", b"chad", b"rXYZ", b"gXYZ", b"bXYZ"}
SPACE = slice(16, 20)  # of the header: what the profile converts from
PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
BT2020 = 9
CURVE_POINTS = 1024
GRID_STEPS = 25
D50 = (0.9642, 1.0, 0.8249)
BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
ONE_XYZ = 32_768  # u1Fixed15 of tables in XYZ
LARGEST_16 = 65_535


def icc_profile_of(space: ColourSpace) -> bytes:
    """An ICC profile from RGB in that colour space to XYZ."""
    matrix = to_xyz_d50(space.primaries)
    tags = grid_tags(space, matrix) if space.transfer == HLG else curve_tags(space, matrix)
    return from_tags({b"desc": description(space.name), b"wtpt": xyz(D50), **tags})


def from_tags(tags: dict[bytes, bytes]) -> bytes:
    """A profile with these tags; equal contents are stored once."""
    start = HEADER_BYTES + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    body = b""
    for content in tags.values():
        if content not in places:
            places[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
    table = b"".join(struct.pack(">4sII", name, places[content], len(content)) for name, content in tags.items())
    return header(start + len(body)) + struct.pack(">I", len(tags)) + table + body


def header(size: int) -> bytes:
    start = HEADER.pack(size, 0, 0x02400000, b"mntr", b"RGB ", b"XYZ ", 2026, 1, 1, 0, 0, 0, b"acsp", *map(fixed, D50))
    return start.ljust(HEADER_BYTES, b"\0")


def tags_of(profile: bytes) -> dict[bytes, bytes]:
    """The tags' names and contents; what lies outside of the profile is cut off."""
    count = int.from_bytes(profile[HEADER_BYTES : HEADER_BYTES + 4], "big")
    table = profile[HEADER_BYTES + 4 :][: min(count, MOST_TAGS) * TAG.size]
    rows = TAG.iter_unpack(table[: len(table) // TAG.size * TAG.size])
    return {name: profile[at : at + size] for name, at, size in rows}


def code_points_in(profile: bytes) -> tuple[int, int] | None:
    """The primaries and transfer that a profile says it stands for: in its `cicp` tag (ICC.1:2022), or by its name;
    None without.
    """
    tags = tags_of(profile)
    told = tags.get(b"cicp", b"")
    if len(told) >= CICP_BYTES:
        return told[8], told[9]
    transfer = named_transfer(tags.get(b"desc", b""))
    return (BT2020, transfer) if transfer else None


def curves_in(profile: bytes) -> tuple[Curve, ...]:
    """The curves from stored numbers to light, for red, green and blue or for grey; none where a table does more than
    curves.
    """
    tags = tags_of(profile)
    names = (b"kTRC",) if profile[SPACE] == b"GRAY" else (b"rTRC", b"gTRC", b"bTRC")
    if b"A2B0" in tags or not all(name in tags for name in names):
        return ()
    curves = {tags[name]: curve_in(tags[name]) for name in names}
    found = tuple(curve for name in names if (curve := curves[tags[name]]) is not None)
    return found if len(found) == len(names) else ()


def curve_in(content: bytes) -> Curve | None:
    """The curve of a curveType or a parametricCurveType; None where it is broken."""
    try:
        if content[:4] == b"curv":
            return curve_of_points(struct.unpack_from(f">{struct.unpack_from('>I', content, 8)[0]}H", content, 12))
        if content[:4] == b"para":
            kind = struct.unpack_from(">H", content, 8)[0]
            numbers = struct.unpack_from(f">{PARAMETERS[kind]}i", content, 12)
            return parametric_curve(kind, [number / 65_536 for number in numbers])
    except (struct.error, KeyError):
        pass
    return None


def curve_of_points(points: Sequence[int]) -> Curve:
    """The curve through these points: no point is a straight line, one is a gamma in 256ths, more are joined by
    lines.
    """
    if len(points) <= 1:
        gamma = points[0] / 256 if points else 1.0
        return lambda value: value**gamma
    last = len(points) - 1

    def between(value: float) -> float:
        place = value * last
        below = min(int(place), last - 1)
        return (points[below] + (points[below + 1] - points[below]) * (place - below)) / LARGEST_16

    return between


def parametric_curve(kind: int, numbers: Sequence[float]) -> Curve:
    """The curve of ICC.1:2022, table 68, with these parameters."""
    gamma, a, b, c, d, e, f = [*numbers, *(0.0,) * (7 - len(numbers))] if kind else [numbers[0], 1.0, *(0.0,) * 5]
    if kind in {1, 2}:
        c, d, e, f = 0.0, -b / (a or 1.0), numbers[3] if kind == 2 else 0.0, numbers[3] if kind == 2 else 0.0  # noqa: PLR2004

    def curve(value: float) -> float:
        return max(a * value + b, 0.0) ** gamma + e if value >= d else c * value + f

    return curve


def with_srgb_curves(profile: bytes) -> bytes | None:
    """A profile of the same primaries with sRGB's curve; None for greys, which then need no profile."""
    tags = tags_of(profile)
    if profile[SPACE] == b"GRAY":
        return None
    kept = {name: content for name, content in tags.items() if name in PRIMARY_TAGS}
    tone = tone_curve(srgb_light)
    return from_tags({b"desc": description("sRGB curve"), **kept, b"rTRC": tone, b"gTRC": tone, b"bTRC": tone})


def named_transfer(description: bytes) -> int:
    """The transfer that a name like ITUR_2100_PQ_FULL stands for, by which browsers knew HDR pictures before there was
    the tag; 0 for other names.
    """
    words = description.replace(b"\0", b"")  # version 4 has two bytes a character
    if b"2100" not in words:
        return 0
    return PQ if b"PQ" in words else HLG if b"HLG" in words else 0


def curve_tags(space: ColourSpace, matrix: Matrix) -> dict[bytes, bytes]:
    tone = tone_curve(curve_of(space))
    columns = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), (xyz(column) for column in zip(*matrix, strict=True)), strict=True))
    return {**columns, b"rTRC": tone, b"gTRC": tone, b"bTRC": tone}


def points_of(numbers: Sequence[int]) -> bytes:
    """A curveType of these points, of 0 to 65,535."""
    return b"curv" + struct.pack(">II", 0, len(numbers)) + big_endian(numbers)


def tone_curve(curve: Curve) -> bytes:
    return points_of([round(LARGEST_16 * curve(step / (CURVE_POINTS - 1))) for step in range(CURVE_POINTS)])


def grid_tags(space: ColourSpace, matrix: Matrix) -> dict[bytes, bytes]:
    """The tags of a lut16Type whose own curves change nothing."""
    curve = curve_of(space)
    steps = [curve(step / (GRID_STEPS - 1)) for step in range(GRID_STEPS)]
    lights = (hlg_display_light(*scene) for scene in product(steps, repeat=3))
    values = [round(ONE_XYZ * value) for light in lights for value in multiply(matrix, light)]
    identity = [fixed(value) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)]
    straight = big_endian([0, LARGEST_16] * 3)
    start = struct.pack(">4sIBBBB9iHH", b"mft2", 0, 3, 3, GRID_STEPS, 0, *identity, 2, 2)
    return {b"A2B0": start + straight + big_endian(values) + straight}


def big_endian(values: Iterable[int]) -> bytes:
    numbers = [min(max(value, 0), LARGEST_16) for value in values]
    return struct.pack(f">{len(numbers)}H", *numbers)


def description(words: str) -> bytes:
    """A textDescriptionType without its Unicode and Macintosh parts."""
    text = words.encode("ascii", "replace") + b"\0"
    return struct.pack(">4sII", b"desc", 0, len(text)) + text + bytes(8 + 3 + 67)


def xyz(values: Sequence[float]) -> bytes:
    return struct.pack(">4sI3i", b"XYZ ", 0, *map(fixed, values))


def fixed(value: float) -> int:
    return round(value * 65_536)


def to_xyz_d50(primaries: Primaries) -> Matrix:
    """The matrix from linear RGB to XYZ whose white is D50, which profiles are in (Bradford)."""
    rx, ry, gx, gy, bx, by, wx, wy = primaries
    white = (wx / wy, 1.0, (1 - wx - wy) / wy)
    columns = tuple((x / y, 1.0, (1 - x - y) / y) for x, y in ((rx, ry), (gx, gy), (bx, by)))
    unscaled = transposed(columns)
    scale = multiply(inverse(unscaled), white)
    matrix = tuple((a * scale[0], b * scale[1], c * scale[2]) for a, b, c in unscaled)
    cone, wanted = multiply(BRADFORD, white), multiply(BRADFORD, D50)
    gains = tuple(w / c for w, c in zip(wanted, cone, strict=True))
    adapted = tuple((a * gain, b * gain, c * gain) for (a, b, c), gain in zip(BRADFORD, gains, strict=True))
    return product_of(inverse(BRADFORD), product_of(adapted, matrix))


def transposed(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return (a, d, g), (b, e, h), (c, f, i)


def multiply(matrix: Matrix, vector: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = vector
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z


def product_of(left: Matrix, right: Matrix) -> Matrix:
    (a, b, c) = (multiply(left, column) for column in transposed(right))
    return transposed((a, b, c))


def inverse(matrix: Matrix) -> Matrix:
    """The inverse of a matrix of 3 by 3, by cofactors."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    first = (e * i - f * h, f * g - d * i, d * h - e * g)
    determinant = a * first[0] + b * first[1] + c * first[2]
    rows = (
        (first[0], c * h - b * i, b * f - c * e),
        (first[1], a * i - c * g, c * d - a * f),
        (first[2], b * g - a * h, a * e - b * d),
    )
    return tuple((x / determinant, y / determinant, z / determinant) for x, y, z in rows)
