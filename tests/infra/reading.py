"""What all checks of templates begin with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.infra import bicep
from tests.infra.bicep_values import Template

Check = Callable[[Path], list[str]]

KINDS = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}


def templates(root: Path) -> list[Template]:
    return [bicep.read(path) for path in sorted((root / "infra").rglob("*.bicep"))]


def main(root: Path) -> Template:
    return bicep.read(root / "infra" / "main.bicep")
