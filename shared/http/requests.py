"""What comes in, checked: query parameters and JSON bodies. Every refusal names the field and what would do."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn

import azure.functions as func

from shared.core import limits
from shared.core.ask.fields import Field, Fields, exact_text, shown
from shared.core.errors import MediaUnsupported, NotFound, OptionsInvalid, RequestTooLarge
from shared.core.plain_json import is_plain_json

JSON = "application/json"
HOST_PARAMETERS = frozenset({"code", "clientid"})  # the Functions host's own: the key and its name
JOB_ID = re.compile(r"[0-9a-f]{32}")
QUERY_DIGITS = 10

NAME_FIELD = exact_text(most=limits.NAME_CHARACTERS.value, expected="the name of an upload")
ID = Field(
    expected="the id of a job",
    check=lambda value: isinstance(value, str) and JOB_ID.fullmatch(value) is not None,
    schema={"type": "string", "pattern": f"^{JOB_ID.pattern}$"},
)


def check_parameters(request: func.HttpRequest, known: Collection[str]) -> None:
    """Check that the route knows all query parameters. Raises OptionsInvalid for an unknown one: with a misspelt
    filter, a list would hold everything.
    """
    for name in request.params:
        if name not in known and name.lower() not in HOST_PARAMETERS:
            hint = f"Use {', '.join(known)}." if known else "This address takes none."
            raise OptionsInvalid(f"there is no parameter {shown(name)}", field=name, hint=hint)


def whole(request: func.HttpRequest, name: str, *, default: int, most: int, least: int = 1) -> int:
    text = request.params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= QUERY_DIGITS and least <= int(text) <= most):
        refuse_parameter(name, text, f"Give a whole number from {least} to {most}.")
    return int(text)


def moment(request: func.HttpRequest, name: str) -> datetime | None:
    """A parameter's time in UTC; None if it is not given. Raises OptionsInvalid for what is not a time."""
    text = request.params.get(name)
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        plus = " In an address, + is written %2B." if " " in text else ""
        refuse_parameter(name, text, f"Give a time such as 2026-11-21 or 2026-11-21T12:00:00Z.{plus}")


def day(request: func.HttpRequest, name: str) -> date | None:
    text = request.params.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse_parameter(name, text, "Give a day such as 2026-11-21.")


def refuse_parameter(name: str, text: str, hint: str) -> NoReturn:
    raise OptionsInvalid(f"{name} is {shown(text)}", field=name, hint=hint)


def job_id_of(request: func.HttpRequest, name: str = "job_id") -> str:
    """The job's id in the path. Raises NotFound for what cannot be an id: the table is not asked for such a key."""
    text: str = request.route_params.get(name, "")
    if not JOB_ID.fullmatch(text):
        raise NotFound(f"{shown(text)} is not a job's id", hint="An id has 32 characters, 0 to 9 and a to f.")
    return text


def name_of(request: func.HttpRequest) -> str:
    """The upload's name, from the path or, for names that a path cannot carry, from the query; empty if there is
    none.
    """
    name: str = request.route_params.get("name") or request.params.get("name", "")
    return name


def one_name_of(request: func.HttpRequest) -> str:
    number = bool(request.route_params.get("name")) + bool(request.params.get("name"))
    if number != 1:
        fault = "the address has two names" if number else "name is missing"
        raise OptionsInvalid(fault, field="name", hint="Give it in the path, or as ?name=.")
    return name_of(request)


def announced_bytes(request: func.HttpRequest) -> int:
    """Content-Length in bytes, read without the body; 0 without the header, and then the host passes no body on."""
    text = request.headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= QUERY_DIGITS else 0


def read_object(request: func.HttpRequest, fields: Fields, *, required: Collection[str] = ()) -> dict[str, Any]:
    """The JSON object of the body, with known fields of the right type only. Raises OptionsInvalid, MediaUnsupported or
    RequestTooLarge.
    """
    check_parameters(request, ())
    return read_fields(request, fields, required)


def read_fields(request: func.HttpRequest, fields: Fields, required: Collection[str]) -> dict[str, Any]:
    return check_object(parse_object(read_body(request)), fields, required)


def read_body(request: func.HttpRequest) -> bytes:
    """The bytes of a JSON body. Raises MediaUnsupported without `application/json`, RequestTooLarge over the limit.

    A web page of another origin can send text and forms to any address, but JSON only after the browser has asked the
    server (https://fetch.spec.whatwg.org/#cors-safelisted-request-header), and this server never allows it.
    """
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != JSON:
        hint = f"Send the header Content-Type: {JSON}."
        raise MediaUnsupported(f"the body's Content-Type is {shown(given)}", hint=hint)
    hint = f"A JSON body has at most {limits.JSON_BODY_BYTES.value} bytes."
    if announced_bytes(request) > limits.JSON_BODY_BYTES.value:
        raise RequestTooLarge(f"the body has {announced_bytes(request)} bytes", hint=hint)
    body: bytes = request.get_body()
    if len(body) > limits.JSON_BODY_BYTES.value:
        raise RequestTooLarge(f"the body has {len(body)} bytes", hint=hint)
    return body


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises OptionsInvalid for anything else, and for nesting that no parser follows, NaN,
    Infinity or half a surrogate pair.
    """
    try:
        value = json.loads(body, object_pairs_hook=without_repetition)
    except json.JSONDecodeError as fault:
        refuse_body(f"is not JSON: {fault.msg} at line {fault.lineno}, column {fault.colno}" if body else "is empty")
    except (ValueError, RecursionError):  # no UTF-8, or a number of thousands of digits
        refuse_body("is not JSON that can be read")
    if not isinstance(value, dict):
        refuse_body("is JSON, but not an object")
    if not is_plain_json(value):
        refuse_body("is nested too deeply, or contains NaN, Infinity or half a surrogate pair")
    return value


def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dict. Raises OptionsInvalid for a name given twice.

    Which of two values counts is each parser's own choice, and this one decides what is paid for.
    """
    value: dict[str, Any] = {}
    for name, item in pairs:
        if name in value:
            refuse_body(f"has {shown(name)} twice")
        value[name] = item
    return value


def refuse_body(what: str) -> NoReturn:
    raise OptionsInvalid(f"the body {what}", field="body", hint="Send a JSON object in UTF-8, such as {}.")


def check_object(value: Mapping[str, Any], fields: Fields, required: Collection[str]) -> dict[str, Any]:
    """The fields as they are stored. Raises OptionsInvalid naming the one at fault."""
    for name in value:
        if name not in fields:
            hint = f"Use {', '.join(fields)}."
            raise OptionsInvalid(f"the body has an unknown field {shown(name)}", field=name, hint=hint)
    for name in required:
        if name not in value:
            raise OptionsInvalid(f"{name} is missing", field=name, hint=f"Give {fields[name].expected}.")
    return {name: check_value(name, item, fields) for name, item in value.items()}


def check_value(name: str, value: Any, fields: Fields) -> Any:
    """The value as it is stored. Raises OptionsInvalid saying what to give instead."""
    field = fields[name]
    if not field.check(value):
        raise OptionsInvalid(f"{name} is {shown(value)}", field=name, hint=f"Give {field.expected}.")
    return field.keep(value)
