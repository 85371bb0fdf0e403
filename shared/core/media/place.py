"""Where a part of a page stands on it, as results store it and as the model is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePlace:
    """Where a picture stands on its page, in fractions of the page's width and height. Tile `number` of `of`, from 1 in
    reading order; 0 is the whole page, of which `of` tiles follow.
    """

    number: int
    of: int
    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


def words_of_place(place: PagePlace) -> str:
    """What is said before the picture: "Part 2 of 5: from 18 % to 41 % of the height"."""
    if not place.number:
        return f"The whole picture, small; {place.of} larger parts of it follow"
    across, down = stretch(place.left, place.right, "width"), stretch(place.top, place.bottom, "height")
    return f"Part {place.number} of {place.of}: {', '.join(filter(None, (down, across)))}"


def stretch(start: float, end: float, what: str) -> str:
    return "" if (start, end) == (0, 1) else f"from {start:.0%} to {end:.0%} of the {what}".replace("%", " %")
