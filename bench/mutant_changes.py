"""The small breaks of bench/mutants.py: which there are, and the source of a module with one of them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
SIGNS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
EXTREMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
Node = ast.expr | ast.stmt
Change = tuple[str, Callable[[Node], None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one module: `line` counts from 1, `code` is that line, `what` the change, `source` the module."""

    module: str
    line: int
    code: str
    what: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.module}:{self.line}: {self.what}: {self.code}"


def mutants_of(module: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    lines = text.splitlines()
    tree = ast.parse(text)
    for index, node in enumerate(nodes_of(tree)):
        for what, change in changes_of(node):
            changed = copy.deepcopy(tree)
            change(list(nodes_of(changed))[index])
            code = lines[node.lineno - 1].strip()
            source = ast.unparse(ast.fix_missing_locations(changed))
            yield Mutant(module=module, line=node.lineno, code=code, what=what, source=source)


def nodes_of(tree: ast.Module) -> Iterator[Node]:
    """What may be changed: everything in functions and classes but decorators, annotations, texts and constants."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield from nodes_below(statement)


def nodes_below(node: ast.AST) -> Iterator[Node]:
    if isinstance(node, ast.JoinedStr | ast.Raise):
        return  # the words of a message
    if isinstance(node, ast.expr | ast.stmt):
        yield node
    for name, value in ast.iter_fields(node):
        if name not in {"decorator_list", "annotation", "returns", "bases"}:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from nodes_below(child)


def changes_of(node: Node) -> list[Change]:
    """The ways in which a node may be broken: in words, and as what is done to a copy of it."""
    match node:
        case ast.Compare(ops=ops):
            return [compared(index, operator) for index, operator in enumerate(ops)]
        case ast.BinOp(op=sign) if type(sign) in SIGNS and not is_text(node):
            other = SIGNS[type(sign)]
            return [(f"{type(sign).__name__} to {other.__name__}", setter("op", other()))]
        case ast.BoolOp(op=ast.And()):
            return [("and to or", setter("op", ast.Or()))]
        case ast.BoolOp(op=ast.Or()):
            return [("or to and", setter("op", ast.And()))]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [("not dropped", setter("operand", ast.UnaryOp(op=ast.Not(), operand=operand)))]
        case ast.Constant(value=bool(value)):
            return [(f"{value} to {not value}", setter("value", not value))]
        case ast.Constant(value=int(value) | float(value)):
            return [(f"{value} to {value + 1}", setter("value", value + 1))]
        case ast.Call(func=ast.Name(id=name)) if name in EXTREMES:
            return [(f"{name} to {EXTREMES[name]}", setter("func", ast.Name(id=EXTREMES[name], ctx=ast.Load())))]
        case ast.If() | ast.IfExp():
            return [(f"branch {value}", setter("test", ast.Constant(value=value))) for value in (True, False)]
        case _:
            return []


def compared(index: int, operator: ast.cmpop) -> Change:
    other = COMPARISONS[type(operator)]

    def change(node: Node) -> None:
        assert isinstance(node, ast.Compare)
        node.ops[index] = other()

    return f"{type(operator).__name__} to {other.__name__}", change


def setter(field: str, value: object) -> Callable[[Node], None]:
    return lambda node: setattr(node, field, value)


def is_text(node: ast.BinOp) -> bool:
    """Texts are joined by `+` too; taking one from another is no mutant but a TypeError."""
    return any(isinstance(side, ast.JoinedStr | ast.List | ast.Tuple) for side in (node.left, node.right)) or any(
        isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (node.left, node.right)
    )
