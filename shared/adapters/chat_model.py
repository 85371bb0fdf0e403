"""The vision model behind Azure OpenAI, OpenAI or a compatible server (openai SDK).

The payload is built whole by the core, so the SDK only carries it: authentication and addresses. It never retries by
itself: a wait belongs on the queue, where it is counted and survives a restart. capped_http.py bounds what comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx2
import openai

from shared.adapters.capped_http import ReplyTooLarge, capped_client
from shared.core import limits
from shared.core.answer.error_reply import parse_error
from shared.core.answer.rate_limits import parse_rate_limits
from shared.core.answer.reply import filtered_reply
from shared.core.ask.payload import Payload
from shared.core.errors import ModelUnavailable, ReplyMalformed
from shared.core.plain_json import json_or_text
from shared.core.settings import Endpoint
from shared.pipeline.ports import Completion

DATED_API_SCOPE = "https://cognitiveservices.azure.com/.default"
V1_API_SCOPE = "https://ai.azure.com/.default"

TokenProvider = Callable[[], str]


def connect(endpoint: Endpoint, *, timeout_s: float, tokens_for: Callable[[str], TokenProvider]) -> openai.OpenAI:
    """The SDK's client for this endpoint, whose calls take `timeout_s` at most from their first byte to their last.

    `tokens_for` gives a provider of Entra tokens for a scope; it is asked only when there is no key.
    """
    carried: dict[str, Any] = {"max_retries": 0, "http_client": capped_client(endpoint.base_url, timeout_s=timeout_s)}
    if endpoint.kind == "azure" and endpoint.api_version is not None:
        credential: dict[str, Any] = (
            {"api_key": endpoint.api_key}
            if endpoint.api_key
            else {"azure_ad_token_provider": tokens_for(DATED_API_SCOPE)}
        )
        return openai.AzureOpenAI(
            azure_endpoint=endpoint.base_url, api_version=endpoint.api_version, **credential, **carried
        )
    return openai.OpenAI(base_url=endpoint.base_url, api_key=endpoint.api_key or tokens_for(V1_API_SCOPE), **carried)


class ChatModel:
    """The port `VisionModel` over one endpoint."""

    def __init__(self, client: openai.OpenAI, *, now: Callable[[], datetime]) -> None:
        self.client = client
        self.now = now

    def complete(self, payload: Payload) -> Completion:
        """The reply's JSON; text that is not JSON is returned as it is, for the core to refuse.

        Raises ModelRefused or ModelUnavailable, and ReplyMalformed for a reply that is too large or cannot be
        unpacked.
        """
        try:
            return completion(self.client.post(payload.url, body=payload.body, cast_to=httpx2.Response))
        except openai.APIStatusError as fault:
            body = json_or_text(fault.response.content)
            if filtered_reply(body) is not None:
                return completion(fault.response)  # a filtered prompt is an answer, with categories
            raise parse_error(fault.status_code, body, dict(fault.response.headers), now=self.now()) from fault
        except openai.OpenAIError as fault:
            raise translate(fault) from fault


def completion(response: httpx2.Response) -> Completion:
    return Completion(body=json_or_text(response.content), limits=parse_rate_limits(response.headers))


def translate(fault: openai.OpenAIError) -> ModelUnavailable | ReplyMalformed:
    """Our error for an error of the SDK without an answer, the most specific first. All but an address that cannot be
    reached may have been paid for.
    """
    cause = fault.__cause__
    if isinstance(fault, openai.APITimeoutError):
        return ModelUnavailable("the endpoint did not answer in time", code="timeout", hint="Raise MODEL_TIMEOUT_S.")
    if isinstance(cause, ReplyTooLarge):
        return ReplyMalformed(
            f"the endpoint's reply is longer than {limits.REPLY_BYTES.value:,} bytes; the rest was not read"
        )
    if isinstance(cause, httpx2.DecodingError):
        return ReplyMalformed("the endpoint's reply cannot be unpacked (its Content-Encoding)")
    if isinstance(fault, openai.APIConnectionError):
        if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
            return ModelUnavailable("the endpoint cannot be reached", code="unreachable", hint="Check its address.")
        return ModelUnavailable("the connection broke during the call", code="connection_lost", hint="It is retried.")
    return ModelUnavailable(f"the call failed ({type(fault).__name__})", code="call_failed", hint="See the SDK's docs.")
