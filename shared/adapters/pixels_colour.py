"""Makes any pixel layout plain sRGB: wide samples to 8 bit, palettes and transparency over white, ICC profiles to sRGB.

Called on the picture at its sent size where that is equal, since colour conversion costs by the pixel.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from itertools import product
from typing import cast

from PIL import Image, ImageChops, ImageCms

WHITE = (255, 255, 255)
WIDE_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
SIXTEEN_BIT_MAX = 65_535
MAX_PROFILE_BYTES = 4 * 1024 * 1024  # the largest printer profiles have 3 MB
ICC_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}
GRID = 9
GRID_COLOURS = tuple(product(range(0, 256, 31), repeat=3))
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def to_resizable(image: Image.Image) -> Image.Image:
    """A layout that can be averaged: palettes and bits cannot."""
    if image.mode in WIDE_MODES:
        return to_eight_bits(image)
    if image.mode == "1":
        return image.convert("L")
    if image.mode in {"P", "PA"} or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Scaled by the samples' range: that of 16 bits, 0..1 for floating point, or their extremes where they leave it."""
    image = image.convert("F")
    low, high = cast("tuple[float, float]", image.getextrema())
    top = 1.0 if high <= 1 else SIXTEEN_BIT_MAX
    low, high = (0.0, top) if low >= 0 and high <= top else (low, high)
    scale = 255.0 / ((high - low) or 1.0)
    return image.point(lambda value: value * scale - low * scale).convert("L")


def to_srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """RGB or L in sRGB, transparency laid over white first. A profile that cannot be used is ignored."""
    image = flatten_alpha(image)
    if icc_profile and image.mode in ICC_SPACES and (transform := icc_transform(icc_profile, image.mode)):
        return ImageCms.applyTransform(image, transform) or image
    if image.mode == "LAB":
        lab = ImageCms.buildTransform(ImageCms.createProfile("LAB"), SRGB, "LAB", "RGB")
        return ImageCms.applyTransform(image, lab) or image
    return image if image.mode in {"RGB", "L"} else image.convert("RGB")


def flatten_alpha(image: Image.Image) -> Image.Image:
    if image.mode == "LA":
        image = image.convert("RGBA")
    if image.mode not in {"RGBA", "RGBa"}:
        return image
    image = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, WHITE)
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


@lru_cache(maxsize=16)
def icc_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None where nothing is to be done: the profile is sRGB itself, broken, or of another kind of picture."""
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
    """Whether every colour of a coarse grid stays within one step: cheaper than converting each picture to itself."""
    grid = Image.frombytes("RGB", (GRID**2, GRID), bytes(channel for rgb in GRID_COLOURS for channel in rgb))
    converted = ImageCms.applyTransform(grid, transform)
    if converted is None:
        return False
    ranges = cast("tuple[tuple[int, int], ...]", ImageChops.difference(grid, converted).getextrema())
    return max(high for _, high in ranges) <= 1
