"""A request to an answer, without a socket: route, key, script, limits, question, answer, journal.

`App.respond` is plain and safe to call from several threads; delays and cuts are left to the server.
"""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local.chat_standin.audio import is_transcription, transcribe
from local.chat_standin.chat import answer
from local.chat_standin.faults import Effect
from local.chat_standin.journal import Journal, JournalEntry
from local.chat_standin.limits import RateLimiter
from local.chat_standin.question import CheckedRequest, read_body, read_question
from local.chat_standin.replies import Outcome, render
from local.chat_standin.routes import ChatRoute, dialect_of, find_route
from local.chat_standin.script import Script, parse_script
from local.chat_standin.wire import (
    Answer,
    Refusal,
    StandInRequest,
    deployment_not_found,
    json_answer,
    resource_not_found,
    throttled,
    unauthorized,
)
from shared.core.models.catalogue import look_up_model

CONTROL = "/_standin/"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInSettings:
    """How the stand-in behaves. `deployments` maps a deployment to its model and makes every other name a 404; empty:
    any name, `model`.

    `api_key` None takes any key, but there must be one. `ocr` False saves the half second that tesseract takes.
    `script` is JSON as script.py describes it.
    """

    model: str = "gpt-5.1"
    deployments: Mapping[str, str] = field(default_factory=dict)
    api_key: str | None = None
    latency_ms: float = 0.0
    max_images: int | None = None
    tokens_per_minute: int | None = None
    requests_per_minute: int | None = None
    ocr: bool = True
    script: object = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Visit:
    """What is learned about one request while it is answered, for the journal."""

    request: StandInRequest
    deployment: str = ""
    effect: Effect = field(default_factory=Effect)
    question: CheckedRequest | None = None
    outcome: Outcome | None = None
    limit_headers: dict[str, str] = field(default_factory=dict)
    error_code: str | None = None


class ChatApp:
    def __init__(self, settings: StandInSettings) -> None:
        for name in (settings.model, *settings.deployments.values()):
            look_up_model(name)  # an unknown model is an error now, not at the first request
        self.settings = settings
        self.script: Script = parse_script(settings.script)
        self.limits = RateLimiter(
            tokens_per_minute=settings.tokens_per_minute, requests_per_minute=settings.requests_per_minute
        )
        self.journal = Journal()

    def respond(self, request: StandInRequest) -> Answer:
        if request.path.startswith(CONTROL):
            return self.control(request)
        started = time.perf_counter()
        visit = Visit(request=request)
        try:
            reply = self.serve(visit)
        except Refusal as refusal:
            visit.error_code = refusal.code
            reply = refusal.to_answer()
        self.journal.add(to_entry(visit, reply, work_ms=(time.perf_counter() - started) * 1000))
        return replace(reply, headers={**reply.headers, **visit.limit_headers, **request_id_headers(request)})

    def serve(self, visit: Visit) -> Answer:
        request = visit.request
        route = find_route(request)
        self.check_key(request)
        if is_transcription(request):
            speech = ChatRoute(dialect=dialect_of(request.path), operation="chat")
            visit.effect = self.script.next_effect(request, speech, "")
            return visit.effect.instead or transcribe(request)
        if route is None:
            raise resource_not_found()
        body = read_body(request.body)
        visit.deployment = route.deployment or str(body.get("model", ""))
        model_name = self.model_of(visit.deployment, route)
        visit.effect = effect = self.script.next_effect(request, route, visit.deployment)
        delay_s = self.settings.latency_ms / 1000 + effect.delay_s
        if effect.instead is not None:
            return replace(effect.instead, delay_s=delay_s)
        model = look_up_model(model_name)
        max_images = self.settings.max_images or model.max_images
        visit.question = question = read_question(body, route=route, model=model, max_images=max_images)
        if route.operation == "input_tokens":
            return json_answer({"object": "response.input_tokens", "input_tokens": question.prompt_tokens})
        self.check_limits(visit, question)
        visit.outcome = answer(question, effect.change, ocr=self.settings.ocr)
        document = render(
            question, visit.outcome, request_id=request.body_sha256, created=math.floor(request.received_at)
        )
        return replace(json_answer(document), delay_s=delay_s, cut_after_bytes=effect.cut_after_bytes)

    def check_key(self, request: StandInRequest) -> None:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        key = request.headers.get("api-key") or bearer
        if not key or self.settings.api_key not in {None, key}:
            raise unauthorized(dialect_of(request.path))

    def model_of(self, deployment: str, route: ChatRoute) -> str:
        if not self.settings.deployments:
            return self.settings.model
        if deployment not in self.settings.deployments:
            raise deployment_not_found(route.dialect, deployment)
        return self.settings.deployments[deployment]

    def check_limits(self, visit: Visit, question: CheckedRequest) -> None:
        verdict = self.limits.admit(question.reserved_tokens, now=time.monotonic())
        visit.limit_headers = verdict.headers
        if verdict.retry_after_s is not None:
            retry_after = {
                "retry-after": str(math.ceil(verdict.retry_after_s)),
                "retry-after-ms": str(math.ceil(verdict.retry_after_s * 1000)),
            }
            raise throttled(question.route.dialect, unit=verdict.unit, retry_after=retry_after)

    def control(self, request: StandInRequest) -> Answer:
        """The answer to a control request of a test in another process: set the script, read and clear the journal."""
        match request.method, request.path.removeprefix(CONTROL):
            case "GET", "journal":
                return json_answer(self.journal.to_document())
            case "DELETE", "journal":
                self.journal.clear()
                return json_answer({"requests": 0})
            case "POST", "script":
                return self.set_script(request.body)
        return resource_not_found().to_answer()

    def set_script(self, body: bytes) -> Answer:
        try:
            self.script = parse_script(json.loads(body))
        except ValueError as error:
            return Refusal(str(error), code="invalid_script").to_answer()
        return json_answer({"steps": len(self.script.steps)})


def request_id_headers(request: StandInRequest) -> dict[str, str]:
    name = "apim-request-id" if dialect_of(request.path) == "azure" else "x-request-id"
    return {name: str(uuid.uuid4())}


def to_entry(visit: Visit, reply: Answer, *, work_ms: float) -> JournalEntry:
    request, pictures = visit.request, visit.question.pictures if visit.question else ()
    learned: dict[str, Any] = {}
    if visit.outcome:
        learned = {
            "completion_tokens": visit.outcome.completion_tokens,
            "finish_reason": visit.outcome.finish_reason,
        }
    return JournalEntry(
        method=request.method,
        path=request.path,
        api_version=request.query.get("api-version", ""),
        deployment=visit.deployment,
        status=reply.status,
        error_code=visit.error_code,
        fault=visit.effect.name,
        request_bytes=len(request.body),
        request_sha256=request.body_sha256,
        images=len(pictures),
        image_sha256=tuple(picture.sha256 for picture in pictures),
        image_sizes=tuple((picture.width, picture.height) for picture in pictures),
        details=tuple(picture.detail for picture in pictures),
        prompt_tokens=visit.question.prompt_tokens if visit.question else 0,
        client_retry=int(request.headers.get("x-stainless-retry-count") or 0),
        work_ms=round(work_ms, 1),
        **learned,
    )
