"""The video-index flow: put a video into an index of Azure AI Vision, wait until it is in, then ask about it.

The wire of Video Retrieval, api-version 2023-05-01-preview, and the decision what comes next, as values: a wait is a
delayed queue message, never a sleep. Microsoft retired the service on 2025-06-30 (docs/videos.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.core import limits
from shared.core.errors import OptionsInvalid, ReplyMalformed, SettingsInvalid
from shared.core.waits import backoff
from shared.core.wire import as_number, as_objects

API_VERSION = "2023-05-01-preview"
RETIRED_ON = "2025-06-30"
USE_FRAMES = "Use video = frames: the frames are sent as pictures with their times."

INDEX_NAME_FORM = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9])*")
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LONGEST_NAME = 24  # the index API takes longer ones, the chat API then does not find the document
INGESTION_CHARACTERS = 20

INDEX_FIRST_WAIT_S = 10.0
INDEX_LONGEST_WAIT_S = 120.0

RUNNING = frozenset({"notstarted", "running"})
SUCCEEDED = frozenset({"completed", "partiallysucceeded"})  # then each document says for itself

FIELDS = (("name", "string"), ("folder", "string"), ("cameraid", "string"), ("timestamp", "datetime"))
"""What a search can be narrowed by. In lower case: the service returns names that way, whatever was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFlow:
    """One video on its way into the index. `turns` counts the times it was looked at, `since_s` the seconds since it
    came.
    """

    index_name: str
    ingestion_name: str
    document_id: str
    turns: int = 0
    since_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    document_id: str
    succeeded: bool
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingestion:
    """An ingestion as the service reports it; `state` is in lower case, since the reference and the wire differ in
    it.
    """

    state: str
    fault: str = ""
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSubmit:
    """The next step where the index does not know the video yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """The next step where the video is in the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    code: str
    message: str


FlowStep = FlowSubmit | Wait | Ask | GiveUp


def flow_of(job_id: str, index_name: str, *, turns: int, since_s: float) -> IndexFlow:
    """The flow of one video. Its names come from the job, so that a turn after a crash finds what the one before has
    begun.
    """
    return IndexFlow(
        index_name=check_index_name(index_name),
        ingestion_name=f"job-{job_id[:INGESTION_CHARACTERS]}",
        document_id=job_id,
        turns=turns,
        since_s=since_s,
    )


def next_step(flow: IndexFlow, found: Ingestion | None) -> FlowStep:
    """What to do next: Submit, Wait, Ask or GiveUp. `found` is what the service says about the ingestion, None when it
    has none of that name.
    """
    if found is None:
        return FlowSubmit()
    if found.state in SUCCEEDED:
        return outcome(flow, found)
    if found.state in RUNNING and flow.since_s < limits.INDEX_PATIENCE_S.value:
        return Wait(seconds=wait_s(flow.turns))
    if found.state in RUNNING:
        return GiveUp(code="index_timeout", message=f"the index was not done after {flow.since_s / 3600:.1f} h")
    if found.state == "failed":
        return GiveUp(code="index_failed", message=f"the index failed: {found.fault or 'it does not say why'}")
    return GiveUp(code="index_failed", message=f"the index is in a state unknown here: {found.state[:40]!r}")


def outcome(flow: IndexFlow, found: Ingestion) -> FlowStep:
    """The last step of a completed ingestion: Ask, or GiveUp if it left this video out."""
    own = next((one for one in found.documents if one.document_id == flow.document_id), None)
    if own is None and found.state == "partiallysucceeded":
        return GiveUp(code="index_failed", message="the index left the video out and does not say why")
    if own is not None and not own.succeeded:
        return GiveUp(code="index_failed", message=f"the index left the video out: {own.fault or 'no reason given'}")
    return Ask()


def wait_s(turns: int) -> float:
    return backoff(turns - 1, first_s=INDEX_FIRST_WAIT_S, longest_s=INDEX_LONGEST_WAIT_S, factor=1.5)


def check_index_name(name: str) -> str:
    if GUID.fullmatch(name) or (INDEX_NAME_FORM.fullmatch(name) and len(name) <= LONGEST_NAME):
        return name
    fault = (
        f"VIDEO_INDEX_NAME has value {name[:60]!r}: expected at most {LONGEST_NAME} letters, digits and "
        "single hyphens between them, or a GUID"
    )
    raise SettingsInvalid((fault,))


# What is sent


def index_body() -> dict[str, Any]:
    fields = [{"name": name, "searchable": False, "filterable": True, "type": kind} for name, kind in FIELDS]
    return {"metadataSchema": {"fields": fields}, "features": [{"name": "vision"}, {"name": "speech"}]}


