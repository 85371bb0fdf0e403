"""Spending per day and model, kept as jobs end (azure-data-tables).

A day is one partition. A job is counted by a transaction that creates the job's own row and changes one sum: the row is
there already when the job is counted a second time, so nothing is counted twice, and a crash leaves neither.
"""

from __future__ import annotations

import json
import random
import time
from datetime import date
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableClient, TableTransactionError, UpdateMode

from shared.adapters.storage.azure_storage import storage_faults
from shared.core import codec
from shared.core.errors import NotFound, StorageUnavailable
from shared.core.jobs.spending import Spending, add

SHARDS = 4  # sums per day and model, so that jobs that end together seldom meet
TRIES = 40  # each lost race means that somebody else's job was counted
LONGEST_PAUSE_S = 0.05


class CostTable:
    """The port `Costs` over the table of jobs."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    def count(self, job_id: str, spending: Spending) -> None:
        """Count a job; doing it again changes nothing."""
        partition = partition_of(spending.day)
        for _ in range(TRIES):
            row = f"sum-{random.randrange(SHARDS)}-{spending.model}"  # noqa: S311  # spreads load, guards nothing
            found = self.row(partition, row)
            total = add(from_row(found), spending) if found else spending
            change = sum_change({"PartitionKey": partition, "RowKey": row, "sum": to_text(total)}, found)
            if self.commit([("create", {"PartitionKey": partition, "RowKey": f"job-{job_id}"}), change]):
                return
            if self.row(partition, f"job-{job_id}"):
                return
            time.sleep(random.uniform(0, LONGEST_PAUSE_S))  # noqa: S311  # as above
        raise StorageUnavailable(f"the costs of {spending.day} were too busy for job {job_id}")

    def day(self, day: date) -> list[Spending]:
        """One sum per model and shard; reads no more than that."""
        with storage_faults(f"costs of {day}"):
            rows = self.table.query_entities(
                "PartitionKey eq @partition and RowKey ge 'sum-' and RowKey lt 'sum.'",
                parameters={"partition": partition_of(day)},
            )
            return [from_row(row) for row in rows]

    def row(self, partition: str, row: str) -> Any:
        try:
            with storage_faults("costs"):
                return self.table.get_entity(partition, row)
        except NotFound:
            return None

    def commit(self, operations: list[Any]) -> bool:
        """False when a row was there already or has changed: all or nothing was written, and it was nothing."""
        with storage_faults("costs"):
            try:
                self.table.submit_transaction(operations)
            except TableTransactionError as fault:
                if fault.status_code not in {409, 412}:
                    raise
                return False
        return True


def sum_change(row: dict[str, Any], found: Any) -> Any:
    if not found:
        return ("create", row)
    condition = {"etag": found.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
    return ("update", row, {"mode": UpdateMode.REPLACE, **condition})


def partition_of(day: date) -> str:
    return f"cost-{day.isoformat()}"


def to_text(spending: Spending) -> str:
    return json.dumps(codec.to_json(spending))


def from_row(row: Any) -> Spending:
    return codec.from_json(Spending, json.loads(row["sum"]))
