"""How long to wait before something is tried again: longer each time, or as long as a server asked for.

All times are seconds. Nothing here reads a clock or sleeps: a caller that waits puts a delay on a message.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST_STEPS = 64  # no wait grows further; it keeps the power below what a float holds


def backoff(tries: int, *, first_s: float, longest_s: float, factor: float = 2.0) -> float:
    """Seconds to wait after `tries` tries: `first_s` after none, `factor` times as long after each, never above
    `longest_s`.
    """
    return min(longest_s, first_s * factor ** min(max(0, tries), MOST_STEPS))


def parse_retry_after(headers: Mapping[str, str], *, now: datetime | None) -> float | None:
    """Seconds that `retry-after-ms` or `Retry-After` (seconds or a date) ask for; None where neither can be read.

    `now` is needed for a date; without it such a header counts as absent. RFC 9110, 10.2.3; the header in
    milliseconds is Azure's.
    """
    named = {name.lower(): value.strip() for name, value in headers.items()}
    milliseconds = parse_number(named.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    text = named.get("retry-after", "")
    seconds = parse_number(text)
    return seconds_until(text, now=now) if seconds is None else seconds


def to_retry_after(seconds: float) -> str:
    """The value of a `Retry-After` header: whole seconds, rounded up, one at least."""
    return str(max(1, math.ceil(seconds)))


def parse_number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,12}(\.\d{1,12})?", text, re.ASCII) else None


def seconds_until(text: str, *, now: datetime | None) -> float | None:
    if now is None:
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
