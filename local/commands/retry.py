"""`./visiondrop retry`: run failed jobs again, by name, by id, or all that failed for a reason that may have passed."""

from __future__ import annotations

import json
import re
import sys
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from local.client import Client

SUMMARY = "run failed jobs of a deployment again"
FAILED, WRONG_USE = 1, 2
JOB_ID = re.compile(r"[0-9a-f]{32}")
DEFAULT_CODE = "gave_up"


def add_arguments(parser: ArgumentParser) -> None:
    from local import client

    parser.add_argument("jobs", nargs="*", metavar="JOB", help="a job's id, or the name of its upload")
    parser.add_argument("--failed", action="store_true", help="all failed jobs with the code given by --code")
    parser.add_argument(
        "--code", default=DEFAULT_CODE, help=f"default {DEFAULT_CODE}: the work was not finished in any attempt"
    )
    parser.add_argument("--limit", type=int, default=100, help="how many of the newest failed jobs to look at")
    parser.add_argument("--json", action="store_true", help="one object a job")
    client.add_arguments(parser)


def run(arguments: Namespace) -> int:
    from local.client import CallFailed, connect

    if not arguments.jobs and not arguments.failed:
        print("visiondrop retry: name jobs or uploads, or give --failed", file=sys.stderr)
        return WRONG_USE
    try:
        client = connect(arguments)
        outcomes = [retry(client, job_id) for job_id in chosen(client, arguments)]
    except CallFailed as error:
        print(f"visiondrop retry: {error}", file=sys.stderr)
        return FAILED
    print(json.dumps(outcomes, indent=1) if arguments.json else "\n".join(map(told, outcomes)) or "nothing to retry")
    return FAILED if any(outcome["error"] for outcome in outcomes) else 0


def chosen(client: Client, arguments: Namespace) -> Iterator[str]:
    for job in arguments.jobs:
        yield job if JOB_ID.fullmatch(job) else client.look_up(job)[1]["job_id"]
    if arguments.failed:
        for item in client.list_jobs(state="failed", limit=arguments.limit):
            if item["error_code"] == arguments.code:
                yield item["job_id"]


def retry(client: Client, job_id: str) -> dict[str, Any]:
    """The new job's id, or why the job was not run again. One that did not fail is left alone."""
    from local.client import JSON_BODY, CallFailed

    ended, document = client.look_up_job(job_id)
    outcome = {"job_id": job_id, "name": document["source"]["name"], "new_job_id": None, "error": None}
    if not ended or document["state"] != "failed":
        return {**outcome, "error": f"is {document['state']}, not failed"}
    try:
        # A key of its own: the same rerun asked for twice in one request is one job, a second retry is another.
        headers = {**JSON_BODY, "idempotency-key": uuid.uuid4().hex}
        new = client.call(f"/api/jobs/{job_id}/rerun", method="POST", data=b"{}", headers=headers)[1]
    except CallFailed as error:
        return {**outcome, "error": str(error)}
    return {**outcome, "new_job_id": new["job_id"]}


def told(outcome: dict[str, Any]) -> str:
    what = outcome["error"] or f"runs again as {outcome['new_job_id']}"
    return f"{outcome['name']} ({outcome['job_id']}): {what}"
