"""Each resource of a plan against its published type: unknown, missing, read-only, mistyped; wrong words and versions.

The types are a part of Azure/bicep-types-az, kept beside the repository; more_types.json has what that part lacks. What
only a deployment knows (Unknown) cannot be checked: `coverage` says how much that is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.infra.bicep_functions import Unknown
from tests.infra.bicep_values import Resource, Template
from tests.infra.evaluation import Plan

DATA = Path(__file__).parents[3] / "shared" / "data" / "azure-types.json"

MORE = Path(__file__).with_name("more_types.json")

REQUIRED = 1

KINDS: dict[str, type] = {"StringType": str, "StringLiteralType": str, "IntegerType": int, "BooleanType": bool}


@cache
def known() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DATA.read_text("utf-8"))
    more = json.loads(MORE.read_text("utf-8"))
    shift = len(loaded["types"])
    loaded["types"] += [shifted(kind, shift) for kind in more["types"]]
    loaded["resources"] |= {name: {"body": entry["body"] + shift} for name, entry in more["resources"].items()}
    add_site_update_strategy(loaded)
    return loaded


def shifted(kind: Any, by: int) -> Any:
    """A type whose references count from `by` on."""
    moved = dict(kind)
    for key in ("properties", "baseProperties"):
        if key in kind:
            moved[key] = {name: {**item, "type": item["type"] + by} for name, item in kind[key].items()}
    for key in ("itemType", "additionalProperties"):
        if key in kind:
            moved[key] = kind[key] + by
    if kind["$type"] == "UnionType":
        moved["elements"] = [element + by for element in kind["elements"]]
    return moved


def add_site_update_strategy(loaded: dict[str, Any]) -> None:
    """Documented for API 2024-11-01 and later (flex-consumption-site-updates, 2025-10-28), not yet in the types."""
    types = loaded["types"]
    end = len(types)
    types += [
        {"$type": "StringLiteralType", "value": "Recreate"},
        {"$type": "StringLiteralType", "value": "RollingUpdate"},
        {"$type": "UnionType", "elements": [end, end + 1]},
        {"$type": "ObjectType", "properties": {"type": {"flags": REQUIRED, "type": end + 2}}},
    ]
    body = types[loaded["resources"]["Microsoft.Web/sites@2024-11-01"]["body"]]
    config = types[body["properties"]["properties"]["type"]]["properties"]["functionAppConfig"]["type"]
    types[config]["properties"]["siteUpdateStrategy"] = {"flags": 0, "type": end + 3}


def unpublished(template: Template) -> list[str]:
    """Resources of a type or version that is not published, those that are only read too."""
    return [
        f"{template.path.name}:{resource.line} {resource.symbol}: unknown type {resource.type}@{resource.version}; "
        f"known versions: {', '.join(versions(resource.type)) or 'none'}"
        for resource in template.resources
        if entry_of(resource) is None
    ]


def versions(kind: str) -> list[str]:
    return sorted(name.partition("@")[2] for name in known()["resources"] if name.partition("@")[0] == kind)


def entry_of(resource: Resource) -> dict[str, Any] | None:
    found: dict[str, Any] | None = known()["resources"].get(f"{resource.type}@{resource.version}")
    return found


def check(plan: Plan) -> list[str]:
    return [
        f"{made.template.path.name}:{made.resource.line} {made.resource.symbol}: {fault}"
        for made in plan.made
        if (entry := entry_of(made.resource)) is not None
        for fault in faults(made.body, entry["body"], at="")
    ]


def unreadable(template: Template) -> list[str]:
    """What is read of a resource that resources of its type do not have."""
    text = template.path.read_text("utf-8")
    return [
        f"{template.path.name}: {resource.symbol}.{path} is not there to be read"
        for resource in template.resources
        if (entry := entry_of(resource))
        for path in re.findall(rf"(?<![/\w]){resource.symbol}!?\.([\w.]+)\b(?!\()", text)
        if not readable(entry["body"], path.split("."))
    ]


def readable(index: int, path: list[str]) -> bool:
    kind = known()["types"][index]
    if not path or kind["$type"] != "ObjectType":
        return True
    if path[0] in kind.get("properties", {}):
        return readable(kind["properties"][path[0]]["type"], path[1:])
    return path[0] in kind.get("readOnly", ()) or "additionalProperties" in kind


def faults(value: Any, index: int, *, at: str) -> Iterator[str]:
    kind = known()["types"][index]
    if value is None or isinstance(value, Unknown) or kind["$type"] == "AnyType":
        return
    match kind["$type"]:
        case "UnionType":
            yield from of_union(value, kind, at=at)
        case "ObjectType":
            yield from of_object(value, kind, at=at)
        case "DiscriminatedObjectType":
            yield from of_discriminated(value, kind, at=at)
        case "ArrayType":
            yield from of_array(value, kind, at=at)
        case _:
            yield from of_scalar(value, kind, at=at)


def of_object(value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: {shown(value)} is not an object"
        return
    for name, item in value.items():
        declared = kind.get("properties", {}).get(name)
        rest = kind.get("additionalProperties")
        if declared is not None:
            yield from faults(item, declared["type"], at=f"{at}.{name}")
        elif name in kind.get("readOnly", ()):
            yield f"{at}.{name}: is read-only"
        elif rest is not None:
            yield from faults(item, rest, at=f"{at}.{name}")
        else:
            yield f"{at}.{name}: is unknown; known: {', '.join(kind.get('properties', {}))}"
    for name, declared in kind.get("properties", {}).items():
        if declared["flags"] & REQUIRED and name not in value:
            yield f"{at}.{name}: is missing"


def of_discriminated(value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
    chosen = chosen_kind(value, kind)
    if chosen is None:
        word = value.get(kind["discriminator"]) if isinstance(value, dict) else value
        yield f"{at}.{kind['discriminator']}: {shown(word)} is not one of {', '.join(kind['elements'])}"
        return
    yield from of_object(value, chosen, at=at)


def chosen_kind(value: Any, kind: dict[str, Any]) -> dict[str, Any] | None:
    """The type that the value's own word chooses, with what all choices have."""
    word = value.get(kind["discriminator"]) if isinstance(value, dict) else None
    if not isinstance(word, str) or word not in kind["elements"]:
        return None
    element = known()["types"][kind["elements"][word]]
    return {
        **element,
        "properties": {**kind["baseProperties"], **element.get("properties", {})},
        "readOnly": [*kind.get("readOnly", ()), *element.get("readOnly", ())],
    }


