"""The result document: everything a job has learned so far, as stored in `results/` and returned by HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from shared.core.ask.question import Exchange
from shared.core.errors import VisiondropError

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The upload: where it is and, as far as its bytes have been read, what it is. Sizes in pixels, upright."""

    container: str
    name: str
    etag: str
    bytes: int
    content_type: str | None = None
    sha256: str | None = None
    kind: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    orientation: int | None = None
    frames: int | None = None
    duration_s: float | None = None
    codec: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedModel:
    """The model that was asked: `name` says whose rules and prices hold; `api` is the API's version ("v1" or a
    date).
    """

    name: str
    deployment: str
    endpoint: str
    api: str
    answered_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a job failed or waits."""

    code: str
    message: str
    hint: str
    retryable: bool

    @classmethod
    def of(cls, error: VisiondropError) -> Fault:
        return cls(code=error.code, message=error.message, hint=error.hint, retryable=error.retryable)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginJob:
    """A job that this one asks about, and the name of its upload."""

    job_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a job came from that was asked for by HTTP: the jobs whose pictures it is about, and the turns before
    it.
    """

    kind: Literal["ask", "follow_up", "rerun"]
    jobs: tuple[OriginJob, ...]
    turns: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How long a job took, in milliseconds: in accept, in the queue, in the model call, from drop to result."""

    accept_ms: int | None = None
    queue_ms: int | None = None
    model_ms: int | None = None
    total_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was done to the file and why, in plain sentences; figures for programs."""

    steps: tuple[str, ...] = ()
    facts: dict[str, Any] | None = None
