"""Each alert over rows that must raise it and rows that must not; what the exporter really sends is among them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.adapters.test_telemetry_azure import JOB, Ingestion, ingestion
from tests.infra import kql
from tests.infra.plans import MOST, made, plan
from tests.infra.query_checks import QUERIES
from tests.infra.test_infra import ROOT

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
__all__ = ["ingestion"]  # a fixture of the exporter's own tests
RULES = {one.body["name"]: one.body["properties"] for one in made(plan(ROOT, MOST), QUERIES)}
TELEMETRY = next(one.id for one in made(plan(ROOT, MOST), "Microsoft.Insights/components"))


def trace(message, minutes_ago=5.0, resource=TELEMETRY):
    return {"TimeGenerated": NOW - timedelta(minutes=minutes_ago), "Message": message, "_ResourceId": resource.lower()}


def line(event, minutes_ago=5.0, **facts):
    """A line of the app's log, as Application Insights keeps it."""
    return trace(json.dumps({"event": event, **facts}), minutes_ago)


def request(name, *, success, role):
    return {
        "TimeGenerated": NOW,
        "Name": name,
        "Success": success,
        "AppRoleName": role,
        "_ResourceId": TELEMETRY.lower(),
    }


def fires(name, *, traces=(), requests=(), operations=()):
    rule = RULES[name]
    criterion = rule["criteria"]["allOf"][0]
    tables = {"AppTraces": traces, "AppRequests": requests, "_LogOperation": operations}
    look_back = {"P2D": timedelta(days=2), None: timedelta(minutes=15)}[rule["overrideQueryTimeRange"]]
    seen = {table: [row for row in rows if row["TimeGenerated"] > NOW - look_back] for table, rows in tables.items()}
    return len(kql.run(criterion["query"], seen, now=NOW)) > criterion["threshold"]


LOG_FULL = {
    "TimeGenerated": NOW,
    "Category": "Ingestion",
    "Detail": "The data collection stopped. Status: OverQuota",
}
FIRES = [
    ("poison-messages", {"traces": [trace("Message has reached MaxDequeueCount of 5. Moving message to queue 'x'.")]}),
    ("failed-invocations", {"requests": [request("analyze", success=False, role="func-x")] * 5}),
    ("dead-letters", {"traces": [line("not mended", what="deadletters", code="storage_unavailable")]}),
    ("missed-uploads-unseen", {"traces": [line("round unfinished", work="missed uploads", began="2026-11-27")]}),
    ("timers-silent", {"traces": [line("sweep", minutes_ago=31), line("missed uploads", minutes_ago=4)]}),
    ("timers-silent", {"traces": [line("sweep", minutes_ago=4), line("missed uploads", minutes_ago=31)]}),
    ("oldest-message", {"traces": [line("queue", depth=9, oldest_s=99999.0)]}),
    ("unhealthy", {"traces": [line("unhealthy", part="ledger", code="storage_unavailable")] * 2}),
    ("model-refuses", {"traces": [line("waiting", code="not_authorized", until="2026-11-28T12:10:00+00:00")]}),
    ("waiting-jobs", {"traces": [line("waiting", code="throttled")] * 21}),
    ("spending", {"traces": [line("budget alert", scope="all", percent=80)]}),
    ("log-cap-reached", {"operations": [LOG_FULL]}),
]
SILENT = [
    ("poison-messages", {"traces": [line("finished", code="gave_up"), trace("Executed 'Functions.analyze'")]}),
    ("failed-invocations", {"requests": [request("drop", success=False, role="visiondrop")] * 50}),
    ("failed-invocations", {"requests": [request("analyze", success=True, role="func-x")] * 50}),
    ("dead-letters", {"traces": [line("missed uploads", accepted=3, failed=0, letters=3)]}),  # all were taken in
    ("dead-letters", {"traces": [line("not mended", what="a" * 32, code="options_invalid")]}),
    ("missed-uploads-unseen", {"traces": [line("missed uploads", accepted=0, failed=0, letters=0)] * 3}),
    ("timers-silent", {"traces": [line("sweep", minutes_ago=31), line("sweep", minutes_ago=4)]}),
    ("timers-silent", {"traces": []}),  # before the first round there is nothing to miss
    ("oldest-message", {"traces": [line("queue", depth=900, oldest_s=20.5)]}),
    ("unhealthy", {"traces": [line("unhealthy", part="ledger", code="storage_unavailable")]}),  # one round's trouble
    ("model-refuses", {"traces": [line("waiting", code="throttled")]}),
    ("waiting-jobs", {"traces": [line("waiting", code="throttled")] * 20}),
    ("spending", {"traces": [line("finished", usd="0.002")]}),
    ("log-cap-reached", {"operations": [{**LOG_FULL, "Detail": "Data collection is on"}]}),
]


@pytest.mark.parametrize(("name", "rows"), FIRES)
def test_an_alert_fires(name, rows):
    """Somebody is told."""
    assert fires(name, **rows)


@pytest.mark.parametrize(("name", "rows"), SILENT)
def test_an_alert_stays_silent(name, rows):
    """Nobody is woken for what is no fault."""
    assert not fires(name, **rows)


def test_every_alert_is_shown_firing_and_silent():
    """A rule that was never seen to do both may do neither."""
    assert {name for name, _ in FIRES} == {name for name, _ in SILENT} == set(RULES)


@pytest.mark.parametrize("name", sorted(set(RULES) - {"log-cap-reached"}))
def test_another_app_of_the_same_workspace_raises_nothing(name):
    """Environments may share a workspace, and each has its own people."""
    rows = {table: [{**row, "_ResourceId": "/another"} for row in given] for table, given in dict(FIRES)[name].items()}
    assert not fires(name, **rows)


USERS_FAULT = f"""
import os
from shared.core.settings import Settings
from shared.wiring import telemetry

wires = telemetry(Settings.from_environ(os.environ))
for number in range(5):
    facts = {{"job_id": "{JOB}", "state": "failed", "code": "corrupt", "usd": None, "total_ms": 900}}
    wires["log"]("finished", facts)
"""


def test_files_that_users_broke_raise_no_alert(ingestion: Ingestion):
    """What the real exporter sends for them is a failed request of the app's own name, and is left out by that."""
    environ = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "OPENAI_BASE_URL": "http://127.0.0.1:9",
        "VISION_MODEL": "gpt-5.1",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": (
            f"InstrumentationKey=00000000-0000-4000-8000-000000000000;IngestionEndpoint={ingestion.url}"
        ),
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([sys.executable, "-c", USERS_FAULT], env=environ, check=True, capture_output=True, timeout=60)
    rows = [
        request(envelope["data"]["baseData"]["name"], success=data["success"], role=envelope["tags"]["ai.cloud.role"])
        for envelope in ingestion.of("RequestData")
        for data in [envelope["data"]["baseData"]]
    ]
    assert [(row["Name"], row["Success"], row["AppRoleName"]) for row in rows] == [("drop", False, "visiondrop")] * 5
    assert not fires("failed-invocations", requests=rows)
    assert fires("failed-invocations", requests=[{**row, "AppRoleName": "func-x"} for row in rows])
