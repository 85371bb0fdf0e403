"""The vision model behind Azure OpenAI, OpenAI or a compatible server (openai SDK).

The payload is built whole by the core, so the SDK only carries it: authentication, connection, time-out. It never
retries by itself: a wait belongs on the queue, where it is counted and survives a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx2
import openai

from shared.core.answer.error_reply import parse_error
from shared.core.answer.gate import parse_limits
from shared.core.answer.reply import filtered_reply
from shared.core.ask.payload import Payload
from shared.core.errors import ModelUnavailable
from shared.core.settings import Endpoint
from shared.pipeline.ports import Completion

CONNECT_TIMEOUT_S = 10.0
DATED_API_SCOPE = "https://cognitiveservices.azure.com/.default"
V1_API_SCOPE = "https://ai.azure.com/.default"

TokenProvider = Callable[[], str]


def connect(endpoint: Endpoint, *, timeout_s: float, tokens_for: Callable[[str], TokenProvider]) -> openai.OpenAI:
    """`tokens_for` gives a provider of Entra tokens for a scope; it is asked only when there is no key."""
    patience: dict[str, Any] = {"max_retries": 0, "timeout": httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)}
    if endpoint.kind == "azure" and endpoint.api_version is not None:
        credential: dict[str, Any] = (
            {"api_key": endpoint.api_key}
            if endpoint.api_key
            else {"azure_ad_token_provider": tokens_for(DATED_API_SCOPE)}
        )
        return openai.AzureOpenAI(
            azure_endpoint=endpoint.base_url, api_version=endpoint.api_version, **credential, **patience
        )
    return openai.OpenAI(base_url=endpoint.base_url, api_key=endpoint.api_key or tokens_for(V1_API_SCOPE), **patience)


class ChatModel:
    """The port `VisionModel` over one endpoint."""

    def __init__(self, client: openai.OpenAI, *, now: Callable[[], datetime]) -> None:
        self.client = client
        self.now = now

    def complete(self, payload: Payload) -> Completion:
        """The reply's JSON; text that is no JSON comes back as it is, for the core to refuse."""
        try:
            return completion(self.client.post(payload.url, body=payload.body, cast_to=httpx2.Response))
        except openai.APIStatusError as fault:
            body = content(fault.response)
            if filtered_reply(body) is not None:
                return completion(fault.response)  # a filtered prompt is an answer, with categories
            raise parse_error(fault.status_code, body, dict(fault.response.headers), now=self.now()) from fault
        except openai.OpenAIError as fault:
            raise translate(fault) from fault


def completion(response: httpx2.Response) -> Completion:
    return Completion(body=content(response), limits=parse_limits(response.headers))


def content(response: httpx2.Response) -> object:
    try:
        body: object = response.json()
    except (ValueError, RecursionError):  # no JSON, or lists in lists without end
        return response.text
    return body


def translate(fault: openai.OpenAIError) -> ModelUnavailable:
    """The SDK's errors without an answer, the most specific first."""
    if isinstance(fault, openai.APITimeoutError):
        return ModelUnavailable("the endpoint did not answer in time", code="timeout", hint="Raise MODEL_TIMEOUT_S.")
    if isinstance(fault, openai.APIConnectionError):
        if isinstance(fault.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout):
            return ModelUnavailable("the endpoint cannot be reached", code="unreachable", hint="Check its address.")
        return ModelUnavailable("the connection broke during the call", code="connection_lost", hint="It is retried.")
    return ModelUnavailable(f"the call failed ({type(fault).__name__})", code="call_failed", hint="See the SDK's docs.")
