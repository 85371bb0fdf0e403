"""What came back into one Reply: the only place that knows the wire's words for text, usage and the end of an
answer.

Chat completions, the enhanced and extension replies of the 2023 previews and the Responses API all end here. A reply
that was paid for is kept whatever its form; only what is not a reply at all is ReplyMalformed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn

from shared.core.answer.content_filter import ContentFilter, parse_content_filter, parse_error_filter
from shared.core.answer.error_reply import error_object, parse_error
from shared.core.answer.regions import Region, parse_regions
from shared.core.answer.turns import ModelTurn, alien, read_turn
from shared.core.models.tokens import Usage
from shared.core.plain_json import is_plain_json
from shared.core.wire import as_count, as_object, as_text, first_of

__all__ = ["FinishReason", "Reply", "filtered_reply", "parse_error", "parse_reply"]

FinishReason = Literal["stop", "length", "content_filter", "tool_call"]

MODEL_CHARACTERS = 200  # of the model's name for itself, which the job's row holds

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of a model. `data` is its JSON when a schema was given; `notes` say what was odd about the reply.

    `prompt_filtered`: a filter stopped the question, so that no model has read it.
    """

    text: str
    data: Any = None
    finish_reason: FinishReason
    refusal: str | None = None
    regions: tuple[Region, ...] = ()
    content_filter: ContentFilter | None = None
    prompt_filtered: bool = False
    usage: Usage | None = None
    model: str | None = None
    notes: tuple[str, ...] = ()


def parse_reply(body: object, *, expects_json: bool = False) -> Reply:
    """The answer in an endpoint's JSON. Raises ReplyMalformed for what is not a reply, and the mapped error for an
    error inside a 200.

    What a content filter stopped is a Reply, not an error, whatever status it came with.
    """
    if not isinstance(body, dict):
        raise alien(body)
    if body.get("error"):
        return filtered_reply(body) or raise_error(body)
    turn = read_turn(body)
    filter_ = parse_content_filter(body, turn.choice)
    reason, notes = finish_reason(turn, filter_)
    if turn.called_tool and not (turn.text or turn.refusal) and reason != "content_filter":
        reason = "tool_call"
    reply = Reply(
        text=turn.text,
        finish_reason=reason,
        refusal=turn.refusal or None,
        regions=parse_regions(turn.choice.get("enhancements")),
        content_filter=filter_,
        prompt_filtered=turn.prompt_filtered,
        usage=parse_usage(body.get("usage")),
        model=as_text(body.get("model"))[:MODEL_CHARACTERS] or None,
        notes=notes,
    )
    return with_data(reply) if expects_json and reason == "stop" and not reply.refusal else reply


def filtered_reply(body: object) -> Reply | None:
    """The Reply that a content filter's 400 stands for, with its categories; None for any other error."""
    refused = parse_error(400, body, {})
    if refused.code != "content_filter":
        return None
    found = parse_error_filter(error_object(body)) or ContentFilter(filtered=())
    return Reply(text="", finish_reason="content_filter", content_filter=found, prompt_filtered=True)


def raise_error(body: dict[str, Any]) -> NoReturn:
    raise parse_error(error_status(error_object(body)), body, {})


def error_status(error: dict[str, Any]) -> int:
    """The status that an error inside a 200 should have had; 500 where it does not say."""
    said = str(first_of(error, "status", "code"))
    return int(said) if re.fullmatch(r"[45]\d\d", said) else 500


def finish_reason(turn: ModelTurn, verdicts: ContentFilter | None) -> tuple[FinishReason, tuple[str, ...]]:
    """Our word for how the answer ended, and a note where the endpoint's word is unknown."""
    if turn.finish in FINISH_REASONS:
        return FINISH_REASONS[turn.finish], ()
    if verdicts and any(verdict.filtered for verdict in verdicts.answer):
        return "content_filter", ()
    return "stop", ((f"finish reason {turn.finish[:40]!r} is unknown: taken as stop",) if turn.finish else ())


def with_data(reply: Reply) -> Reply:
    """The reply with its text parsed as JSON, or with a note that it is not JSON. A strict schema makes that rare, not
    impossible; the text was paid for and stays.
    """
    try:
        data = json.loads(reply.text)
        is_json = is_plain_json(data)
    except (ValueError, RecursionError):
        is_json = False
    if is_json:
        return replace(reply, data=data)
    return replace(reply, notes=(*reply.notes, "a schema was given, but the answer is not JSON"))


def parse_usage(said: Any) -> Usage | None:
    """The tokens of an answer, by Chat's and Responses' names. None when the endpoint did not count: then nobody may
    claim an actual cost.
    """
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
