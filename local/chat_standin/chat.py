"""From a question to what the stand-in says: describe, fit the schema, cut at the token limit, count."""

from __future__ import annotations

import json
from dataclasses import dataclass

from local.chat_standin.describe import describe_all
from local.chat_standin.question import CheckedRequest
from local.chat_standin.reading import Reading, read_picture_text
from local.chat_standin.replies import Outcome
from local.chat_standin.schema import fill
from shared.core.models.tokens import text_tokens

REFUSAL_TEXT = "I'm sorry, I can't assist with that. (scripted by the offline describer)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a script changes about an otherwise good answer."""

    max_tokens: int | None = None
    refuse: bool = False
    filter_category: str | None = None


NO_CHANGE = Change()


def answer(question: CheckedRequest, change: Change = NO_CHANGE, *, ocr: bool = True) -> Outcome:
    if change.filter_category:
        return Outcome(
            text=None, finish_reason="content_filter", completion_tokens=0, filtered_category=change.filter_category
        )
    if change.refuse:
        tokens = text_tokens(REFUSAL_TEXT)
        return Outcome(text="", refusal=REFUSAL_TEXT, finish_reason="stop", completion_tokens=tokens)
    readings = tuple(read_picture_text(picture.preview, ocr=ocr) for picture in question.pictures)
    text = to_format(question, describe_all(question.pictures, readings))
    return limit_text(text, [question.max_output_tokens, change.max_tokens], readings)


def to_format(question: CheckedRequest, text: str) -> str:
    if question.schema is not None:
        return json.dumps(fill(question.schema, text), ensure_ascii=False)
    if question.json_object:
        return json.dumps({"description": text}, ensure_ascii=False)
    return text


def limit_text(text: str, limits: list[int | None], readings: tuple[Reading, ...]) -> Outcome:
    limit = min((limit for limit in limits if limit is not None), default=None)
    whole = limit is None or text_tokens(text) <= limit
    said = text if limit is None or whole else longest_start(text, limit)
    return Outcome(
        text=said,
        finish_reason="stop" if whole else "length",
        completion_tokens=text_tokens(said),
        readings=readings,
    )


def longest_start(text: str, limit: int) -> str:
    """About the longest start of a text within a number of tokens (never over it), found by bisection."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if text_tokens(text[:middle]) <= limit else (low, middle - 1)
    return text[:low]
