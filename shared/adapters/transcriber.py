"""Speech to text behind Azure OpenAI, OpenAI or a compatible server (openai SDK, audio/transcriptions)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import openai

from shared.adapters.chat_model import content, translate
from shared.core.answer.error_reply import parse_error
from shared.core.settings import Endpoint
from shared.pipeline.ports import Said

WITH_TIMES = ("whisper",)  # the only models that say when something was said


def audio_endpoint(endpoint: Endpoint) -> Endpoint:
    """The SDK builds this path itself, so it needs the base that the chat's whole addresses do without."""
    if endpoint.kind == "openai" or endpoint.api_version is not None:
        return endpoint
    resource = endpoint.base_url.rstrip("/").removesuffix("/v1").removesuffix("/openai")
    return replace(endpoint, base_url=f"{resource}/openai/v1")


class SdkTranscriber:
    """The port `Transcriber` over one deployment."""

    def __init__(self, client: openai.OpenAI, *, deployment: str, now: Callable[[], datetime]) -> None:
        self.client = client
        self.deployment = deployment
        self.now = now

    def close(self) -> None:
        self.client.close()

    def transcribe(self, mp3: bytes) -> list[Said]:
        form = "verbose_json" if self.deployment.startswith(WITH_TIMES) else "json"
        try:
            heard = self.client.audio.transcriptions.create(
                model=self.deployment,
                file=("sound.mp3", mp3),
                response_format=form,  # type: ignore[call-overload]  # a literal at each call, says the SDK
            )
        except openai.APIStatusError as fault:
            headers = dict(fault.response.headers)
            raise parse_error(fault.status_code, content(fault.response), headers, now=self.now()) from fault
        except openai.OpenAIError as fault:
            raise translate(fault) from fault
        segments = getattr(heard, "segments", None) or []
        said = [Said(at_s=float(one.start), text=str(one.text)) for one in segments]
        return said or [Said(at_s=0.0, text=str(getattr(heard, "text", "") or ""))]
