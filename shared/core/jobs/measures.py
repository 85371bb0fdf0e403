"""What the events in the log add up to: one table from an event and its facts to the metrics that it changes.

The same events are lines in the log (docs/operations.md says what each means); telemetry counts them, it does not add
any. A label must have few values: no ids, no names, no words of a user.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

UNIT_ONE = "1"
"""In place of a fact: count the event itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A metric with its unit: a counter adds up, a histogram counts how often each size came."""

    kind: Literal["counter", "histogram"]
    unit: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRule:
    """What one event adds to one metric. `labels` are facts of the event, `fixed` labels are the rule's own."""

    event: str
    metric: str
    fact: str = UNIT_ONE
    labels: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    metric: str
    amount: float
    labels: Mapping[str, str]


JOBS_METRIC = "visiondrop.jobs"
TOKENS = "visiondrop.tokens"
COST = "visiondrop.cost"
WAITS = "visiondrop.waits"
QUEUE_AGE = "visiondrop.queue.age"
MODEL_TIME = "visiondrop.model.duration"
TOTAL_TIME = "visiondrop.drop.duration"
MAYBE_PAID_METRIC = "visiondrop.maybe_paid"
BUDGET_ALERTS = "visiondrop.budget.alerts"
GATE_CHANGES = "visiondrop.gate.changes"

INSTRUMENTS = {
    JOBS_METRIC: Instrument(kind="counter", unit="{job}", about="jobs that came into a state"),
    TOKENS: Instrument(kind="counter", unit="{token}", about="tokens that were paid for"),
    COST: Instrument(kind="counter", unit="USD", about="what finished jobs cost"),
    WAITS: Instrument(kind="counter", unit="{wait}", about="turns that ended in a wait, by its reason"),
    QUEUE_AGE: Instrument(kind="histogram", unit="ms", about="from queued to claimed for the first time"),
    MODEL_TIME: Instrument(kind="histogram", unit="ms", about="a call that was answered"),
    TOTAL_TIME: Instrument(kind="histogram", unit="ms", about="from drop to result"),
    MAYBE_PAID_METRIC: Instrument(kind="counter", unit="{call}", about="calls whose outcome nobody knows"),
    BUDGET_ALERTS: Instrument(kind="counter", unit="{alert}", about="thresholds of a budget reached"),
    GATE_CHANGES: Instrument(kind="counter", unit="{change}", about="an endpoint was paused, slowed or let go on"),
}

MEASURE_RULES = (
    MeasureRule(event="accepted", metric=JOBS_METRIC, fixed={"state": "queued"}, labels=("kind",)),
    MeasureRule(event="claimed", metric=JOBS_METRIC, fixed={"state": "running"}),
    MeasureRule(event="claimed", metric=QUEUE_AGE, fact="queue_ms"),
    MeasureRule(event="waiting", metric=JOBS_METRIC, fixed={"state": "waiting"}),
    MeasureRule(event="waiting", metric=WAITS, labels=("code",)),
    MeasureRule(event="parked", metric=JOBS_METRIC, fixed={"state": "parked"}),
    MeasureRule(event="finished", metric=JOBS_METRIC, labels=("state", "kind", "code")),
    MeasureRule(event="finished", metric=TOKENS, fact="input_tokens", fixed={"direction": "input"}),
    MeasureRule(event="finished", metric=TOKENS, fact="output_tokens", fixed={"direction": "output"}),
    MeasureRule(event="finished", metric=COST, fact="usd"),
    MeasureRule(event="finished", metric=MODEL_TIME, fact="model_ms"),
    MeasureRule(event="finished", metric=TOTAL_TIME, fact="total_ms"),
    MeasureRule(event="finished", metric=MAYBE_PAID_METRIC, fact="maybe_paid"),
    MeasureRule(event="budget alert", metric=BUDGET_ALERTS, labels=("percent",)),
    MeasureRule(event="gate", metric=GATE_CHANGES, labels=("endpoint",)),
)


def measure(event: str, facts: Mapping[str, Any]) -> Iterator[Measurement]:
    """The measurements of an event. A fact that is absent or None adds nothing."""
    for rule in MEASURE_RULES:
        amount = 1 if rule.fact == UNIT_ONE else facts.get(rule.fact)
        if rule.event == event and amount is not None:
            known = {name: str(facts[name]) for name in rule.labels if facts.get(name) is not None}
            yield Measurement(metric=rule.metric, amount=float(amount), labels={**rule.fixed, **known})
