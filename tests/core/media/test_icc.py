"""Profiles read and written: curves of every form, and nothing taken on trust."""

from __future__ import annotations

import struct

import pytest

from shared.core.media.colour_space import space_of_code_points, srgb_light, srgb_signal
from shared.core.media.icc import code_points_in, curve_in, curves_in, icc_profile_of, tags_of, with_srgb_curves


def profile_of(primaries: int, transfer: int) -> bytes:
    space = space_of_code_points(primaries, transfer)
    assert space is not None
    return icc_profile_of(space)


def parametric(kind: int, *numbers: float) -> bytes:
    return b"para" + bytes(4) + struct.pack(f">HH{len(numbers)}i", kind, 0, *(round(n * 65_536) for n in numbers))


def points(*values: int) -> bytes:
    return b"curv" + struct.pack(f">II{len(values)}H", 0, len(values), *values)


CURVES = [
    (points(), 0.5, 0.5),
    (points(512), 0.5, 0.25),
    (points(0, 0, 65_535), 0.5, 0.0),
    (points(0, 0, 65_535), 0.75, 0.5),
    (points(0, 65_535), 1.0, 1.0),
    (parametric(0, 2.0), 0.5, 0.25),
    (parametric(1, 2.0, 0.5, 0.5), 1.0, 1.0),
    (parametric(1, 2.0, 1.0, -0.5), 0.25, 0.0),
    (parametric(2, 2.0, 1.0, -0.5, 0.1), 0.25, 0.1),
    (parametric(2, 2.0, 1.0, -0.5, 0.1), 1.0, 0.35),
    (parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), 0.5, srgb_light(0.5)),
    (parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), 0.02, srgb_light(0.02)),
    (parametric(4, 2.0, 1.0, 0.0, 0.5, 0.5, 0.1, 0.2), 0.25, 0.325),
    (parametric(4, 2.0, 1.0, 0.0, 0.5, 0.5, 0.1, 0.2), 1.0, 1.1),
]


@pytest.mark.parametrize(("content", "value", "light"), CURVES)
def test_curves_are_read_in_every_form(content, value, light):
    """Straight, a gamma, points, and five kinds of formulas."""
    curve = curve_in(content)
    assert curve is not None
    assert curve(value) == pytest.approx(light, abs=2e-4)


@pytest.mark.parametrize(
    "content", [b"", b"curv", points(1, 2, 3)[:-2], parametric(9, 1.0), parametric(4, 1.0), b"mft2"]
)
def test_broken_curves_are_none(content):
    """Cut off, or of a form that there is not."""
    assert curve_in(content) is None


def test_the_curves_of_a_profile_are_found():
    """Three of colours; none where a grid does the work, or where one is broken."""
    assert [round(curve(0.5), 3) for curve in curves_in(profile_of(1, 8))] == [0.5, 0.5, 0.5]
    assert curves_in(profile_of(9, 18)) == ()
    assert curves_in(profile_of(1, 8).replace(b"curv", b"crv?")) == ()
    assert curves_in(b"") == ()


def test_a_profile_keeps_its_primaries_with_another_curve():
    """And greys need none then."""
    linear = profile_of(9, 8)
    changed = with_srgb_curves(linear)
    assert changed is not None
    assert {name: tags_of(changed)[name] for name in (b"rXYZ", b"gXYZ", b"bXYZ")} == {
        name: tags_of(linear)[name] for name in (b"rXYZ", b"gXYZ", b"bXYZ")
    }
    assert curves_in(changed)[0](0.5) == pytest.approx(srgb_light(0.5), abs=1e-3)
    assert with_srgb_curves(linear[:16] + b"GRAY" + linear[20:]) is None


def test_hdr_profiles_are_known_by_their_names():
    """Where they have no tag for it."""
    named = profile_of(9, 1).replace(b"BT.2020\0", b"2100 PQ\0")
    assert code_points_in(named) == (9, 16)
    assert code_points_in(named.replace(b"2100 PQ\0", b"2100HLG\0")) == (9, 18)
    assert code_points_in(named.replace(b"2100 PQ\0", b"2100 no\0")) is None
    assert code_points_in(profile_of(9, 1)) is None


@pytest.mark.parametrize("light", [0.0, 0.001, 0.2, 1.0])
def test_the_curve_of_srgb_goes_both_ways(light):
    """Outside of 0 to 1 it is cut off."""
    assert srgb_light(srgb_signal(light)) == pytest.approx(light, abs=1e-4)
    assert (srgb_signal(-1.0), round(srgb_signal(2.0), 6)) == (0.0, 1.0)
