"""Makes the shrunk picture sRGB by its colour profile. Profiles repeat, so their transforms are kept."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from itertools import product
from typing import cast

from PIL import Image, ImageChops, ImageCms

SENDABLE = {"L", "RGB", "YCbCr"}
MAX_PROFILE_BYTES = 4 * 1024 * 1024  # the largest printer profiles have 3 MB
ICC_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}
ICC_SPACE = slice(16, 20)  # of the header: what the profile converts from
GRID = 9
GRID_COLOURS = tuple(product(range(0, 256, 31), repeat=3))
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def to_srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """The picture in sRGB, as L, RGB or YCbCr. A profile that cannot be used is ignored."""
    source = image.convert("RGB") if icc_profile and is_told_as_rgb(image.mode, icc_profile) else image
    if icc_profile and source.mode in ICC_SPACES and (transform := icc_transform(icc_profile, source.mode)):
        in_place = source is not image  # nobody else's pixels
        return ImageCms.applyTransform(source, transform, inPlace=in_place) or source
    if image.mode == "LAB":
        lab = ImageCms.buildTransform(ImageCms.createProfile("LAB"), SRGB, "LAB", "RGB")
        return ImageCms.applyTransform(image, lab) or image
    return image if image.mode in SENDABLE else image.convert("RGB")


def is_told_as_rgb(mode: str, icc_profile: bytes) -> bool:
    """Whether the profile is applied in RGB: to YCbCr, and to greys that come with a profile of colours."""
    return mode == "YCbCr" or (mode == "L" and icc_profile[ICC_SPACE] == b"RGB ")


@lru_cache(maxsize=16)
def icc_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The transform to sRGB; None where nothing is to be done: the profile is sRGB itself, broken, or of another kind
    of picture.
    """
    if len(profile) > MAX_PROFILE_BYTES:
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space.strip() != ICC_SPACES[mode]:
            return None
        transform = ImageCms.buildTransform(source, SRGB, mode, "RGB")
        return None if mode == "RGB" and changes_nothing(transform) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether every colour of a coarse grid stays within one level: testing that is cheaper than converting each
    picture to itself.
    """
    grid = Image.frombytes("RGB", (GRID**2, GRID), bytes(channel for rgb in GRID_COLOURS for channel in rgb))
    converted = ImageCms.applyTransform(grid, transform)
    if converted is None:
        return False
    ranges = cast("tuple[tuple[int, int], ...]", ImageChops.difference(grid, converted).getextrema())
    return max(high for _, high in ranges) <= 1
