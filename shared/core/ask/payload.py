"""The request that asks a question: one builder for every form the chat API has had, and still has.

analyze hands the Payload to the chat adapter; `./visiondrop payload` shows it masked. Wire words of requests live here
and nowhere else. Forms: bare strings (2023-08-01-preview), typed parts, the extension with its data source
(2023-12-01-preview), the same merged into chat (2024-02-15-preview), v1, OpenAI itself, and the Responses API.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from shared.core.ask.capabilities import check_question
from shared.core.ask.parts import words_before
from shared.core.ask.question import Asked, IndexedVideo, Payload, PictureLink, Question, Target
from shared.core.ask.schema_subset import schema_name
from shared.core.masking import MASK, byte_count, mask_text
from shared.core.media.picture import Picture
from shared.core.models.api_versions import look_up_api_version

__all__ = ["IndexedVideo", "Payload", "Picture", "PictureLink", "Question", "Target", "build_payload", "masked"]

ContentPart = dict[str, Any]

SECRET_FIELDS = frozenset({"key", "computerVisionApiKey"})


def build_payload(question: Question, target: Target) -> Payload:
    """The request for this question. Raises CapabilityMissing, OptionsInvalid, SettingsInvalid or SourceRejected for
    what cannot be asked.
    """
    asked = Asked(question=question, target=target, version=look_up_api_version(target.api_version))
    check_question(asked)
    return Payload(
        method="POST",
        url=request_url(asked),
        headers={"content-type": "application/json"},
        body=response_body(asked) if asked.responses else chat_body(asked),
        notes=notes(asked),
    )


def masked(payload: Payload, *, full: bool = False) -> Payload:
    """A copy of the request to show: no keys, no SAS, and picture bytes as their count unless `full`."""
    return replace(payload, body=mask_value(payload.body, full=full))


def mask_value(value: Any, *, full: bool) -> Any:
    if isinstance(value, dict):
        return {name: mask_field(name, item, full=full) for name, item in value.items()}
    if isinstance(value, list):
        return [mask_value(item, full=full) for item in value]
    return mask_text(value, full=full) if isinstance(value, str) else value


def mask_field(name: str, value: Any, *, full: bool) -> Any:
    if name in SECRET_FIELDS and isinstance(value, str):
        return MASK
    if name == "image" and isinstance(value, str):
        return value if full else f"… ({byte_count(value)} bytes)"
    return mask_value(value, full=full)


# Where it goes


def request_url(asked: Asked) -> str:
    target, version = asked.target, asked.version
    base, path = target.base_url.rstrip("/"), "responses" if asked.responses else "chat/completions"
    if target.kind == "openai":
        return f"{base}/{path}"
    resource = base.removesuffix("/v1").removesuffix("/openai")
    if not version.dated:
        return f"{resource}/openai/v1/{path}" + ("?api-version=preview" if version.name == "preview" else "")
    if not asked.responses:
        extension = "extensions/" if asked.enhanced and version.enhancements == "extension" else ""
        path = f"deployments/{quote(target.deployment, safe='')}/{extension}{path}"
    return f"{resource}/openai/{path}?api-version={version.name}"


def notes(asked: Asked) -> tuple[str, ...]:
    version = asked.version
    said = []
    if version.retired:
        said.append(f"API version {version.name} was announced to stop accepting requests on {version.retired}.")
    if version.pictures == "strings" and asked.question.pictures:
        said.append(f"API version {version.name} has no field for detail {asked.question.detail}.")
    return tuple(said)


# Chat completions


def chat_body(asked: Asked) -> dict[str, Any]:
    """The body of a chat completion, in the order of the documented samples."""
    question, model, dated = asked.question, asked.model, asked.version.dated
    body: dict[str, Any] = {} if dated else {"model": asked.target.deployment}
    if asked.enhanced:
        body |= enhancements(asked)
    body["messages"] = messages(asked)
    body[model.token_limit_field] = question.max_output_tokens
    if question.temperature is not None:
        body["temperature"] = question.temperature
    if question.reasoning_effort is not None:
        body["reasoning_effort"] = question.reasoning_effort
    if question.schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": named_schema(question.schema)}
    if dated:
        body["stream"] = False
    return body


def messages(asked: Asked) -> list[dict[str, Any]]:
    question = asked.question
    content = string_parts(question) if asked.version.pictures == "strings" else list(chat_parts(question))
    system = [{"role": asked.model.system_role, "content": question.system}] if question.system else []
    return [*system, {"role": "user", "content": content}, *later_turns(question)]


def later_turns(question: Question) -> Iterator[dict[str, Any]]:
    """The messages after the first prompt: each answer, and the prompt that came after it."""
    for turn, prompt in zip(question.turns, prompts(question)[1:], strict=True):
        yield {"role": "assistant", "content": turn.answer}
        yield {"role": "user", "content": prompt}


def prompts(question: Question) -> list[str]:
    return [*(turn.prompt for turn in question.turns), question.prompt]


def chat_parts(question: Question) -> Iterator[ContentPart]:
    """The parts of the first message. The video's id must be the first, or "unexpected behavior can happen"
    (Microsoft).
    """
    if question.video_index is not None:
        yield {"type": "acv_document_id", "acv_document_id": question.video_index.document_id}
    yield {"type": "text", "text": prompts(question)[0]}
    for picture in question.pictures:
        if words := words_of(picture):
            yield {"type": "text", "text": words}
        yield {"type": "image_url", "image_url": {"url": picture_url(picture), "detail": question.detail}}


def string_parts(question: Question) -> list[str | dict[str, str]]:
    """The parts as 2023-08-01-preview takes them: bare strings, and base64 without a media type."""
    parts: list[str | dict[str, str]] = [prompts(question)[0]]
    for picture in question.attached:
        parts += filter(None, [words_of(picture)])
        parts.append({"image": base64_text(picture)})
    return parts


def enhancements(asked: Asked) -> dict[str, Any]:
    """The fields for Vision enhancements and the Vision resource that makes them; the key became snake_case when chat
    took it over.
    """
    question = asked.question
    wanted = {"video": question.video_index is not None, "ocr": question.ocr, "grounding": question.grounding}
    key = "dataSources" if asked.version.enhancements == "extension" else "data_sources"
    return {
        "enhancements": {name: {"enabled": True} for name, on in wanted.items() if on},
        key: [data_source(question.video_index, asked.target)],
    }


def data_source(video: IndexedVideo | None, target: Target) -> dict[str, Any]:
    """The data source for a video prompt: the Vision resource and the index in which it finds the video."""
    endpoint = target.vision_endpoint.rstrip("/").removesuffix("/computervision")
    if video is None:
        return {"type": "AzureComputerVision", "parameters": {"endpoint": endpoint, "key": target.vision_key}}
    return {
        "type": "AzureComputerVisionVideoIndex",
        "parameters": {
            "computerVisionBaseUrl": f"{endpoint}/computervision",
            "computerVisionApiKey": target.vision_key,
            "indexName": video.index_name,
            "videoUrls": [video.video_url],
        },
    }


# The Responses API


def response_body(asked: Asked) -> dict[str, Any]:
    """The body for the Responses API. `store` is false: otherwise the service keeps answers for a month, and nobody
    here reads them from there.
    """
    question = asked.question
    body: dict[str, Any] = {"model": asked.target.deployment}
    if question.system:
        body["instructions"] = question.system
    body["input"] = [{"role": "user", "content": list(response_parts(question))}, *later_turns(question)]
    body["max_output_tokens"] = question.max_output_tokens
    if question.temperature is not None:
        body["temperature"] = question.temperature
    if question.reasoning_effort is not None:
        body["reasoning"] = {"effort": question.reasoning_effort}
    if question.schema is not None:
        body["text"] = {"format": {"type": "json_schema", **named_schema(question.schema)}}
    return body | {"store": False}


def response_parts(question: Question) -> Iterator[ContentPart]:
    """The parts as the Responses API takes them: an image's URL is a string there, not an object."""
    yield {"type": "input_text", "text": prompts(question)[0]}
    for picture in question.pictures:
        if words := words_of(picture):
            yield {"type": "input_text", "text": words}
        yield {"type": "input_image", "image_url": picture_url(picture), "detail": question.detail}


# What the forms share


def named_schema(schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": schema_name(schema), "strict": True, "schema": schema}


def words_of(picture: Picture | PictureLink) -> str:
    return words_before(picture) if isinstance(picture, Picture) else ""


def picture_url(picture: Picture | PictureLink) -> str:
    if isinstance(picture, PictureLink):
        return picture.url
    return f"data:{picture.media_type};base64,{base64_text(picture)}"


def base64_text(picture: Picture) -> str:
    return base64.b64encode(picture.data).decode("ascii")
