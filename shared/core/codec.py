"""Values to JSON and back, by their type hints: one codec for the job row, the result document and the queue message.

Money is a string, a time is ISO 8601 in UTC, a tuple is a list; None stays null. Unknown keys are ignored, so that an
older worker reads what a newer one wrote.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def to_json(value: object) -> Any:
    """The JSON form of a dataclass, tuple, mapping or scalar. Raises TypeError for anything else."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_json(kind: type[T], body: Any) -> T:
    """A value of `kind` from its JSON form. Raises KeyError, TypeError or ValueError for alien JSON."""
    return typing.cast("T", decode(kind, body))


def decode(hint: Any, body: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in {types.UnionType, typing.Union}:
        return decode_optional(typing.get_args(hint), body)
    if origin is tuple:
        return decode_tuple(typing.get_args(hint), body)
    if dataclasses.is_dataclass(hint):
        return decode_dataclass(hint, body)
    if isinstance(hint, type) and issubclass(hint, Enum | Decimal):
        return hint(body)
    if hint in {datetime, date}:
        return hint.fromisoformat(body)
    return body


def decode_optional(choices: tuple[Any, ...], body: Any) -> Any:
    """The value of a union with None. A union of more kinds is plain JSON and stays as it is."""
    kinds = [choice for choice in choices if choice is not type(None)]
    return body if body is None or len(kinds) > 1 else decode(kinds[0], body)


def decode_tuple(items: tuple[Any, ...], body: Any) -> tuple[Any, ...]:
    if items[1:] == (Ellipsis,):
        return tuple(decode(items[0], part) for part in body)
    return tuple(decode(hint, part) for hint, part in zip(items, body, strict=True))


def decode_dataclass(kind: Any, body: Any) -> Any:
    hints = field_hints(kind)
    return kind(**{name: decode(hint, body[name]) for name, hint in hints.items() if name in body})


@cache
def field_hints(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.init}
