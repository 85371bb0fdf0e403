"""What goes out: JSON with a common set of headers, errors in one shape, 304 for what the caller has already."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import azure.functions as func

from shared.core.errors import ModelUnavailable, OptionsInvalid, RangeInvalid, VisiondropError
from shared.core.waits import to_retry_after
from shared.pipeline.ports import Services
from shared.wiring import services

log = logging.getLogger("visiondrop")

RETRY_AFTER_S = 2.0  # storage that is slow is back within seconds, and a person waits
ETAG_CHARACTERS = 32
LOWEST_SERVER_FAULT = 500
COMMON = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


async def respond(use_case: Callable[[Services], func.HttpResponse]) -> func.HttpResponse:
    """The use case's reply, made in a thread of the event loop: the worker's own few threads may all be busy with jobs,
    and people would wait for them.
    """
    return await asyncio.to_thread(translate, use_case)


def translate(use_case: Callable[[Services], func.HttpResponse]) -> func.HttpResponse:
    try:
        return use_case(services())
    except VisiondropError as error:
        return refuse(error)


async def respond_later(use_case: Callable[[Services], Awaitable[func.HttpResponse]]) -> func.HttpResponse:
    try:
        return await use_case(services())
    except VisiondropError as error:
        return refuse(error)


def refuse(error: VisiondropError) -> func.HttpResponse:
    if error.status_code >= LOWEST_SERVER_FAULT:  # the service's faults are the operator's business
        log.error("%s: %s", error.code, error.message)
    body = {"code": error.code, "message": error.message, "hint": error.hint}
    if isinstance(error, OptionsInvalid):
        body["field"] = error.field
    headers = {"Retry-After": to_retry_after(retry_after_s(error))} if error.retryable else {}
    if isinstance(error, RangeInvalid):
        headers["Content-Range"] = f"bytes */{error.total_bytes}"
    return to_json(error.status_code, {"error": body}, headers)


def retry_after_s(error: VisiondropError) -> float:
    """Seconds after which the caller may try again: what the model's endpoint asked for, else RETRY_AFTER_S."""
    asked_s = error.retry_after_s if isinstance(error, ModelUnavailable) else None
    return RETRY_AFTER_S if asked_s is None else asked_s


def to_json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    return func.HttpResponse(
        to_bytes(body), status_code=status, headers={**COMMON, **(headers or {})}, mimetype="application/json"
    )


def to_bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def to_cacheable_json(
    request: func.HttpRequest, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """JSON with an entity tag; 304 without a body for a caller who has it already: it asks often while work goes on,
    and little changes.
    """
    etag = f'"{hashlib.sha256(to_bytes(body)).hexdigest()[:ETAG_CHARACTERS]}"'
    tagged = {**(headers or {}), "ETag": etag, "Cache-Control": "private, no-cache"}
    if has_already(request, etag):
        return func.HttpResponse(status_code=304, headers={**COMMON, **tagged})
    return to_json(status, body, tagged)


def has_already(request: func.HttpRequest, etag: str) -> bool:
    """Whether If-None-Match names this entity tag, by weak comparison (RFC 9110, 13.1.2)."""
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return etag in known or known == ["*"]
