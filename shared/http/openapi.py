"""GET openapi.json: the contract, from the table of operations and from the types that the program itself uses.

The result document and the lines of lists are read off their types, so that they cannot differ from what is sent.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

import azure.functions as func

from shared.core.codec import field_hints
from shared.core.jobs.job import CONTROL_FIELDS, Job
from shared.core.jobs.listing import Item
from shared.core.jobs.spending import Spending
from shared.http.operations import ANY_FILE, OPERATIONS, Operation
from shared.http.replies import to_cacheable_json
from shared.http.requests import JSON
from shared.http.shapes import SCHEMAS, USD, Schema, reference
from shared.pipeline.estimate_table import Row

SCALAR_SCHEMAS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Decimal: USD,
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    Any: {},
}
DOCUMENT_TYPES: dict[str, tuple[type, tuple[str, ...]]] = {
    "Document": (Job, CONTROL_FIELDS),
    "Item": (Item, ()),
    "Spending": (Spending, ()),
    "EstimateRow": (Row, ()),
}
STATUSES_OF_ALL = (400, 503)
JSON_REFUSALS = (413, 415)  # of every operation that takes a JSON body
STATUS_PHRASES = {
    200: "OK",
    201: "Created",
    202: "Not yet; Retry-After says when to look again",
    206: "A part of it",
    304: "The caller has it already",
    400: "A field or parameter is wrong",
    404: "Not there",
    409: "Not possible yet",
    412: "The name is taken",
    413: "Too large for this way",
    415: "An unsupported type: not a picture or video, or not JSON where JSON is expected",
    416: "No such part",
    422: "Understood, but it cannot be done",
    503: "Try again later",
}


def get_openapi(request: func.HttpRequest) -> func.HttpResponse:
    return to_cacheable_json(request, 200, contract())


@cache
def contract() -> Schema:
    """The whole OpenAPI document; the same object each time, not to be changed."""
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/api/{operation.path}", {})[operation.method] = to_operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Visiondrop", "version": "1", "description": "In words: docs/http.md"},
        "paths": paths,
        "components": {
            "schemas": {name: object_schema(kind, without) for name, (kind, without) in DOCUMENT_TYPES.items()}
            | SCHEMAS,
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-functions-key"}},
        },
        "security": [{"key": []}],
    }


def to_operation(operation: Operation) -> Schema:
    """The operation in OpenAPI's form, with the refusals that every route may give."""
    unread = JSON_REFUSALS if operation.body and JSON in operation.body["content"] else ()
    refusals: dict[int, str | None] = dict.fromkeys(sorted({*STATUSES_OF_ALL, *unread, *operation.refusals}), "Error")
    replies = {**refusals, **operation.replies}
    made: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {str(status): to_response(status, shape) for status, shape in sorted(replies.items())},
    }
    if operation.parameters:
        made["parameters"] = list(operation.parameters)
    if operation.body is not None:
        made["requestBody"] = operation.body
    if operation.anonymous:
        made["security"] = []
    else:
        made["responses"]["401"] = {"description": "The key is missing or wrong"}
    return made


def to_response(status: int, shape: str | None) -> Schema:
    described: Schema = {"description": STATUS_PHRASES[status]}
    if shape == ANY_FILE:
        return described | {"content": {ANY_FILE: {"schema": {}}}}
    return described if shape is None else described | {"content": {JSON: {"schema": reference(shape)}}}


def object_schema(kind: type, without: tuple[str, ...] = ()) -> Schema:
    hints = {name: hint for name, hint in field_hints(kind).items() if name not in without}
    properties = {name: to_schema(hint) for name, hint in hints.items()}
    return {"type": "object", "properties": properties, "required": list(hints), "additionalProperties": False}


def to_schema(hint: Any) -> Schema:
    """The JSON Schema of what codec.to_json makes of a value of this type. Raises TypeError for a type without a JSON
    form.
    """
    if hint in SCALAR_SCHEMAS:
        return SCALAR_SCHEMAS[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return {"anyOf": [to_schema(choice) for choice in arguments]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": to_schema(arguments[0])}
    if origin is dict or hint is dict:
        return {"type": "object"}
    if dataclasses.is_dataclass(hint):
        return object_schema(typing.cast("type", hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [choice.value for choice in hint]}
    raise TypeError(f"{hint} has no JSON schema")
