"""A Bicep file as plain values: literals are Python values, whatever has to be computed is an Expression."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What has to be computed, as it stands (`text`) and in parts.

    | kind | name | parts |
    |---|---|---|
    | text | | what stands between the quotes: strings, and what is in ${} |
    | name | the name | |
    | call | the function | arguments |
    | member | the root, as text | what has it, and the key (a string, or what is in []) |
    | nested | | a resource, and the name of one inside it (a::b) |
    | choice | | condition, then, else |
    | operation | the operator | operands, one or two |
    | loop | the loop's names, with commas | what is gone through, and what is made of each |
    | other | | all that is inside |
    """

    kind: str
    text: str
    name: str = ""
    parts: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    type: str
    default: Any = None
    required: bool = True
    decorators: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """When, and for what, a declaration is made: its `if` and its `for`, where it has them."""

    condition: Any = True
    condition_text: str = ""
    names: tuple[str, ...] = ()
    over: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    symbol: str
    type: str
    version: str
    existing: bool
    body: dict[str, Any]
    line: int
    repeated: Repeated
    loop_over: str = ""
    inside: str = ""

    @property
    def condition(self) -> str:
        return self.repeated.condition_text

    @property
    def nested(self) -> bool:
        return bool(self.inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleCall:
    symbol: str
    path: str
    arguments: dict[str, Any]
    body: dict[str, Any]
    repeated: Repeated

    @property
    def condition(self) -> str:
        return self.repeated.condition_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    type: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    path: Path
    faults: tuple[str, ...]
    used: frozenset[str]
    loop_names: frozenset[str]
    declared: tuple[str, ...]
    called: frozenset[str]
    parameters: dict[str, Parameter]
    variables: dict[str, Any]
    resources: tuple[Resource, ...]
    modules: tuple[ModuleCall, ...]
    outputs: dict[str, Output]

    @property
    def symbols(self) -> set[str]:
        return {resource.symbol for resource in self.resources} | {call.symbol for call in self.modules}
