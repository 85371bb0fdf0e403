"""JSON from strangers: what every parser, table and endpoint further on can take."""

from __future__ import annotations

import json
from typing import Any

from shared.core import limits


def json_or_text(body: bytes) -> object:
    """A reply's body as JSON, or as text where it is not JSON: in UTF-8 whatever a header says, broken bytes
    replaced.

    An answer with one broken byte has been paid for like any other; the caller reports what is not the JSON that it
    expected.
    """
    text = body.decode("utf-8-sig", errors="replace")
    if is_crowded(text):
        return text
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):  # no JSON, or lists in lists without end
        return text
    return value


def is_crowded(text: str) -> bool:
    """Whether the text, read as JSON, could have more parts than a reply may have."""
    return text.count("{") + text.count("[") + text.count('":') > limits.REPLY_PARTS.value


def is_plain_json(value: Any) -> bool:
    """Whether storage and endpoints can take the value: False for nesting that is too deep, NaN, dates, half a
    surrogate pair and numbers of thousands of digits.
    """
    if is_deep(value):
        return False
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):  # UnicodeError is a ValueError
        return False
    return True


def is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(limits.JSON_LEVELS.value):
        level = [child for item in level for child in children(item)]
    return bool(level)


def children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
