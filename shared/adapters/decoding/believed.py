"""Values from a decoding child, checked before they are used: a hostile file may have taken the child over.

The codec makes values of JSON that this program has written itself, and trusts the types of their fields. Here each one
is checked against its type hint, and a number against what a file can have.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from types import UnionType
from typing import Any, TypeVar

from shared.adapters.decoding.wire import Nonsense
from shared.core.codec import field_hints, from_json

T = TypeVar("T")
LARGEST_NUMBER = 1e15  # bytes of a petabyte; above every count, size and time of a file


def believed(kind: type[T], body: Any) -> T:
    """A value of `kind` from a child's JSON. Raises Nonsense where a field is missing or not of its type."""
    try:
        value = from_json(kind, body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Nonsense(f"a {kind.__name__} has the wrong form ({type(error).__name__})") from error
    if not fits(kind, value):
        raise Nonsense(f"a {kind.__name__} has a field of the wrong type, or an impossible number")
    return value


def fits(hint: Any, value: object) -> bool:
    """Whether a value is of the type that its hint says, at every level."""
    origin, choices = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, UnionType}:
        return any(fits(choice, value) for choice in choices)
    if origin is typing.Literal:
        return value in choices
    if origin is tuple:
        return isinstance(value, tuple) and all_fit(choices, value)
    if dataclasses.is_dataclass(hint):
        return fields_fit(typing.cast("type", hint), value)
    return is_plain(hint, value)


def fields_fit(kind: type, value: object) -> bool:
    return isinstance(value, kind) and all(fits(hint, getattr(value, name)) for name, hint in field_hints(kind).items())


def all_fit(hints: tuple[Any, ...], values: tuple[object, ...]) -> bool:
    if hints[1:] == (Ellipsis,):
        return all(fits(hints[0], value) for value in values)
    return len(hints) == len(values) and all(map(fits, hints, values))


def is_plain(hint: Any, value: object) -> bool:
    """Whether a value has this plain type. A whole number passes for a float; a bool does not pass for a number."""
    if hint in {int, float}:
        is_number = isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
        return is_number and math.isfinite(number := typing.cast("float", value)) and 0 <= number <= LARGEST_NUMBER
    return isinstance(value, hint)
