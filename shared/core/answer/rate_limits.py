"""What an endpoint's headers say about its rate limits: what is left, and when it is full again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

PREFIXES = ("x-ratelimit-", "x-rate-limit-", "ratelimit-")
"""OpenAI's and Azure's spelling; another of Azure's (openai-python #937, 2023-12-06); the IETF draft's."""

LONGEST_WINDOW_S = 60.0  # the window of every documented limit is at most a minute
UNNAMED_RESET_S = 1.0  # where a limit is used up and no reset is said: the shortest window there is
UNIT_S = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "": 1.0}
SPAN = re.compile(r"\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ms|us|µs|ns|d|h|m|s))+")  # parts end with a unit: no backtracking
SPAN_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s|)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """What a reply's headers say is left (requests, tokens), and the seconds until it is full again; None where they
    say nothing.
    """

    remaining_requests: int | None = None
    remaining_tokens: int | None = None
    reset_requests_s: float | None = None
    reset_tokens_s: float | None = None


def parse_rate_limits(headers: Mapping[str, str]) -> RateLimits:
    """The limits that the headers name: remaining counts; resets as "1s", "6m0s", "120ms" (OpenAI) or plain seconds
    (Azure). What cannot be read is None.
    """
    named = {name.lower(): value.strip() for name, value in headers.items()}

    def value(name: str) -> str:
        return next((named[prefix + name] for prefix in PREFIXES if prefix + name in named), "")

    return RateLimits(
        remaining_requests=parse_count(value("remaining-requests")),
        remaining_tokens=parse_count(value("remaining-tokens")),
        reset_requests_s=parse_span_s(value("reset-requests")),
        reset_tokens_s=parse_span_s(value("reset-tokens")),
    )


def slow_down_s(limits: RateLimits, *, next_tokens: int) -> float:
    """Seconds until there is room for one more call of `next_tokens` tokens: 0 while there is, else the longer
    reset.
    """
    waits = []
    if limits.remaining_requests is not None and limits.remaining_requests < 1:
        waits.append(limits.reset_requests_s or UNNAMED_RESET_S)
    if limits.remaining_tokens is not None and limits.remaining_tokens < next_tokens:
        waits.append(limits.reset_tokens_s or UNNAMED_RESET_S)
    return min(LONGEST_WINDOW_S, max(waits, default=0.0))


def refill_s(limits: RateLimits) -> float | None:
    """Seconds until a throttled endpoint has room again: when what is used up is full; where the reply does not say
    what is used up, when all is. None where no time is given.
    """
    pairs = (limits.remaining_requests, limits.reset_requests_s), (limits.remaining_tokens, limits.reset_tokens_s)
    used_up = max((reset_s for left, reset_s in pairs if left == 0 and reset_s), default=None)
    unsaid = max((reset_s for left, reset_s in pairs if left is None and reset_s), default=None)
    return unsaid if used_up is None else used_up


def parse_count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,15}", text, re.ASCII) else None


def parse_span_s(text: str) -> float | None:
    if not SPAN.fullmatch(text):
        return None
    return sum(float(number) * UNIT_S[unit] for number, unit in SPAN_PART.findall(text))
