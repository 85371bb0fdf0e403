"""Places in the picture that a reply points at: the Vision enhancements' polygons, in fractions of width and height.

Samples: `choices[].enhancements.grounding.lines[].spans[].polygon`; x and y run from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from shared.core.wire import as_object, as_objects, as_text

REGION_KINDS: dict[str, Literal["object", "ocr"]] = {"grounding": "object", "ocr": "ocr"}
SMALLEST_POLYGON = 3

Method = Literal["exact", "typed", "fuzzy", "id", "model"]
"""How a region was found: the same words; the same number or date in another form; nearly the same words; an id that
the answer names; the model's own word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of the answer's text, counted in Unicode code points."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A place in the picture. `text` is its label or the line that was read; the polygon's points are (x, y) from 0 to
    1.
    """

    text: str
    kind: Literal["ocr", "object"]
    polygon: tuple[tuple[float, float], ...]
    picture: int = 0
    span: Span | None = None
    field: str | None = None
    method: Method | None = None
    engine: str | None = None
    score: float | None = None


def parse_regions(enhancements: Any) -> tuple[Region, ...]:
    """The regions in a reply. A line without spans (OCR) is a region itself; what has no readable polygon is left
    out.
    """
    named = as_object(enhancements)
    return tuple(
        Region(text=as_text(place.get("text")), kind=kind, polygon=polygon)
        for name, kind in REGION_KINDS.items()
        for line in as_objects(as_object(named.get(name)).get("lines"))
        for place in as_objects(line.get("spans")) or (line,)
        if len(polygon := parse_polygon(place.get("polygon"))) >= SMALLEST_POLYGON
    )


def parse_polygon(points: Any) -> tuple[tuple[float, float], ...]:
    return tuple((fraction(point.get("x")), fraction(point.get("y"))) for point in as_objects(points))


def fraction(value: Any) -> float:
    """The coordinate, from 0 to 1. Rounding at the service can give 1.0000001, which lies on the edge; JSON may hold
    more than a float can.
    """
    return float(min(1, max(0, value))) if isinstance(value, int | float) else 0.0
