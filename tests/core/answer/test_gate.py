"""The gate: throttling pauses everybody, a dead endpoint gets one probe at a time, and no job shuts it by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.core import limits
from shared.core.answer.gate import (
    ANSWERED_WITHIN_S,
    DOWN_CODES,
    FAILURES_TO_SHUT,
    GATE_FIRST_PAUSE_S,
    HELD_BY_PICTURES_S,
    HELD_FIRST_S,
    HELD_LONGEST_S,
    LONG_THROTTLE_TRIALS_EVERY_S,
    PROBE_S,
    TRIALS_EVERY_S,
    Asker,
    Gate,
    Go,
    Hold,
    admit,
    after_failure,
    after_success,
    is_alone,
    without_probe,
)
from shared.core.answer.rate_limits import RateLimits
from shared.core.errors import ModelUnavailable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
UNREACHABLE = ModelUnavailable("down", code="unreachable")
BROKEN = ModelUnavailable("500", code="server_error")
PLENTY = RateLimits(remaining_requests=100, remaining_tokens=100_000)
FRESH = Asker()
FAILED = Asker(failed_at=NOW - timedelta(hours=1))
LONGEST_PAUSE_S = limits.GATE_PAUSE_S.value
LONGEST_THROTTLE_S = limits.THROTTLE_PAUSE_S.value


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def throttled(seconds):
    return ModelUnavailable("slow down", code="throttled", retry_after_s=seconds)


def shut(failures=FAILURES_TO_SHUT, error=UNREACHABLE):
    """The gate after so many failures of different jobs, each as soon as the pause before it was over."""
    gate = Gate()
    for _ in range(failures):
        gate = after_failure(gate, FRESH, error, now=gate.shut_until or NOW)
    return gate


def last_pause_s(failures):
    return (shut(failures).shut_until - (shut(failures - 1).shut_until or NOW)).total_seconds()


def go_through(gate, *, at_s, asker=FRESH):
    """The gate as the worker that was let through stores it."""
    verdict = admit(gate, asker, now=later(at_s))
    assert isinstance(verdict, Go)
    return verdict.gate


@pytest.mark.parametrize("asker", [FRESH, FAILED])
def test_an_open_gate_lets_everybody_through(asker):
    """Nothing needs to be stored for that."""
    assert admit(Gate(), asker, now=NOW) == Go()


@pytest.mark.parametrize("asker", [FRESH, FAILED])
def test_throttling_shuts_for_as_long_as_it_said(asker):
    """Nobody asks before; everybody may afterwards."""
    gate = after_failure(Gate(), FRESH, throttled(90), now=NOW)

    assert admit(gate, asker, now=later(89.999)) == Hold(until=later(90), reason="throttled")
    assert admit(gate, asker, now=later(90)) == Go(gate=Gate())


def test_the_longest_pause_stands():
    """Of two throttled calls the one that must wait longer decides."""
    gate = after_failure(after_failure(Gate(), FRESH, throttled(60), now=NOW), FRESH, throttled(5), now=NOW)

    assert gate.shut_until == later(60)


def test_throttling_without_a_time_is_the_job_s_own_wait():
    """There is nothing to tell the others."""
    assert after_failure(Gate(), FRESH, throttled(None), now=NOW) == Gate()


def test_a_throttle_is_believed_for_minutes():
    """One reply that says a day: after two minutes one job looks whether it still holds, the others wait for it."""
    gate = after_failure(Gate(), FRESH, throttled(86_400), now=NOW)
    probing = go_through(gate, at_s=LONGEST_THROTTLE_S, asker=FAILED)
    second = admit(probing, FAILED, now=later(LONGEST_THROTTLE_S + 1))

    assert admit(gate, FAILED, now=later(LONGEST_THROTTLE_S - 1)) == Hold(
        until=later(LONGEST_THROTTLE_S), reason="throttled"
    )
    assert probing.probe_until == later(LONGEST_THROTTLE_S + PROBE_S)
    assert second == Hold(until=later(LONGEST_THROTTLE_S + 1 + HELD_FIRST_S), reason="throttled")
    assert after_success(probing, PLENTY, next_tokens=1, now=later(130)) == Gate(answered_at=later(130))


def test_a_long_throttle_lets_one_new_job_try_now_and_then():
    """Whether it was meant for all, or for one call that is too large, only another call can tell."""
    gate = after_failure(Gate(), FRESH, throttled(86_400), now=NOW)
    tried = go_through(gate, at_s=1)

    assert isinstance(admit(tried, FRESH, now=later(LONG_THROTTLE_TRIALS_EVERY_S)), Hold)
    assert isinstance(admit(tried, FRESH, now=later(1 + LONG_THROTTLE_TRIALS_EVERY_S)), Go)
    assert after_success(tried, PLENTY, next_tokens=1, now=later(2)) == Gate(answered_at=later(2))


@pytest.mark.parametrize(("answered_s", "shuts"), [(None, True), (-3601, True), (-3599, False)])
def test_a_job_that_is_throttled_for_a_day_again_waits_alone(answered_s, shuts):
    """Others were answered since it was told so before: it is about this one's size, not about the endpoint."""
    before = Gate(answered_at=None if answered_s is None else later(answered_s))
    gate = after_failure(before, FAILED, throttled(86_400), now=NOW)

    assert (gate.shut_until is not None) is shuts


