"""Which documents a search may find, and the best frame of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.video_index_standin.index import StoredVideo


def passes(document: StoredVideo, filters: Mapping[str, Any]) -> bool:
    texts = all(
        document.metadata.get(one["fieldName"].lower()) in one["values"] for one in filters.get("stringFilters", [])
    )
    return texts and all(within(document, one) for one in filters.get("datetimeFilters", []))


def within(document: StoredVideo, one: Mapping[str, Any]) -> bool:
    """Whether a document's time lies in the search's. Both are UTC; the index takes a blank where ISO 8601 has its
    T.
    """
    at = str(document.metadata.get(one["fieldName"].lower(), "")).replace(" ", "T").rstrip("Z")
    start_at, end_at = (str(one.get(name) or "").rstrip("Z") for name in ("startTime", "endTime"))
    return (not start_at or at >= start_at) and (not end_at or at <= end_at)


def best_per_document(found: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The most relevant moment of each video."""
    first: dict[str, dict[str, Any]] = {}
    for moment in found:
        first.setdefault(moment["documentId"], moment)
    return list(first.values())[:most]
