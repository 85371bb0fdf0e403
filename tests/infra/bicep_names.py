"""The names in a Bicep file: declared, used, called, and those of loops."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

LOOP_NAMES = {"identifier", "loop_variable", "loop_enumerator"}


def source(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()


def walk(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from walk(child)


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