def test_some_failures_are_no_outage():
    """Below the threshold the gate stays open, and one success forgets them."""
    gate = shut(FAILURES_TO_SHUT - 1)

    assert admit(gate, FRESH, now=NOW) == Go()
    assert after_success(gate, PLENTY, next_tokens=10, now=NOW) == Gate(answered_at=NOW)


def test_a_job_counts_once():
    """One picture that always breaks the endpoint changes nothing for others, however often it is asked about."""
    gate = after_failure(Gate(), FRESH, BROKEN, now=NOW)
    for turn in range(100):
        gate = after_failure(gate, FAILED, BROKEN, now=later(turn))

    assert (gate.failures, gate.shut_until) == (1, None)


def test_an_outage_shuts_then_one_worker_probes():
    """After the pause the first one goes; the others look again soon, as a probe may take a moment or minutes."""
    gate = shut()
    probing = go_through(gate, at_s=GATE_FIRST_PAUSE_S)
    second = admit(probing, Asker(holds=1), now=later(GATE_FIRST_PAUSE_S + 1))
    patient = admit(probing, Asker(holds=50), now=later(GATE_FIRST_PAUSE_S + 1))

    assert admit(gate, FRESH, now=later(GATE_FIRST_PAUSE_S - 1)) == Hold(
        until=later(GATE_FIRST_PAUSE_S), reason="unreachable"
    )
    assert second == Hold(until=later(GATE_FIRST_PAUSE_S + 1 + 2 * HELD_FIRST_S), reason="unreachable")
    assert patient == Hold(until=later(GATE_FIRST_PAUSE_S + 1 + HELD_LONGEST_S), reason="unreachable")
    assert after_success(probing, PLENTY, next_tokens=1, now=later(20)) == Gate(answered_at=later(20))


def test_a_probe_that_died_is_replaced():
    """A worker that was killed while probing does not keep the gate shut."""
    gate = go_through(shut(), at_s=GATE_FIRST_PAUSE_S)
    last = later(GATE_FIRST_PAUSE_S + PROBE_S)

    assert admit(gate, Asker(holds=9), now=last - timedelta(seconds=2)) == Hold(until=last, reason="unreachable")
    assert isinstance(admit(gate, FAILED, now=last), Go)


def test_pauses_grow_to_a_limit():
    """Ten seconds, twenty, … four minutes."""
    pauses = [last_pause_s(failures) for failures in range(FAILURES_TO_SHUT, 14)]

    assert pauses[:3] == [GATE_FIRST_PAUSE_S, GATE_FIRST_PAUSE_S * 2, GATE_FIRST_PAUSE_S * 4]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert last_pause_s(3000) == LONGEST_PAUSE_S


def test_what_was_mended_is_noticed_within_five_minutes():
    """The longest pauses, and the fifth by which waiting jobs are spread."""
    assert max(LONGEST_PAUSE_S, LONGEST_THROTTLE_S) * 1.2 < 300


