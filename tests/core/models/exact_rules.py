"""The published token rules written down a second time, word for word, in fractions and 60-digit decimals.

Slow and literal on purpose: it shares nothing with shared/core but the constants, which the tests pass in.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from fractions import Fraction
from math import ceil, floor

DIGITS = Context(prec=60, rounding=ROUND_FLOOR)


def nearest(value):
    return max(1, floor(value + Fraction(1, 2)))


def scaled_to(width, height, side):
    """Fit into a square, nearest pixel, never larger."""
    factor = min(Fraction(1), Fraction(side, max(width, height)))
    return nearest(width * factor), nearest(height * factor)


def tiles(width, height):
    width, height = scaled_to(width, height, 2048)
    factor = min(Fraction(1), Fraction(768, min(width, height)))
    width, height = floor(width * factor), floor(height * factor)
    return ceil(Fraction(width, 512)) * ceil(Fraction(height, 512))


def patches(width, height, max_side, budget):
    width, height = scaled_to(width, height, max_side)
    if budget is not None and count(width, height) > budget:
        width, height = fitted(width, height, budget)
    return count(width, height)


def count(width, height):
    return ceil(Fraction(width, 32)) * ceil(Fraction(height, 32))


def fitted(width, height, budget):
    """The guide's formula as it stands, with the square root taken to 60 digits.

    The largest true values under the floors are whole numbers; an irrational one cannot come within 1e-40 of a whole
    number for sides below 65,536, so a nudge of 1e-30 only restores the whole ones that 60 digits have cut.
    """
    nudge = Decimal("1e-30")
    with localcontext(DIGITS):
        w, h = Decimal(width), Decimal(height)
        s = (Decimal(1024 * budget) / (w * h)).sqrt()
        across, down = w * s / 32, h * s / 32
        a = s * min(floor(across + nudge) / across, floor(down + nudge) / down)
        return floor(w * a + nudge), floor(h * a + nudge)
