"""What one option or one field of a request may hold: said once, for people, for the program and for the HTTP contract.

Each kind of value (a text, a choice, a whole number, …) is made by a function here, so that the sentence in a refusal,
the check and the JSON Schema in openapi.json cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

JsonSchema = dict[str, Any]

OPTION_DIGITS = 9
MAX_SHOWN_CHARACTERS = 40  # one word or two
FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
VALUES_IN_WORDS: dict[type, str] = {str: "text", dict: "table", list: "list"}


def unchanged(value: Any) -> Any:
    """The same value: what is given is also what is stored."""
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The values that a field takes.

    `expected` names them for people, after "Give"; `check` says whether a value is one of them; `schema` is the same as
    JSON Schema. `from_text` makes a value of a text, where only text can be given (blob metadata): what does not
    convert it returns as it is, for `check` to refuse. `keep` is the form in which a value that passed is stored. An
    `exact` field gets numbers with a point as they are written, as Decimal, and never as a binary fraction.
    """

    expected: str
    check: Callable[[Any], bool]
    schema: JsonSchema
    from_text: Callable[[str], Any] = unchanged
    keep: Callable[[Any], Any] = unchanged
    exact: bool = False


Fields = Mapping[str, Field]


def text(*, most: int, expected: str = "") -> Field:
    """A field for text that is not blank, of at most `most` characters; blanks around it are removed."""
    return Field(
        expected=expected or f"text of 1 to {most} characters",
        check=lambda value: isinstance(value, str) and 0 < len(value.strip()) <= most,
        schema={"type": "string", "minLength": 1, "maxLength": most, "pattern": r"\S"},
        keep=str.strip,
    )


def exact_text(*, most: int, least: int = 1, expected: str) -> Field:
    """A field for text of `least` to `most` characters that is stored as it is given, such as a blob's name."""
    return Field(
        expected=expected,
        check=lambda value: isinstance(value, str) and least <= len(value) <= most,
        schema={"type": "string", "minLength": least, "maxLength": most},
    )


def choice(words: tuple[str, ...]) -> Field:
    """A field for one of these words."""
    return Field(
        expected=f"one of {', '.join(words)}",
        check=lambda value: isinstance(value, str) and value in words,
        schema={"type": "string", "enum": list(words)},
    )


def member(kind: type[StrEnum]) -> Field:
    """A field for one of an enumeration's words; the member is stored."""
    words = choice(tuple(kind))
    return Field(expected=words.expected, check=words.check, schema=words.schema, keep=kind)


def whole(least: int, most: int, *, expected: str = "") -> Field:
    """A field for a whole number in this range, both ends included."""
    return Field(
        expected=expected or f"a whole number from {least} to {most}",
        check=lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
        schema={"type": "integer", "minimum": least, "maximum": most},
        from_text=lambda given: int(given) if is_number(given) else given,
    )


def is_number(given: str) -> bool:
    """Whether a text is a whole number of ASCII digits, of a length that anybody would mean."""
    return given.isascii() and given.isdigit() and len(given) <= OPTION_DIGITS


def flag() -> Field:
    """A field for true or false."""
    return Field(
        expected="true or false",
        check=lambda value: isinstance(value, bool),
        schema={"type": "boolean"},
        from_text=lambda given: FLAGS.get(given.lower(), given),
    )


def zoned_time(*, expected: str = "a time with its zone, such as 2026-01-31T08:00:00Z") -> Field:
    """A field for a time in ISO 8601 with its zone."""
    schema = {"type": "string", "format": "date-time"}
    return Field(expected=expected, check=is_zoned_time, schema=schema, keep=str.strip)


def is_zoned_time(value: Any) -> bool:
    """Whether the value is a text in ISO 8601 with a zone."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value.strip()).tzinfo is not None
    except ValueError:
        return False


def amount(*, below: int, expected: str) -> Field:
    """A field for an amount of money, 0 or more and less than `below`, stored as Decimal."""
    return Field(
        expected=expected,
        check=lambda value: is_amount(value, below=below),
        schema={"type": "number", "minimum": 0, "exclusiveMaximum": below},
        from_text=to_decimal,
        keep=lambda value: Decimal(str(value)),
        exact=True,
    )


def is_amount(value: Any, *, below: int) -> bool:
    """Whether the value is a number from 0 to less than `below`; true and false are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    is_number = not isinstance(value, Decimal) or value.is_finite()  # a NaN of decimals cannot even be compared
    return is_number and 0 <= value < below


def to_decimal(given: str) -> Any:
    """The number that a text writes; the text itself if it is not a number."""
    try:
        return Decimal(given)
    except InvalidOperation:
        return given


def list_of(item: Field, *, most: int, expected: str) -> Field:
    """A field for a list of 1 to `most` values of one kind."""
    return Field(
        expected=expected,
        check=lambda value: isinstance(value, list) and 1 <= len(value) <= most and all(map(item.check, value)),
        schema={"type": "array", "items": item.schema, "minItems": 1, "maxItems": most},
    )


def object_of(fields: Fields, *, required: tuple[str, ...] = (), usual: Mapping[str, Any] | None = None) -> JsonSchema:
    """The JSON Schema of an object with these fields and no others; `usual` holds where a field is left out."""
    usual = usual or {}
    return {
        "type": "object",
        "properties": {
            name: field.schema | ({"default": usual[name]} if name in usual else {}) for name, field in fields.items()
        },
        "required": list(required),
        "additionalProperties": False,
    }


def shown(value: Any) -> str:
    """The value for a message: itself if it is short, else only its kind and size, so that a prompt is never shown."""
    try:
        told = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    if len(told) <= MAX_SHOWN_CHARACTERS:
        return told
    size = f" of {len(value)}" if isinstance(value, Sized) else ""
    return f"a {VALUES_IN_WORDS.get(type(value), 'value')}{size}"