@pytest.mark.parametrize("asker", [FRESH, FAILED])
def test_a_probe_that_fails_lengthens_the_pause(asker):
    """Whoever made it: a dead endpoint is asked less and less often, also when all jobs have failed before."""
    probing = go_through(shut(), at_s=GATE_FIRST_PAUSE_S, asker=asker)
    gate = after_failure(probing, asker, UNREACHABLE, now=later(20))

    assert (gate.failures, gate.shut_until) == (FAILURES_TO_SHUT + 1, later(20 + 2 * GATE_FIRST_PAUSE_S))


def test_a_job_that_failed_looks_whether_a_good_picture_has_opened_the_gate():
    """At the latest after a minute, though the pause is longer; where no picture can, when the pause is over."""
    by_pictures = replace(shut(error=BROKEN), shut_until=later(LONGEST_PAUSE_S))
    by_its_key = replace(by_pictures, reason="not_authorized")

    assert admit(by_pictures, FAILED, now=NOW) == Hold(until=later(HELD_BY_PICTURES_S), reason="server_error")
    assert admit(by_its_key, FAILED, now=NOW) == Hold(until=later(LONGEST_PAUSE_S), reason="not_authorized")


def test_calls_under_way_when_it_died_count_once():
    """They all fail within a moment; that is one outage, not ten in a row."""
    gate = shut()
    for _ in range(10):
        gate = after_failure(gate, FRESH, UNREACHABLE, now=later(1))

    assert gate == shut()


@pytest.mark.parametrize("code", sorted(TRIALS_EVERY_S))
def test_while_shut_a_new_picture_is_tried_now_and_then(code):
    """The five that shut it may have been bad pictures; what failed before waits."""
    gate = replace(shut(error=ModelUnavailable("x", code=code)), shut_until=later(LONGEST_PAUSE_S))
    every_s = TRIALS_EVERY_S[code]
    tried = go_through(gate, at_s=0)

    assert tried == replace(gate, trial_at=NOW)
    assert isinstance(admit(gate, FAILED, now=NOW), Hold)
    assert isinstance(admit(tried, FRESH, now=later(every_s * 0.99)), Hold)
    assert after_success(tried, PLENTY, next_tokens=1, now=later(1)) == Gate(answered_at=later(1))
    assert admit(tried, FRESH, now=later(every_s)) == Go(gate=replace(gate, trial_at=later(every_s)))


@pytest.mark.parametrize(("holds", "after_s"), [(0, 1.0), (1, 0.5), (4, 1 / 16), (900, 1 / 16)])
def test_who_was_held_often_has_a_better_chance(holds, after_s):
    """Of many new pictures that want to try, bad luck does not last."""
    tried = go_through(shut(error=BROKEN), at_s=0)

    assert isinstance(admit(tried, Asker(holds=holds), now=later(after_s * 0.98)), Hold)
    assert isinstance(admit(tried, Asker(holds=holds), now=later(after_s)), Go)


def test_a_trial_that_fails_changes_nothing():
    """The gate stays shut for as long as it was, and the next new picture has its chance."""
    tried = go_through(shut(error=BROKEN), at_s=0)

    assert after_failure(tried, FRESH, BROKEN, now=later(1)) == tried


@pytest.mark.parametrize(("holds", "wait_s"), [(0, 1), (1, 2), (2, 4), (9, 4)])
def test_new_jobs_look_again_less_and_less_often(holds, wait_s):
    """A thousand of them behind a dead endpoint do not come back every second; and never later than it opens."""
    tried = go_through(shut(error=BROKEN), at_s=0)

    assert admit(tried, Asker(holds=holds), now=NOW) == Hold(until=later(wait_s), reason="server_error")


@pytest.mark.parametrize("code", sorted(DOWN_CODES - set(TRIALS_EVERY_S)))
def test_no_trial_where_no_picture_is_the_cause(code):
    """A wrong key or address fails for all: everybody waits until the gate opens."""
    gate = shut(error=ModelUnavailable("x", code=code))

    assert admit(gate, FRESH, now=NOW) == Hold(until=later(GATE_FIRST_PAUSE_S), reason=code)


BUSY_FOR_AN_HOUR = ModelUnavailable("later", code="server_error", retry_after_s=3600)


