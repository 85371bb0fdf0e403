"""Asking an endpoint only while it can answer: the gate before a call, and what the call says about it after."""

from __future__ import annotations

from collections.abc import Callable

from shared.core.answer.gate import Gate, Hold, Limits, admit, after_failure, after_success, without_probe
from shared.core.errors import ModelUnavailable
from shared.pipeline.ports import Services

TRIES = 10


def enter(services: Services, name: str) -> None:
    """Raises ModelUnavailable until the gate opens. The change that lets a probe through is stored before it goes."""
    for _ in range(TRIES):
        gate, version = services.gates.load(name)
        verdict = admit(gate, now=services.now())
        if isinstance(verdict, Hold):
            raise held(services, verdict)
        if verdict.gate is None or services.gates.store(name, verdict.gate, version):
            return
    raise ModelUnavailable(f"the gate of {name} is contended", code="paused", retry_after_s=1.0)


def held(services: Services, hold: Hold) -> ModelUnavailable:
    wait_s = (hold.until - services.now()).total_seconds()
    return ModelUnavailable(
        f"calls are paused for {wait_s:.0f} s: {hold.reason}",
        code="paused",
        retry_after_s=max(0.1, wait_s),
        hint="Nothing to do: it goes on by itself.",
    )


def report_success(services: Services, name: str, limits: Limits, *, next_tokens: int) -> None:
    change(services, name, lambda gate: after_success(gate, limits, next_tokens=next_tokens, now=services.now()))


def report_failure(services: Services, name: str, error: ModelUnavailable) -> None:
    change(services, name, lambda gate: after_failure(gate, error, now=services.now()))


def withdraw(services: Services, name: str) -> None:
    """The call is not made after all: if it was to probe, another one may."""
    gate, version = services.gates.load(name)
    if gate.probe_until is not None:
        services.gates.store(name, without_probe(gate), version)


def change(services: Services, name: str, step: Callable[[Gate], Gate]) -> None:
    """Writes only what is different: a healthy endpoint costs a read. A lost race is somebody else's newer word."""
    gate, version = services.gates.load(name)
    after = step(gate)
    if after != gate and services.gates.store(name, after, version):
        services.log("gate", {"endpoint": name, "failures": after.failures, "shut_until": shown(after)})


def shown(gate: Gate) -> str | None:
    return gate.shut_until.isoformat() if gate.shut_until else None