def of_array(value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{at}: {shown(value)} is not an array"
        return
    for position, item in enumerate(value):
        yield from faults(item, kind["itemType"], at=f"{at}[{position}]")


def of_union(value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
    """An open list of words is held to its words too: another word is a typing error far more often than news."""
    words = words_of(kind)
    if words and isinstance(value, str):
        if value not in words:
            yield f"{at}: {value!r} is not one of {', '.join(words)}"
        return
    if all(any(True for _ in faults(value, index, at=at)) for index in kind["elements"]):
        yield f"{at}: {shown(value)} has the wrong type"


def words_of(kind: dict[str, Any]) -> list[str]:
    options = [known()["types"][index] for index in kind["elements"]]
    return [option["value"] for option in options if option["$type"] == "StringLiteralType"]


def of_scalar(value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
    wanted = KINDS.get(kind["$type"])
    if wanted is None:
        return
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        yield f"{at}: {shown(value)} is not {kind['$type'].removesuffix('Type').lower()}"
        return
    yield from bounds(value, kind, at=at)


def bounds(value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
    if kind["$type"] == "StringLiteralType" and value != kind["value"]:
        yield f"{at}: {value!r} is not {kind['value']!r}"
    size = len(value) if isinstance(value, str) else value
    low, high = ("minLength", "maxLength") if isinstance(value, str) else ("minValue", "maxValue")
    if (low in kind and size < kind[low]) or (high in kind and size > kind[high]):
        yield f"{at}: {shown(value)} is outside {kind.get(low, '')}..{kind.get(high, '')}"
    if "pattern" in kind and not re.search(kind["pattern"], str(value)):
        yield f"{at}: {shown(value)} does not match {kind['pattern']}"


def shown(value: Any) -> str:
    return repr(value)[:60]
