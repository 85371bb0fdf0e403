"""How much of what the templates make the published types can say anything about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.infra.azure_types import chosen_kind, entry_of, known, words_of
from tests.infra.bicep_functions import Unknown
from tests.infra.evaluation import Made, Plan

COMPOSITES = frozenset({"ObjectType", "DiscriminatedObjectType", "ArrayType"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Leaf values of the templates, by what the published types can say about each."""

    checked: int  # held to words, a kind, a pattern, bounds
    text: int  # any text is right
    unchecked: int  # only the deployment knows it, or the type takes anything

    @property
    def unchecked_share(self) -> float:
        return self.unchecked / (self.checked + self.text + self.unchecked)

    def __str__(self) -> str:
        return (
            f"leaf values: {self.checked} held to their type, {self.text} free text, "
            f"{self.unchecked} unchecked ({self.unchecked_share:.1%})"
        )


def coverage(plans: Iterable[Plan]) -> Coverage:
    """A leaf is a place in a template, whatever loops and plans fill it; it is checked when it is in all of them."""
    found: dict[tuple[str, str, str], str] = {}
    for made in (made for plan in plans for made in plan.made):
        for path, says in leaves(made):
            place = (made.template.path.name, made.resource.symbol, path)
            found[place] = max(found.get(place, ""), says)  # of "checked", "text", "unchecked" the worst is the last
    words = list(found.values())
    return Coverage(**{word: words.count(word) for word in ("checked", "text", "unchecked")})


def leaves(made: Made) -> Iterator[tuple[str, str]]:
    entry = entry_of(made.resource)
    yield from below(made.body, {"$type": "AnyType"} if entry is None else known()["types"][entry["body"]], "")


def below(value: Any, kind: dict[str, Any], at: str) -> Iterator[tuple[str, str]]:
    if kind["$type"] == "DiscriminatedObjectType":
        kind = chosen_kind(value, kind) or kind
    if isinstance(value, dict):
        for name, item in value.items():
            yield from below(item, part_of(kind, name), f"{at}.{name}")
    elif isinstance(value, list):
        item_kind = known()["types"][kind["itemType"]] if kind["$type"] == "ArrayType" else kind
        for item in value:
            yield from below(item, item_kind, f"{at}[]")
    else:
        yield at, said_of(value, kind)


def part_of(kind: dict[str, Any], name: str) -> dict[str, Any]:
    declared = kind.get("properties", {}).get(name)
    index = declared["type"] if declared else kind.get("additionalProperties")
    return {"$type": "AnyType"} if index is None else known()["types"][index]


def said_of(value: Any, kind: dict[str, Any]) -> str:
    if isinstance(value, Unknown) or kind["$type"] in {"AnyType", *COMPOSITES}:
        return "unchecked"
    is_free = kind["$type"] == "StringType" and not {"pattern", "minLength", "maxLength"} & kind.keys()
    is_free = is_free or (kind["$type"] == "UnionType" and not words_of(kind))
    return "text" if is_free else "checked"
