"""The text of flat pages: how large it is, measured in their pixels, and the tiles that show it unshrunk.

core/media/tiles.py says where to cut. A page is decoded once for all of its tiles.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from shared.adapters.pixels.content import flat_share

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_PAPER_SHARE = 0.35  # densely printed pages have this much, photos 0.2 at most
STRIP_PX = 200  # columns of text that stand beside each other have lines of their own
EDGE_LEVELS = 32  # from pixel to pixel: JPEG's ringing is weaker
LEAST_EDGES = 6  # in the busiest row of a line of text, 200 pixels wide: three letters
LINE_HEIGHTS_PX = range(5, 201)
LEAST_LINES = 12  # fewer are a caption or the parts of a drawing
SMALL_SHARE = 0.2  # what a fifth of the lines has counts: the body of a page, not its headings
LINE_SPREAD = 1.4  # lines without descenders are lower by a third
LINE_OF_EM = 0.94  # from the top of b to the bottom of p


def measure_em(page: Image.Image) -> float:
    """The em of the page's small text, in pixels; 0 where it is no flat page, or has hardly any text."""
    luma = page.getchannel(0) if page.mode == "YCbCr" else page.convert("L")
    if min(luma.size) <= STRIP_PX // 4 or flat_share(luma) < LEAST_PAPER_SHARE:
        return 0.0
    heights = sorted(line_heights(luma))
    if len(heights) < LEAST_LINES:
        return 0.0
    small = heights[int(len(heights) * SMALL_SHARE)]
    alike = [height for height in heights if small <= height <= small * LINE_SPREAD]
    return alike[len(alike) * 9 // 10] / LINE_OF_EM


def line_heights(luma: Image.Image) -> Iterator[int]:
    """Of stretches of rows with strokes in them, strip by strip, between rows with none."""
    strip = min(STRIP_PX, luma.width - 1)
    count = (luma.width - 1) // strip
    rows = strokes(luma, count * strip).reduce((strip, 1)).tobytes()
    for column in range(count):
        profile = rows[column::count]
        rules = sorted(profile)[len(profile) // 10]  # vertical rules, which cross every row
        for is_line, stretch in groupby(profile, (rules + 1).__lt__):
            found = list(stretch)
            busiest = (max(found) - rules) * strip / 255
            if is_line and len(found) in LINE_HEIGHTS_PX and busiest >= LEAST_EDGES * strip / STRIP_PX:
                yield len(found)


def strokes(luma: Image.Image, width: int) -> Image.Image:
    """White where a pixel differs clearly from its left neighbour."""
    left, right = (luma.crop((start, 0, start + width, luma.height)) for start in (0, 1))
    return ImageChops.difference(left, right).point(lambda levels: 255 if levels >= EDGE_LEVELS else 0)
