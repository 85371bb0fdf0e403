"""JSON from strangers: what every parser, table and endpoint further on can take."""

from __future__ import annotations

import json
from typing import Any

from shared.core import limits


def is_plain_json(value: Any) -> bool:
    """False for nesting too deep, for NaN, dates, halves of characters and numbers of thousands of digits."""
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
