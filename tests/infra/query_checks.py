"""What the workbook and the alerts ask: events, fields, codes and tables that are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from shared.core.answer import error_rules
from tests.infra.plans import MOST, made, plan

WAIT_CODES = {rule.code for rule in (*error_rules.ERROR_RULES, *error_rules.BY_STATUS.values())}

TABLES = {"AppTraces", "AppRequests", "AppExceptions", "AppDependencies", "AppMetrics", "_LogOperation"}

QUERIES = "Microsoft.Insights/scheduledQueryRules"

TABLE = re.compile(r"(?:^|\n|= )(\w+)(?= *\|| *\n\|)")  # what a pipe of operators begins with


def workbook(root: Path) -> list[str]:
    """The workbook's queries and the alerts' name events and fields that the app logs."""
    text = (root / "infra" / "workbook.json").read_text("utf-8")
    queries = [item["content"]["query"] for item in json.loads(text)["items"] if item["type"] == 3]
    alerts = [rule.body["properties"] for rule in made(plan(root, MOST), QUERIES)]
    queries += [alert["criteria"]["allOf"][0]["query"] for alert in alerts]
    events, fields = logged()
    asked_events = {name for query in queries for name in re.findall(r"event\)? == ['\"]([\w ]+)['\"]", query)}
    tables = {name for query in queries for name in tables_of(query)}
    asked_codes = {code for query in queries for code in re.findall(r"facts\.code\) == ['\"](\w+)['\"]", query)}
    asked_fields = {name for query in queries for name in re.findall(r"facts\.(\w+)", query)}
    return [
        *(f"nothing logs the event {name!r}" for name in sorted(asked_events - events)),
        *(f"no log line has the field {name!r}" for name in sorted(asked_fields - fields - {"event"})),
        *([] if asked_events else ["no query asks for an event"]),
        *(f"no wait has the code {code!r}" for code in sorted(asked_codes - WAIT_CODES)),
        *(f"there is no table {name}" for name in sorted(tables - TABLES)),
        *(
            f"{alert['displayName']}: severity {alert['severity']}"
            for alert in alerts
            if alert["severity"] not in range(5)
        ),
        *(f"an item is of type {item['type']}" for item in json.loads(text)["items"] if item["type"] not in {1, 3, 9}),
    ]


def tables_of(query: str) -> set[str]:
    """What a query reads, but for what it names itself."""
    return set(TABLE.findall(query) or ["none"]) - set(re.findall(r"\blet (\w+) =", query))


def logged() -> tuple[set[str], set[str]]:
    pipeline = Path(__file__).parents[2] / "shared" / "pipeline"
    source = "\n".join(path.read_text("utf-8") for path in pipeline.rglob("*.py"))
    return set(re.findall(r"\.log\(\s*\"([\w ]+)\"", source)), set(re.findall(r"\"(\w+)\":", source))
