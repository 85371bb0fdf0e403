"""Draws which folder of the app imports which: `./visiondrop bench import_graph [--root FOLDER] [--json]`.

Reads the imports as text, so it can draw any checkout, also an older one. A folder's floor is one above the highest
floor that it imports; folders that import each other in a circle share a floor and are named.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PACKAGES = ("shared", "local")
Graph = dict[str, set[str]]


def modules_of(root: Path) -> dict[str, Path]:
    """Every module of the app by its dotted name; empty ones, which only make a folder a package, are left out."""
    files = [root / "function_app.py", *(file for package in PACKAGES for file in (root / package).rglob("*.py"))]
    return {dotted(file.relative_to(root)): file for file in sorted(files) if file.exists() and file.stat().st_size}


def dotted(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(text: str, modules: set[str]) -> set[str]:
    """The modules of the app that a source text imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {
                name if (name := f"{node.module}.{alias.name}") in modules else node.module for alias in node.names
            }
    return found & modules


def folder_of(module: str, files: dict[str, Path]) -> str:
    """The folder that a module lies in; a file that stands beside folders is a place of its own."""
    file = files[module]
    if file.name == "__init__.py":
        return module
    stands_beside_folders = any(file.parent.glob("*/__init__.py"))
    return module if stands_beside_folders else module.rpartition(".")[0] or module


def folder_graph(root: Path) -> Graph:
    """Folder -> the other folders that its files import."""
    files = modules_of(root)
    graph: Graph = {}
    for module, file in files.items():
        place = folder_of(module, files)
        others = {folder_of(name, files) for name in imported_modules(file.read_text("utf-8"), set(files))}
        graph.setdefault(place, set()).update(others - {place})
    return graph


def circle_in(graph: Graph) -> list[str]:
    """One circle of imports, first folder repeated last; empty when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def floors_of(graph: Graph) -> list[list[str]]:
    """The folders in floors, those that import nothing first. Raises CycleError where imports run in a circle."""
    floors: dict[str, int] = {}
    for place in TopologicalSorter(graph).static_order():
        floors[place] = 1 + max((floors[below] for below in graph.get(place, ())), default=-1)
    return [sorted(place for place in floors if floors[place] == level) for level in range(max(floors.values()) + 1)]


def drawing(graph: Graph) -> str:
    """The floors from the roof down, each folder with what it imports."""
    return "\n".join(
        f"{level:>2}  {place:<32} -> {', '.join(sorted(graph.get(place, ()))) or '(nothing)'}"
        for level, places in reversed(list(enumerate(floors_of(graph))))
        for place in places
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=PROJECT, help="a checkout (default: this one)")
    parser.add_argument("--json", action="store_true", help="end with one JSON object of figures")
    arguments = parser.parse_args()
    graph = folder_graph(arguments.root)
    circle = circle_in(graph)
    print(f"a circle: {' -> '.join(circle)}" if circle else drawing(graph))
    figures = {
        "modules": len(modules_of(arguments.root)),
        "folders": len(graph),
        "arrows": sum(map(len, graph.values())),
        "floors": 0 if circle else len(floors_of(graph)),
        "circle": circle,
    }
    print(json.dumps(figures) if arguments.json else figures)
    return 1 if circle else 0


if __name__ == "__main__":
    sys.exit(main())
