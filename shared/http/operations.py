"""The table of operations behind openapi.json: method, path, parameters, body and what each status means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared.core import limits
from shared.core.jobs.job import State
from shared.http.estimates import ESTIMATE_FIELDS
from shared.http.lists import LISTED_KINDS, USUAL_PAGE
from shared.http.questions import ASK_FIELDS, RERUN_FIELDS
from shared.http.requests import ID, NAME_FIELD
from shared.http.shapes import Schema, header, in_path, json_body, one_of, query, whole
from shared.http.uploads import TICKET_FIELDS
from shared.http.videos import SEARCH_FIELDS, USUAL_SEARCH

ANY_FILE = "*/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One route of the API. `replies` maps a status to a schema's name (JSON), ANY_FILE, or None for no body; 400 and
    503 are always there.
    """

    name: str
    method: str
    path: str
    summary: str
    parameters: tuple[Schema, ...] = ()
    body: Schema | None = None
    replies: Mapping[int, str | None] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()
    anonymous: bool = False


WAIT = query(
    "wait", whole(0, limits.HTTP_WAIT_S.value, default=0), "hold the request until the job has ended, for seconds"
)
JOB_ID_PARAMETER = in_path("job_id", ID.schema)
OTHER_ID = in_path("other_id", ID.schema)
NAMED = in_path("name", NAME_FIELD.schema)
BY_NAME = query("name", NAME_FIELD.schema, "instead of the path, for names that a path cannot carry") | {
    "required": True
}
IF_NONE_MATCH = header("If-None-Match", {"type": "string"})
RANGE = header("Range", {"type": "string"}, "one range of bytes")
KEY = header(
    "Idempotency-Key",
    {"type": "string", "pattern": f"^[!-~]{{1,{limits.IDEMPOTENCY_KEY_CHARACTERS.value}}}$"},
    "another key asks anew",
)
NAMED_IN_QUERY = ("uploads/{name}", "media/{name}", "originals/{name}")
FOUND: dict[int, str | None] = {200: "Document", 202: "Document", 304: None}
ASKED_REPLIES: dict[int, str | None] = {200: "Document", 202: "Document"}
FILE_REPLIES: dict[int, str | None] = {200: ANY_FILE, 206: ANY_FILE, 304: None}

LIST_PARAMETERS = (
    query("name", NAME_FIELD.schema, "look one upload up, as GET results/{name}; goes together with wait only"),
    WAIT,
    query("prefix", {"type": "string"}, "names that begin so"),
    query("q", {"type": "string"}, "text in the name or in the beginning of the answer"),
    query("state", {"type": "string"}, f"with commas: pending, {', '.join(State)}"),
    query("kind", one_of(LISTED_KINDS)),
    query("since", {"type": "string", "format": "date-time"}, "created then or later"),
    query("limit", whole(1, limits.PAGE_RESULTS.value, default=USUAL_PAGE)),
    query("cursor", {"type": "string"}, "the former page's"),
    IF_NONE_MATCH,
)

