"""The wire shapes of a good answer: chat completion, its 2023 extension form, and a Responses object."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from local.chat_standin.question import CheckedRequest
from local.chat_standin.reading import Line, Reading, Word

FinishReason = Literal["stop", "length", "content_filter"]
CATEGORIES = ("hate", "self_harm", "sexual", "violence")
# The extension form names its reasons differently, and has no `finish_reason`.
FINISH_TYPES = {"stop": "stop", "length": "max_tokens", "content_filter": "content_filter"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the stand-in says. `text` is None if the content filter took it away."""

    text: str | None
    finish_reason: FinishReason
    completion_tokens: int
    refusal: str | None = None
    filtered_category: str | None = None
    readings: tuple[Reading, ...] = ()


def render(question: CheckedRequest, outcome: Outcome, *, request_id: str, created: int) -> dict[str, Any]:
    if question.route.operation == "responses":
        return render_response(question, outcome, request_id=request_id, created=created)
    return render_chat(question, outcome, request_id=request_id, created=created)


def identifier(prefix: str, request_id: str) -> str:
    """An id that is the same for the same request, so that answers can be compared whole."""
    return f"{prefix}{hashlib.sha256(request_id.encode()).hexdigest()[:24]}"


def offline_model_name(question: CheckedRequest) -> str:
    return f"{question.model.name} (offline describer)"


def render_chat(question: CheckedRequest, outcome: Outcome, *, request_id: str, created: int) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": identifier("chatcmpl-", request_id),
        "object": "chat.completion",
        "created": created,
        "model": offline_model_name(question),
        "choices": [render_choice(question, outcome)],
        "usage": render_usage(question, outcome),
    }
    if question.route.dialect == "azure":
        document["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": filter_results(None)}]
    return document


def render_choice(question: CheckedRequest, outcome: Outcome) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "refusal": outcome.refusal}
    if outcome.text is not None:
        message["content"] = None if outcome.refusal else outcome.text
    choice: dict[str, Any] = {"index": 0, "message": message, "logprobs": None}
    if question.route.operation == "extensions":
        choice["finish_details"] = finish_details(outcome.finish_reason)
    else:
        choice["finish_reason"] = outcome.finish_reason
    if question.route.dialect == "azure":
        choice["content_filter_results"] = filter_results(outcome.filtered_category)
    if question.enhancements:
        lines = [render_line(line) for reading in outcome.readings for line in all_lines(reading)]
        choice["enhancements"] = {"grounding": {"lines": lines, "status": "Success"}}
    return choice


def finish_details(reason: FinishReason) -> dict[str, str]:
    kind = FINISH_TYPES[reason]
    return {"type": kind, "stop": "<|fim_suffix|>"} if kind == "stop" else {"type": kind}


def render_usage(question: CheckedRequest, outcome: Outcome) -> dict[str, Any]:
    return {
        "prompt_tokens": question.prompt_tokens,
        "completion_tokens": outcome.completion_tokens,
        "total_tokens": question.prompt_tokens + outcome.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "image_tokens": question.image_tokens},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def filter_results(filtered: str | None) -> dict[str, Any]:
    """The verdicts on the four categories, all safe but the one that was filtered."""
    return {
        name: {"filtered": name == filtered, "severity": "high" if name == filtered else "safe"} for name in CATEGORIES
    }


def all_lines(reading: Reading) -> tuple[Line, ...]:
    codes = tuple(Line(words=(Word(text=code.text, polygon=code.polygon),)) for code in reading.codes)
    return reading.lines + codes


def render_line(line: Line) -> dict[str, Any]:
    """A line of text as the enhancement gives it. Offsets count code points in the line's text."""
    spans: list[dict[str, Any]] = []
    offset = 0
    for word in line.words:
        polygon = [{"x": x, "y": y} for x, y in word.polygon]
        spans.append({"text": word.text, "offset": offset, "length": len(word.text), "polygon": polygon})
        offset += len(word.text) + 1
    return {"text": line.text, "spans": spans}


def render_response(question: CheckedRequest, outcome: Outcome, *, request_id: str, created: int) -> dict[str, Any]:
    complete = outcome.finish_reason == "stop"
    reason = "max_output_tokens" if outcome.finish_reason == "length" else outcome.finish_reason
    return {
        "id": identifier("resp_", request_id),
        "object": "response",
        "created_at": created,
        "status": "completed" if complete else "incomplete",
        "incomplete_details": None if complete else {"reason": reason},
        "error": None,
        "model": offline_model_name(question),
        "output": [render_output(outcome, request_id=request_id)],
        "usage": {
            "input_tokens": question.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0, "image_tokens": question.image_tokens},
            "output_tokens": outcome.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": question.prompt_tokens + outcome.completion_tokens,
        },
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
    }


def render_output(outcome: Outcome, *, request_id: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    if outcome.refusal:
        content = [{"type": "refusal", "refusal": outcome.refusal}]
    elif outcome.text is not None:
        content = [{"type": "output_text", "text": outcome.text, "annotations": []}]
    return {
        "type": "message",
        "id": identifier("msg_", request_id),
        "status": "completed" if outcome.finish_reason == "stop" else "incomplete",
        "role": "assistant",
        "content": content,
    }
