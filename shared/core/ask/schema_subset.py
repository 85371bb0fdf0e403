"""The part of JSON Schema that strict structured outputs accept: checked before a request is paid for.

Azure's structured-outputs page (12/6/2025): every field required, additionalProperties false, at most 100 properties
and 5 levels, and none of the keywords below. The schema is the user's own words, so it is never completed silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shared.core import limits
from shared.core.errors import OptionsInvalid

REFUSED_KEYWORDS = frozenset(
    {
        *("minLength", "maxLength", "pattern", "format"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("patternProperties", "unevaluatedProperties", "propertyNames", "minProperties", "maxProperties"),
        *("unevaluatedItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"),
        *("allOf", "oneOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else"),
    }
)

KEYWORD_TYPES: dict[str, type] = {
    "properties": dict,
    "$defs": dict,
    "definitions": dict,
    "required": list,
    "anyOf": list,
}
JSON_WORDS: dict[type, str] = {dict: "an object", list: "an array"}

Node = tuple[str, int, Any]
"""A subschema with its path and how many objects it lies in."""


def check_schema(schema: dict[str, Any]) -> None:
    """Check that strict structured outputs accept the schema. Raises OptionsInvalid naming the path of the first
    fault.
    """
    if schema.get("type") != "object" or "anyOf" in schema:
        raise fault("$", "the root is not an object", 'Wrap it: {"type": "object", "properties": {"answer": …}}.')
    properties = 0
    for path, level, node in walk("$", 1, schema):
        check_node(path, node)
        properties += len(properties_of(node))
        if level > limits.SCHEMA_LEVELS.value:
            raise fault(path, f"objects nest deeper than {limits.SCHEMA_LEVELS.value} levels", "Flatten the schema.")
        if properties > limits.SCHEMA_PROPERTIES.value:
            raise fault(path, f"there are more than {limits.SCHEMA_PROPERTIES.value} properties", "Ask two questions.")


def schema_name(schema: dict[str, Any]) -> str:
    """The name that the API wants beside a schema: its title, in the characters that are allowed."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", str(schema.get("title", ""))).strip("_")[:64] or "answer"


def walk(path: str, level: int, node: Any) -> Iterator[Node]:
    """The node and every subschema below it; `$ref` is not followed, since what it names stands under `$defs`."""
    found = [(path, level, node)]
    while found:
        path, level, node = found.pop()
        yield path, level, node
        found += reversed(list(below(path, level, node)))


def below(path: str, level: int, node: dict[str, Any]) -> Iterator[Node]:
    for name, child in properties_of(node).items():
        yield f"{path}.{name}", level + is_object(child), child
    if "items" in node:
        yield f"{path}[]", level + is_object(node["items"]), node["items"]
    for number, child in enumerate(node.get("anyOf", ())):
        yield f"{path}.anyOf[{number}]", level, child
    for group in ("$defs", "definitions"):
        for name, child in node.get(group, {}).items():
            yield f"{group}.{name}", 1, child


def check_node(path: str, node: Any) -> None:
    if not isinstance(node, dict):
        raise fault(path, "this is not a schema object", 'Give at least {"type": …}.')
    refused = sorted(REFUSED_KEYWORDS & node.keys())
    if refused:
        raise fault(path, f"{', '.join(refused)} is not supported", "Say it in the description instead.")
    for keyword, kind in KEYWORD_TYPES.items():
        if not isinstance(node.get(keyword, kind()), kind):
            raise fault(path, f"{keyword} is not {JSON_WORDS[kind]}", "See the JSON Schema documentation.")
    if is_object(node):
        check_object(path, node)


def check_object(path: str, node: dict[str, Any]) -> None:
    if node.get("additionalProperties") is not False:
        raise fault(path, "additionalProperties is not false", 'Add "additionalProperties": false.')
    missing = [name for name in properties_of(node) if name not in node.get("required", [])]
    if missing:
        hint = 'List every property in "required"; an optional one has the type ["string", "null"].'
        raise fault(path, f"{', '.join(missing)} is not required", hint)


def is_object(node: Any) -> bool:
    kind = node.get("type") if isinstance(node, dict) else None
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def properties_of(node: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = node.get("properties", {})
    return properties


def fault(path: str, what: str, hint: str) -> OptionsInvalid:
    return OptionsInvalid(f"schema at {path}: {what}", field="schema", hint=hint)
