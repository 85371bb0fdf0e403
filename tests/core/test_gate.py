"""The gate: throttling pauses everybody, a dead endpoint gets one probe at a time, a live one opens by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.core.errors import ModelUnavailable
from shared.core.gate import (
    FAILURES_TO_SHUT,
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    PROBE_S,
    Gate,
    Go,
    Hold,
    Limits,
    admit,
    after_failure,
    after_success,
    parse_limits,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DOWN = ModelUnavailable("down", code="server_error")
PLENTY = Limits(remaining_requests=100, remaining_tokens=100_000)


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def throttled(seconds):
    return ModelUnavailable("slow down", code="throttled", retry_after_s=seconds)


def shut(failures=FAILURES_TO_SHUT):
    gate = Gate()
    for _ in range(failures):
        gate = after_failure(gate, DOWN, now=NOW)
    return gate


def go_through(gate, *, at_s):
    """The gate as the worker that was let through stores it."""
    verdict = admit(gate, now=later(at_s))
    assert isinstance(verdict, Go)
    return verdict.gate


def test_an_open_gate_lets_everybody_through():
    """Nothing needs to be stored for that."""
    assert admit(Gate(), now=NOW) == Go()


def test_throttling_shuts_for_as_long_as_it_said():
    """Nobody asks before; everybody may afterwards."""
    gate = after_failure(Gate(), throttled(90_000), now=NOW)

    assert admit(gate, now=later(89_999)) == Hold(until=later(90_000), reason="throttled")
    assert admit(gate, now=later(90_000)) == Go(gate=Gate())


def test_the_longest_pause_stands():
    """Of two throttled calls the one that must wait longer decides."""
    gate = after_failure(after_failure(Gate(), throttled(60), now=NOW), throttled(5), now=NOW)

    assert gate.shut_until == later(60)


def test_throttling_without_a_time_is_the_job_s_own_wait():
    """There is nothing to tell the others."""
    assert after_failure(Gate(), throttled(None), now=NOW) == Gate()


def test_some_failures_are_no_outage():
    """Below the threshold the gate stays open, and one success forgets them."""
    gate = shut(FAILURES_TO_SHUT - 1)

    assert admit(gate, now=NOW) == Go()
    assert after_success(gate, PLENTY, next_tokens=10, now=NOW) == Gate()


def test_an_outage_shuts_then_one_worker_probes():
    """After the pause the first one goes, the others wait for what it finds."""
    gate = shut()
    probing = go_through(gate, at_s=FIRST_PAUSE_S)
    second = admit(probing, now=later(FIRST_PAUSE_S + 1))

    assert admit(gate, now=later(FIRST_PAUSE_S - 1)) == Hold(until=later(FIRST_PAUSE_S), reason="server_error")
    assert second == Hold(until=later(FIRST_PAUSE_S + PROBE_S), reason="server_error")
    assert after_success(probing, PLENTY, next_tokens=1, now=later(20)) == Gate()


def test_a_probe_that_died_is_replaced():
    """A worker that was killed while probing does not keep the gate shut."""
    gate = go_through(shut(), at_s=FIRST_PAUSE_S)

    assert isinstance(admit(gate, now=later(FIRST_PAUSE_S + PROBE_S)), Go)


def test_pauses_grow_to_a_limit():
    """Ten seconds, twenty, … five minutes."""
    pauses = [(shut(failures).shut_until - NOW).total_seconds() for failures in range(FAILURES_TO_SHUT, 14)]

    assert pauses[:3] == [FIRST_PAUSE_S, FIRST_PAUSE_S * 2, FIRST_PAUSE_S * 4]
    assert pauses[-1] == LONGEST_PAUSE_S


SLOW_DOWNS = [
    (Limits(), None),
    (PLENTY, None),
    (Limits(remaining_requests=0, reset_requests_s=6.0), 6),
    (Limits(remaining_requests=0), 1),
    (Limits(remaining_tokens=499, reset_tokens_s=2.5), 2.5),
    (Limits(remaining_tokens=499), 1),
    (Limits(remaining_tokens=500), None),
    (Limits(remaining_requests=0, reset_requests_s=1, remaining_tokens=0, reset_tokens_s=30), 30),
    (Limits(remaining_tokens=0, reset_tokens_s=86_400), 60),
]


@pytest.mark.parametrize(("limits", "pause_s"), SLOW_DOWNS)
def test_slowing_down_before_the_wall(limits, pause_s):
    """When the next call would not fit, nobody makes it until the window is over."""
    gate = after_success(Gate(), limits, next_tokens=500, now=NOW)

    assert gate.shut_until == (None if pause_s is None else later(pause_s))


def test_a_success_does_not_undo_another_s_throttling():
    """The pause that somebody else was told stands."""
    gate = after_failure(Gate(), throttled(60), now=NOW)

    assert after_success(gate, PLENTY, next_tokens=1, now=later(1)).shut_until == later(60)


HEADERS = [
    ({}, (None, None, None, None)),
    ({"x-ratelimit-remaining-requests": "12", "x-ratelimit-remaining-tokens": "0"}, (12, 0, None, None)),
    ({"X-RateLimit-Reset-Requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, (None, None, 1.0, 360.0)),
    ({"x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "1h2m3.5s"}, (None, None, 0.12, 3723.5)),
    ({"x-ratelimit-reset-requests": "42", "x-ratelimit-reset-tokens": "soon"}, (None, None, 42.0, None)),
    ({"x-ratelimit-remaining-requests": "-1", "x-ratelimit-remaining-tokens": "many"}, (None, None, None, None)),
]


@pytest.mark.parametrize(("headers", "expected"), HEADERS)
def test_headers_are_read(headers, expected):
    """Both spellings of time spans; what cannot be read counts as not said."""
    limits = parse_limits(headers)

    assert expected == (
        limits.remaining_requests,
        limits.remaining_tokens,
        limits.reset_requests_s,
        limits.reset_tokens_s,
    )
