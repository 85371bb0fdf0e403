"""docs/limits.md shows every limit as the code has it; the gallery and the HTTP contract take theirs from the code."""

from __future__ import annotations

import ast
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from shared.core import limits
from shared.core.limits import LIMITS, Limit

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "limits.md"


def shown(limit: Limit[Any]) -> str:
    """The value with its unit, as people read it."""
    if limit.unit == "bytes" and limit.value % limits.MIB == 0:
        return f"{limit.value // limits.MIB:,} MiB"
    if limit.unit == "bytes":
        return f"{limit.value // limits.KIB:,} KiB"
    return f"{limit.value:,g} {limit.unit}" if limit.value < 10**6 else f"{int(limit.value):,} {limit.unit}"


def row(name: str, limit: Limit[Any]) -> str:
    setting = f"`{limit.setting}`" if limit.setting else "fixed"
    return f"| `{name}` | {limit.what} | {shown(limit)} | {limit.why} | {setting} | `{limit.enforced}` |"


def page() -> str:
    """The tables of the page, one for each group, in the code's order."""
    groups = dict.fromkeys(limit.about for _, limit in LIMITS)
    head = "| name | of what | value | why | changed by | enforced in |\n|---|---|---|---|---|---|"
    return "\n\n".join(
        f"## {group}\n\n{head}\n" + "\n".join(row(name, limit) for name, limit in LIMITS if limit.about == group)
        for group in groups
    )


def test_the_page_shows_every_limit():
    """Its tables are the ones below; after a change, put this test's left side there."""
    text = PAGE.read_text(encoding="utf-8")

    assert text[text.index("## ") :].strip() == page()


@pytest.mark.parametrize(("name", "limit"), LIMITS)
def test_a_limit_is_enforced_where_it_says(name, limit):
    """The module named reads this limit, or the settings that carry its variable."""
    text = (ROOT / "shared" / limit.enforced).read_text(encoding="utf-8")

    assert f"limits.{name}" in text or (limit.setting and limit.setting.lower() in text.lower()) or is_decoders(name)


def is_decoders(name: str) -> bool:
    """Those of the decoder travel in one value, core/media/decode_limits.py."""
    return f"limits.{name}" in (ROOT / "shared/core/media/decode_limits.py").read_text(encoding="utf-8")


def test_the_gallery_has_no_numbers_of_its_own():
    """The page imports what the app sends as limits.js, and that holds every limit."""
    from shared.http.gallery import limits_module  # noqa: PLC0415  # loads azure.functions, which this folder does not

    sent = json.loads(limits_module().removeprefix(b"export const LIMITS = Object.freeze(").removesuffix(b");\n"))
    used = {
        name
        for file in (ROOT / "shared" / "gallery").glob("*.js")
        for name in re.findall(r"LIMITS\.(\w+)", file.read_text(encoding="utf-8"))
    }

    assert sent == limits.by_name()
    assert {"upload_bytes", "prompt_characters"} <= used <= set(sent)


DISTINCT = 2_000
"""Smaller numbers are anything's; from here on one that equals a limit is that limit, written again."""


def numbers_in(path: Path) -> set[float]:
    """The numbers that a file writes, products such as 50 * 1024 * 1024 worked out."""
    if path.suffix == ".js":
        text = re.sub(r"//.*|/\*[\s\S]*?\*/", "", path.read_text(encoding="utf-8"))
        found = re.findall(r"\d[\d_]*(?:\.\d+)?(?:\s*\*\s*\d[\d_]*)*", text)
        return {math.prod(float(part.replace("_", "")) for part in one.split("*")) for one in found}
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {float(value) for node in nodes if isinstance(value := worked_out(node), int | float)}


def worked_out(node: ast.AST) -> Any:
    """The value of a constant, or of a product or power of constants; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if not isinstance(node.value, bool) else None
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult | ast.Pow):
        return None
    left, right = worked_out(node.left), worked_out(node.right)
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return None
    return left * right if isinstance(node.op, ast.Mult) else left**right


DOORS = ("shared/core/ask", "shared/core/jobs", "shared/http", "shared/pipeline", "shared/gallery", "local/client.py")
"""Where what people and programs send is checked; elsewhere the same number may be a block size or a unit."""


COINCIDENCES = {
    "accept_steps.py": {4.0 * limits.MIB},  # what is read in one request: a cost, no limit
    "sweep.py": {5_000.0},  # jobs that one round looks at
    "dom.js": {10_000.0},  # milliseconds, as the next one
    "uploads.js": {5_000.0},
}


def test_no_limit_is_written_twice():
    """A second copy would stay behind when the limit changes: take it from core/limits.py instead."""
    values = {float(limit.value) for _, limit in LIMITS if limit.value >= DISTINCT and limit.unit != "seconds"}
    files = [
        file
        for door in DOORS
        for file in ([ROOT / door] if (ROOT / door).is_file() else sorted((ROOT / door).rglob("*.[jp][sy]")))
    ]
    found = {file.name: (numbers_in(file) & values) - COINCIDENCES.get(file.name, set()) for file in files}

    assert len(files) > len(DOORS)
    assert {name: copies for name, copies in found.items() if copies} == {}
