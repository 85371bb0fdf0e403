"""POST videos/search: moments of the videos in the index that fit a text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import azure.functions as func

from shared.core import limits
from shared.core.ask.options import is_text, is_time
from shared.core.ask.video_flow import Search
from shared.http.replies import to_json
from shared.http.requests import Fields, check_object, is_list_of, is_whole, read_fields
from shared.pipeline.ports import Services
from shared.pipeline.video_index import search_videos, to_document

USUAL_MOMENTS = 10
SEARCH_KINDS = ("vision", "speech")


def is_query(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= limits.QUERY_CHARACTERS.value


FIELDS: Fields = {
    "query": (f"text of 1 to {limits.QUERY_CHARACTERS.value} characters", is_query),
    "top": (f"a whole number from 1 to {limits.SEARCH_MOMENTS.value}", is_whole(1, limits.SEARCH_MOMENTS.value)),
    "skip": (f"a whole number from 0 to {limits.SEARCH_SKIP.value}", is_whole(0, limits.SEARCH_SKIP.value)),
    "dedup": ("true or false", lambda value: isinstance(value, bool)),
    "filters": ("an object", lambda value: isinstance(value, dict)),
}
FILTERS: Fields = {
    "folder": (
        "the folder of an upload",
        lambda value: isinstance(value, str) and len(value) <= limits.NAME_CHARACTERS.value,
    ),
    "camera_id": ("the option camera_id of an upload", is_text(limits.CAMERA_CHARACTERS.value)),
    "since": ("a time with its zone, such as 2026-01-31T00:00:00Z", is_time),
    "until": ("a time with its zone, such as 2026-01-31T00:00:00Z", is_time),
    "kinds": (f"a list of {', '.join(SEARCH_KINDS)}", is_list_of(lambda value: value in SEARCH_KINDS, most=2)),
}


def search(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    asked = read_fields(request, FIELDS, ("query",))
    filters = check_object(asked.get("filters", {}), FILTERS, ())
    found = Search(
        text=asked["query"].strip(),
        top=asked.get("top", USUAL_MOMENTS),
        skip=asked.get("skip", 0),
        dedup=asked.get("dedup", True),
        folder=filters.get("folder"),
        camera_id=stripped(filters.get("camera_id")),
        since=in_utc(filters.get("since")),
        until=in_utc(filters.get("until")),
        kinds=tuple(filters.get("kinds", ())),
    )
    return to_json(200, {"moments": [to_document(hit) for hit in search_videos(services, found)]})


def stripped(text: str | None) -> str | None:
    """As options are kept."""
    return text.strip() if text else None


def in_utc(text: str | None) -> str | None:
    """As the index has its times: those of the documents have no zone and are UTC."""
    if text is None:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
