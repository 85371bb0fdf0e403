"""Pages in points have a size in pixels, and files have an end."""

from __future__ import annotations

import pytest

from shared.core.media.pdf import has_its_end, page_size

SIZES = [
    ((612, 792), (1700, 2200)),  # Letter
    ((595.276, 841.89), (1654, 2339)),  # A4
    ((2384, 3370), (6622, 9361)),  # A0
    ((14_400, 14_400), (10_000, 10_000)),
    ((14_400, 0.1), (10_000, 1)),
]


@pytest.mark.parametrize(("points", "pixels"), SIZES)
def test_pages_have_200_dots_per_inch_or_fewer(points, pixels):
    """Up to 10,000 pixels, and at least one."""
    assert page_size(*points) == pixels


ENDS = [(b"%PDF\n%%EOF", True), (b"%%EOF" + bytes(1019), True), (b"%%EOF\n" + bytes(5000), True), (b"%PDF-1.7", False)]


@pytest.mark.parametrize(("data", "is_whole"), ENDS)
def test_the_end_is_a_mark_before_padding(data, is_whole):
    """As viewers look for it, within the last kilobyte."""
    assert has_its_end(data) is is_whole
