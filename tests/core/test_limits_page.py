"""docs/limits.md shows every limit as the code has it; the gallery and the HTTP contract take theirs from the code."""

from __future__ import annotations

import json
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
