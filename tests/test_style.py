"""What is asked of every file, as far as a program can tell: small functions, docstrings, names with one meaning."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
SHARED = ROOT / "shared"
LONGEST_FUNCTION = 50
USUAL_FUNCTION = 6
EXPLAINED = ("pipeline/ports.py", "adapters/storage", "pipeline/spending")
"""Where money and states are written: a function of more lines than this says what comes back."""
EXPLAINED_FROM = 8

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(*places: str) -> list[Path]:
    found = [SHARED / place for place in places] or [SHARED]
    return [file for place in found for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))]


def functions(file: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def lines_of(function: Function) -> int:
    """Lines of a function without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body:
        return 0
    return (body[-1].end_lineno or 0) - function.lineno + 1 - docstring_lines(function)


def docstring_lines(function: Function) -> int:
    first = function.body[0]
    return (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function) else 0


def test_functions_are_small():
    """Half of them have six lines at most, none has over fifty."""
    sizes = {f"{file.name}:{one.name}": lines_of(one) for file in files() for one in functions(file)}

    assert median(sizes.values()) <= USUAL_FUNCTION
    assert {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION} == {}


def test_larger_functions_about_money_and_storage_are_explained():
    """Each says what comes back, in which unit, and what is raised."""
    bare = {
        f"{file.relative_to(SHARED)}:{one.name}"
        for file in files(*EXPLAINED)
        for one in functions(file)
        if lines_of(one) > EXPLAINED_FROM and not ast.get_docstring(one)
    }

    assert bare == set()


def test_a_type_has_one_meaning():
    """A name of a class or alias stands in one file; an adapter may have the name of the port that it fills."""
    places = defaultdict(set)
    for file in files():
        for name in types_in(file):
            places[name].add(str(file.relative_to(SHARED)))
    twice = {name: found for name, found in places.items() if len(found - {"pipeline/ports.py"}) > 1 or is_other(found)}

    assert twice == {}


def is_other(found: set[str]) -> bool:
    """In the ports and in a file that is no adapter."""
    return "pipeline/ports.py" in found and any(
        not place.startswith(("adapters/", "pipeline/ports")) for place in found
    )


def types_in(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name[0].isupper() and not name.isupper():
                yield name


GENERIC = {"T"}  # type variables
QUALIFIED = ("adapters/pixels/", "adapters/frames/", "core/media/")
"""Rooms of file formats, whose modules are imported as such: `tiff.MODES`, `psd.MODES`."""


def test_a_constant_says_of_what():
    """A name in capitals stands in one file: two files with one name mean two things, or one thing twice."""
    places = defaultdict(set)
    for file in files():
        for name in constants_in(file):
            places[name].add(str(file.relative_to(SHARED)))
    elsewhere = {name: {place for place in found if not place.startswith(QUALIFIED)} for name, found in places.items()}

    assert {name: found for name, found in elsewhere.items() if len(found) > 1 and name not in GENERIC} == {}


def constants_in(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        yield from (target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper())