def ingestion_body(flow: IndexFlow, *, url: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    video = {
        "mode": "add",
        "documentId": flow.document_id,
        "documentUrl": url,
        "metadata": {name: metadata[name] for name, _ in FIELDS if name in metadata},
    }
    return {"videos": [video], "includeSpeechTranscript": True, "moderation": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search for moments. `kinds` are "vision" and "speech"; their relevances cannot be compared with each other."""

    text: str
    top: int = 10
    skip: int = 0
    name: str | None = None
    folder: str | None = None
    camera_id: str | None = None
    since: str | None = None
    until: str | None = None
    kinds: tuple[str, ...] = ()
    dedup: bool = True


def search_body(search: Search) -> dict[str, Any]:
    """The body of a search. The filters stand inside `filters`; the service has defaults for what is left out."""
    filters: dict[str, Any] = {}
    texts = {"name": search.name, "folder": search.folder, "cameraid": search.camera_id}
    equal = [{"fieldName": name, "values": [text]} for name, text in texts.items() if text is not None]
    if equal:
        filters["stringFilters"] = equal
    if search.since is not None or search.until is not None:
        times = {"startTime": search.since, "endTime": search.until}
        filters["datetimeFilters"] = [
            {"fieldName": "timestamp", **{name: at for name, at in times.items() if at is not None}}
        ]
    if search.kinds:
        filters["featureFilters"] = list(search.kinds)
    body: dict[str, Any] = {"queryText": search.text, "top": search.top, "skip": search.skip, "dedup": search.dedup}
    return body | ({"filters": filters} if filters else {})


# What comes back


def parse_ingestion(body: object) -> Ingestion:
    if not isinstance(body, dict) or not isinstance(body.get("state"), str):
        raise ReplyMalformed("the video index's reply describes no ingestion")
    return Ingestion(
        state=body["state"].lower(),
        fault=fault_of(body.get("error")),
        documents=tuple(map(parse_document, as_objects(body.get("fileStatusDetails")))),
    )


def parse_document(body: Mapping[str, Any]) -> Document:
    return Document(
        document_id=str(body.get("documentId", "")),
        succeeded=body.get("succeeded") is True,
        fault=fault_of(body.get("error")),
    )


def fault_of(error: object) -> str:
    """The codes and messages of an error, from the outermost to the innermost, however the inner ones are spelled."""
    said: list[str] = []
    while isinstance(error, dict):
        said.append(": ".join(str(error[name]) for name in ("code", "message") if error.get(name)))
        details = error.get("details")
        inner = error.get("innererror") or error.get("innerError")
        error = inner or (details[0] if isinstance(details, list) and details else None)
    return "; ".join(part for part in said if part)[:500]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    document_id: str
    start_s: float
    end_s: float
    best_s: float
    relevance: float
    kind: str


MOMENT_KINDS = {"videoframe": "vision", "video": "vision", "speechtextsegment": "speech"}


def parse_moments(body: object) -> tuple[Moment, ...]:
    rows: Sequence[Any] | None = body.get("value") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise ReplyMalformed("the video index's reply to a search has no list of moments")
    return tuple(parse_moment(row) for row in rows if isinstance(row, dict))


def parse_moment(row: Mapping[str, Any]) -> Moment:
    kind = str(row.get("documentKind", ""))
    start_s = seconds(row.get("start"))
    return Moment(
        document_id=str(row.get("documentId", "")),
        start_s=start_s,
        end_s=seconds(row.get("end"), start_s),
        best_s=seconds(row.get("best"), start_s),
        relevance=as_number(row.get("relevance")),
        kind=MOMENT_KINDS.get(kind.lower(), kind),
    )


def seconds(text: object, default: float = 0.0) -> float:
    """The seconds in "hh:mm:ss" with up to nine fractional digits, rounded to milliseconds; `default` for anything
    else.
    """
    match = (
        re.fullmatch(r"([0-9]{1,5}):([0-9]{2}):([0-9]{2}(?:\.[0-9]{1,9})?)", text) if isinstance(text, str) else None
    )
    if match is None:
        return default
    return round(int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]), 3)


def check_search(search: Search) -> None:
    for field, value, least, most in (
        ("top", search.top, 1, limits.SEARCH_MOMENTS.value),
        ("skip", search.skip, 0, limits.SEARCH_SKIP.value),
    ):
        if not least <= value <= most:
            raise OptionsInvalid(f"{field} is {value}", field=field, hint=f"Give {least} to {most}.")
    unknown = [kind for kind in search.kinds if kind not in {"vision", "speech"}]
    if unknown:
        raise OptionsInvalid(f"kinds has {unknown[0][:40]!r}", field="kinds", hint='Give "vision", "speech" or both.')
