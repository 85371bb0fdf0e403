"""May this endpoint be asked now? One small value per deployment, shared by all workers, decided without a clock.

    open ──failures──▶ shut until T ──▶ one probe ──success──▶ open
      └──throttled──▶ shut until the endpoint said  └─failure─▶ shut for longer

A throttled reply shuts the gate for everybody, so that a thousand jobs do not each find out for themselves; a reply
that says that little is left does so before the wall is hit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.core.errors import ModelUnavailable

FAILURES_TO_SHUT = 5
FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 300.0
MOST_DOUBLINGS = 8
PROBE_S = 150.0  # longer than a call may take; a probe that never reports back counts as lost after that
LONGEST_SLOW_DOWN_S = 60.0  # the window of every documented limit is at most a minute
DOWN_CODES = frozenset(
    {
        *("unreachable", "timeout", "connection_lost", "server_error"),
        *("not_authorized", "deployment_not_found", "endpoint_not_found", "unsupported_api_version", "quota_exhausted"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """`failures` in a row; `shut_until` None means open; `probe_until` while one worker tries whether it is back."""

    failures: int = 0
    shut_until: datetime | None = None
    probe_until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a reply's headers say is left, and how long until it is full again; None where they say nothing."""

    remaining_requests: int | None = None
    remaining_tokens: int | None = None
    reset_requests_s: float | None = None
    reset_tokens_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """Ask. `gate` is what must be stored first, None when nothing changed."""

    gate: Gate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Do not ask before `until`."""

    until: datetime
    reason: str


def admit(gate: Gate, *, now: datetime) -> Go | Hold:
    """After a pause for failures exactly one worker probes; after a pause for throttling everybody may go on."""
    if gate.shut_until is None:
        return Go()
    if now < gate.shut_until:
        return Hold(until=gate.shut_until, reason=gate.reason)
    if gate.failures < FAILURES_TO_SHUT:
        return Go(gate=replace(gate, shut_until=None, reason=""))
    if gate.probe_until is not None and now < gate.probe_until:
        return Hold(until=gate.probe_until, reason=gate.reason)
    return Go(gate=replace(gate, probe_until=now + timedelta(seconds=PROBE_S)))


def after_success(gate: Gate, limits: Limits, *, next_tokens: int, now: datetime) -> Gate:
    """Open, unless the reply says that the next call of this size would hit the wall."""
    until = now + timedelta(seconds=slow_down_s(limits, next_tokens=next_tokens))
    if gate.failures == 0 and gate.shut_until is not None and gate.shut_until >= until:
        return gate if gate.shut_until > now else Gate()  # another worker was throttled meanwhile: its pause stands
    return Gate(shut_until=until, reason="rate limit nearly used up") if until > now else Gate()


def after_failure(gate: Gate, error: ModelUnavailable, *, now: datetime) -> Gate:
    """Everybody waits as long as the endpoint asked; a dead one is left alone for longer each time.

    Calls that were under way when it died all fail: only one of them counts once the gate is shut. An endpoint that
    throttles is alive.
    """
    is_shut = gate.shut_until is not None and gate.shut_until > now
    failures = gate.failures + (not is_shut) if error.code in DOWN_CODES else 0
    pause_s = max(error.retry_after_s or 0.0, 0.0 if is_shut else pause_after(failures))
    ends = [gate.shut_until] if is_shut and gate.shut_until else []
    if pause_s:
        ends.append(now + timedelta(seconds=pause_s))
    return Gate(failures=failures, shut_until=max(ends, default=None), reason=error.code if ends else "")


def pause_after(failures: int) -> float:
    """Doubled each time, counted no further than matters: an endpoint may be down for weeks."""
    beyond = failures - FAILURES_TO_SHUT
    return 0.0 if beyond < 0 else min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(beyond, MOST_DOUBLINGS))


def without_probe(gate: Gate) -> Gate:
    """The worker that was to probe did not ask after all; the next one may."""
    return replace(gate, probe_until=None)


def slow_down_s(limits: Limits, *, next_tokens: int) -> float:
    """0 while there is room for one more call; the longer reset otherwise."""
    waits = []
    if limits.remaining_requests is not None and limits.remaining_requests < 1:
        waits.append(limits.reset_requests_s or 1.0)
    if limits.remaining_tokens is not None and limits.remaining_tokens < next_tokens:
        waits.append(limits.reset_tokens_s or 1.0)
    return min(LONGEST_SLOW_DOWN_S, max(waits, default=0.0))


def refill_s(limits: Limits) -> float | None:
    """Until what is used up is there again; None while nothing is, or where no time is said."""
    pairs = (limits.remaining_requests, limits.reset_requests_s), (limits.remaining_tokens, limits.reset_tokens_s)
    return max((reset_s for left, reset_s in pairs if left == 0 and reset_s), default=None)


def parse_limits(headers: Mapping[str, str]) -> Limits:
    """`x-ratelimit-*`: remaining counts; resets as "1s", "6m0s", "120ms" (OpenAI) or plain seconds (Azure)."""
    named = {name.lower(): value for name, value in headers.items()}
    return Limits(
        remaining_requests=count(named.get("x-ratelimit-remaining-requests", "")),
        remaining_tokens=count(named.get("x-ratelimit-remaining-tokens", "")),
        reset_requests_s=span_s(named.get("x-ratelimit-reset-requests", "")),
        reset_tokens_s=span_s(named.get("x-ratelimit-reset-tokens", "")),
    )


UNIT_S = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "": 1.0}
SPAN = re.compile(r"\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ms|us|µs|ns|d|h|m|s))+")  # parts end with a unit: no backtracking
SPAN_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s|)")


def count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,15}", text, re.ASCII) else None


def span_s(text: str) -> float | None:
    if not SPAN.fullmatch(text):
        return None
    return sum(float(number) * UNIT_S[unit] for number, unit in SPAN_PART.findall(text))
