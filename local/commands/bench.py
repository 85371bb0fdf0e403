"""`./visiondrop bench`: lists the scripts of bench/, or runs one of them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

SUMMARY = "list the benchmarks, or run one: bench NAME [ARGUMENT …]"
FOLDER = Path(__file__).parents[2] / "bench"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(passed_on=[])


def scripts() -> dict[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.glob("*.py")) if not path.stem.startswith("_")}


def headline(script: Path) -> str:
    return (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def run(arguments: argparse.Namespace) -> int:
    name, *rest = arguments.passed_on or [""]
    known = scripts()
    if name in known:
        return subprocess.call([sys.executable, str(known[name]), *rest])
    print("\n".join(f"  {stem:<20} {headline(path)}" for stem, path in known.items()))
    if name:
        print(f"visiondrop bench: there is no benchmark {name!r}", file=sys.stderr)
    return 2 if name else 0
