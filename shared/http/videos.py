"""POST videos/search: moments of the videos in the index that fit a text."""

from __future__ import annotations

from datetime import UTC, datetime

import azure.functions as func

from shared.core import limits
from shared.core.ask.fields import Field, Fields, choice, exact_text, flag, list_of, object_of, text, whole, zoned_time
from shared.core.ask.option_rows import FILE_OPTIONS
from shared.core.ask.video_flow import Search
from shared.http.replies import to_json
from shared.http.requests import check_object, read_fields
from shared.pipeline.ports import Services
from shared.pipeline.video_index import search_videos, to_document

USUAL_MOMENTS = 10
SEARCH_KINDS = ("vision", "speech")


SEARCH_FILTERS: Fields = {
    "folder": exact_text(most=limits.NAME_CHARACTERS.value, least=0, expected="the folder of an upload"),
    "camera_id": FILE_OPTIONS["camera_id"],
    "since": zoned_time(),
    "until": zoned_time(),
    "kinds": list_of(choice(SEARCH_KINDS), most=2, expected=f"a list of one or both of {', '.join(SEARCH_KINDS)}"),
}
SEARCH_FIELDS: Fields = {
    "query": text(most=limits.QUERY_CHARACTERS.value),
    "top": whole(1, limits.SEARCH_MOMENTS.value),
    "skip": whole(0, limits.SEARCH_SKIP.value),
    "dedup": flag(),
    "filters": Field(
        expected="an object", check=lambda value: isinstance(value, dict), schema=object_of(SEARCH_FILTERS)
    ),
}
USUAL_SEARCH = {"top": USUAL_MOMENTS, "skip": 0, "dedup": True}
"""What holds where the request does not say."""


def search(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    asked = USUAL_SEARCH | read_fields(request, SEARCH_FIELDS, ("query",))
    filters = check_object(asked.get("filters", {}), SEARCH_FILTERS, ())
    found = Search(
        text=asked["query"],
        top=asked["top"],
        skip=asked["skip"],
        dedup=asked["dedup"],
        folder=filters.get("folder"),
        camera_id=filters.get("camera_id"),
        since=in_utc(filters.get("since")),
        until=in_utc(filters.get("until")),
        kinds=tuple(filters.get("kinds", ())),
    )
    return to_json(200, {"moments": [to_document(hit) for hit in search_videos(services, found)]})


def in_utc(text: str | None) -> str | None:
    """The time in UTC and without a zone, as the index stores the times of its documents."""
    if text is None:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
