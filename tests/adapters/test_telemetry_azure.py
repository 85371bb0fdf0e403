"""The exporter of Azure Monitor, against an ingestion endpoint on loopback: what really leaves the machine."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
JOB = "3f" * 16

SCRIPT = f"""
import os
from shared.core.settings import Settings
from shared.wiring import telemetry

settings = Settings.from_environ(os.environ)
wires = telemetry(settings)
with wires["span"]("analyze", "{JOB}", {{"attempt": 1}}):
    with wires["span"]("chat", "{JOB}", {{"gen_ai.request.model": "gpt-5.1"}}):
        pass
facts = {{"job_id": "{JOB}", "state": "done", "code": None, "usd": "0.002", "input_tokens": 7, "total_ms": 1500}}
wires["log"]("finished", facts)
"""
"""The worker ends without a word: what is left is sent on the way out."""


class Ingestion:
    """Keeps the envelopes that it is sent, by the kind of their data."""

    def __init__(self) -> None:
        self.envelopes: list[dict[str, Any]] = []
        envelopes = self.envelopes

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                received = json.loads(body)
                envelopes.extend(received)
                said = {"itemsReceived": len(received), "itemsAccepted": len(received), "errors": []}
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(said).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
                """Nothing on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [item for item in self.envelopes if item["data"]["baseType"] == kind]


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    ingestion = Ingestion()
    thread = threading.Thread(target=ingestion.server.serve_forever, args=(0.05,))
    thread.start()
    yield ingestion
    ingestion.server.shutdown()
    thread.join()
    ingestion.server.server_close()


def run_worker(ingestion: Ingestion) -> subprocess.CompletedProcess[str]:
    environ = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "OPENAI_BASE_URL": "http://127.0.0.1:9",
        "VISION_MODEL": "gpt-5.1",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": (
            f"InstrumentationKey=00000000-0000-4000-8000-000000000000;IngestionEndpoint={ingestion.url}"
        ),
    }
    command = [sys.executable, "-c", SCRIPT]
    return subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True, timeout=60)


def test_a_trace_and_its_metrics_reach_azure(ingestion):
    """The job's id is the operation's id; the drop is a request, the call a dependency below its turn."""
    run_worker(ingestion)
    (drop,) = ingestion.of("RequestData")
    turns = {item["data"]["baseData"]["name"]: item for item in ingestion.of("RemoteDependencyData")}
    metrics = {
        point["name"]: point["value"]
        for item in ingestion.of("MetricData")
        for point in item["data"]["baseData"]["metrics"]
    }

    assert {item["tags"]["ai.operation.id"] for item in (drop, *turns.values())} == {JOB}
    assert drop["data"]["baseData"]["id"] == JOB[:16]
    assert drop["data"]["baseData"]["duration"] == "0.00:00:01.500"
    assert turns["analyze"]["tags"]["ai.operation.parentId"] == JOB[:16]
    assert turns["chat"]["tags"]["ai.operation.parentId"] == turns["analyze"]["data"]["baseData"]["id"]
    assert (metrics["visiondrop.jobs"], metrics["visiondrop.tokens"], metrics["visiondrop.cost"]) == (1, 7, 0.002)


def test_nothing_but_ours_is_sent(ingestion):
    """No reports of the exporter about itself, no measurements of the machine."""
    run_worker(ingestion)
    names = {point["name"] for item in ingestion.of("MetricData") for point in item["data"]["baseData"]["metrics"]}

    assert {name for name in names if not name.startswith("visiondrop.")} == set()
    assert {item["data"]["baseType"] for item in ingestion.envelopes} == {
        "RequestData",
        "RemoteDependencyData",
        "MetricData",
    }
