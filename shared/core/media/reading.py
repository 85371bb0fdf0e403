"""What an engine reads in a picture: lines of text, their words, and things, each with its place and a number.

The places are polygons in fractions of the picture that the model gets, clockwise from the upper left corner of the
text's own direction. The numbers are given across all pictures of a question, so that an answer can cite them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

Point = tuple[float, float]
Polygon = tuple[Point, ...]

SAME_ROW = 0.5
"""Two lines stand in one row when their middles are closer than this part of the smaller height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    text: str
    polygon: Polygon


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as the engine saw it; `row` counts the rows of its picture from the top, `score` runs from 0 to 1."""

    text: str
    polygon: Polygon
    words: tuple[Word, ...] = ()
    score: float | None = None
    number: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """An object that a detector found and named."""

    name: str
    polygon: Polygon
    score: float | None = None
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that was read in one picture. `picture` is its index among those sent, `engine` the reader and its
    version.

    Width and height are those of the picture in pixels: only with them is a fraction a length.
    """

    picture: int
    engine: str
    width: int
    height: int
    lines: tuple[Line, ...] = ()
    things: tuple[Thing, ...] = ()


def numbered(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """The readings with their lines in reading order, rows told apart, lines and things numbered from 1 across all."""
    made: list[Reading] = []
    lines = things = 0
    for reading in readings:
        ordered = in_rows(reading)
        made.append(
            replace(
                reading,
                lines=tuple(replace(line, number=lines + index) for index, line in enumerate(ordered, 1)),
                things=tuple(replace(thing, number=things + index) for index, thing in enumerate(reading.things, 1)),
            )
        )
        lines, things = lines + len(ordered), things + len(reading.things)
    return tuple(made)


def in_rows(reading: Reading) -> list[Line]:
    """The lines from the top down and from the left in each row, whichever way the page is turned.

    An engine ends a line at every wide gap, so that the cells of a table's row come as lines of their own.
    """
    angle = median(map(reading_angle, pixels_of(reading))) if reading.lines else 0.0
    boxes = [upright_box(corners, angle) for corners in pixels_of(reading)]
    order = sorted(range(len(boxes)), key=lambda index: boxes[index][1] + boxes[index][3])
    rows: list[list[int]] = []
    for index in order:
        if rows and in_one_row(boxes[rows[-1][0]], boxes[index]):
            rows[-1].append(index)
        else:
            rows.append([index])
    return [
        replace(reading.lines[index], row=number)
        for number, row in enumerate(rows)
        for index in sorted(row, key=lambda index: boxes[index][0])
    ]


UprightBox = tuple[float, float, float, float]


def pixels_of(reading: Reading) -> list[Polygon]:
    return [tuple((x * reading.width, y * reading.height) for x, y in line.polygon) for line in reading.lines]


def reading_angle(corners: Polygon) -> float:
    """The direction in which the text runs, in radians; 0 from left to right."""
    (x0, y0), (x1, y1) = corners[0], corners[1]
    return math.atan2(y1 - y0, x1 - x0)


def upright_box(corners: Polygon, angle: float) -> UprightBox:
    """Left, top, right and bottom after turning the page so that text at this angle runs from left to right."""
    cos, sin = math.cos(-angle), math.sin(-angle)
    turned = [(x * cos - y * sin, x * sin + y * cos) for x, y in corners]
    return min(x for x, _ in turned), min(y for _, y in turned), max(x for x, _ in turned), max(y for _, y in turned)


def in_one_row(one: UprightBox, other: UprightBox) -> bool:
    middle = abs((one[1] + one[3]) - (other[1] + other[3])) / 2
    return middle < SAME_ROW * min(one[3] - one[1], other[3] - other[1])


def around(words: Sequence[Word]) -> Polygon:
    """The quadrilateral from the first word's beginning to the last word's end: slanted text keeps its slant."""
    first, last = words[0].polygon, words[-1].polygon
    return (first[0], last[1], last[2], first[3])
