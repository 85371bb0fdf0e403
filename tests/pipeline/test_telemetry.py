"""Telemetry, read back from OpenTelemetry's own in-memory exporters while the app works on real storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from shared.adapters.telemetry import Telemetry, root_span_id
from shared.core.jobs.measures import INSTRUMENTS, MEASURE_RULES
from shared.wiring import wired
from tests.pipeline.world import World, picture


class Seen:
    """What was exported."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.telemetry = Telemetry(SimpleSpanProcessor(self.spans), self.reader)

    def by_name(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.by_name(name)
        return span

    def points(self, metric: str) -> dict[tuple[tuple[str, Any], ...], float]:
        """Each set of labels with its sum."""
        data = self.reader.get_metrics_data()
        found = [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for item in scope.metrics
            if item.name == metric
            for point in item.data.data_points
            if isinstance(point, HistogramDataPoint | NumberDataPoint)
        ]
        return {
            tuple(sorted((point.attributes or {}).items())): (
                point.sum if isinstance(point, HistogramDataPoint) else point.value
            )
            for point in found
        }


@pytest.fixture
def seen() -> Iterator[Seen]:
    seen = Seen()
    yield seen
    seen.telemetry.close()


@pytest.fixture
def traced(world: World, seen: Seen) -> World:
    """A world whose services report to `seen`, as wiring.py joins them."""
    world.services = replace(world.services, **wired(seen.telemetry))
    return world


def test_one_drop_is_one_trace_across_the_queue(traced, seen):
    """accept, analyze and the call hang below the drop, though only a job id went through the queue."""
    job = traced.answer("a.jpg", picture())
    spans = {span.name: span for span in seen.spans.get_finished_spans()}
    ids = {name: span.context.span_id for name, span in spans.items()}
    parents = {name: span.parent.span_id if span.parent else None for name, span in spans.items()}

    assert {span.context.trace_id for span in spans.values()} == {int(job.job_id, 16)}
    assert ids["drop"] == root_span_id(job.job_id)
    assert parents == {"drop": None, "accept": ids["drop"], "analyze": ids["drop"], "chat": ids["analyze"]}


def test_a_job_that_waited_stays_in_its_trace(traced, seen):
    """Two turns, hours apart and in any worker, are two spans of one trace; the failed call bears its code."""
    traced.script({"do": "throttle", "times": 1, "retry_after_s": 7200})
    traced.drop("a.jpg", picture())
    traced.accept("a.jpg")
    traced.finish_all()
    calls = seen.by_name("chat")

    assert len({span.context.trace_id for span in seen.spans.get_finished_spans()}) == 1
    assert [span.attributes["visiondrop.outcome"] for span in seen.by_name("analyze")] == ["waiting", "finished"]
    assert [span.attributes.get("error.type") for span in calls] == ["throttled", None]
    assert calls[0].status.status_code is StatusCode.ERROR
    assert seen.points("visiondrop.waits") == {(("code", "throttled"),): 1}


def test_the_drop_says_what_it_cost(traced, seen):
    """Kind, size, tokens, dollars and milliseconds are on the span that stands for the whole."""
    job = traced.answer("a.jpg", picture())
    told = seen.one("drop").attributes

    assert told["visiondrop.kind"] == "image"
    assert told["visiondrop.bytes"] == job.source.bytes
    assert told["visiondrop.input_tokens"] == job.usage.input_tokens
    assert told["visiondrop.usd"] == str(job.cost.usd)
    assert told["visiondrop.state"] == "done"


def test_metrics_add_up(traced, seen):
    """Two answered drops and a broken one: jobs, tokens, dollars and queue age as the documents say."""
    jobs = [traced.answer(name, picture(colour=name)) for name in ("red", "blue")]
    traced.answer("broken", picture()[:200])

    assert seen.points("visiondrop.jobs") == {
        (("kind", "image"), ("state", "queued")): 2,
        (("state", "running"),): 2,
        (("kind", "image"), ("state", "done")): 2,
        (("code", "corrupt"), ("state", "failed")): 1,
    }
    assert seen.points("visiondrop.tokens") == {
        (("direction", "input"),): sum(job.usage.input_tokens for job in jobs),
        (("direction", "output"),): sum(job.usage.output_tokens for job in jobs),
    }
    assert seen.points("visiondrop.cost") == {(): pytest.approx(float(sum(job.cost.usd for job in jobs)))}


def test_queue_age_is_from_queued_to_claimed(traced, seen):
    """Ninety seconds in the queue are 90,000 ms, counted once, however often the job is claimed."""
    traced.script({"do": "throttle", "times": 1, "retry_after_s": 5})
    traced.drop("a.jpg", picture())
    traced.accept("a.jpg")
    traced.pass_time(90)
    traced.finish_all()

    assert seen.points("visiondrop.queue.age") == {(): 90_000}


def test_a_parked_drop_and_an_alert_are_counted(traced, seen):
    """Money that runs short shows in the metrics: each threshold once, and the job that waits for more."""
    first = traced.answer("a.jpg", picture(colour="red"))
    traced.set(daily_budget_usd=first.cost.usd + first.estimate.max_usd)  # enough to reserve once more, and only once
    traced.answer("b.jpg", picture(colour="blue"))
    traced.answer("c.jpg", picture(colour="navy"))

    assert seen.points("visiondrop.jobs")[(("state", "parked"),)] == 1
    assert seen.points("visiondrop.budget.alerts") == {(("percent", percent),): 1 for percent in ("50", "80", "100")}


SECRET_NAME = "holiday with Maria/birthday.jpg"


def test_no_name_and_no_content_gets_into_telemetry(traced, seen):
    """Names of files may be personal; prompts and answers always are."""
    job = traced.answer(SECRET_NAME, picture(), prompt="Who is the violet elephant?")
    traced.answer("Maria.jpg", picture()[:200], prompt="Who is the violet elephant?")
    exported = " ".join(span.to_json() for span in seen.spans.get_finished_spans())
    exported += str(seen.reader.get_metrics_data())

    for private in ("Maria", "birthday", "violet elephant", job.reply.text[:30], "made-up"):
        assert private not in exported


def test_every_rule_moves_a_metric_that_is_there():
    """The table names only metrics that are made, and each of them is moved by something."""
    assert {rule.metric for rule in MEASURE_RULES} == set(INSTRUMENTS)
