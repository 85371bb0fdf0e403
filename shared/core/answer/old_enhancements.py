"""`enhancements.grounding` as the documents of 2023 show it, for readers that were written for it.

One line holds the whole answer; its spans have lower-cased text, offsets in Unicode code points, and one polygon of
four points. Things of one name share one box, as they did.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.core.answer.regions import Region, Span
from shared.core.media.reading import Polygon

CORNERS = 4


def grounding_of(text: str, regions: Iterable[Region]) -> dict[str, Any]:
    """The block under `enhancements`: the answer as one line with a span for each part that has a place."""
    by_span: dict[tuple[int, int, str, Polygon], list[Region]] = {}
    for region in regions:
        if region.span is not None:
            line = region.polygon if region.kind == "ocr" else ()
            by_span.setdefault((region.span.offset, region.span.length, region.kind, line), []).append(region)
    spans = [old_span(text, found) for _, found in sorted(by_span.items())]
    return {"grounding": {"lines": [{"text": text, "spans": spans}], "status": "Success"}}


def old_span(text: str, regions: list[Region]) -> dict[str, Any]:
    span = regions[0].span or Span(offset=0, length=0)
    return {
        "text": text[span.offset : span.offset + span.length].lower(),
        "offset": span.offset,
        "length": span.length,
        "polygon": [{"x": x, "y": y} for x, y in one_box(regions)],
    }


def one_box(regions: list[Region]) -> tuple[tuple[float, float], ...]:
    """The region's polygon if there is one region with four corners; otherwise the upright box around all of them."""
    if len(regions) == 1 and len(regions[0].polygon) == CORNERS:
        return regions[0].polygon
    xs = [x for region in regions for x, _ in region.polygon]
    ys = [y for region in regions for _, y in region.polygon]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    return ((left, top), (right, top), (right, bottom), (left, bottom))
