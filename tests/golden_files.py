"""Golden files: what a value looked like when somebody last read it and found it right."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"
SEEDS = Path(__file__).parents[2] / "shared" / "seeds"  # the reference folder beside the checkout; may be absent
UPDATE = "UPDATE_GOLDEN"


def check_golden(name: str, value: Any) -> None:
    """`value` as JSON is what tests/golden/`name` holds; UPDATE_GOLDEN=1 writes it instead."""
    path = GOLDEN / name
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get(UPDATE):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    stored = path.read_text(encoding="utf-8") if path.exists() else "(absent)\n"
    assert text == stored, (
        f"tests/golden/{name} differs; if the new form is right, run again with {UPDATE}=1 and read the diff"
    )


def printed(name: str) -> str:
    """A sample exactly as a document printed it."""
    return (GOLDEN / name).read_text(encoding="utf-8")
