"""How large a page of a PDF is: pages are drawn, so that their size in pixels is chosen, never read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.core.models.image_grid import Size

POINTS_PER_INCH = 72
DOTS_PER_INCH = 200
"""What office scanners make, and services that show pages to models use; below, small print goes (docs/images.md)."""
LONGEST_SIDE = 10_000
"""Pixels. A0 has 9,362; the pixels of a longer page stay within the limit of pictures (core/limits.py)."""
END = b"%%EOF"
END_WITHIN = 1024  # bytes from the end, as viewers look for it
PADDING = b"\0\t\n\f\r "


def page_size(width_pt: float, height_pt: float) -> Size:
    """Width and height in pixels at 200 dots per inch, or at fewer where its longest side would pass LONGEST_SIDE."""
    scale = min(DOTS_PER_INCH / POINTS_PER_INCH, LONGEST_SIDE / max(width_pt, height_pt))
    return max(1, round(width_pt * scale)), max(1, round(height_pt * scale))


def has_its_end(data: bytes) -> bool:
    """Whether the mark is there that every PDF ends with, but for padding."""
    return END in data[-END_WITHIN:] or END in data[-2 * END_WITHIN * END_WITHIN :].rstrip(PADDING)[-END_WITHIN:]
