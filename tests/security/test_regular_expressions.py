"""Every regular expression of the app, on the worst strings of its own making: steps grow as the text does, no faster.

Names, replies and files come from strangers, and `re` holds the interpreter's lock while it searches: one pattern whose
time grows with the square of a text stops a worker, and one that doubles with every character stops it for good.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.core.answer.error_rules import ERROR_RULES
from tests.security.regex_steps import Mode, StepCounter, Text, TooManySteps, attacks

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "function_app.py", *sorted((ROOT / "shared").rglob("*.py"))]
CALLS = frozenset({"compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
ANCHORED: dict[str, Mode] = {"match": "match", "fullmatch": "fullmatch"}
ELSEWHERE = {"shared/core/answer/error_rules.py": "rule.says"}  # a pattern in a table, which is read below

SHORT, LONG = 120, 400
STEPS_A_CHARACTER = 8  # at most on SHORT; what takes more, as bounded repeats may, is tried at two lengths
GROWTH = 2.4  # of the steps when the text doubles: 2 is linear, 4 its square
MOST_STEPS = 1_000 * LONG


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A pattern and the strictest way in which it is used."""

    where: str
    pattern: str | bytes
    flags: int
    mode: Mode


def expressions() -> Iterator[Expression]:
    for path in FILES:
        yield from expressions_in(path)
    for rule in ERROR_RULES:
        yield Expression(where=f"error_rules {rule.code}", pattern=rule.says, flags=int(re.IGNORECASE), mode="all")


def expressions_in(path: Path) -> Iterator[Expression]:
    name = path.relative_to(ROOT).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {node.value: node.targets[0] for node in tree.body if isinstance(node, ast.Assign)}
    for call in calls_of_re(tree):
        constant = constants.get(call)
        where = f"{name}:{call.lineno}"
        if isinstance(constant, ast.Name):
            module = importlib.import_module(name.removesuffix(".py").replace("/", "."))
            made = getattr(module, constant.id)
            yield Expression(where=where, pattern=made.pattern, flags=flags_of(made), mode=mode_of(constant.id, tree))
        elif ast.unparse(call.args[0]) != ELSEWHERE.get(name):
            yield written_in_place(where, call)


def calls_of_re(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=attr)) if attr in CALLS:
                yield node


def flags_of(made: re.Pattern[str] | re.Pattern[bytes]) -> int:
    return made.flags & ~(int(re.UNICODE) if isinstance(made.pattern, str) else 0)


def mode_of(constant: str, tree: ast.AST) -> Mode:
    """Anchored only where every use in its file is; one that others import counts as searched for."""
    uses = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == constant
    }
    return ANCHORED.get(next(iter(uses)), "all") if len(uses) == 1 and not is_imported(constant) else "all"


def is_imported(constant: str) -> bool:
    line = re.compile(rf"^from shared\S* import .*\b{constant}\b", re.MULTILINE)
    return any(line.search(path.read_text(encoding="utf-8")) for path in FILES)


def written_in_place(where: str, call: ast.Call) -> Expression:
    """Fails for a pattern that is put together while the app runs: nobody could say how it grows."""
    pattern = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
    assert isinstance(pattern, str | bytes), f"{where}: give the pattern as a constant"
    assert isinstance(call.func, ast.Attribute)
    flags = sum(flags_in(node) for node in call.args[1:])
    return Expression(where=where, pattern=pattern, flags=flags, mode=ANCHORED.get(call.func.attr, "all"))


def flags_in(node: ast.AST) -> int:
    """`re.IGNORECASE` and the like as a number."""
    match node:
        case ast.Attribute(value=ast.Name(id="re"), attr=name):
            return int(getattr(re, name))
    return 0


ALL = list(expressions())


def faster_than_its_text(pattern: str | bytes, flags: int, mode: Mode) -> Text | None:
    """A text that shows it, or None."""
    counter = StepCounter(pattern, flags)
    as_bytes = isinstance(pattern, bytes)
    pairs = zip(*(attacks(counter, length, as_bytes=as_bytes) for length in (SHORT, LONG, 2 * LONG)), strict=True)
    for short, long, longer in pairs:
        if steps_of(counter, short, mode) > STEPS_A_CHARACTER * SHORT:
            before, after = steps_of(counter, long, mode), steps_of(counter, longer, mode)
            if after >= MOST_STEPS or after > GROWTH * before:
                return short
    return None


def steps_of(counter: StepCounter, text: Text, mode: Mode) -> int:
    try:
        counter.run(text, mode, most=MOST_STEPS)
    except TooManySteps:
        return MOST_STEPS
    return counter.steps


@pytest.mark.parametrize("expression", ALL, ids=[one.where for one in ALL])
def test_steps_grow_as_the_text_does(expression: Expression) -> None:
    """No text makes the pattern take more than twice the steps for twice the length."""
    assert faster_than_its_text(expression.pattern, expression.flags, expression.mode) is None


@pytest.mark.parametrize("expression", ALL, ids=[one.where for one in ALL])
def test_the_counter_finds_what_re_finds(expression: Expression) -> None:
    """Else its steps would say nothing about `re`."""
    made: re.Pattern[str] | re.Pattern[bytes] = re.compile(expression.pattern, expression.flags)
    counter = StepCounter(expression.pattern, expression.flags)
    for text in attacks(counter, 20, as_bytes=isinstance(expression.pattern, bytes)):
        found = counter.run(text, "all", most=MOST_STEPS)
        assert found[:1] == [one.span() for one in [made.search(text)] if one], text


BAD: list[tuple[str, Mode]] = [
    (r"(a+)+$", "all"),  # doubles with every character
    (r"(?:a|a)*b", "match"),
    (r"^(?:<!--.*?-->|\s)*<svg", "match"),  # any of several ends may be the comment's
    (r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/?#@]+@", "all"),  # every beginning looks to the end
    (r"(?i)\b(https?://[^\s?]*)\?[^\s]+", "all"),
    (r"corrupt\w*\W", "all"),
    (r"\s+$", "all"),
    (r"x*y*z*x*$", "match"),
    (r'"ErrorMessage"\s*:\s*(.*?)\s*,\s*"ErrorCode"\s*:\s*(\d{3})', "all"),
    (r"(.*)(.*)!", "fullmatch"),
    (r"(\d+(?:\.\d+)?)\s*([a-z]+)", "all"),
]
GOOD: list[tuple[str, Mode]] = [
    (r"(?>a+)+b", "match"),
    (r"[a-z]{1,20}://", "all"),
    (r"[A-Za-z0-9](?:-?[A-Za-z0-9])*", "fullmatch"),
    (r"(?:(?><!--.*?-->)|\s)*+<svg", "match"),
    (r"image.{0,40}(too large|exceeds)", "all"),
    (r"sk-[\w-]{8,}", "all"),
]


@pytest.mark.parametrize(("pattern", "mode"), BAD)
def test_what_grows_faster_is_seen(pattern: str, mode: Mode) -> None:
    """Squares, cubes and powers of two: what this app once had, and the textbook's."""
    assert faster_than_its_text(pattern, 0, mode) is not None


@pytest.mark.parametrize(("pattern", "mode"), GOOD)
def test_what_grows_with_its_text_passes(pattern: str, mode: Mode) -> None:
    """Bounded repeats, repeats that give nothing back, and repeats with one way to read a text."""
    assert faster_than_its_text(pattern, 0, mode) is None


def test_all_are_looked_at() -> None:
    """As many as the sources name."""
    assert len(ALL) >= 40
