"""Which operation a path names, in which dialect, for which deployment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.chat_standin.wire import Dialect, Operation, StandInRequest

# /extensions/ left the API with 2024-02-15-preview; enhancements exist in 2023-12-01-preview only.
EXTENSIONS_API_VERSION = "2023-12-01-preview"

DEPLOYMENT_PATH = re.compile(r"/openai/deployments/([^/]+)/((?:extensions/)?chat/completions)")
DATED_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
V1_PREFIXES: dict[str, Dialect] = {"/openai/v1/": "azure", "/v1/": "openai"}
V1_OPERATIONS: dict[str, Operation] = {
    "chat/completions": "chat",
    "responses": "responses",
    "responses/input_tokens": "input_tokens",
}
V1_ROUTES = {
    prefix + path: (dialect, operation)
    for prefix, dialect in V1_PREFIXES.items()
    for path, operation in V1_OPERATIONS.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRoute:
    """What a path names. `deployment` is None on the v1 paths, where the body's `model` names it."""

    dialect: Dialect
    operation: Operation
    deployment: str | None = None


def find_route(request: StandInRequest) -> ChatRoute | None:
    if request.method != "POST":
        return None
    if request.path in V1_ROUTES:
        dialect, operation = V1_ROUTES[request.path]
        return ChatRoute(dialect=dialect, operation=operation)
    return find_deployment_route(request)


def find_deployment_route(request: StandInRequest) -> ChatRoute | None:
    match = DEPLOYMENT_PATH.fullmatch(request.path)
    version = request.query.get("api-version", "")
    if match is None or not DATED_VERSION.fullmatch(version):
        return None
    operation: Operation = "extensions" if match[2].startswith("extensions/") else "chat"
    if operation == "extensions" and version != EXTENSIONS_API_VERSION:
        return None
    return ChatRoute(dialect="azure", operation=operation, deployment=match[1])


def dialect_of(path: str) -> Dialect:
    return "openai" if path.startswith("/v1/") else "azure"
