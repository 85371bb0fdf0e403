"""Foreign JSON, narrowed at once: each function gives the shape that was hoped for, or an empty one of that shape.

What reads a reply (reply.py, error_reply.py, content_filter.py, regions.py) asks these first, so that an endpoint
with its own idea of a field can never end in a TypeError.
"""

from __future__ import annotations

import sys
from typing import Any

LARGEST = sys.float_info.max  # whole numbers in JSON may be longer than a float can say; NaN is not below it


def as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_objects(value: Any) -> tuple[dict[str, Any], ...]:
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def as_text(value: Any) -> str:
    """The text, "" for anything else. JSON can hold half a surrogate pair, which UTF-8 and so storage cannot: each
    becomes a question mark.
    """
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def as_count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def as_number(value: Any) -> float:
    """A finite number, or 0 for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
    return float(value) if is_number else 0.0


def first_of(body: dict[str, Any], *names: str) -> Any:
    """The first of these fields that is present and not null: one field has had several spellings."""
    return next((body[name] for name in names if body.get(name) is not None), None)
