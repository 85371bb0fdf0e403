"""Asking an endpoint only while it can answer: the gate before a call, and what the call says about it after.

    with turn(services, endpoint, job) as own:      # raises ModelUnavailable while the gate is shut
        ... reserve money ...
        reply = own.ask(send)                        # the gate learns of failures and refusals
    ... store the reply ...
    report_success(services, endpoint, reply.limits)

Whatever ends the block before the endpoint was asked gives the probe back, if this turn was to be one: another worker
may probe at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from shared.core.answer.gate import (
    CALL_FAULTS,
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
from shared.core.errors import ModelRefused, ModelUnavailable, StorageUnavailable
from shared.core.jobs.job import Job
from shared.pipeline.ports import Services

T = TypeVar("T")

PAUSED = "paused"
NO_LIMITS = RateLimits()


@dataclass(slots=True, kw_only=True)
class GateTurn:
    """One job's way through one endpoint's gate. `probe_until` is set while this turn is the probe; `is_heard` is True
    once the endpoint was asked.
    """

    services: Services
    endpoint: str
    asker: Asker
    probe_until: datetime | None = None
    is_heard: bool = False

    def ask(self, send: Callable[[], T]) -> T:
        """What `send` returns; the caller tells the gate of an answer once it is stored. Raises what `send` raises.

        A ModelUnavailable that is this job's own (others were answered since it failed before) says so: `is_alone`.
        """
        try:
            answer = send()
        except ModelUnavailable as error:
            self.is_heard = True
            error.is_alone = self.report_failure(error)
            raise
        except ModelRefused:
            self.is_heard = True
            report_success(self.services, self.endpoint)  # it refuses, so it is there
            raise
        self.is_heard = True
        return answer

    def report_failure(self, error: ModelUnavailable) -> bool:
        """Whether only this job fails, since others are answered."""
        now = self.services.now()
        before = tell(self.services, self.endpoint, lambda gate: after_failure(gate, self.asker, error, now=now))
        return before is not None and is_alone(before, self.asker)

    def give_back(self) -> None:
        """Let another worker be the probe. Where storage is away, the probe ends by itself after PROBE_S."""
        until = self.probe_until
        if until is not None:
            tell(self.services, self.endpoint, lambda gate: without_probe(gate, until))


def report_success(services: Services, endpoint: str, left: RateLimits = NO_LIMITS, *, next_tokens: int = 0) -> None:
    """Tell the gate that the endpoint answers, and what it says is left for a next call of `next_tokens` tokens."""
    now = services.now()
    tell(services, endpoint, lambda gate: after_success(gate, left, next_tokens=next_tokens, now=now))


def tell(services: Services, endpoint: str, step: Callable[[Gate], Gate]) -> Gate | None:
    """The gate as it was before `step`; None when storage is away, which is only logged: the next call tells the gate
    the same.
    """
    try:
        before, after = services.gates.change(endpoint, step)
    except StorageUnavailable as error:
        services.log("gate not told", {"endpoint": endpoint, "code": error.code})
        return None
    if (before.failures, before.shut_until) != (after.failures, after.shut_until):
        services.log("gate", {"endpoint": endpoint, "failures": after.failures, "shut_until": shown(after)})
    return before


@contextmanager
def turn(services: Services, endpoint: str, job: Job) -> Iterator[GateTurn]:
    """A context for the job's call to the endpoint. Raises ModelUnavailable ("paused") while the gate does not let it
    through.
    """
    asker = asker_of(job)
    own = GateTurn(services=services, endpoint=endpoint, asker=asker, probe_until=enter(services, endpoint, asker))
    try:
        yield own
    finally:
        if not own.is_heard:
            own.give_back()


def enter(services: Services, endpoint: str, asker: Asker) -> datetime | None:
    """The time until which this turn is the probe, None when it is not. Raises ModelUnavailable ("paused") while the
    gate is shut. What lets the turn through is stored before it goes.
    """
    now = services.now()
    verdicts: list[Go | Hold] = []

    def step(gate: Gate) -> Gate:
        verdicts.append(admit(gate, asker, now=now))
        return (verdicts[-1].gate or gate) if isinstance(verdicts[-1], Go) else gate

    before, after = services.gates.change(endpoint, step)
    if isinstance(verdicts[-1], Hold):
        raise held(verdicts[-1], now=now)
    return after.probe_until if after.probe_until != before.probe_until else None


def asker_of(job: Job) -> Asker:
    """When the job's own calls failed last and how often it was held, by its history: of a long one, by the newest
    fifty steps.
    """
    failed = [event.at for event in job.history if event.code in CALL_FAULTS]
    holds = sum(event.code == PAUSED for event in job.history)
    return Asker(failed_at=max(failed, default=None), holds=holds)


def held(hold: Hold, *, now: datetime) -> ModelUnavailable:
    wait_s = (hold.until - now).total_seconds()
    return ModelUnavailable(
        f"calls are paused for {wait_s:.0f} s: {hold.reason}",
        code=PAUSED,
        retry_after_s=max(0.1, wait_s),
        hint="Nothing to do: it goes on by itself.",
    )


def shown(gate: Gate) -> str | None:
    return gate.shut_until.isoformat() if gate.shut_until else None
