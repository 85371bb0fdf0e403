"""The gate among many jobs, in simulated time: how long bad pictures hold up the good ones beside them."""

from __future__ import annotations

import heapq
import itertools
import random
import statistics
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.core.answer.gate import Asker, Gate, Hold, admit, after_failure, after_success, is_alone
from shared.core.answer.rate_limits import RateLimits
from shared.core.errors import ModelUnavailable
from shared.core.waits import backoff

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVERY_S = 20.0
GOOD = 24
SPREAD = 0.2  # as pipeline/postpone.py spreads waits
FAILURES = 5


@dataclass
class Asking:
    """A job, bad or good, and what came of it."""

    bad: bool
    came_s: float
    asker: Asker = field(default_factory=Asker)
    failures: int = 0
    alone: int = 0
    ended_s: float | None = None


def simulate(bad: int, code: str, *, seed: int, call_s: float) -> list[Asking]:
    """All bad pictures within a second or two, a good one every so often; calls under way at the same time."""
    dice = random.Random(seed)  # noqa: S311  # repeatable, not secret
    asking = [Asking(bad=True, came_s=0.02 * index) for index in range(bad)]
    asking += [Asking(bad=False, came_s=1 + EVERY_S * index) for index in range(GOOD)]
    numbers = itertools.count()
    due = [(job.came_s, next(numbers), job, False) for job in asking]
    heapq.heapify(due)
    gate = Gate()

    def later(seconds: float, job: Asking) -> None:
        heapq.heappush(due, (at_s + max(1.0, seconds * (1 + SPREAD * dice.random())), next(numbers), job, False))

    while due and due[0][0] < EVERY_S * GOOD + 1800:
        at_s, _, job, is_answer = heapq.heappop(due)
        now = START + timedelta(seconds=at_s)
        if not is_answer:
            verdict = admit(gate, job.asker, now=now)
            if isinstance(verdict, Hold):
                job.asker = replace(job.asker, holds=job.asker.holds + 1)
                later((verdict.until - now).total_seconds(), job)
            else:
                gate = verdict.gate or gate
                heapq.heappush(due, (at_s + call_s, next(numbers), job, True))
        elif not job.bad:
            gate = after_success(gate, RateLimits(), next_tokens=0, now=now)
            job.ended_s = at_s
        else:
            job.alone += is_alone(gate, job.asker)
            gate = after_failure(gate, job.asker, ModelUnavailable("x", code=code), now=now)
            job.asker = replace(job.asker, failed_at=now)
            if job.alone + 1 >= FAILURES:
                job.ended_s = at_s
                continue
            later(backoff(job.failures, first_s=5.0, longest_s=3600.0), job)
            job.failures += 1
    return asking


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("code", ["server_error", "connection_lost"])
@pytest.mark.parametrize("bad", [1, 8, 30])
@pytest.mark.parametrize("call_s", [0.01, 0.5])
def test_bad_pictures_hold_up_no_good_one(bad, code, call_s, seed):
    """A moment in the median and half a minute at most, however quickly the endpoint breaks; and each bad one ends."""
    asking = simulate(bad, code, seed=seed, call_s=call_s)
    waits = [job.ended_s - job.came_s if job.ended_s else 9999.0 for job in asking if not job.bad]

    assert statistics.median(waits) < 5
    assert max(waits) <= 30
    assert all(job.ended_s for job in asking)
