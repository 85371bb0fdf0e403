"""What came back into one Reply: the only place that knows the wire's words for text, usage and the end of an answer.

Chat completions, the enhanced and extension replies of the 2023 previews and the Responses API all end here. A reply
that was paid for is kept whatever its form; only what is no reply at all is ReplyMalformed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn

from shared.core.content_filter import ContentFilter, parse_content_filter, parse_error_filter
from shared.core.error_reply import error_object, parse_error
from shared.core.errors import ModelRefused, ReplyMalformed, VisiondropError
from shared.core.regions import Region, parse_regions
from shared.core.tokens import Usage
from shared.core.wire import as_count, as_object, as_objects, as_text, first_of

__all__ = ["FinishReason", "Reply", "filtered_reply", "parse_error", "parse_reply"]

FinishReason = Literal["stop", "length", "content_filter"]

FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "completed": "stop",
    "tool_calls": "stop",
    "function_call": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "max_messages": "length",
    "steered": "length",
    "incomplete": "length",
    "content_filter": "content_filter",
}

EXTENSION_ERROR = re.compile(r'"ErrorMessage"\s*:\s*"?(.*?)"?\s*,\s*"ErrorCode"\s*:\s*"?(\d{3})', re.DOTALL)
"""The extension's errors are no JSON: the message has no quotes of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. `data` is its JSON when a schema was asked; `notes` say what was odd about the reply."""

    text: str
    data: Any = None
    finish_reason: FinishReason
    refusal: str | None = None
    regions: tuple[Region, ...] = ()
    content_filter: ContentFilter | None = None
    usage: Usage | None = None
    model: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The assistant's turn as one API family words it; `finish` is still the wire's word, "" if it has none."""

    text: str
    refusal: str
    finish: str
    called_tool: bool
    choice: dict[str, Any]


def parse_reply(body: object, *, expects_json: bool = False) -> Reply:
    """Raises ReplyMalformed for what is no reply, and the mapped error for an error inside a 200.

    A content filter's error is no error here but a Reply, whatever status it came with.
    """
    if not isinstance(body, dict):
        raise alien(body)
    if body.get("error"):
        return filtered_reply(body) or raise_error(body)
    turn = read_response(body) if "output" in body else read_chat(body)
    filter_ = parse_content_filter(body, turn.choice)
    reason, notes = finish_reason(turn, filter_)
    if turn.called_tool and not (turn.text or turn.refusal):
        raise ModelRefused(
            "the model answered with a tool call; it was offered no tools",
            code="tool_call",
            hint="Ask again, or use another deployment.",
            http_status=200,
        )
    reply = Reply(
        text=turn.text,
        finish_reason=reason,
        refusal=turn.refusal or None,
        regions=parse_regions(turn.choice.get("enhancements")),
        content_filter=filter_,
        usage=parse_usage(body.get("usage")),
        model=as_text(body.get("model")) or None,
        notes=notes,
    )
    return with_data(reply) if expects_json and reason == "stop" and not reply.refusal else reply


def filtered_reply(body: object) -> Reply | None:
    """The Reply that a content filter's 400 stands for: a result with categories; None for any other error."""
    refused = parse_error(400, body, {})
    if refused.code != "content_filter":
        return None
    found = parse_error_filter(error_object(body)) or ContentFilter(filtered=())
    return Reply(text="", finish_reason="content_filter", content_filter=found)


def alien(body: object) -> VisiondropError:
    """A 200 that is no JSON object: a web page, a text, a list. The extension's errors come as text in a stream."""
    if isinstance(body, str):
        found = EXTENSION_ERROR.search(body)
        if found:
            return extension_error(found)
        kind = "a web page" if body.lstrip()[:1] == "<" else "text"
        return ReplyMalformed(f"the endpoint answered 200 with {kind} of {len(body)} characters instead of JSON")
    return ReplyMalformed(f"the endpoint answered 200 with JSON of type {type(body).__name__} instead of an object")


def raise_error(body: dict[str, Any]) -> NoReturn:
    raise parse_error(error_status(error_object(body)), body, {})


def error_status(error: dict[str, Any]) -> int:
    """The status that an error inside a 200 should have had; without a word about it, the endpoint's own fault."""
    said = str(first_of(error, "status", "code"))
    return int(said) if re.fullmatch(r"[45]\d\d", said) else 500


# Chat completions, plain, enhanced and extension


def read_chat(body: dict[str, Any]) -> Turn:
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
    return Turn(
        text=content_text(message.get("content")),
        refusal=as_text(message.get("refusal")),
        finish=finish,
        called_tool=bool(message.get("tool_calls") or message.get("function_call")),
        choice=choice,
    )


