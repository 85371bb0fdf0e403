"""Jobs as lines for the terminal: what was said, what it cost, where to read on."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

ANSWERED = frozenset({"done", "partial"})
PENDING = frozenset({"queued", "running", "waiting", "parked"})
WIDEST = 70


def one_line(text: str, *, most: int = WIDEST) -> str:
    """The text on one line, without control characters, which would reach the terminal: an answer is somebody's
    words.
    """
    line = " ".join(plain(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def plain(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def said(document: Mapping[str, Any]) -> str:
    error, reply = document["error"], document["reply"]
    if error is not None:
        return one_line(f"{error['code']}: {error['message']}")
    return one_line(reply["text"]) if reply else ""


def tokens(job: Mapping[str, Any]) -> str:
    """The tokens of a document or of a line of the list."""
    usage = job.get("usage", job)
    if not usage or usage["input_tokens"] is None:
        return "-"
    return f"{usage['input_tokens']} + {usage['output_tokens']}"


def dollars(amount: str | None) -> str:
    return "-" if amount is None else f"${Decimal(amount):.6f}"


def cost(document: Mapping[str, Any]) -> str:
    return dollars(document["cost"]["usd"] if document["cost"] else None)


def seconds(total_ms: int | None) -> str:
    return "-" if total_ms is None else f"{total_ms / 1000:.2f} s"
