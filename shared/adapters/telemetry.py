"""Traces and metrics (OpenTelemetry): one trace from a drop to its result, across the queue and every worker.

A job's id is its trace's id, so whoever works on a job writes into the same trace: the message's pointer is all that
has to travel, and redeliveries, waits of hours and wake-ups by the sweeper stay in it. The span "drop" is the whole of
it; it is written when the job has ended, and all other spans of the job hang below it.

Nothing here is global: no other library's calls are traced, so no address and no name of a blob gets into a span.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.metrics import Counter, Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from shared.core.jobs.measures import INSTRUMENTS, Instrument, measure

TRACER_NAME = "visiondrop"
DROP = "drop"
SPAN_KINDS = {DROP: SpanKind.CONSUMER, "chat": SpanKind.CLIENT}
SPAN_ID_CHARACTERS = 16
NANOSECONDS_PER_MS = 1_000_000

root_of_job: ContextVar[str | None] = ContextVar("root_of_job", default=None)


class JobIds(RandomIdGenerator):
    """An id generator: random ids, except that a job's root span has ids that follow from the job's id."""

    def generate_trace_id(self) -> int:
        job_id = root_of_job.get()
        return int(job_id, 16) if job_id else super().generate_trace_id()

    def generate_span_id(self) -> int:
        job_id = root_of_job.get()
        return root_span_id(job_id) if job_id else super().generate_span_id()


def root_span_id(job_id: str) -> int:
    return int(job_id[:SPAN_ID_CHARACTERS], 16)


class Telemetry:
    """Spans and measurements, sent where the caller says: to Azure Monitor, the terminal, or a test's memory."""

    def __init__(self, spans: SpanProcessor, reader: MetricReader) -> None:
        resource = Resource.create({"service.name": TRACER_NAME})
        self.tracers = TracerProvider(id_generator=JobIds(), resource=resource, sampler=ALWAYS_ON)
        self.tracers.add_span_processor(spans)
        self.meters = MeterProvider([reader], resource=resource)
        self.tracer = self.tracers.get_tracer(TRACER_NAME)
        meter = self.meters.get_meter(TRACER_NAME)
        self.instruments = {name: make(meter, name, what) for name, what in INSTRUMENTS.items()}

    @contextmanager
    def span(self, name: str, job_id: str, facts: Mapping[str, Any]) -> Iterator[None]:
        """A context that records a span, below the one that is open in this thread, or below the job's own. Of an error
        it records the code, not the message.
        """
        parent = None if is_open_for(job_id) else trace.set_span_in_context(job_span(job_id))
        with self.tracer.start_as_current_span(
            name,
            parent,
            SPAN_KINDS.get(name, SpanKind.INTERNAL),
            attributes=attributes({"job_id": job_id, **facts}),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as fault:
                set_error(span, getattr(fault, "code", type(fault).__name__))
                raise

    def observe(self, event: str, facts: Mapping[str, Any]) -> None:
        """Count an event of the log; each one is passed in here."""
        for found in measure(event, facts):
            record(self.instruments[found.metric], found.amount, found.labels)
        if "job_id" in facts and is_open_for(facts["job_id"]):
            trace.get_current_span().set_attribute(f"{TRACER_NAME}.outcome", event)
        if event == "finished":
            self.write_drop(facts)

    def write_drop(self, facts: Mapping[str, Any]) -> None:
        end_ns = time.time_ns()
        start_ns = end_ns - (facts["total_ms"] or 0) * NANOSECONDS_PER_MS
        with_ids_of = root_of_job.set(facts["job_id"])
        try:
            span = self.tracer.start_span(
                DROP, Context(), SPAN_KINDS[DROP], attributes=attributes(facts), start_time=start_ns
            )
        finally:
            root_of_job.reset(with_ids_of)
        if facts["code"]:
            set_error(span, facts["code"])
        span.end(end_ns)

    def close(self) -> None:
        """Send what has not been sent. A worker that ends does it by itself."""
        self.tracers.shutdown()
        self.meters.shutdown()


def job_span(job_id: str) -> NonRecordingSpan:
    """A placeholder for the job's span "drop", which is written when the job has ended."""
    flags = TraceFlags(TraceFlags.SAMPLED)
    return NonRecordingSpan(SpanContext(int(job_id, 16), root_span_id(job_id), is_remote=True, trace_flags=flags))


def is_open_for(job_id: str) -> bool:
    return trace.get_current_span().get_span_context().trace_id == int(job_id, 16)


def attributes(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as attributes, without those that are None. Names with a dot are OpenTelemetry's own words, all others
    are ours.
    """
    return {
        name if "." in name else f"{TRACER_NAME}.{name}": value for name, value in facts.items() if value is not None
    }


def set_error(span: Span, code: str) -> None:
    span.set_attribute("error.type", code)
    span.set_status(Status(StatusCode.ERROR))


def make(meter: Any, name: str, what: Instrument) -> Counter | Histogram:
    create = meter.create_counter if what.kind == "counter" else meter.create_histogram
    instrument: Counter | Histogram = create(name, unit=what.unit, description=what.about)
    return instrument


def record(instrument: Counter | Histogram, amount: float, labels: Mapping[str, str]) -> None:
    if isinstance(instrument, Counter):
        instrument.add(amount, labels)
    else:
        instrument.record(amount, labels)


def to_azure(connection_string: str) -> Telemetry:
    """Telemetry to Application Insights. APPLICATIONINSIGHTS_AUTHENTICATION_STRING, which the exporter reads itself,
    says whether it signs in with the app's identity. Nothing is stored on disk.
    """
    from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415  # the terminal needs none of it
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

    options: dict[str, Any] = {"connection_string": connection_string, "disable_offline_storage": True}
    return Telemetry(
        BatchSpanProcessor(AzureMonitorTraceExporter(**options)),
        PeriodicExportingMetricReader(AzureMonitorMetricExporter(**options)),
    )


def to_console() -> Telemetry:
    """Telemetry to stderr, each span as it ends: the local host's stdout is one line of JSON for programs."""
    return Telemetry(
        SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)),
        PeriodicExportingMetricReader(ConsoleMetricExporter(out=sys.stderr)),
    )
