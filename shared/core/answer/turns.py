"""The assistant's turn, wherever an API family puts it: chat completions, the extension's messages, Responses.

reply.py makes a Reply of it. Errors that an endpoint hides in a 200 are raised here, where their places are known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from shared.core.answer.content_filter import parse_content_filter
from shared.core.answer.error_reply import parse_error
from shared.core.errors import ReplyMalformed, VisiondropError
from shared.core.wire import as_object, as_objects, as_text

ERROR_OPENING = re.compile(r'\\?"ErrorMessage\\?"\s{0,20}:\s{0,20}(?:\\?")?')
ERROR_CLOSING = re.compile(r'(?:\\?")?\s{0,20},\s{0,20}\\?"ErrorCode\\?"\s{0,20}:\s{0,20}(?:\\?")?(\d{3})')
"""The extension's errors are no JSON: the message has no quotes of its own. In a stream's text quotes are escaped."""

EXTENSION_ERROR_CHARACTERS = 4000  # from its opening on; the longest seen has some 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTurn:
    """The assistant's turn as one API family words it; `finish` is still the endpoint's word, "" if there is none.

    `prompt_filtered`: there is no turn, because a filter stopped the question.
    """

    text: str
    refusal: str
    finish: str
    called_tool: bool
    choice: dict[str, Any]
    prompt_filtered: bool = False


def read_turn(body: dict[str, Any]) -> ModelTurn:
    """The assistant's turn in an endpoint's JSON. Raises ReplyMalformed for some other API's JSON."""
    return read_response(body) if "output" in body else read_chat(body)


def alien(body: object) -> VisiondropError:
    """The error for a 200 that is not a JSON object: a web page, a text, a list. The extension's errors come as text in
    a stream.
    """
    if isinstance(body, str):
        told = extension_error(body)
        if told:
            return told
        kind = "a web page" if body.lstrip()[:1] == "<" else "text"
        return ReplyMalformed(f"the endpoint answered 200 with {kind} of {len(body)} characters instead of JSON")
    return ReplyMalformed(f"the endpoint answered 200 with JSON of type {type(body).__name__} instead of an object")


# Chat completions, plain, enhanced and extension


def read_chat(body: dict[str, Any]) -> ModelTurn:
    choices = as_objects(body.get("choices"))
    if not choices:
        return read_no_choice(body)
    choice = choices[0]
    raise_extension_error(choice)
    message = assistant_message(choice)
    finish = finish_word(choice)
    if message is None and finish != "content_filter":
        raise ReplyMalformed("the reply's first choice has no message from the assistant")
    message = message or {}
    return ModelTurn(
        text=content_text(message.get("content")),
        refusal=as_text(message.get("refusal")),
        finish=finish,
        called_tool=bool(message.get("tool_calls") or message.get("function_call")),
        choice=choice,
    )


def read_no_choice(body: dict[str, Any]) -> ModelTurn:
    """The turn of a reply without choices, as a filtered prompt can leave it. Raises ReplyMalformed for some other
    API's JSON.
    """
    verdicts = parse_content_filter(body, {})
    if verdicts and verdicts.filtered:
        return ModelTurn(
            text="", refusal="", finish="content_filter", called_tool=False, choice={}, prompt_filtered=True
        )
    raise no_reply(body)


def no_reply(body: dict[str, Any]) -> ReplyMalformed:
    fields = ", ".join(sorted(body)[:5]) or "none"
    return ReplyMalformed(f"the endpoint answered 200 with JSON that is not a model's reply (its fields: {fields})")


def assistant_message(choice: dict[str, Any]) -> dict[str, Any] | None:
    """`message`, or the last of the extension's `messages` (2023-06-01-preview) that is the assistant's; None without
    any.
    """
    if isinstance(choice.get("message"), dict):
        return as_object(choice["message"])
    turns = [as_object(turn.get("delta")) or turn for turn in as_objects(choice.get("messages"))]
    return next((turn for turn in reversed(turns) if turn.get("role") == "assistant"), None)


def raise_extension_error(choice: dict[str, Any]) -> None:
    """Raise the error that a tool's message tells. An assistant that reads an error aloud from a picture is not a
    failure.
    """
    context = as_object(as_object(choice.get("message")).get("context"))
    for turn in (*as_objects(choice.get("messages")), *as_objects(context.get("messages"))):
        said = as_object(turn.get("delta")) or turn
        told = extension_error(as_text(said.get("content"))) if said.get("role") == "tool" else None
        if told:
            raise told


def extension_error(text: str) -> VisiondropError | None:
    """The error that a text tells in the extension's form; None if it tells none."""
    opening = ERROR_OPENING.search(text)
    if opening is None:
        return None
    told = text[opening.end() : opening.end() + EXTENSION_ERROR_CHARACTERS]
    closing = ERROR_CLOSING.search(told)
    return parse_error(int(closing[1]), {"error": {"message": told[: closing.start()]}}, {}) if closing else None


def finish_word(choice: dict[str, Any]) -> str:
    """The endpoint's word for the end: `finish_reason` as text, or as an object (later docs), or `finish_details` (the
    2023-12-01-preview).
    """
    for said in (choice.get("finish_reason"), choice.get("finish_details")):
        word = as_text(said) or as_text(as_object(said).get("type"))
        if word:
            return word
    return ""


def content_text(content: Any) -> str:
    """The text of a message, which some compatible servers send as a list of text parts."""
    return as_text(content) or "".join(as_text(part.get("text")) for part in as_objects(content))


# The Responses API


def read_response(body: dict[str, Any]) -> ModelTurn:
    items = as_objects(body.get("output"))
    parts = [part for item in items if item.get("type") == "message" for part in as_objects(item.get("content"))]
    text = "".join(as_text(part.get("text")) for part in parts if part.get("type") == "output_text")
    refusal = "".join(as_text(part.get("refusal")) for part in parts if part.get("type") == "refusal")
    status = as_text(body.get("status"))
    if status in {"failed", "cancelled", "queued", "in_progress"}:
        raise ReplyMalformed(f"the response is {status} and holds no answer")
    if not (parts or status in {"completed", "incomplete"}):
        raise no_reply(body)
    return ModelTurn(
        text=text,
        refusal=refusal,
        finish=as_text(as_object(body.get("incomplete_details")).get("reason")) or status,
        called_tool=any(as_text(item.get("type")).endswith("_call") for item in items),
        choice={},
    )
