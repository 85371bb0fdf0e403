"""Photo or flat graphics, told by the pixels: photos are sent as JPEG, and may be shrunk as only JPEG forgives."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_FLAT_SHARE = 0.5
"""Share of pixels equal to their left neighbour: photos have 0.02 to 0.2, screenshots and drawings 0.6 and up."""

LEAST_LEVELS = 16
FEW_COLOURS = 16  # of dithered scans and icons; even a dark grey photo has more


def is_flat(image: Image.Image) -> bool:
    return flat_share(image) >= LEAST_FLAT_SHARE or image.getcolors(FEW_COLOURS) is not None


def flat_share(image: Image.Image) -> float:
    """How flat the picture is, from 0 for noise to 1 for one colour."""
    width, height = image.size
    if width == 1:
        return 1.0
    luma = image.getchannel(0) if image.mode == "YCbCr" else image.convert("L")
    left, right = luma.crop((0, 0, width - 1, height)), luma.crop((1, 0, width, height))
    return ImageChops.difference(left, right).histogram()[0] / ((width - 1) * height)


def notes_on(image: Image.Image) -> Iterator[str]:
    """What a reader of the answer should know about the picture: an answer about an even sheet is about nothing."""
    extrema = cast("tuple[tuple[int, int], ...]", image.getextrema())
    ranges = extrema if len(image.getbands()) > 1 else (extrema,)
    levels = max(high - low for low, high in cast("tuple[tuple[int, int], ...]", ranges))
    if levels < LEAST_LEVELS:
        yield f"hardly anything can be seen: it has {levels + 1} of 256 levels of brightness and colour"
