"""Bicep's functions, as far as the templates use them, on known values. What only a deployment knows is Unknown."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
GROUP = "visiondrop"
GROUP_ID = f"{SUBSCRIPTION}/resourceGroups/{GROUP}"
TENANT = "00000000-0000-4000-8000-000000000002"


@dataclass(frozen=True, slots=True)
class Unknown:
    """What is read from a resource, or computed of that: Azure knows it once the resource is made. `text`: how."""

    text: str


def union(*parts: Any) -> Any:
    """Objects merge in depth, the later wins; lists keep each item once."""
    if isinstance(parts[0], list):
        listed = [*chain(*parts)]
        return [item for number, item in enumerate(listed) if item not in listed[:number]]
    merged: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, dict) and isinstance(merged.get(key), dict)
            merged[key] = union(merged[key], value) if both else value
    return merged


def resource_id(kind: str, *names: str) -> str:
    return f"{GROUP_ID}/providers/{with_names(kind, names)}"


def with_names(kind: str, names: tuple[str, ...]) -> str:
    """Each word of a type after the provider's, followed by its name."""
    provider, *words = kind.split("/")
    return "/".join([provider, *(part for pair in zip(words, names, strict=True) for part in pair)])


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "concat": lambda *parts: [*chain(*parts)] if isinstance(parts[0], list) else "".join(parts),
    "contains": lambda where, what: what in where,
    "empty": lambda value: not value,
    "environment": lambda: {
        "suffixes": {"storage": "core.windows.net"},
        "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
    },
    "guid": lambda *parts: str(uuid.uuid5(uuid.NAMESPACE_URL, "-".join(parts))),
    "max": lambda *numbers: max(numbers),
    "replace": lambda text, old, new: text.replace(old, new),
    "resourceGroup": lambda: {"id": GROUP_ID, "name": GROUP, "location": "swedencentral"},
    "resourceId": resource_id,
    "subscriptionResourceId": lambda kind, *names: f"{SUBSCRIPTION}/providers/{with_names(kind, names)}",
    "tenant": lambda: {"tenantId": TENANT},
    "union": union,
    "uniqueString": lambda *parts: uuid.uuid5(uuid.NAMESPACE_URL, "-".join(parts)).hex[:13],
}

OPERATORS: Mapping[str, Callable[..., Any]] = {
    "!": lambda value: not value,
    "&&": lambda one, two: one and two,
    "||": lambda one, two: one or two,
    "==": lambda one, two: one == two,
    "!=": lambda one, two: one != two,
    ">": lambda one, two: one > two,
    "<": lambda one, two: one < two,
    "*": lambda one, two: one * two,
    "??": lambda one, two: two if one is None else one,
}
