"""docs/http.md shows the result document and the lines of lists as the contract has them, field by field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from shared.http.openapi import contract

PAGE = Path(__file__).parents[1] / "docs" / "http.md"
BLOCKS = [("### The document", "Document"), ("\nItem:", "Item")]


def block_after(mark: str) -> str:
    """The first code block behind a mark."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r"```\n(.*?)\n```", text[text.index(mark) :], re.DOTALL)
    assert found
    return found[1]


def shown(schema: dict[str, Any]) -> str:
    """A schema in one line: names of fields, words that a field may have, lists in brackets."""
    if "anyOf" in schema:
        return " | ".join(filter(None, map(shown, schema["anyOf"])))
    if schema.get("type") == "array":
        return f"[{shown(schema.get('items', {}))}]"
    if "properties" in schema:
        return f"{{{', '.join(field(name, of) for name, of in schema['properties'].items())}}}"
    return " | ".join(map(str, schema.get("enum", ())))


def field(name: str, schema: dict[str, Any]) -> str:
    said = shown(schema)
    return f"{name}: {said}" if said else name


@pytest.mark.parametrize(("mark", "schema"), BLOCKS)
def test_the_page_shows_every_field(mark, schema):
    """One field of the first level a line; after a change, put this test's right side on the page."""
    properties = contract()["components"]["schemas"][schema]["properties"]

    assert block_after(mark) == "\n".join(field(name, of) for name, of in properties.items())
