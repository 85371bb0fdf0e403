"""The colour profile of a picture: the one in the file, also where Pillow does not look, or one that is made here.

HEIC and AVIF describe colours by code points (nclx), PNG by cICP, or by gAMA and cHRM; HDR is described in no other
way. The profile goes where Pillow keeps profiles, so that all pictures are converted by the same step
(pixels/colour.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.core.media import bmp, boxes, png
from shared.core.media.colour_space import space_of_code_points
from shared.core.media.icc import code_points_in, icc_profile_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from shared.core.media.colour_space import ColourSpace
    from shared.core.media.kinds import Kind

BY_PROFILE = "the colours of its profile"
EMBEDDED: dict[str, Callable[[bytes], bytes | None]] = {"jp2": boxes.jp2_profile, "bmp": bmp.profile}
TOLD: dict[str, Callable[[bytes], ColourSpace | None]] = {
    "png": png.colour_space,
    "apng": png.colour_space,
    "avif": lambda data: space_of_code_points(*boxes.code_points(data)),
}


def keep_profile(image: Image.Image, kind: Kind, data: bytes) -> None:
    """Set `icc_profile` of the picture's `info`, and `colours`: what it is converted from, in words."""
    profile = profile_in(image, kind, data)
    space = hdr_in(profile) if profile else space_told(image, kind, data)
    profile = icc_profile_of(space) if space else profile
    image.info["icc_profile"] = profile
    if profile:
        image.info["colours"] = space.words if space else BY_PROFILE


def profile_in(image: Image.Image, kind: Kind, data: bytes) -> bytes | None:
    """The ICC profile in the file; None without one, or where something stronger is there: PNG's code points (third
    edition, 4.3).
    """
    if kind.format in {"png", "apng"} and png.find_chunk(data, b"cICP"):
        return None
    elsewhere = EMBEDDED.get(kind.format)
    profile: bytes | None = image.info.get("icc_profile") or (elsewhere and elsewhere(data))
    return profile


def hdr_in(profile: bytes) -> ColourSpace | None:
    """The space of HDR that a profile stands for, None for any other profile: used as a profile, it would cut off the
    lights.
    """
    points = code_points_in(profile)
    space = space_of_code_points(*points) if points else None
    return space if space and space.is_hdr else None


def space_told(image: Image.Image, kind: Kind, data: bytes) -> ColourSpace | None:
    if kind.format == "heic" and (nclx := image.info.get("nclx_profile")):
        return space_of_code_points(nclx["color_primaries"], nclx["transfer_characteristics"])
    told = TOLD.get(kind.format)
    return told(data) if told else None
