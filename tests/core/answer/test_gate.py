"""The gate: throttling pauses everybody, a dead endpoint gets one probe at a time, a live one opens by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.core.answer.gate import (
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
    without_probe,
)
from shared.core.errors import ModelUnavailable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DOWN = ModelUnavailable("down", code="server_error")
PLENTY = Limits(remaining_requests=100, remaining_tokens=100_000)


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def throttled(seconds):
    return ModelUnavailable("slow down", code="throttled", retry_after_s=seconds)


def shut(failures=FAILURES_TO_SHUT):
    """The gate after so many failures, each as soon as the pause before it was over."""
    gate = Gate()
    for _ in range(failures):
        gate = after_failure(gate, DOWN, now=gate.shut_until or NOW)
    return gate


def last_pause_s(failures):
    return (shut(failures).shut_until - (shut(failures - 1).shut_until or NOW)).total_seconds()


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
    pauses = [last_pause_s(failures) for failures in range(FAILURES_TO_SHUT, 14)]

    assert pauses[:3] == [FIRST_PAUSE_S, FIRST_PAUSE_S * 2, FIRST_PAUSE_S * 4]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert last_pause_s(3000) == LONGEST_PAUSE_S


def test_calls_under_way_when_it_died_count_once():
    """They all fail within a moment; that is one outage, not ten in a row."""
    gate = shut()
    for _ in range(10):
        gate = after_failure(gate, DOWN, now=later(1))

    assert gate == shut()


BUSY_FOR_AN_HOUR = ModelUnavailable("later", code="server_error", retry_after_s=3600)


@pytest.mark.parametrize("before", [Gate(), shut(), go_through(shut(), at_s=FIRST_PAUSE_S)])
def test_a_503_that_says_how_long_pauses_everybody(before):
    """Whatever was known before, nobody asks earlier than it said."""
    gate = after_failure(before, BUSY_FOR_AN_HOUR, now=later(FIRST_PAUSE_S))

    assert gate.shut_until == later(FIRST_PAUSE_S + 3600)
    assert isinstance(admit(gate, now=later(FIRST_PAUSE_S + 3600)), Go)


@pytest.mark.parametrize(("seconds", "pause_s"), [(None, None), (0, None), (5, 5)])
def test_a_probe_that_is_throttled_found_it_alive(seconds, pause_s):
    """The next ones need no probe."""
    probing = go_through(shut(), at_s=FIRST_PAUSE_S)
    gate = after_failure(probing, throttled(seconds), now=later(20))

    assert (gate.failures, gate.probe_until) == (0, None)
    assert gate.shut_until == (None if pause_s is None else later(20 + pause_s))


def test_a_probe_that_was_not_made_leaves_room_for_another():
    """Its job had no money."""
    gate = without_probe(go_through(shut(), at_s=FIRST_PAUSE_S))

    assert isinstance(admit(gate, now=later(FIRST_PAUSE_S + 1)), Go)


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

    assert after_success(gate, PLENTY, next_tokens=1, now=later(1)) == gate
    assert after_success(gate, Limits(remaining_requests=0), next_tokens=1, now=later(1)) == gate
    assert after_success(gate, Limits(remaining_requests=0), next_tokens=1, now=later(59.5)).shut_until == later(60.5)
    assert after_success(gate, PLENTY, next_tokens=1, now=later(60)) == Gate()


HEADERS = [
    ({}, (None, None, None, None)),
    ({"x-ratelimit-remaining-requests": "12", "x-ratelimit-remaining-tokens": "0"}, (12, 0, None, None)),
    ({"X-RateLimit-Reset-Requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, (None, None, 1.0, 360.0)),
    ({"x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "1h2m3.5s"}, (None, None, 0.12, 3723.5)),
    ({"x-ratelimit-reset-requests": "42", "x-ratelimit-reset-tokens": "soon"}, (None, None, 42.0, None)),
    ({"x-ratelimit-reset-requests": "1d1h", "x-ratelimit-reset-tokens": "500µs"}, (None, None, 90_000.0, 0.0005)),
    ({"x-ratelimit-reset-requests": "1" * 5000 + "x", "x-ratelimit-reset-tokens": "1s1"}, (None, None, None, None)),
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
