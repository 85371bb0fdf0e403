"""Speech to text behind Azure OpenAI, OpenAI or a compatible server (openai SDK, audio/transcriptions)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import openai

from shared.adapters.chat_model import translate
from shared.core.answer.error_reply import parse_error
from shared.core.errors import ReplyMalformed
from shared.core.plain_json import json_or_text
from shared.core.settings import Endpoint
from shared.core.wire import as_objects, as_text
from shared.pipeline.ports import Said

WITH_TIMES = ("whisper",)  # the only models that say when something was said


def audio_endpoint(endpoint: Endpoint) -> Endpoint:
    """The endpoint with the base address from which the SDK builds the audio path itself; chat has whole addresses."""
    if endpoint.kind == "openai" or endpoint.api_version is not None:
        return endpoint
    resource = endpoint.base_url.rstrip("/").removesuffix("/v1").removesuffix("/openai")
    return replace(endpoint, base_url=f"{resource}/openai/v1")


class SdkTranscriber:
    """The port `Transcriber` over one deployment; the model behind it decides in which form it can answer."""

    def __init__(
        self, client: openai.OpenAI, *, deployment: str, model: str | None = None, now: Callable[[], datetime]
    ) -> None:
        self.client = client
        self.deployment = deployment
        self.model = model or deployment
        self.now = now

    def close(self) -> None:
        self.client.close()

    def transcribe(self, mp3: bytes) -> list[Said]:
        """What is said in the sound, with seconds where the model gives them. Raises as ChatModel.complete does."""
        form = "verbose_json" if self.model.startswith(WITH_TIMES) else "json"
        try:
            heard = self.client.audio.transcriptions.with_raw_response.create(
                model=self.deployment,
                file=("sound.mp3", mp3),
                response_format=form,  # type: ignore[call-overload]  # a literal at each call, says the SDK
            )
        except openai.APIStatusError as fault:
            headers, body = dict(fault.response.headers), json_or_text(fault.response.content)
            raise parse_error(fault.status_code, body, headers, now=self.now()) from fault
        except openai.OpenAIError as fault:
            raise translate(fault) from fault
        return said_in(json_or_text(heard.content))


def said_in(body: object) -> list[Said]:
    """The transcript's lines. Raises ReplyMalformed for what is not a transcript: paid for or not, there are no
    words.
    """
    if not isinstance(body, dict) or not ("text" in body or "segments" in body):
        raise ReplyMalformed("the endpoint's reply to the sound is not a transcript")
    said = [
        Said(at_s=moment(one.get("start")), text=as_text(one.get("text"))) for one in as_objects(body.get("segments"))
    ]
    return said or [Said(at_s=0.0, text=as_text(body.get("text")))]


def moment(value: Any) -> float:
    """Seconds from the piece's start; 0 for what is not a time."""
    return float(value) if isinstance(value, int | float) and 0 <= value < math.inf else 0.0
