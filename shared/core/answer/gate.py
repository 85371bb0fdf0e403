"""May this endpoint be asked now? One small value per deployment, shared by all workers, decided without a clock.

    open ──failures of different jobs──▶ shut ──▶ one probe ──success──▶ open
      └──throttled──▶ shut as long as it said, for minutes at most       └─failure─▶ shut for longer

A throttled reply shuts the gate for everybody, so that a thousand jobs do not each find out for themselves; a reply
that says that little is left does so before the wall is hit.

**No job shuts the gate for the others by itself.** Its failures count once, a success of any other job forgets them,
and a job that has not failed yet is let through now and then while the gate is shut for failures that a picture may
cause: thirty pictures that break the endpoint hold up the next good one for a second or two. And no wait that an
endpoint asks for is believed for longer than minutes without a look whether it still holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.core import limits
from shared.core.answer.rate_limits import RateLimits, slow_down_s
from shared.core.errors import ModelUnavailable
from shared.core.waits import backoff

FAILURES_TO_SHUT = 5
"""Failures of different jobs without a success between: fewer may be bad pictures only, each more is a lost call."""

GATE_FIRST_PAUSE_S = 10.0
"""Longer than a restart of a small server or a lost connection takes to heal, shorter than people notice."""

PROBE_S = 150.0
"""Longer than a call may take; a probe that never reports back counts as lost after that."""

TRIALS_EVERY_S = {"server_error": 1.0, "connection_lost": 2.0, "timeout": 15.0}
"""How often a job that has not failed yet may try while the gate is shut, by what it is shut for: failures that a
picture alone can cause. A 5xx costs nothing, a lost connection perhaps an answer, a time-out a worker for minutes."""

MOST_FAVOUR = 16
"""How many times as often a job may try that was held again and again, doubled each time. So each job asks an endpoint
that answers 5xx once, and of thirty bad pictures the next good one waits for 14 s at the most; 4 would make it 22 s
(simulated, 30 runs)."""

PICTURE_CODES = frozenset(TRIALS_EVERY_S)
"""Failures that a picture alone can cause: a job that has them while others are answered ends by them."""

LONG_THROTTLE_TRIALS_EVERY_S = 15.0
"""The same while an endpoint asks for longer than the gate believes."""

HELD_FIRST_S = 1.0
HELD_LONGEST_S = 4.0
"""When a held job looks again that may be let through before the gate opens, doubled each time. 16 would make a good
picture wait for 28 s instead of 14 behind thirty bad ones (simulated as above)."""

HELD_BY_PICTURES_S = 60.0
"""The longest that a job which failed before is held while another's success may open the gate at any time."""

ANSWERED_WITHIN_S = 5.0
"""`answered_at` is no older than this while an endpoint answers: a write every few seconds, not one a call. It is the
shortest wait of a job that failed (pipeline/analyze.py), so that a success between two failures is seen."""

DOWN_CODES = frozenset(
    {
        *("unreachable", "timeout", "connection_lost", "server_error"),
        *("not_authorized", "deployment_not_found", "endpoint_not_found", "unsupported_api_version", "quota_exhausted"),
    }
)

CALL_FAULTS = DOWN_CODES | {"throttled", "conflict", "call_failed"}
"""All codes of a call that brought no answer; a job may also wait for other reasons, without having asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether an endpoint may be asked, as stored for all workers. `shut_until` None means open.

    `failures` counts failures of different jobs in a row; `probe_until` is set while one worker tries whether the
    endpoint is back; `trial_at` is when a job without a failure was last let through although the gate was shut.
    `told_until` is how long the endpoint asked to be left alone, where that is longer than is believed; `answered_at`
    is when it last answered, give or take ANSWERED_WITHIN_S.
    """

    failures: int = 0
    shut_until: datetime | None = None
    probe_until: datetime | None = None
    trial_at: datetime | None = None
    told_until: datetime | None = None
    answered_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The job that wants to ask: when a call of its own last failed, None for never, and how often it was held."""

    failed_at: datetime | None = None
    holds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """The verdict to ask now. `gate` is what must be stored first, None when nothing changed."""

    gate: Gate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The verdict not to ask before `until`."""

    until: datetime
    reason: str


def admit(gate: Gate, asker: Asker, *, now: datetime) -> Go | Hold:
    """Go or Hold for this job. After a pause for failures, or a throttle that is longer than believed, exactly one
    worker probes; after a pause for throttling everybody may go on.
    """
    if gate.shut_until is None:
        return Go()
    if now < gate.shut_until:
        return try_out(gate, asker, opens=gate.shut_until, now=now)
    if not needs_probe(gate, now=now):
        return Go(gate=replace(gate, shut_until=None, told_until=None, reason=""))
    if gate.probe_until is not None and now < gate.probe_until:
        return try_out(gate, asker, opens=gate.probe_until, now=now)
    return Go(gate=replace(gate, probe_until=now + timedelta(seconds=PROBE_S)))


def needs_probe(gate: Gate, *, now: datetime) -> bool:
    return gate.failures >= FAILURES_TO_SHUT or (gate.told_until is not None and now < gate.told_until)


