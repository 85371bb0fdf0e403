"""A value that fits a JSON Schema and claims nothing: strings hold the description, numbers are 0, lists are empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 20  # structured outputs allow 5 to 10; beyond this a recursive schema asks for itself


def fill(schema: Mapping[str, Any], text: str) -> Any:
    return fill_node(schema, text, root=schema, depth=0)


def fill_node(node: Mapping[str, Any], text: str, *, root: Mapping[str, Any], depth: int) -> Any:
    if depth > MAX_DEPTH:
        return None
    if "$ref" in node:
        return fill_node(resolve(str(node["$ref"]), root), text, root=root, depth=depth + 1)
    for keyword in ("anyOf", "oneOf"):
        if node.get(keyword):
            return fill_node(least_claim(node[keyword]), text, root=root, depth=depth + 1)
    if "const" in node:
        return node["const"]
    if node.get("enum"):
        return None if None in node["enum"] else node["enum"][0]
    return fill_type(node, text, root=root, depth=depth)


def fill_type(node: Mapping[str, Any], text: str, *, root: Mapping[str, Any], depth: int) -> Any:
    kind = schema_type(node)
    if kind == "object":
        properties: Mapping[str, Any] = node.get("properties", {})
        return {name: fill_node(child, text, root=root, depth=depth + 1) for name, child in properties.items()}
    if kind == "array":
        item = node.get("items", {})
        return [fill_node(item, text, root=root, depth=depth + 1) for _ in range(node.get("minItems", 0))]
    scalars = {"string": text, "number": 0, "integer": 0, "boolean": False, "null": None}
    if kind in {"number", "integer"}:
        return max(0, node.get("minimum", 0))
    return scalars.get(kind, text)


def schema_type(node: Mapping[str, Any]) -> str:
    """The type that a value is made of. A type may be a list such as ["string", "null"]: null claims least."""
    kind = node.get("type") or ("object" if "properties" in node else "string")
    if isinstance(kind, list):
        return "null" if "null" in kind else str(kind[0])
    return str(kind)


def least_claim(choices: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((choice for choice in choices if schema_type(choice) == "null"), choices[0])


def resolve(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of the schema that `#/$defs/name` names, or the whole schema for `#`."""
    node: Any = root
    for step in reference.lstrip("#").split("/"):
        node = node[step] if step else node
    found: Mapping[str, Any] = node
    return found
