"""The shapes behind openapi.json: words to write JSON Schema with, and what the routes answer with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.core.ask.fields import Fields, object_of
from shared.core.ask.option_rows import FILE_OPTIONS, OPTIONS
from shared.http.requests import JSON

Schema = dict[str, Any]


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def whole(least: int, most: int, **more: Any) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, **more}


def one_of(choices: Any, **more: Any) -> Schema:
    return {"type": "string", "enum": list(choices), **more}


def shape(properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def list_of(name: str) -> Schema:
    return {"type": "array", "items": reference(name)}


def query(name: str, schema: Schema, description: str = "") -> Schema:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def header(name: str, schema: Schema, description: str = "") -> Schema:
    return {"name": name, "in": "header", "schema": schema, "description": description}


def in_path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def json_body(
    fields: Fields, *, required: tuple[str, ...] = (), usual: Mapping[str, Any] | None = None, **more: Any
) -> Schema:
    """A request body that is a JSON object with these fields, each described where it is an option."""
    schema = object_of(fields, required=required, usual=usual)
    for name in schema["properties"].keys() & FILE_OPTIONS.keys():
        schema["properties"][name] = schema["properties"][name] | {"description": OPTIONS[name].sentence}
    return {"required": True, "content": {JSON: {"schema": schema | more}}}


STRING: Schema = {"type": "string"}
USD: Schema = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}
DAY_SCHEMA: Schema = {"type": "string", "format": "date"}
PAIR: Schema = {"type": "array", "minItems": 2, "maxItems": 2}

SCHEMAS: dict[str, Schema] = {
    "List": shape({"items": list_of("Item"), "cursor": {"type": ["string", "null"]}, "looked_at": {"type": "integer"}}),
    "ListOrDocument": {"anyOf": [reference("List"), reference("Document")]},
    "Related": shape({"items": list_of("Item")}),
    "Comparison": shape(
        {
            "jobs": list_of("Document"),
            "options": {"type": "object", "additionalProperties": PAIR},
            "difference": shape(
                {
                    "usd": {"anyOf": [USD, {"type": "null"}]},
                    **{name: {"type": ["integer", "null"]} for name in ("input_tokens", "output_tokens", "model_ms")},
                }
            ),
        }
    ),
    "Estimate": shape(
        {**{name: {"type": "integer"} for name in ("width", "height", "pictures")}, "rows": list_of("EstimateRow")}
    ),
    "Moments": shape({"moments": list_of("Moment")}),
    "Moment": shape(
        {
            "name": {"type": ["string", "null"]},
            "job_id": STRING,
            "start_s": {"type": "number"},
            "end_s": {"type": "number"},
            "best_s": {"type": "number"},
            "relevance": {"type": "number"},
            "kind": STRING,
        }
    ),
    "Costs": shape(
        {
            "from": DAY_SCHEMA,
            "to": DAY_SCHEMA,
            "usd": USD,
            "estimate_usd": USD,
            "max_usd": USD,
            "maybe_paid": {"type": "integer"},
            "unpriced": {"type": "integer"},
            "maybe_usd": USD,
            "days": list_of("Spending"),
        }
    ),
    "Kept": shape(
        {
            "name": STRING,
            "bytes": {"type": "integer"},
            "etag": STRING,
            "job_id": {"type": ["string", "null"]},
            "result": {"type": ["string", "null"]},
        }
    ),
    "Ticket": shape(
        {
            "url": STRING,
            "method": {"const": "PUT"},
            "headers": {"type": "object", "additionalProperties": STRING},
            "expires": {"type": "string", "format": "date-time"},
            "name": STRING,
            "result": STRING,
        }
    ),
    "Health": shape(
        {"status": one_of(["ok", "unhealthy"]), "checks": {"type": "object"}, "warnings": {"type": "object"}},
        optional=("warnings",),
    ),
    "Contract": {"type": "object", "required": ["openapi", "paths"]},
    "Error": shape(
        {"error": shape({"code": STRING, "message": STRING, "hint": STRING, "field": STRING}, optional=("field",))}
    ),
}
