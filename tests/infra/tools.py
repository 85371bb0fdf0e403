"""What the checks of files have in common: programs that may be missing, YAML, schemas."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonschema.exceptions import best_match  # type: ignore[import-untyped]  # it has no types of its own
from jsonschema.validators import validator_for  # type: ignore[import-untyped]  # as above
from ruamel.yaml import YAML

HERE = Path(__file__).parent

PROJECT = HERE.parents[1]


class ToolMissing(Exception):
    pass


def complaint(command: Sequence[str | Path], root: Path) -> list[str]:
    """What a checker prints when it exits with a fault."""
    done = subprocess.run(list(map(str, command)), cwd=root, capture_output=True, text=True, check=False)
    return [done.stdout + done.stderr] if done.returncode else []


def tool(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def read_yaml(path: Path) -> dict[str, Any]:
    """YAML 1.2: `on` is a word, not true."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(path)
    return found


def workflows(root: Path) -> dict[str, dict[str, Any]]:
    return {path.name: read_yaml(path) for path in sorted((root / ".github" / "workflows").glob("*.yml"))}


def against(schema: dict[str, Any], document: object) -> list[str]:
    """What the schema says against a document, each with its place."""
    validator = validator_for(schema)(schema)
    found = sorted(validator.iter_errors(document), key=lambda fault: str(fault.json_path))
    return [f"{fault.json_path}: {best_match([fault]).message}" for fault in found]


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "schemas" / name).read_text("utf-8"))
    return found
