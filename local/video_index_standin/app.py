"""Requests to answers, without a socket: key, version, route, and the errors that the service gives."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.video_index_standin.found import best_per_document, passes
from local.video_index_standin.frames import read_frames
from local.video_index_standin.index import (
    READERS,
    Index,
    StoredIngestion,
    StoredVideo,
    advance,
    index_document,
    ingestion_document,
    now,
    rank,
    start,
    stored_document,
)

ROOT = "/computervision/retrieval/indexes"
VERSIONS = ("2023-01-15-preview", "2023-05-01-preview")
NAME = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,35}")
FEATURES = {"vision", "speech"}
PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReply:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRequest:
    query: Mapping[str, str]
    body: Any


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reply = IndexReply(
            status=status, body={"error": {"code": code, "message": message}}, headers=headers or {}
        )


@dataclass(slots=True, kw_only=True)
class PlayedFault:
    """Answers the next `times` requests whose method is `method` (any, if empty)."""

    status: int
    code: str = "InternalServerError"
    method: str = ""
    times: int = 1
    retry_after_s: int | None = None


class IndexApp:
    """The stand-in's answers. `polls` is how often an ingestion is still running when looked at; `camel` writes states
    in lower camel case.
    """

    def __init__(
        self,
        *,
        key: str | None = None,
        polls: int = 1,
        camel: bool = False,
        retired: bool = False,
        read: READERS = read_frames,
    ) -> None:
        self.key, self.polls, self.camel, self.retired, self.read = key, polls, camel, retired, read
        self.indexes: dict[str, Index] = {}
        self.faults: list[PlayedFault] = []
        self.fail_ingestions = False
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.RLock()

    def respond(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> IndexReply:
        with self.lock:
            self.requests.append((method, path))
            try:
                self.play_faults(method)
                return self.route(method, path, query, headers, body)
            except Refused as refused:
                return refused.reply

    def play_faults(self, method: str) -> None:
        for fault in self.faults:
            if fault.times > 0 and fault.method in {"", method}:
                fault.times -= 1
                wait = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
                raise Refused(fault.status, fault.code, "A fault that the test asked for.", wait)

    def route(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> IndexReply:
        if self.retired or not path.startswith(ROOT):
            raise Refused(404, "404", "Resource not found")
        key = headers.get("ocp-apim-subscription-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if not key or self.key not in {None, key}:
            raise Refused(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.")
        if query.get("api-version") not in VERSIONS:
            raise Refused(400, "InvalidRequest", "The api-version is missing or not supported.")
        for shape, handlers in self.routes().items():
            match = re.fullmatch(shape, path.removeprefix(ROOT))
            if match and method in handlers:
                return handlers[method](IndexRequest(query=query, body=parse(body)), *match.groups())
        raise Refused(404, "NotFound", "There is no such operation.")

    def routes(self) -> dict[str, dict[str, Callable[..., IndexReply]]]:
        name = r"([^/:]+)"
        return {
            r"": {"GET": self.list_indexes},
            rf"/{name}": {
                "PUT": self.put_index,
                "GET": self.get_index,
                "PATCH": self.patch_index,
                "DELETE": self.delete_index,
            },
            rf"/{name}/ingestions": {"GET": self.list_ingestions},
            rf"/{name}/ingestions/{name}": {"PUT": self.put_ingestion, "GET": self.get_ingestion},
            rf"/{name}/documents": {"GET": self.list_documents},
            rf"/{name}:queryByText": {"POST": self.search},
        }

    # Indexes

    def list_indexes(self, asked: IndexRequest) -> IndexReply:
        return page([index_document(index) for index in self.indexes.values()], asked.query, ROOT)

    def put_index(self, asked: IndexRequest, name: str) -> IndexReply:
        if not NAME.fullmatch(name):
            raise Refused(400, "InvalidRequest", "Value for indexName is invalid.")
        if name in self.indexes:
            raise Refused(409, "AlreadyExists", "The index exists already.")
        features = asked.body.get("features") or [{"name": "vision"}]
        if any(not isinstance(one, dict) or one.get("name") not in FEATURES for one in features):
            raise Refused(400, "InvalidRequest", "Value for features is invalid.")
        index = Index(
            name=name,
            schema=asked.body.get("metadataSchema") or {},
            features=features,
            user_data=asked.body.get("userData"),
            created=now(),
        )
        self.indexes[name] = index
        return IndexReply(status=201, body=index_document(index))

    def get_index(self, _: IndexRequest, name: str) -> IndexReply:
        return IndexReply(status=200, body=index_document(self.index(name)))

    def patch_index(self, asked: IndexRequest, name: str) -> IndexReply:
        index = self.index(name)
        index.schema = asked.body.get("metadataSchema", index.schema)
        index.user_data = asked.body.get("userData", index.user_data)
        return IndexReply(status=200, body=index_document(index))

    def delete_index(self, _: IndexRequest, name: str) -> IndexReply:
        self.index(name)
        del self.indexes[name]
        return IndexReply(status=204)

    def index(self, name: str) -> Index:
        if name not in self.indexes:
            raise Refused(404, "NotFound", f"The index {name} does not exist.")
        return self.indexes[name]

    # Ingestions and documents

    def put_ingestion(self, asked: IndexRequest, index: str, name: str) -> IndexReply:
        held = self.index(index)
        if name in held.ingestions:
            raise Refused(409, "AlreadyExists", "The ingestion exists already.")
        videos = asked.body.get("videos")
        if not isinstance(videos, list) or not videos:
            raise Refused(400, "InvalidRequest", "Value for videos is invalid.")
        documents = [read_video(video, held) for video in videos]
        ingestion = StoredIngestion(
            name=name,
            documents=documents,
            polls_left=self.polls,
            created=now(),
            work=start(documents, self.read),
            broken=self.fail_ingestions,
        )
        held.ingestions[name] = ingestion
        return IndexReply(status=202, body=self.shown(ingestion))

    def get_ingestion(self, _: IndexRequest, index: str, name: str) -> IndexReply:
        ingestion = self.index(index).ingestions.get(name)
        if ingestion is None:
            raise Refused(404, "NotFound", f"The ingestion {name} does not exist.")
        advance(ingestion)
        return IndexReply(status=200, body=self.shown(ingestion))

    def list_ingestions(self, asked: IndexRequest, index: str) -> IndexReply:
        ingestions = self.index(index).ingestions.values()
        return page([self.shown(one) for one in ingestions], asked.query, f"{ROOT}/{index}/ingestions")

    def list_documents(self, asked: IndexRequest, index: str) -> IndexReply:
        documents = [stored_document(one) for one in self.index(index).documents]
        return page(documents, asked.query, f"{ROOT}/{index}/documents")

    def shown(self, ingestion: StoredIngestion) -> dict[str, Any]:
        body = ingestion_document(ingestion)
        state = body["state"]
        return body | {"state": state[0].lower() + state[1:] if self.camel else state}

    # Search

    def search(self, asked: IndexRequest, index: str) -> IndexReply:
        held, text = self.index(index), asked.body.get("queryText")
        if not isinstance(text, str) or not text.strip():
            raise Refused(400, "InvalidRequest", "Value for queryText is invalid.")
        filters = asked.body.get("filters") or {}
        documents = [one for one in held.documents if passes(one, filters)]
        found = [] if filters.get("featureFilters") == ["speech"] else rank(documents, text)
        if asked.body.get("dedup"):
            found = best_per_document(found, asked.body.get("dedupMaxDocumentCount") or 1000)
        skip, top = int(asked.body.get("skip") or 0), int(asked.body.get("top") or 50)
        return IndexReply(status=200, body={"value": found[skip : skip + top]})


def parse(body: bytes) -> Any:
    try:
        value = json.loads(body) if body else {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refused(400, "InvalidRequest", "The body is not valid JSON.")
    return value


def read_video(video: Any, index: Index) -> StoredVideo:
    if not isinstance(video, dict) or video.get("mode") not in {"add", "update", "remove"}:
        raise Refused(400, "InvalidRequest", "Value for mode is invalid.")
    if not str(video.get("documentUrl", "")).startswith(("http://", "https://")):
        raise Refused(400, "InvalidRequest", "Value for documentUrl is invalid.")
    known = {one["name"].lower() for one in index.schema.get("fields", [])}
    metadata = {name.lower(): value for name, value in (video.get("metadata") or {}).items()}
    if set(metadata) - known:
        raise Refused(400, "InvalidRequest", "Value for metadata is invalid.")
    return StoredVideo(document_id=str(video.get("documentId")), url=video["documentUrl"], metadata=metadata)


def page(rows: list[Any], query: Mapping[str, str], path: str) -> IndexReply:
    skip, top = int(query.get("$skip", 0)), int(query.get("$top", PAGE))
    body: dict[str, Any] = {"value": rows[skip : skip + top]}
    if skip + top < len(rows):
        body["nextLink"] = f"{path}?$skip={skip + top}&$top={top}&api-version={query['api-version']}"
    return IndexReply(status=200, body=body)
