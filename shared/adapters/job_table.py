"""Jobs: one row per job, and one per upload name that finds its newest job (azure-data-tables).

A row is written back only over the version that was read. Rows of names are ordered newest first by an inverted time.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableClient, UpdateMode

from shared.adapters.azure_storage import TABLE_RETRIES, credential, storage_faults
from shared.core import codec
from shared.core.errors import NotFound, StateConflict
from shared.core.job import Job, from_document
from shared.core.settings import Settings
from shared.pipeline.ports import Stored

TABLE = "jobs"
SPREAD = 2  # characters of the job id that choose a partition: 256 of them, 2,000 writes a second each
TEXT_CHARACTERS = 30_000  # a text property holds 64 KiB of UTF-16
LAST_MS = 10**14  # beyond the year 5000; subtracted from, so that newer sorts first


def connect(settings: Settings) -> TableClient:
    storage = settings.storage
    if storage.connection_string:
        return TableClient.from_connection_string(storage.connection_string, TABLE, **TABLE_RETRIES)
    return TableClient(storage.table_uri, TABLE, credential=credential(settings), **TABLE_RETRIES)


class JobTable:
    """The port `Jobs` over one table."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    def check(self) -> None:
        self.newest("")

    def insert(self, job: Job) -> Stored | None:
        try:
            with storage_faults(f"job {job.job_id}"):
                written = self.table.create_entity(to_row(job))
        except StateConflict:
            return None
        return Stored(job=job, version=str(written["etag"]))

    def load(self, job_id: str) -> Stored | None:
        try:
            with storage_faults(f"job {job_id}"):
                row = self.table.get_entity(partition_of(job_id), job_id)
        except NotFound:
            return None
        return Stored(job=from_row(row), version=str(row.metadata["etag"]))

    def replace(self, stored: Stored, job: Job) -> Stored:
        with storage_faults(f"job {job.job_id}"):
            written = self.table.update_entity(
                to_row(job),
                mode=UpdateMode.REPLACE,
                etag=stored.version,
                match_condition=MatchConditions.IfNotModified,
            )
        return Stored(job=job, version=str(written["etag"]))

    def publish(self, job: Job) -> None:
        row = {
            "PartitionKey": name_partition(job.source.name),
            "RowKey": f"{inverted(job.created)}-{job.job_id}",
            "job_id": job.job_id,
        }
        with storage_faults(f"name row of job {job.job_id}"):
            self.table.upsert_entity(row)

    def newest(self, name: str) -> str | None:
        wanted = {"partition": name_partition(name)}
        with storage_faults("name row"):
            rows = self.table.query_entities(
                "PartitionKey eq @partition", parameters=wanted, results_per_page=1, select=["job_id"]
            )
            first: dict[str, Any] | None = next(iter(rows), None)
        return first["job_id"] if first else None


def partition_of(job_id: str) -> str:
    return f"job-{job_id[:SPREAD]}"


def name_partition(name: str) -> str:
    """A hash, because a table key may not hold the slashes, `#` and `?` that names have."""
    return f"name-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def inverted(moment: datetime) -> str:
    return f"{LAST_MS - int(moment.timestamp() * 1000):014}"


def to_row(job: Job) -> dict[str, Any]:
    text = json.dumps(codec.to_json(job), ensure_ascii=False)
    parts = [text[start : start + TEXT_CHARACTERS] for start in range(0, len(text), TEXT_CHARACTERS)]
    row: dict[str, Any] = {"PartitionKey": partition_of(job.job_id), "RowKey": job.job_id, "state": job.state.value}
    return row | {f"job{index}": part for index, part in enumerate(parts)} | {"parts": len(parts)}


def from_row(row: Any) -> Job:
    return from_document(json.loads("".join(row[f"job{index}"] for index in range(row["parts"]))))