@pytest.mark.parametrize("before", [Gate(), shut(), go_through(shut(), at_s=GATE_FIRST_PAUSE_S)])
def test_a_503_that_says_how_long_pauses_everybody(before):
    """Whatever was known before; for minutes at most, and only the first time that this job brings it."""
    gate = after_failure(before, FRESH, BUSY_FOR_AN_HOUR, now=later(GATE_FIRST_PAUSE_S))

    assert gate.shut_until == later(GATE_FIRST_PAUSE_S + LONGEST_PAUSE_S)
    assert isinstance(admit(gate, FAILED, now=later(GATE_FIRST_PAUSE_S + LONGEST_PAUSE_S)), Go)
    assert after_failure(Gate(), FAILED, BUSY_FOR_AN_HOUR, now=NOW) == Gate()


@pytest.mark.parametrize(("seconds", "pause_s"), [(None, None), (0, None), (5, 5)])
def test_a_probe_that_is_throttled_found_it_alive(seconds, pause_s):
    """The next ones need no probe."""
    probing = go_through(shut(), at_s=GATE_FIRST_PAUSE_S)
    gate = after_failure(probing, FRESH, throttled(seconds), now=later(20))

    assert (gate.failures, gate.probe_until) == (0, None)
    assert gate.shut_until == (None if pause_s is None else later(20 + pause_s))


def test_a_probe_that_was_not_made_leaves_room_for_another():
    """Its job had no money; but nobody gives back the probe of somebody else."""
    probing = go_through(shut(), at_s=GATE_FIRST_PAUSE_S)

    assert isinstance(admit(without_probe(probing, probing.probe_until), FAILED, now=later(11)), Go)
    assert without_probe(probing, later(1)) == probing


NO_MORE = RateLimits(remaining_requests=0, reset_requests_s=6.0)


@pytest.mark.parametrize(("remaining", "pause_s"), [(NO_MORE, 6), (PLENTY, None)])
def test_slowing_down_before_the_wall(remaining, pause_s):
    """When the next call would not fit, nobody makes it until the window is over."""
    gate = after_success(Gate(), remaining, next_tokens=500, now=NOW)

    assert gate.shut_until == (None if pause_s is None else later(pause_s))


def test_a_success_does_not_undo_another_s_throttling():
    """The pause that somebody else was told stands until its end, which is no longer a part of it."""
    gate = after_failure(Gate(answered_at=NOW), FRESH, throttled(60), now=NOW)
    nothing_left = RateLimits(remaining_requests=0)

    assert after_success(gate, PLENTY, next_tokens=1, now=later(1)) == gate
    assert after_success(gate, nothing_left, next_tokens=1, now=later(1)) == gate
    assert after_success(gate, nothing_left, next_tokens=1, now=later(59.5)).shut_until == later(60.5)
    assert after_success(gate, PLENTY, next_tokens=1, now=later(60)) == Gate(answered_at=later(60))


def test_when_an_endpoint_last_answered_is_known_to_some_seconds():
    """A busy one costs a write every few seconds, not one a call; after a failure it is known at once."""
    first = after_success(Gate(), PLENTY, next_tokens=1, now=NOW)
    soon = after_success(first, PLENTY, next_tokens=1, now=later(ANSWERED_WITHIN_S - 1))
    after_a_failure = after_success(replace(first, failures=1), PLENTY, next_tokens=1, now=later(1))
    after_a_while = after_success(first, PLENTY, next_tokens=1, now=later(ANSWERED_WITHIN_S))

    assert (first.answered_at, soon) == (NOW, first)
    assert (after_a_failure.answered_at, after_a_while.answered_at) == (later(1), later(ANSWERED_WITHIN_S))


@pytest.mark.parametrize(
    ("failed_s", "answered_s", "alone"),
    [(None, 0, False), (0, None, False), (0, 0, False), (0, 1, True), (1, 0, False)],
)
def test_whose_fault_it_is(failed_s, answered_s, alone):
    """A job fails alone when others were answered since it failed before."""
    gate = Gate(answered_at=None if answered_s is None else later(answered_s))

    assert is_alone(gate, Asker(failed_at=None if failed_s is None else later(failed_s))) is alone
