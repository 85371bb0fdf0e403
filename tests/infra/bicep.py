"""Bicep files as plain values, read with tree-sitter: enough of the language to check this project's templates offline.

Literals become Python values; whatever has to be computed stays an Expression that keeps its text and its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import tree_sitter
import tree_sitter_bicep

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))
LOOP_NAMES = {"identifier", "loop_variable", "loop_enumerator"}
ESCAPES = {"\\\\": "\\", "\\'": "'", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\$": "$"}


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


def read(path: Path) -> Template:
    return parse(path, path.read_bytes())


@lru_cache(maxsize=256)
def parse(path: Path, text: bytes) -> Template:
    root = PARSER.parse(text).root_node
    resources = [item for node in root.children if node.type == "resource_declaration" for item in resources_in(node)]
    return Template(
        path=path,
        faults=tuple(
            f"line {node.start_point.row + 1}: cannot be read: {source(node)[:60]!r}" for node in faulty(root)
        ),
        used=frozenset(names_used(root)),
        loop_names=frozenset(loop_names(root)),
        declared=tuple(declared(root)),
        called=frozenset(functions_called(root)),
        parameters=dict(parameters(root)),
        variables=dict(assignment(node) for node in root.children if node.type == "variable_declaration"),
        resources=tuple(resources),
        modules=tuple(module_call(node) for node in root.children if node.type == "module_declaration"),
        outputs=dict(output(node) for node in root.children if node.type == "output_declaration"),
    )


def source(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()


def walk(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def faulty(root: tree_sitter.Node) -> list[tree_sitter.Node]:
    return [node for node in walk(root) if node.is_error or node.is_missing] if root.has_error else []


def names_used(root: tree_sitter.Node) -> Iterator[str]:
    """Identifiers in expressions: not the names that are declared, property keys, or functions called."""
    for node in walk(root):
        if node.type == "identifier" and node.parent is not None and not declares(node, node.parent):
            yield source(node)


def declares(node: tree_sitter.Node, parent: tree_sitter.Node) -> bool:
    if parent.type in {"call_expression", "object_property"}:
        return parent.children[0] == node
    if parent.type == "resource_expression":
        return parent.children[0] != node
    if parent.type == "for_statement":
        return parent.children[2] == node
    return parent.type.endswith("_declaration") and parent.children[1] == node


def loop_names(root: tree_sitter.Node) -> Iterator[str]:
    for node in walk(root):
        if node.type == "for_statement":
            yield from names_of_loop(node)


def names_of_loop(node: tree_sitter.Node) -> list[str]:
    return [source(name) for name in walk(node.children[2]) if name.type in LOOP_NAMES]


def declared(root: tree_sitter.Node) -> Iterator[str]:
    """The name of each declaration; an output may be called what something else is."""
    for node in root.children:
        if node.type.endswith("_declaration"):
            kind = "output " if node.type == "output_declaration" else ""
            yield kind + source(node.children[1])


def functions_called(root: tree_sitter.Node) -> Iterator[str]:
    for node in walk(root):
        is_decorator = node.parent is not None and node.parent.type == "decorator"
        if node.type == "call_expression" and not is_decorator:
            yield source(node.children[0])


def parameters(root: tree_sitter.Node) -> Iterator[tuple[str, Parameter]]:
    decorators: dict[str, Any] = {}
    for node in root.named_children:
        if node.type == "decorators":
            calls = [value(decorator.named_children[0]) for decorator in node.named_children]
            decorators = {call.name: call.parts[0] if call.parts else None for call in calls}
        if node.type == "parameter_declaration":
            has_default = any(child.type == "=" for child in node.children)
            yield (
                source(node.children[1]),
                Parameter(
                    type=source(node.children[2]),
                    default=value(node.children[-1]) if has_default else None,
                    required=not has_default,
                    decorators=decorators,
                ),
            )
        if node.type not in {"decorators", "comment"}:
            decorators = {}


def assignment(node: tree_sitter.Node) -> tuple[str, Any]:
    return source(node.children[1]), value(node.children[-1])


def output(node: tree_sitter.Node) -> tuple[str, Output]:
    return source(node.children[1]), Output(type=source(node.children[2]), value=value(node.children[-1]))


def body_of(node: tree_sitter.Node) -> tree_sitter.Node:
    """The object of a declaration, inside its `if` or `for`."""
    last = node.named_children[-1]
    return body_of(last) if last.type in {"for_statement", "if_statement"} else last


def repeated(node: tree_sitter.Node) -> Repeated:
    last = node.named_children[-1]
    if last.type == "for_statement":
        return replace(repeated(last), names=tuple(names_of_loop(last)), over=value(last.named_children[-2]))
    if last.type == "if_statement":
        condition = last.named_children[0]
        return Repeated(condition=value(condition), condition_text=source(condition)[1:-1])
    return Repeated()


def resources_in(
    node: tree_sitter.Node, parent_type: str = "", parent_version: str = "", inside: str = ""
) -> Iterator[Resource]:
    name, _, version = value(node.children[2]).partition("@")
    full = f"{parent_type}/{name}" if parent_type else name
    symbol = source(node.children[1])
    body = body_of(node)
    when = repeated(node)
    yield Resource(
        symbol=symbol,
        type=full,
        version=version or parent_version,
        existing=any(child.type == "existing" for child in node.children),
        body=value(body),
        line=node.start_point.row + 1,
        repeated=when,
        loop_over=getattr(when.over, "text", ""),
        inside=inside,
    )
    for item in body.named_children:
        for child in item.named_children:
            if child.type == "resource_declaration":
                yield from resources_in(child, full, version or parent_version, symbol)


def module_call(node: tree_sitter.Node) -> ModuleCall:
    body = value(body_of(node))
    return ModuleCall(
        symbol=source(node.children[1]),
        path=value(node.children[2]),
        arguments=body.get("params", {}),
        body=body,
        repeated=repeated(node),
    )


def value(node: tree_sitter.Node) -> Any:
    match node.type:
        case "string":
            return text_value(node)
        case "number":
            return int(source(node))
        case "boolean":
            return source(node) == "true"
        case "null":
            return None
        case "array":
            return [value(child) for child in node.named_children if child.type != "comment"]
        case "object":
            return object_value(node)
        case "parenthesized_expression":
            return value(node.named_children[0])
    return expression(node)


def text_value(node: tree_sitter.Node) -> str | Expression:
    if any(child.type == "interpolation" for child in node.named_children):
        parts = tuple(part for child in node.named_children for part in pieces(child))
        return Expression(kind="text", text=source(node), parts=parts)
    quoted = source(node)
    if quoted.startswith("'''"):
        return quoted[3:-3].removeprefix("\n")
    return unescaped(quoted[1:-1])


def pieces(node: tree_sitter.Node) -> list[Any]:
    return [value(part) for part in node.named_children] if node.type == "interpolation" else [unescaped(source(node))]


def unescaped(text: str) -> str:
    return re.sub(r"\\.", lambda found: ESCAPES.get(found[0], found[0]), text)


def object_value(node: tree_sitter.Node) -> dict[str, Any]:
    pairs = [child for child in node.named_children if child.type == "object_property" and len(child.children) >= 3]
    return {key(pair.children[0]): value(last_named(pair)) for pair in pairs}


def last_named(node: tree_sitter.Node) -> tree_sitter.Node:
    return [child for child in node.named_children if child.type != "comment"][-1]


def key(node: tree_sitter.Node) -> str:
    found = value(node) if node.type == "string" else source(node)
    return found.text if isinstance(found, Expression) else str(found)


def expression(node: tree_sitter.Node) -> Expression:
    text = source(node)
    named = [child for child in node.named_children if child.type != "comment"]
    match node.type:
        case "identifier":
            return Expression(kind="name", text=text, name=text)
        case "call_expression" if named[0].type == "identifier":
            arguments = tuple(value(child) for child in named[1].named_children if child.type != "comment")
            return Expression(kind="call", text=text, name=source(named[0]), parts=arguments)
        case "member_expression":
            return member(text, value(named[0]), source(named[1]))
        case "subscript_expression":
            return Expression(kind="member", text=text, name=source(named[0]), parts=(value(named[0]), value(named[1])))
        case "resource_expression":
            return Expression(kind="nested", text=text, parts=(value(named[0]), source(named[1])))
        case "binary_expression":
            return Expression(kind="operation", text=text, name=source(node.children[1]), parts=operands(named))
        case "unary_expression":
            return Expression(kind="operation", text=text, name=source(node.children[0]), parts=operands(named))
        case "ternary_expression":
            return Expression(kind="choice", text=text, parts=tuple(value(child) for child in named))
        case "for_statement":
            names = ",".join(names_of_loop(node))
            return Expression(kind="loop", text=text, name=names, parts=(value(named[-2]), value(body_of(node))))
    return Expression(kind="other", text=text, parts=tuple(value(child) for child in named))


def member(text: str, base: Any, key: str) -> Expression:
    """The grammar reads `a ? b : c.d` as `(a ? b : c).d`; Bicep, and so this reader, means the key of `c` alone."""
    if isinstance(base, Expression) and base.kind == "choice" and not text.startswith("("):
        condition, then, other = base.parts
        inner = Expression(kind="member", text=f"{other.text}.{key}", name=other.text, parts=(other, key))
        return Expression(kind="choice", text=text, parts=(condition, then, inner))
    name = base.text if isinstance(base, Expression) else str(base)
    return Expression(kind="member", text=text, name=name, parts=(base, key))


def operands(nodes: list[tree_sitter.Node]) -> tuple[Any, ...]:
    return tuple(value(node) for node in nodes)
