"""Spending per day and model, kept as jobs end (azure-data-tables).

A day is one partition. A job is counted by a transaction that creates the job's own row and changes one sum: the row is
there already when the job is counted a second time, so nothing is counted twice, and a crash leaves neither.
"""

from __future__ import annotations

import json
import random
from datetime import date
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableClient, TableTransactionError, UpdateMode

from shared.adapters.storage.azure_storage import key_of, storage_faults
from shared.adapters.storage.optimistic import until_written
from shared.core import codec
from shared.core.errors import NotFound
from shared.core.jobs.spending import Spending, add

COST_SHARDS = 4  # sums per day and model, so that jobs that end together seldom meet


class CostTable:
    """The port `Costs` over the table of jobs."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    def count(self, job_id: str, spending: Spending) -> None:
        """Add a job's spending (USD, tokens) to its day's sum for its model; doing it again changes nothing.

        Raises StorageUnavailable, also when too many jobs end at once.
        """
        until_written(lambda: self.try_count(job_id, spending), what=f"the costs of {spending.day} for job {job_id}")

    def try_count(self, job_id: str, spending: Spending) -> bool | None:
        """True when the job is counted by now; None when another job's sum was written first, so that this must be
        tried again.
        """
        partition, own_row = partition_of(spending.day), f"job-{key_of(job_id)}"
        row = f"sum-{random.randrange(COST_SHARDS)}-{key_of(spending.model)}"  # noqa: S311  # spreads load, guards nothing
        found = self.row(partition, row)
        total = add(from_row(found), spending) if found else spending
        change = sum_change({"PartitionKey": partition, "RowKey": row, "sum": to_text(total)}, found)
        is_counted = self.commit([("create", {"PartitionKey": partition, "RowKey": own_row}), change])
        return True if is_counted or self.row(partition, own_row) else None

    def day(self, day: date) -> list[Spending]:
        """The day's sums (USD, tokens), one per model and shard; reads no more rows than that."""
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
        """Whether all operations were written: False, and none was, when a row existed already or has changed since it
        was read.
        """
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
