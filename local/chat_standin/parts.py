"""The content of a request as one list of parts, whether it came as chat messages or as Responses input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.chat_standin.wire import Refusal

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
TEXT_TYPES = ("text", "input_text", "output_text", "refusal")
IMAGE_TYPES = ("image_url", "input_image")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """An image in a request. `param` is where it stands there, as the service names it in errors."""

    url: str
    detail: object
    param: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPart:
    """A video in an index of Azure AI Vision, as a request names it."""

    document_id: str


Part = TextPart | ImagePart | DocumentPart


def chat_parts(body: Mapping[str, Any]) -> list[Part]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refusal("Missing required parameter: 'messages'.", code="missing_required_parameter", param="messages")
    return [part for index, message in enumerate(messages) for part in message_parts(message, f"messages[{index}]")]


def responses_parts(body: Mapping[str, Any]) -> list[Part]:
    instructions = body.get("instructions")
    first: list[Part] = [TextPart(text=instructions, role="system")] if isinstance(instructions, str) else []
    source = body.get("input")
    if isinstance(source, str):
        return [*first, TextPart(text=source, role="user")]
    if not isinstance(source, list) or not source:
        raise Refusal("Missing required parameter: 'input'.", code="missing_required_parameter", param="input")
    return first + [part for index, item in enumerate(source) for part in message_parts(item, f"input[{index}]")]


def message_parts(message: object, param: str) -> Iterator[Part]:
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        raise Refusal(f"Invalid value for '{param}.role'.", code="invalid_value", param=f"{param}.role")
    role, content = message["role"], message.get("content")
    if isinstance(content, str):
        yield TextPart(text=content, role=role)
    elif isinstance(content, list):
        for index, part in enumerate(content):
            yield read_part(part, role=role, param=f"{param}.content[{index}]")
    elif content is not None:
        message_text = f"Invalid type for '{param}.content': expected a string or an array of content parts."
        raise Refusal(message_text, code="invalid_type", param=f"{param}.content")


def read_part(part: object, *, role: str, param: str) -> Part:
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(part, dict) and kind in TEXT_TYPES and isinstance(part.get("text"), str):
        return TextPart(text=part["text"], role=role)
    if isinstance(part, dict) and kind in IMAGE_TYPES:
        if role != "user":
            message = f"Image URLs are only allowed for messages with role 'user', but this message has role {role!r}."
            raise Refusal(message, code="invalid_value", param=param)
        return read_image_part(part, param=f"{param}.image_url")
    if isinstance(part, dict) and kind == "acv_document_id" and role == "user":
        return DocumentPart(document_id=str(part.get("acv_document_id")))
    message = f"Invalid value: {kind!r}. Supported values are: 'text' and 'image_url'."
    raise Refusal(message, code="invalid_value", param=f"{param}.type")


def read_image_part(part: Mapping[str, Any], *, param: str) -> ImagePart:
    """The image in a part: Chat nests url and detail under `image_url`; in Responses `image_url` is the URL itself."""
    nested = part.get("image_url")
    place = nested if isinstance(nested, dict) else {"url": nested, "detail": part.get("detail")}
    url, detail = place.get("url"), place.get("detail")
    if not isinstance(url, str):
        raise Refusal(f"Missing required parameter: '{param}.url'.", code="missing_required_parameter", param=param)
    return ImagePart(url=url, detail="auto" if detail is None else detail, param=param)


def labels(parts: list[Part]) -> list[str]:
    """The text right before each image; "" for all if an image has none, or only the prompt."""
    before = [
        left.text.strip() if isinstance(left, TextPart) and left.role == "user" else ""
        for left, right in zip([None, *parts], parts, strict=False)
        if isinstance(right, ImagePart)
    ]
    user_texts = sum(isinstance(part, TextPart) and part.role == "user" for part in parts)
    prompt_apart = user_texts > len(before) or len(before) > 1
    if all(before) and prompt_apart:
        return [text.splitlines()[-1][:80].rstrip(":") for text in before]
    return [""] * len(before)
