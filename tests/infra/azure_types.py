"""Each resource against its published type: unknown, missing, read-only or mistyped, wrong words and versions.

The types are a part of Azure/bicep-types-az, kept beside the repository. What a template computes is checked as far as
its kind is known: both branches of a choice, every allowed value of a parameter, the parts of a union.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.infra.bicep import Expression, Resource, Template

DATA = Path(__file__).parents[3] / "shared" / "data" / "azure-types.json"
REQUIRED = 1
KINDS: dict[str, type] = {"StringType": str, "StringLiteralType": str, "IntegerType": int, "BooleanType": bool}
DECIDED_BY_BICEP = frozenset({"parent", "scope", "dependsOn"})


@cache
def known() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DATA.read_text("utf-8"))
    return loaded


def check(template: Template) -> list[str]:
    return [
        f"{template.path.name}:{resource.line} {resource.symbol}: {fault}"
        for resource in template.resources
        for fault in faults(template, resource)
    ]


def faults(template: Template, resource: Resource) -> Iterator[str]:
    entry = known()["resources"].get(f"{resource.type}@{resource.version}")
    if entry is None:
        versions = sorted(name.partition("@")[2] for name in known()["resources"] if is_version(name, resource.type))
        yield f"unknown type {resource.type}@{resource.version}; known versions: {', '.join(versions) or 'none'}"
        return
    if resource.existing:
        return
    body = {name: item for name, item in resource.body.items() if name not in DECIDED_BY_BICEP}
    yield from Checker(template).value(body, entry["body"], at="")


def unreadable(template: Template) -> list[str]:
    """What is read of a resource that resources of its type do not have."""
    text = template.path.read_text("utf-8")
    return [
        f"{template.path.name}: {resource.symbol}.{path} is not there to be read"
        for resource in template.resources
        if (entry := known()["resources"].get(f"{resource.type}@{resource.version}"))
        for path in re.findall(rf"(?<![/\w]){resource.symbol}\.([\w.]+)\b(?!\()", text)
        if not readable(entry["body"], path.split("."))
    ]


def readable(index: int, path: list[str]) -> bool:
    kind = known()["types"][index]
    if not path or kind["$type"] != "ObjectType":
        return True
    if path[0] in kind.get("properties", {}):
        return readable(kind["properties"][path[0]]["type"], path[1:])
    return path[0] in kind.get("readOnly", ()) or "additionalProperties" in kind


def is_version(name: str, wanted: str) -> bool:
    return name.partition("@")[0] == wanted


@dataclass(frozen=True, slots=True)
class Checker:
    template: Template

    def value(self, value: Any, index: int, *, at: str) -> Iterator[str]:
        kind = known()["types"][index]
        if isinstance(value, Expression):
            yield from self.expression(value, index, at=at)
        elif value is None or kind["$type"] == "AnyType":
            return
        elif kind["$type"] == "UnionType":
            yield from self.union(value, kind, at=at)
        elif kind["$type"] == "ObjectType":
            yield from self.object(value, kind, at=at)
        elif kind["$type"] == "DiscriminatedObjectType":
            yield from self.discriminated(value, kind, at=at)
        elif kind["$type"] == "ArrayType":
            yield from self.array(value, kind, at=at)
        else:
            yield from scalar(value, kind, at=at)

    def object(self, value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at}: {shown(value)} is not an object"
            return
        yield from self.properties(value, kind, at=at)
        for name, declared in kind.get("properties", {}).items():
            if declared["flags"] & REQUIRED and name not in value:
                yield f"{at}.{name}: is missing"

    def properties(self, value: dict[str, Any], kind: dict[str, Any], *, at: str) -> Iterator[str]:
        for name, item in value.items():
            declared = kind.get("properties", {}).get(name)
            rest = kind.get("additionalProperties")
            if declared is not None:
                yield from self.value(item, declared["type"], at=f"{at}.{name}")
            elif name in kind.get("readOnly", ()):
                yield f"{at}.{name}: is read-only"
            elif rest is not None:
                yield from self.value(item, rest, at=f"{at}.{name}")
            else:
                yield f"{at}.{name}: is unknown; known: {', '.join(kind.get('properties', {}))}"

    def discriminated(self, value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
        chosen = value.get(kind["discriminator"]) if isinstance(value, dict) else None
        if not isinstance(chosen, str) or chosen not in kind["elements"]:
            yield f"{at}.{kind['discriminator']}: {shown(chosen)} is not one of {', '.join(kind['elements'])}"
            return
        element = known()["types"][kind["elements"][chosen]]
        merged = {**element, "properties": {**kind["baseProperties"], **element.get("properties", {})}}
        merged["readOnly"] = [*kind.get("readOnly", ()), *element.get("readOnly", ())]
        yield from self.object(value, merged, at=at)

    def array(self, value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{at}: {shown(value)} is not an array"
            return
        for position, item in enumerate(value):
            yield from self.value(item, kind["itemType"], at=f"{at}[{position}]")

    def union(self, value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
        """An open list of words is held to its words too: another word is a typing error far more often than news."""
        options = [known()["types"][index] for index in kind["elements"]]
        words = [option["value"] for option in options if option["$type"] == "StringLiteralType"]
        if words and isinstance(value, str):
            if value not in words:
                yield f"{at}: {value!r} is not one of {', '.join(words)}"
            return
        if all(any(True for _ in self.value(value, index, at=at)) for index in kind["elements"]):
            yield f"{at}: {shown(value)} has the wrong type"

    def expression(self, value: Expression, index: int, *, at: str) -> Iterator[str]:
        kind = known()["types"][index]
        match value.kind:
            case "text":
                if holds_no_text(kind):
                    yield f"{at}: {value.text} is text, not {kind['$type'].removesuffix('Type').lower()}"
            case "name":
                yield from self.named(value, index, at=at)
            case "choice":
                for part in value.parts[1:]:
                    yield from self.value(part, index, at=at)
            case "loop":
                if kind["$type"] != "ArrayType":
                    yield f"{at}: is a loop, not {kind['$type'].removesuffix('Type').lower()}"
                else:
                    yield from self.value(value.parts[1], kind["itemType"], at=f"{at}[]")
            case "call" if value.name == "union":
                yield from self.merged(value, kind, at=at)

    def named(self, value: Expression, index: int, *, at: str) -> Iterator[str]:
        """A variable is looked through; a parameter counts with all that it allows, or with its kind."""
        if value.name in self.template.variables:
            yield from self.value(self.template.variables[value.name], index, at=at)
            return
        parameter = self.template.parameters.get(value.name)
        if parameter is None:
            return
        for allowed in parameter.decorators.get("allowed") or [sample(parameter.type)]:
            if allowed is not None:
                yield from self.value(allowed, index, at=at)

    def merged(self, value: Expression, kind: dict[str, Any], *, at: str) -> Iterator[str]:
        for part in value.parts:
            if isinstance(part, dict) and kind["$type"] == "ObjectType":
                yield from self.properties(part, kind, at=at)


def sample(kind: str) -> Any:
    """A value that stands for a parameter of which only the kind is known; text and composites can be anything."""
    return {"int": 1, "bool": True}.get(kind)


def holds_no_text(kind: dict[str, Any]) -> bool:
    return kind["$type"] in {"IntegerType", "BooleanType", "ArrayType", "ObjectType", "DiscriminatedObjectType"}


def scalar(value: Any, kind: dict[str, Any], *, at: str) -> Iterator[str]:
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
