"""Status, body and headers of a refused call into one error of our tree: who must act, and when to try again.

The chat adapter calls `parse_error` for every status that is not a success; reply.py for errors inside a 200. The table
in error_rules.py decides which; here are the shapes that errors and waiting times come in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.core import limits
from shared.core.answer.content_filter import parse_error_filter
from shared.core.answer.error_rules import find_rule
from shared.core.answer.rate_limits import parse_rate_limits, refill_s
from shared.core.errors import ModelRefused, ModelUnavailable, ReplyMalformed, VisiondropError
from shared.core.masking import mask_message
from shared.core.waits import parse_retry_after
from shared.core.wire import as_object, as_text, first_of

SHOWN_CHARACTERS = 300
READ_CHARACTERS = 4000  # of an endpoint's words; what matters stands at their beginning
SECRET_STATUSES = frozenset({401, 403})
"""Their messages may quote the key: our own words only."""

WAIT_TEXT = re.compile(r"(?i)\b(?:retry|try again) (?:after|in) ((?:\d+(?:\.\d+)?\s*[a-z]+\s*)+)")
WAIT_PART = re.compile(r"(?i)(\d{1,12}(?:\.\d{1,9})?)\s{0,3}([a-z]{1,15})")
UNIT_SECONDS = {"ms": 0.001, "milliseconds": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
UNIT_SECONDS |= {
    "second": 1,
    "seconds": 1,
    "minute": 60,
    "minutes": 60,
    "hour": 3600,
    "hours": 3600,
    "day": 86400,
    "days": 86400,
}


def parse_error(
    status: int, body: object, headers: Mapping[str, str], *, now: datetime | None = None
) -> VisiondropError:
    """The error that a refused call stands for: ModelUnavailable if it is worth trying again, else ModelRefused or
    ReplyMalformed. `now` is needed to understand a Retry-After that is a date; without it such a header counts as
    absent.
    """
    error = error_object(body)
    said = said_by(error, body)
    rule = find_rule(status, codes_of(error), said)
    if rule is None:
        message = f"the endpoint answered {status}, which is neither a reply nor an error"
        return ReplyMalformed(message, http_status=status)
    shown = "" if status in SECRET_STATUSES else f": {mask_message(said)[:SHOWN_CHARACTERS]}" if said else ""
    message = f"the endpoint answered {status} ({rule.code}){shown}"
    if not rule.final:
        wait_s = retry_after_s(headers, said, now=now)
        return ModelUnavailable(message, code=rule.code, retry_after_s=wait_s, hint=rule.hint)
    verdicts = parse_error_filter(error)
    categories = verdicts.filtered if verdicts else ()
    return ModelRefused(message, code=rule.code, hint=rule.hint, http_status=status, categories=categories)


def error_object(body: object) -> dict[str, Any]:
    """The `error` object of a body, or the body where an SDK has taken it out already; empty for text."""
    outer = as_object(body)
    return as_object(outer.get("error")) or outer


def said_by(error: dict[str, Any], body: object) -> str:
    """The error's message; some servers give text instead of an object. Empty for a web page, which says nothing that
    helps.
    """
    text = as_text(first_of(error, "message", "detail", "error")) or as_text(body)
    text = text[:READ_CHARACTERS].strip()
    return "" if text.startswith("<") else text


def codes_of(error: dict[str, Any]) -> set[str]:
    inner = as_object(first_of(error, "innererror", "inner_error"))
    return {as_text(holder.get(name)) for holder in (error, inner) for name in ("code", "type")}


def retry_after_s(headers: Mapping[str, str], said: str, *, now: datetime | None) -> float | None:
    """Seconds that the endpoint asked to wait, by its `Retry-After` headers, its words, or when what is used up by
    `x-ratelimit-*` is there again; None when it does not say.

    A week at most is believed: a slip of the pen in a header must not stop a job for years.
    """
    seconds = parse_retry_after(headers, now=now)
    if seconds is None:
        seconds = wait_in_text(said)
    if seconds is None:
        seconds = refill_s(parse_rate_limits(headers))
    return None if seconds is None else min(seconds, limits.ENDPOINT_WAIT_S.value)


def wait_in_text(said: str) -> float | None:
    """The seconds in a message such as Azure's "Please retry after 22 seconds." or OpenAI's "Please try again in
    6m0s."; None without any.
    """
    found = WAIT_TEXT.search(said)
    parts = WAIT_PART.findall(found[1]) if found else []
    known = [float(amount) * UNIT_SECONDS[unit.lower()] for amount, unit in parts if unit.lower() in UNIT_SECONDS]
    return sum(known) if known else None
