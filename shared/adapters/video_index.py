"""The index of Azure AI Vision's Video Retrieval (REST, httpx2): no SDK ever had it.

Microsoft retired the service on 2025-06-30. An endpoint that does not have it any more is told apart from one that is
only down: the first ends the job with a hint at frames, the second is tried again.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import httpx2

from shared.adapters.capped_http import ReplyTooLarge, capped_client
from shared.core import limits
from shared.core.answer.error_reply import retry_after_s
from shared.core.ask.video_flow import API_VERSION, RETIRED_ON, USE_FRAMES, fault_of
from shared.core.errors import CapabilityMissing, ModelRefused, ModelUnavailable, ReplyMalformed
from shared.core.plain_json import json_or_text

TIMEOUT_S = 60.0
UNAUTHORIZED = {401, 403}
GONE = {404, 410}
CONFLICT = 409
BUSY = {408, 429}
SERVER_FAULT = 500


class VideoIndex:
    """The port `VideoIndexer`. `headers` is called for every request, since a token may have to be renewed."""

    def __init__(self, endpoint: str, headers: Callable[[], dict[str, str]], *, timeout_s: float = TIMEOUT_S) -> None:
        self.base = f"{endpoint.rstrip('/').removesuffix('/computervision')}/computervision/retrieval/indexes"
        self.headers = headers
        self.client = capped_client(endpoint, timeout_s=timeout_s)

    def close(self) -> None:
        """Close its connections; a functions worker keeps them for life."""
        self.client.close()

    def ensure_index(self, name: str, body: dict[str, Any]) -> None:
        """Create the index if it is not there. Raises CapabilityMissing where the service itself is gone, ModelRefused
        or ModelUnavailable.
        """
        response = self.send("PUT", f"/{name}", body)
        if code_of(response) == "AlreadyExists" or response.status_code == CONFLICT:
            return
        if response.status_code in GONE:
            raise retired(f"it answered {response.status_code}")
        self.check(response)

    def ingest(self, index: str, ingestion: str, body: dict[str, Any]) -> None:
        response = self.send("PUT", f"/{index}/ingestions/{ingestion}", body)
        if code_of(response) != "AlreadyExists" and response.status_code != CONFLICT:
            self.check(response)

    def ingestion(self, index: str, ingestion: str) -> object | None:
        """The state of an ingestion, as JSON; None where the index, or the ingestion in it, is not there yet."""
        response = self.send("GET", f"/{index}/ingestions/{ingestion}")
        if response.status_code in GONE:
            return None
        self.check(response)
        return json_of(response)

    def search(self, index: str, body: dict[str, Any]) -> object:
        response = self.send("POST", f"/{index}:queryByText", body)
        if response.status_code in GONE:
            raise retired(f"it has no index {index!r}")
        self.check(response)
        return json_of(response)

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx2.Response:
        """The service's answer of any status, read whole.

        Raises ModelUnavailable, CapabilityMissing or ReplyMalformed.
        """
        address, version = self.base + path, {"api-version": API_VERSION}
        try:
            return self.client.request(method, address, params=version, json=body, headers=self.headers())
        except (ReplyTooLarge, httpx2.DecodingError) as fault:
            message = f"the video index sent more than {limits.REPLY_BYTES.value:,} bytes, or what cannot be unpacked"
            raise ReplyMalformed(message) from fault
        except httpx2.TimeoutException as fault:
            raise ModelUnavailable("the video index did not answer in time", code="timeout") from fault
        except httpx2.TransportError as fault:
            if is_unknown_host(fault):
                raise retired("its address does not exist") from fault
            hint = "Check AZURE_VISION_ENDPOINT."
            raise ModelUnavailable("the video index cannot be reached", code="unreachable", hint=hint) from fault

    def check(self, response: httpx2.Response) -> None:
        """Check the response's status. Raises ModelUnavailable for a busy or failing service and for a wrong key,
        ModelRefused for other refusals.
        """
        status, said = response.status_code, fault_of(error_of(response)) or "no reason given"
        if status < 400:  # noqa: PLR2004  # the first status of a refusal
            return
        if status in BUSY or status >= SERVER_FAULT:
            raise ModelUnavailable(
                f"the video index answered {status}: {said}",
                code="unavailable",
                retry_after_s=retry_after_s(response.headers, said, now=None),
            )
        if status in UNAUTHORIZED:
            hint = "Check AZURE_VISION_KEY, or the identity's role Cognitive Services User."
            raise ModelUnavailable(f"the video index answered {status}", code="not_authorized", hint=hint)
        raise ModelRefused(f"the video index refused: {said}", code="index_refused", hint=USE_FRAMES)


def retired(why: str) -> CapabilityMissing:
    message = f"the video index is not there ({why}); Microsoft retired Video Retrieval on {RETIRED_ON}"
    return CapabilityMissing(message, hint=USE_FRAMES)


def is_unknown_host(fault: BaseException | None) -> bool:
    """Whether the address does not exist, by any fault in the chain of causes."""
    while fault is not None:
        if isinstance(fault, socket.gaierror) or "Name or service not known" in str(fault):
            return True
        fault = fault.__cause__ or fault.__context__
    return False


def error_of(response: httpx2.Response) -> object:
    body = json_of(response)
    return body.get("error") if isinstance(body, dict) else None


def code_of(response: httpx2.Response) -> str | None:
    error = error_of(response)
    return str(error.get("code")) if isinstance(error, dict) else None


def json_of(response: httpx2.Response) -> object:
    """The body as JSON; None where it is not JSON."""
    body = json_or_text(response.content)
    return None if isinstance(body, str) else body
