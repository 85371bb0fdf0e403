"""Bicep files as plain values, read with tree-sitter: enough of the language to check this project's templates offline.

Literals become Python values; whatever has to be computed stays an Expression that keeps its text and its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import tree_sitter
import tree_sitter_bicep

from tests.infra.bicep_names import declared, functions_called, loop_names, names_of_loop, names_used, source, walk
from tests.infra.bicep_values import Expression, ModuleCall, Output, Parameter, Repeated, Resource, Template

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))

ESCAPES = {"\\\\": "\\", "\\'": "'", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\$": "$"}


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


def faulty(root: tree_sitter.Node) -> list[tree_sitter.Node]:
    return [node for node in walk(root) if node.is_error or node.is_missing] if root.has_error else []


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
