"""What the stand-in keeps: indexes, their ingestions with the service's states, and the documents in them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.video_index_standin.frames import SeenFrame
from shared.core.errors import VisiondropError

READERS = Callable[[str], list[SeenFrame]]
MODELS = {"vision": "2023-05-31", "speech": "2023-06-30"}
GOOD_RELEVANCE = 0.24  # of a frame that shows what was asked for, as recorded from the service
WORDS = re.compile(r"[a-z]+")


@dataclass(slots=True, kw_only=True)
class StoredVideo:
    document_id: str
    url: str
    metadata: dict[str, Any]
    frames: list[SeenFrame] = field(default_factory=list)
    fault: str = ""


@dataclass(slots=True, kw_only=True)
class StoredIngestion:
    """An ingestion. Each look at it brings it a step on; it is done after `polls_left` more."""

    name: str
    documents: list[StoredVideo]
    polls_left: int
    created: str
    state: str = "Running"
    work: threading.Thread | None = None
    broken: bool = False


@dataclass(slots=True, kw_only=True)
class Index:
    name: str
    schema: dict[str, Any]
    features: list[dict[str, Any]]
    user_data: Any
    created: str
    ingestions: dict[str, StoredIngestion] = field(default_factory=dict)

    @property
    def documents(self) -> list[StoredVideo]:
        """The documents that are in the index: of completed ingestions, without fault."""
        done = [one for one in self.ingestions.values() if one.state in {"Completed", "PartiallySucceeded"}]
        return [document for one in done for document in one.documents if not document.fault]


def now() -> str:
    """The time in UTC with seven fractional digits, as the service writes it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def start(documents: list[StoredVideo], read: READERS) -> threading.Thread:
    def look_at_all() -> None:
        for document in documents:
            look(document, read)

    thread = threading.Thread(target=look_at_all, daemon=True)
    thread.start()
    return thread


def look(document: StoredVideo, read: READERS) -> None:
    try:
        document.frames = read(document.url)
    except VisiondropError as error:
        document.fault = error.message


def advance(ingestion: StoredIngestion) -> None:
    """Bring an ingestion a step on: it is still running, or its documents have an outcome."""
    if ingestion.state not in {"NotStarted", "Running"}:
        return
    if ingestion.polls_left > 0:
        ingestion.polls_left -= 1
        ingestion.state = "Running"
        return
    if ingestion.work is not None:
        ingestion.work.join()
    faults = [document for document in ingestion.documents if document.fault]
    if ingestion.broken or len(faults) == len(ingestion.documents):
        ingestion.state = "Failed"
    else:
        ingestion.state = "PartiallySucceeded" if faults else "Completed"


def index_document(index: Index) -> dict[str, Any]:
    features = [
        {"name": one["name"], "modelVersion": MODELS[one["name"]], "domain": one.get("domain", "generic")}
        for one in index.features
    ]
    fields = [{**one, "name": one["name"].lower()} for one in index.schema.get("fields", [])]
    return {
        "name": index.name,
        "metadataSchema": {"language": index.schema.get("language", "en"), "fields": fields},
        "userData": index.user_data,
        "features": features,
        "eTag": f'"{index.created}"',
        "createdDateTime": index.created,
        "lastModifiedDateTime": index.created,
    }


def ingestion_document(ingestion: StoredIngestion) -> dict[str, Any]:
    """The ingestion as the service shows it. File details come once it is done; the error stands inside a good
    answer.
    """
    body: dict[str, Any] = {
        "name": ingestion.name,
        "state": ingestion.state,
        "batchName": ingestion.name.ljust(32, "0"),
        "createdDateTime": ingestion.created,
        "lastModifiedDateTime": now(),
    }
    if ingestion.state == "Failed":
        details = [{"code": "OutputResultWriteFailed", "message": "An unexpected error was encountered."}]
        body["error"] = {"code": "FailedToProcessBatch", "message": "Failed to process the batch.", "details": details}
    if ingestion.state not in {"NotStarted", "Running"}:
        body["fileStatusDetails"] = [file_status(document) for document in ingestion.documents]
    return body


def file_status(document: StoredVideo) -> dict[str, Any]:
    status: dict[str, Any] = {
        "lastUpdateTime": now(),
        "documentId": document.document_id,
        "documentUrl": document.url.partition("?")[0],
        "succeeded": not document.fault,
    }
    if document.fault:
        inner = {"code": "UnsupportedMedia", "message": document.fault}
        status["error"] = {"code": "InvalidVideo", "message": "The video could not be read.", "innerError": inner}
    return status


def stored_document(document: StoredVideo) -> dict[str, Any]:
    """The document as the service shows it, with its address without the SAS."""
    return {
        "documentId": document.document_id,
        "documentUrl": document.url.partition("?")[0],
        "metadata": document.metadata,
    }


def rank(documents: list[StoredVideo], text: str) -> list[dict[str, Any]]:
    """The frames by how much of them has a colour that the text names, best first; all are equal if it names none."""
    wanted = set(WORDS.findall(text.lower()))
    found = [(score(frame, wanted), document, frame) for document in documents for frame in document.frames]
    found.sort(key=lambda row: -row[0])
    return [
        {
            "documentId": document.document_id,
            "documentKind": "VideoFrame",
            "start": clock(frame.at_s),
            "end": clock(frame.until_s),
            "best": clock(frame.at_s),
            "relevance": round(GOOD_RELEVANCE * share, 4),
            "additionalMetadata": {},
        }
        for share, document, frame in found
    ]


def score(frame: SeenFrame, wanted: set[str]) -> float:
    return sum(share for name, share in frame.colours.items() if set(name.split()) <= wanted)


def clock(at_s: float) -> str:
    whole = int(at_s)
    text = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    fraction = round((at_s - whole) * 10_000_000)
    return f"{text}.{fraction:07}" if fraction else text
