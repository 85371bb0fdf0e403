"""What crosses the socket: a request, an answer, and the refusals in the two error dialects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

Dialect = Literal["azure", "openai"]
Operation = Literal["chat", "extensions", "responses", "input_tokens"]

JSON_TYPE = {"content-type": "application/json"}
OFFLINE_HEADER = {"x-visiondrop-offline": "describer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInRequest:
    """Header names are lower case; `received_at` is seconds since the epoch."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    received_at: float = 0.0

    @property
    def body_sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of the stand-in. `cut_after_bytes` closes the connection after that much of the body."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    delay_s: float = 0.0
    cut_after_bytes: int | None = None


class Refusal(Exception):
    """An answer that is an error. `code` None is what the service itself sends for some of them."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.status = status
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def to_answer(self) -> Answer:
        return json_answer({"error": self.document()}, status=self.status, headers=self.headers)

    def document(self) -> dict[str, Any]:
        # Azure's gateway answers 401, 404 and 429 with code and message alone; 400s come from behind it, in full.
        if self.code in GATEWAY_CODES:
            return {"code": self.code, "message": self.message}
        kind = "server_error" if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
        return {"message": self.message, "type": kind, "param": self.param, "code": self.code, **self.extra}


GATEWAY_CODES = {"401", "404", "429", "DeploymentNotFound"}


def json_answer(document: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status=status, body=body, headers={**JSON_TYPE, **OFFLINE_HEADER, **(headers or {})})


def unauthorized(dialect: Dialect) -> Refusal:
    if dialect == "azure":
        message = (
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
            "for an active subscription and use a correct regional API endpoint for your resource."
        )
        return Refusal(message, code="401", status=401)
    return Refusal("Incorrect API key provided.", code="invalid_api_key", status=401)


def resource_not_found() -> Refusal:
    return Refusal("Resource not found", code="404", status=404)


def deployment_not_found(dialect: Dialect, name: str) -> Refusal:
    if dialect == "azure":
        message = (
            "The API deployment for this resource does not exist. If you created the deployment within the last "
            "5 minutes, please wait a moment and try again."
        )
        return Refusal(message, code="DeploymentNotFound", status=404)
    message = f"The model `{name}` does not exist or you do not have access to it."
    return Refusal(message, code="model_not_found", status=404)


def throttled(dialect: Dialect, *, unit: Literal["token", "call"], retry_after: Mapping[str, str]) -> Refusal:
    """The refusal of a throttled request. `retry_after` is the header in whichever of its three spellings."""
    if dialect == "azure":
        message = (
            f"Requests to the ChatCompletions_Create Operation have exceeded {unit} rate limit of your current OpenAI "
            "S0 pricing tier. Please retry later."
        )
        return Refusal(message, code="429", status=429, headers=retry_after)
    message = f"Rate limit reached on {'tokens' if unit == 'token' else 'requests'} per min."
    return Refusal(message, code="rate_limit_exceeded", status=429, headers=retry_after)