def try_out(gate: Gate, asker: Asker, *, opens: datetime, now: datetime) -> Go | Hold:
    """Go or Hold at a shut gate. Now and then it lets a job through that has not failed yet: its picture may be a good
    one.
    """
    every_s = trials_every_s(gate, asker)
    if every_s is not None and (gate.trial_at is None or now >= gate.trial_at + timedelta(seconds=every_s)):
        return Go(gate=replace(gate, trial_at=now))
    is_probed = gate.probe_until is not None and now < gate.probe_until
    soon_s = backoff(asker.holds, first_s=HELD_FIRST_S, longest_s=HELD_LONGEST_S)
    if every_s is None and not is_probed:
        soon_s = HELD_BY_PICTURES_S if gate.reason in PICTURE_CODES else math.inf
    return Hold(until=opens if soon_s == math.inf else min(opens, now + timedelta(seconds=soon_s)), reason=gate.reason)


def trials_every_s(gate: Gate, asker: Asker) -> float | None:
    """Seconds between two trials; None where a trial would tell nothing: the job has failed before, or no picture can
    be the cause. A job that was held often gets a shorter time, or bad luck would last.
    """
    every_s = LONG_THROTTLE_TRIALS_EVERY_S if gate.told_until is not None else TRIALS_EVERY_S.get(gate.reason)
    if every_s is None or asker.failed_at is not None:
        return None
    return every_s / min(2.0**asker.holds, MOST_FAVOUR)


def after_success(gate: Gate, left: RateLimits, *, next_tokens: int, now: datetime) -> Gate:
    """The gate after an answer: open, unless the reply says that the next call of this size would be throttled."""
    is_noted = gate.answered_at is not None and now < gate.answered_at + timedelta(seconds=ANSWERED_WITHIN_S)
    answered_at = gate.answered_at if is_noted and gate.failures == 0 else now
    until = now + timedelta(seconds=slow_down_s(left, next_tokens=next_tokens))
    is_throttled = gate.failures == 0 and gate.told_until is None and gate.shut_until is not None
    if is_throttled and gate.shut_until is not None and gate.shut_until >= until and gate.shut_until > now:
        return replace(gate, answered_at=answered_at)  # another worker was throttled meanwhile: its pause stands
    if until > now:
        return Gate(shut_until=until, answered_at=answered_at, reason="rate limit nearly used up")
    return Gate(answered_at=answered_at)


def after_failure(gate: Gate, asker: Asker, error: ModelUnavailable, *, now: datetime) -> Gate:
    """The gate after a call that brought no answer."""
    if error.code in DOWN_CODES:
        return after_outage(gate, asker, error, now=now)
    return after_throttle(gate, asker, error, now=now)


def after_outage(gate: Gate, asker: Asker, error: ModelUnavailable, *, now: datetime) -> Gate:
    """The gate after a failure: a dead endpoint is left alone for longer each time.

    A job counts once towards shutting the gate: what fails again and again may be its picture. Calls that were under
    way when the endpoint died all fail: none of them counts once the gate is shut.
    """
    is_shut = gate.shut_until is not None and gate.shut_until > now
    is_news = asker.failed_at is None or gate.failures >= FAILURES_TO_SHUT  # then it was the probe
    failures = gate.failures + (is_news and not is_shut)
    asked_s = min(error.retry_after_s or 0.0, limits.GATE_PAUSE_S.value) if asker.failed_at is None else 0.0
    pause_s = max(asked_s, 0.0 if is_shut else pause_after(failures))
    until = latest(gate.shut_until if is_shut else None, now + timedelta(seconds=pause_s) if pause_s else None)
    return replace(
        gate,
        failures=failures,
        shut_until=until,
        probe_until=None,
        told_until=None,
        reason=error.code if until else "",
    )


def after_throttle(gate: Gate, asker: Asker, error: ModelUnavailable, *, now: datetime) -> Gate:
    """The gate after a throttled call: everybody waits as long as the endpoint asked, for minutes at most. One that
    throttles is alive.

    A job that is told again to wait for hours, while others were answered since the last time, waits alone.
    """
    asked_s = error.retry_after_s or 0.0
    is_long = asked_s > limits.THROTTLE_PAUSE_S.value
    if is_long and is_alone(gate, asker):
        return replace(gate, probe_until=None)
    is_shut = gate.shut_until is not None and gate.shut_until > now
    pause_s = min(asked_s, limits.THROTTLE_PAUSE_S.value)
    until = latest(gate.shut_until if is_shut else None, now + timedelta(seconds=pause_s) if pause_s else None)
    return Gate(
        shut_until=until,
        told_until=now + timedelta(seconds=asked_s) if is_long else None,
        trial_at=gate.trial_at,
        answered_at=gate.answered_at,
        reason=error.code if until else "",
    )


def is_alone(gate: Gate, asker: Asker) -> bool:
    """Whether the endpoint has answered others since this job last failed, so that the fault is the job's own."""
    return asker.failed_at is not None and gate.answered_at is not None and gate.answered_at > asker.failed_at


def pause_after(failures: int) -> float:
    """The seconds to pause after so many failures: 0 below the threshold, then doubled with each failure, up to a
    limit.
    """
    beyond = failures - FAILURES_TO_SHUT
    return 0.0 if beyond < 0 else backoff(beyond, first_s=GATE_FIRST_PAUSE_S, longest_s=limits.GATE_PAUSE_S.value)


def without_probe(gate: Gate, probe_until: datetime) -> Gate:
    """The gate without this probe, whose worker did not ask after all: the next worker may probe."""
    return replace(gate, probe_until=None) if gate.probe_until == probe_until else gate


def latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