def read_no_choice(body: dict[str, Any]) -> Turn:
    """A filtered prompt can leave no choice at all; otherwise this is some other API's JSON."""
    verdicts = parse_content_filter(body, {})
    if verdicts and verdicts.filtered:
        return Turn(text="", refusal="", finish="content_filter", called_tool=False, choice={})
    fields = ", ".join(sorted(body)[:5]) or "none"
    raise ReplyMalformed(f"the endpoint answered 200 with JSON that is no reply (its fields: {fields})")


def assistant_message(choice: dict[str, Any]) -> dict[str, Any] | None:
    """`message`, or the last of the extension's `messages` (2023-06-01-preview) that is the assistant's."""
    if isinstance(choice.get("message"), dict):
        return as_object(choice["message"])
    turns = [as_object(turn.get("delta")) or turn for turn in as_objects(choice.get("messages"))]
    return next((turn for turn in reversed(turns) if turn.get("role") == "assistant"), None)


def raise_extension_error(choice: dict[str, Any]) -> None:
    """Only a tool's words can be an error: an assistant that reads one aloud from a picture is no failure."""
    context = as_object(as_object(choice.get("message")).get("context"))
    for turn in (*as_objects(choice.get("messages")), *as_objects(context.get("messages"))):
        said = as_object(turn.get("delta")) or turn
        found = EXTENSION_ERROR.search(as_text(said.get("content")))
        if found and said.get("role") == "tool":
            raise extension_error(found)


def extension_error(found: re.Match[str]) -> VisiondropError:
    return parse_error(int(found[2]), {"error": {"message": found[1]}}, {})


def finish_word(choice: dict[str, Any]) -> str:
    """`finish_reason` as text; as an object (later docs); `finish_details` (the 2023-12-01-preview)."""
    for said in (choice.get("finish_reason"), choice.get("finish_details")):
        word = as_text(said) or as_text(as_object(said).get("type"))
        if word:
            return word
    return ""


def content_text(content: Any) -> str:
    """Text, or a list of text parts (as some compatible servers send)."""
    return as_text(content) or "".join(as_text(part.get("text")) for part in as_objects(content))


# The Responses API


def read_response(body: dict[str, Any]) -> Turn:
    items = as_objects(body.get("output"))
    parts = [part for item in items if item.get("type") == "message" for part in as_objects(item.get("content"))]
    text = "".join(as_text(part.get("text")) for part in parts if part.get("type") == "output_text")
    refusal = "".join(as_text(part.get("refusal")) for part in parts if part.get("type") == "refusal")
    status = as_text(body.get("status"))
    if status in {"failed", "cancelled", "queued", "in_progress"}:
        raise ReplyMalformed(f"the response is {status} and holds no answer")
    return Turn(
        text=text,
        refusal=refusal,
        finish=as_text(as_object(body.get("incomplete_details")).get("reason")) or status,
        called_tool=any(as_text(item.get("type")).endswith("_call") for item in items),
        choice={},
    )


# What both share


def finish_reason(turn: Turn, verdicts: ContentFilter | None) -> tuple[FinishReason, tuple[str, ...]]:
    """Our word, and a note where the wire's was new to us."""
    if turn.finish in FINISH_REASONS:
        return FINISH_REASONS[turn.finish], ()
    if verdicts and any(verdict.filtered for verdict in verdicts.answer):
        return "content_filter", ()
    return "stop", ((f"finish reason {turn.finish[:40]!r} is unknown: taken as stop",) if turn.finish else ())


def with_data(reply: Reply) -> Reply:
    """A strict schema makes invalid JSON rare, not impossible; the text was paid for and stays."""
    try:
        return replace(reply, data=json.loads(reply.text))
    except ValueError:
        return replace(reply, notes=(*reply.notes, "a schema was asked but the answer is no JSON"))


def parse_usage(said: Any) -> Usage | None:
    """Chat's and Responses' names. None when the endpoint did not count: then nobody may claim an actual cost."""
    usage = as_object(said)
    read = as_count(first_of(usage, "prompt_tokens", "input_tokens"))
    written = as_count(first_of(usage, "completion_tokens", "output_tokens"))
    if read is None or written is None:
        return None
    details = as_object(first_of(usage, "prompt_tokens_details", "input_tokens_details"))
    spent = as_object(first_of(usage, "completion_tokens_details", "output_tokens_details"))
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cached_tokens=as_count(details.get("cached_tokens")) or 0,
        cache_write_tokens=as_count(details.get("cache_write_tokens")) or 0,
        image_tokens=as_count(details.get("image_tokens")),
        reasoning_tokens=as_count(spent.get("reasoning_tokens")) or 0,
    )
