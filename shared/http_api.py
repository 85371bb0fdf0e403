"""HTTP in and out: requests to use cases, jobs to documents, errors to one JSON shape."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import azure.functions as func

from shared.core.errors import VisiondropError
from shared.core.job import TERMINAL, Job, document
from shared.pipeline.health import check
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Services
from shared.wiring import services

log = logging.getLogger("visiondrop")

RETRY_AFTER_S = 2  # a picture is answered within seconds; a video says so itself


def respond(use_case: Callable[[Services], func.HttpResponse]) -> func.HttpResponse:
    """Every outcome as HTTP; an unforeseen error is logged by type and answered without detail."""
    try:
        return use_case(services())
    except VisiondropError as error:
        return refuse(error)


def result_of(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    return answer(look_up(services, request.route_params.get("name", "")))


def answer(job: Job) -> func.HttpResponse:
    """200 when the job has ended, 202 with Retry-After while it has not."""
    if job.state in TERMINAL:
        return to_json(200, document(job))
    return to_json(202, document(job), {"Retry-After": str(RETRY_AFTER_S)})


def health(services: Services) -> func.HttpResponse:
    checks = check(services)
    healthy = all(found == "ok" for found in checks.values())
    return to_json(200 if healthy else 503, {"status": "ok" if healthy else "unhealthy", "checks": checks})


def refuse(error: VisiondropError) -> func.HttpResponse:
    if error.status_code >= 500:  # noqa: PLR2004  # the service's faults are the operator's business
        log.error("%s: %s", error.code, error.message)
    body = {"code": error.code, "message": error.message, "hint": error.hint}
    headers = {"Retry-After": str(RETRY_AFTER_S)} if error.retryable else {}
    return to_json(error.status_code, {"error": body}, headers)


def to_json(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> func.HttpResponse:
    text = json.dumps(body, ensure_ascii=False)
    common = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return func.HttpResponse(
        text, status_code=status, headers=common | (headers or {}), mimetype="application/json", charset="utf-8"
    )