NAMED_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="listResults",
        method="get",
        path="results",
        summary="Jobs, newest first; with name, the newest answer for that upload",
        parameters=LIST_PARAMETERS,
        replies={200: "ListOrDocument", 202: "Document", 304: None},
        refusals=(404,),
    ),
    Operation(
        name="getResult",
        method="get",
        path="results/{name}",
        summary="The newest answer for an upload",
        parameters=(NAMED, WAIT, IF_NONE_MATCH),
        replies=FOUND,
        refusals=(404,),
    ),
    Operation(
        name="getJob",
        method="get",
        path="jobs/{job_id}",
        summary="A job's document",
        parameters=(JOB_ID_PARAMETER, WAIT, IF_NONE_MATCH),
        replies=FOUND,
        refusals=(404,),
    ),
    Operation(
        name="getRelated",
        method="get",
        path="jobs/{job_id}/related",
        summary="All jobs about the same upload, newest first",
        parameters=(JOB_ID_PARAMETER, IF_NONE_MATCH),
        replies={200: "Related", 304: None},
        refusals=(404,),
    ),
    Operation(
        name="compareJobs",
        method="get",
        path="jobs/{job_id}/compare/{other_id}",
        summary="Two answers side by side",
        parameters=(JOB_ID_PARAMETER, OTHER_ID, IF_NONE_MATCH),
        replies={200: "Comparison", 304: None},
        refusals=(404,),
    ),
    Operation(
        name="rerunJob",
        method="post",
        path="jobs/{job_id}/rerun",
        summary="The same question with other options",
        parameters=(JOB_ID_PARAMETER, WAIT, KEY),
        body=json_body(RERUN_FIELDS),
        replies=ASKED_REPLIES,
        refusals=(404, 409, 413, 422),
    ),
    Operation(
        name="ask",
        method="post",
        path="ask",
        summary="Ask about stored pictures, or go on with an answer",
        parameters=(WAIT, KEY),
        body=json_body(ASK_FIELDS, required=("prompt",), oneOf=[{"required": ["sources"]}, {"required": ["job_id"]}]),
        replies=ASKED_REPLIES,
        refusals=(404, 409, 413, 422),
    ),
    Operation(
        name="estimate",
        method="post",
        path="estimate",
        summary="Tokens and dollars before spending",
        body=json_body(
            ESTIMATE_FIELDS,
            oneOf=[
                {"required": ["width", "height"], "properties": {"name": False}},
                {"required": ["name"], "properties": {"width": False, "height": False}},
            ],
        ),
        replies={200: "Estimate"},
        refusals=(404, 413, 422),
    ),
    Operation(
        name="searchVideos",
        method="post",
        path="videos/search",
        summary="Moments in the videos of the index that fit a text",
        body=json_body(SEARCH_FIELDS, required=("query",), usual=USUAL_SEARCH),
        replies={200: "Moments"},
        refusals=(413, 422),
    ),
    Operation(
        name="getCosts",
        method="get",
        path="costs",
        summary="Spend per day and model",
        parameters=(
            query("from", {"type": "string", "format": "date"}, "the first day"),
            query("to", {"type": "string", "format": "date"}, "the last day, included"),
        ),
        replies={200: "Costs"},
    ),
    Operation(
        name="putUpload",
        method="put",
        path="uploads/{name}",
        summary="Upload a picture, a video or a _vision.toml",
        parameters=(NAMED, header("If-None-Match", {"type": "string"}, "*: do not replace")),
        body={"required": True, "content": {"application/octet-stream": {"schema": {}}}},
        replies={201: "Kept"},
        refusals=(412, 413, 415),
    ),
    Operation(
        name="makeTicket",
        method="post",
        path="uploads",
        summary="An address that can create one upload",
        body=json_body(TICKET_FIELDS, required=("name",)),
        replies={201: "Ticket"},
        refusals=(412, 413),
    ),
    Operation(
        name="getMedia",
        method="get",
        path="media/{name}",
        summary="A picture as the model got to see it",
        parameters=(NAMED, query("thumb", one_of(["1"]), "a small JPEG"), RANGE, IF_NONE_MATCH),
        replies=FILE_REPLIES,
        refusals=(404, 413, 415, 416),
    ),
    Operation(
        name="getOriginal",
        method="get",
        path="originals/{name}",
        summary="An upload",
        parameters=(NAMED, RANGE, IF_NONE_MATCH),
        replies=FILE_REPLIES,
        refusals=(404, 413, 416),
    ),
    Operation(
        name="health",
        method="get",
        path="health",
        summary="Is it up, and what can it not reach",
        replies={200: "Health", 503: "Health"},
        anonymous=True,
    ),
    Operation(
        name="getContract",
        method="get",
        path="openapi.json",
        summary="This document",
        parameters=(IF_NONE_MATCH,),
        replies={200: "Contract", 304: None},
        anonymous=True,
    ),
)


def by_query(operation: Operation) -> Operation:
    """The same operation with the name in the query. `GET results` takes it beside its filters."""
    return replace(
        operation,
        name=f"{operation.name}ByName",
        path=operation.path.removesuffix("/{name}"),
        parameters=(BY_NAME, *(parameter for parameter in operation.parameters if parameter is not NAMED)),
    )


OPERATIONS = (
    *NAMED_OPERATIONS,
    *(by_query(operation) for operation in NAMED_OPERATIONS if operation.path in NAMED_IN_QUERY),
)
