"""What a template makes of given parameters, as far as that is known before anything is deployed: a plan.

Modules are followed: their arguments go in, their outputs come back. It stands in for Azure's what-if, which sees the
same things known and unknown, and it is what the published types are checked against (azure_types.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.infra import bicep
from tests.infra.bicep_functions import FUNCTIONS, GROUP_ID, OPERATORS, Unknown, with_names
from tests.infra.bicep_values import Expression, Repeated, Resource, Template

DECIDED_BY_BICEP = frozenset({"parent", "scope", "dependsOn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A resource of a plan. `body` holds literals, and Unknown where only Azure knows."""

    template: Template
    resource: Resource
    id: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`opaque`: arguments of modules that are unknown, as module.parameter: what-if does not look into the module."""

    made: tuple[Made, ...]
    outputs: Mapping[str, Any]
    opaque: tuple[str, ...]


@dataclass(slots=True)
class Scope:
    """One template with its parameters: what its names stand for. Loop variables win over all."""

    template: Template
    given: Mapping[str, Any]
    loops: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)

    def value(self, item: Any) -> Any:
        if isinstance(item, dict):
            return {self.key(name): self.value(part) for name, part in item.items()}
        if isinstance(item, list):
            return [self.value(part) for part in item]
        return self.computed(item) if isinstance(item, Expression) else item

    def key(self, name: str) -> str:
        """An object's key may be computed too: it is kept as it stands in the file, quotes and all."""
        if not name.startswith("'"):
            return name
        found = self.value(bicep.parse(self.template.path, f"var key = {name}".encode()).variables["key"])
        return found.text if isinstance(found, Unknown) else str(found)

    def computed(self, item: Expression) -> Any:
        match item.kind:
            case "name":
                return self.named(item.name)
            case "loop":
                return self.looped(item)
            case "choice":
                chosen = self.value(item.parts[0])
                return unknown(item) if isinstance(chosen, Unknown) else self.value(item.parts[1 if chosen else 2])
            case "member":
                return self.member(item)
            case "nested":
                return self.handle(item.parts[1])
            case "call" if item.name == "loadTextContent":
                return (self.template.path.parent / item.parts[0]).read_text("utf-8")
        return self.applied(item)

    def applied(self, item: Expression) -> Any:
        """Text, a function, an operator: known when all that goes in is."""
        parts = [self.value(part) for part in item.parts]
        if any(isinstance(part, Unknown | Handle) for part in parts):
            return unknown(item)
        if item.kind == "text":
            return "".join(map(str, parts))
        function = (OPERATORS if item.kind == "operation" else FUNCTIONS).get(item.name)
        return unknown(item) if function is None else function(*parts)

    def named(self, name: str) -> Any:
        if name in self.loops:
            return self.loops[name]
        if name in self.template.variables:
            if name not in self.variables:
                self.variables[name] = self.value(self.template.variables[name])
            return self.variables[name]
        if name in self.template.parameters:
            return self.given.get(name, Unknown(name))
        return self.handle(name)

    def looped(self, item: Expression) -> Any:
        over = self.value(item.parts[0])
        if isinstance(over, Unknown):
            return unknown(item)
        names = tuple(item.name.split(","))
        return [self.within(names, entry, number).value(item.parts[1]) for number, entry in enumerate(over)]

    def within(self, names: tuple[str, ...], entry: Any, number: int) -> Scope:
        """In one turn of a loop; `names` are the item's and, if there is one, the number's."""
        return replace(self, loops={**self.loops, **dict(zip(names, (entry, number), strict=False))})

    def member(self, item: Expression) -> Any:
        base, key = self.value(item.parts[0]), self.value(item.parts[1])
        if isinstance(base, Handle):
            return base.read(key, item)
        if isinstance(base, dict):
            return base.get(key, unknown(item))
        return base[key] if isinstance(base, list) and isinstance(key, int) else unknown(item)

    def handle(self, symbol: str) -> Handle:
        return Handle(self, symbol)

    def id_of(self, resource: Resource) -> str | Unknown:
        names = self.names_of(resource)
        if any(isinstance(name, Unknown) for name in names):
            return Unknown(f"{resource.symbol}.id")
        on = self.value(resource.body["scope"]) if "scope" in resource.body else None
        above = on.read("id", None) if isinstance(on, Handle) else GROUP_ID
        return f"{above}/providers/{with_names(resource.type, tuple(names))}"

    def names_of(self, resource: Resource) -> list[Any]:
        """Its own name below those of its parents; a parent made in a loop is in the same turn of it."""
        above = resource.inside or getattr(resource.body.get("parent"), "name", "")
        parents = [other for other in self.template.resources if other.symbol == above]
        return [*(name for parent in parents for name in self.names_of(parent)), self.value(resource.body["name"])]


@dataclass(frozen=True, slots=True)
class Handle:
    """A resource or a module where it is named: its id and name are known, its outputs as far as they are, no more."""

    scope: Scope
    symbol: str

    def read(self, key: Any, item: Expression | None) -> Any:
        resource = next((found for found in self.scope.template.resources if found.symbol == self.symbol), None)
        if resource is None:
            return self.scope.outputs.get(self.symbol, {}) if key == "outputs" else unknown(item)
        if isinstance(key, int) and resource.repeated.names:
            entry = self.scope.value(resource.repeated.over)[key]
            return Handle(self.scope.within(resource.repeated.names, entry, key), self.symbol)
        if key == "id":
            return self.scope.id_of(resource)
        return self.scope.value(resource.body["name"]) if key == "name" else unknown(item)


def unknown(item: Expression | None) -> Unknown:
    return Unknown(" ".join(item.text.split()) if item else "")


def evaluate(path: Path, given: Mapping[str, Any]) -> Plan:
    """What the template at `path` makes of these parameters; those that are not given have their defaults."""
    template = bicep.read(path)
    scope = Scope(template, {})
    defaults = {name: parameter.default for name, parameter in template.parameters.items() if not parameter.required}
    scope.given = {**{name: scope.value(default) for name, default in defaults.items()}, **given}
    made: list[Made] = []
    opaque: list[str] = []
    for call in template.modules:  # one whose outputs are read stands above its readers
        for turn in turns(scope, call.repeated):
            arguments = {name: turn.value(item) for name, item in call.arguments.items()}
            opaque += [f"{call.symbol}.{name}" for name, item in arguments.items() if holds_unknown(item)]
            inner = evaluate(path.parent / call.path, arguments)
            scope.outputs[call.symbol] = inner.outputs
            made += inner.made
            opaque += inner.opaque
    made += own_resources(scope)
    outputs = {name: scope.value(output.value) for name, output in template.outputs.items()}
    return Plan(made=tuple(made), outputs=outputs, opaque=tuple(opaque))


def own_resources(scope: Scope) -> Iterator[Made]:
    for resource in scope.template.resources:
        if resource.existing:
            continue
        for turn in turns(scope, resource.repeated):
            body = {name: turn.value(item) for name, item in resource.body.items() if name not in DECIDED_BY_BICEP}
            yield Made(template=scope.template, resource=resource, id=str(turn.id_of(resource)), body=body)


def turns(scope: Scope, repeated: Repeated) -> Iterator[Scope]:
    """One scope for each time that a declaration is made: none where its condition does not hold."""
    if repeated.names:
        for number, entry in enumerate(scope.value(repeated.over)):
            yield scope.within(repeated.names, entry, number)
    elif scope.value(repeated.condition):
        yield scope


def holds_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    return any(map(holds_unknown, value)) if isinstance(value, list) else isinstance(value, Unknown)
