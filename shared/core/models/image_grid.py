"""The integer arithmetic under the token rules: how a service shrinks a picture before it counts tiles or patches.

All of it is exact: sides are integers, every division says how it rounds, and the one square root of the published
formula cancels out (see `fit_budget`). Nothing here ever enlarges, and no side gets shorter than 1 pixel.
Used by tokens.py, which knows which rule is whose.
"""

from __future__ import annotations

from math import isqrt

Size = tuple[int, int]


def ceil_div(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def cells(size: Size, side: int) -> int:
    """How many squares of `side` pixels cover the picture, partial ones included."""
    return ceil_div(size[0], side) * ceil_div(size[1], side)


def fit_side(size: Size, limit: int) -> Size:
    """The size, shrunk so that the longer side is at most `limit` pixels; the other side rounds to nearest, halves
    up.

    Measured, not documented: 2049x513 is billed as 2048x513 and 2050x513 as 2048x512, which neither floor nor ceil nor
    unrounded sides explain (S13). Nobody has measured an exact half; up can only overestimate.
    """
    longest = max(size)
    if longest <= limit:
        return size
    width, height = (max(1, (2 * side * limit + longest) // (2 * longest)) for side in size)
    return width, height


def fit_short_side(size: Size, limit: int) -> Size:
    """The size, shrunk so that the shorter side is at most `limit` pixels; the other side rounds down (S2, and
    measured).
    """
    shortest = min(size)
    if shortest <= limit:
        return size
    width, height = (side * limit // shortest for side in size)
    return width, height


def fit_budget(size: Size, budget: int, side: int) -> Size:
    """Shrink so that at most `budget` patches of `side` pixels cover the picture.

    The guide (S1) prints, "keep full precision until calculating the final dimensions":

        s = sqrt(side² · budget / (w · h))
        a = s · min(floor(w·s/side) / (w·s/side), floor(h·s/side) / (h·s/side));    new size = floor(w·a) x floor(h·a)

    Both floors are whole patches: floor(w·s/side) = floor(sqrt(w·budget/h)), which is isqrt(w·budget // h) exactly.
    With them s cancels: a = min(columns·side/w, rows·side/h), a fraction. The side that decides becomes a whole number
    of patches, and the other one is a plain floor division.

    It cannot enlarge: a >= 1 needs columns·side >= w and rows·side >= h, so columns·rows would cover the picture
    within the budget (columns·rows <= budget), and then nothing is shrunk.
    """
    if cells(size, side) <= budget:
        return size
    width, height = size
    columns = isqrt(width * budget // height)
    rows = isqrt(height * budget // width)
    if columns * height <= rows * width:
        return columns * side, columns * side * height // width
    return rows * side * width // height, rows * side
