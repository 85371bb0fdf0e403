"""Jobs: one row per job, and rows by upload name that find its jobs (azure-data-tables).

A row is written back only over the version that was read. Rows of names are ordered newest first by an inverted time,
dropped versions before jobs that were asked later. Every write also brings the list (job_list.py) and the spending
(cost_table.py) up to date, so that no caller has to think of them.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from itertools import islice
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableClient, UpdateMode

from shared.adapters.storage.azure_storage import TABLE_RETRIES, credential, digest_of, key_of, storage_faults
from shared.adapters.storage.cost_table import CostTable
from shared.adapters.storage.job_list import JobList
from shared.core import codec, limits
from shared.core.errors import NotFound, StateConflict, StorageUnavailable
from shared.core.jobs.job import TERMINAL, Job, from_document
from shared.core.jobs.listing import inverted, summarise
from shared.core.jobs.spending import spending_of
from shared.core.settings import Settings
from shared.pipeline.ports import Stored

JOB_SPREAD = 2  # characters of the job id that choose a partition: 256 of them, 2,000 writes a second each
COLUMN_CHARACTERS = 16_000  # a text property holds 64 KiB of UTF-16, where an emoji takes four bytes
ROW_BYTES = 900_000  # of 1 MiB of UTF-16, the rest for the other columns
KEY_CHARACTERS = 32  # of a name's hash
OPEN = "open"  # one small row per job that has not ended
ASKED_PREFIX = "asked-"  # sorts behind the digits of times

log = logging.getLogger("visiondrop")


def connect(settings: Settings, table: str) -> TableClient:
    storage = settings.storage
    if storage.connection_string:
        return TableClient.from_connection_string(storage.connection_string, table, **TABLE_RETRIES)
    return TableClient(storage.table_uri, table, credential=credential(settings), **TABLE_RETRIES)


class JobTable:
    """The port `Jobs` over one table."""

    def __init__(self, table: TableClient) -> None:
        self.table = table
        self.list = JobList(table)
        self.costs = CostTable(table)

    def check(self) -> None:
        self.newest("")

    def insert(self, job: Job) -> Stored | None:
        """The new row's job and version; None when the job exists already. Raises StorageRefused or StorageUnavailable.

        It is listed as open before it exists: a job that is not on that list has ended.
        """
        with storage_faults(f"job {job.job_id}"):
            self.table.upsert_entity({"PartitionKey": OPEN, "RowKey": key_of(job.job_id)})
        try:
            with storage_faults(f"job {job.job_id}"):
                written = self.table.create_entity(to_row(job))
        except StateConflict:
            return None
        self.relist(job)
        return Stored(job=job, version=str(written["etag"]))

    def load(self, job_id: str) -> Stored | None:
        try:
            with storage_faults(f"job {job_id}"):
                row = self.table.get_entity(partition_of(job_id), key_of(job_id))
        except NotFound:
            return None
        return Stored(job=from_row(row), version=str(row.metadata["etag"]))

    def replace(self, stored: Stored, job: Job) -> Stored:
        """The job and the version of its row after writing. Raises StateConflict when the row was changed since it was
        read, StorageRefused or StorageUnavailable.

        The spending is counted first: after a crash in between the step is repeated, and counting again changes
        nothing.
        """
        spending = spending_of(job) if job.state in TERMINAL else None
        if spending is not None:
            self.costs.count(job.job_id, spending)
        with storage_faults(f"job {job.job_id}"):
            written = self.table.update_entity(
                to_row(job),
                mode=UpdateMode.REPLACE,
                etag=stored.version,
                match_condition=MatchConditions.IfNotModified,
            )
        if job.state in TERMINAL:
            self.close(job.job_id)
        if summarise(stored.job) != replace(summarise(job), updated=stored.job.updated):
            self.relist(job)
        return Stored(job=job, version=str(written["etag"]))

    def open_jobs(self, *, first: str, most: int) -> list[str]:
        found = self.open_rows("RowKey ge @first", first, most)
        return found + self.open_rows("RowKey lt @first", first, most - len(found))

    def open_rows(self, keys: str, first: str, most: int) -> list[str]:
        """The ids of at most `most` open jobs whose keys fit the condition `keys`. Raises StorageUnavailable."""
        with storage_faults("open jobs"):
            rows = self.table.query_entities(
                f"PartitionKey eq '{OPEN}' and {keys}",
                parameters={"first": first},
                results_per_page=1000,
                select=["RowKey"],
            )
            return [row["RowKey"] for row in islice(rows, most)]

    def close(self, job_id: str) -> None:
        with storage_faults("open jobs"):
            self.table.delete_entity(OPEN, key_of(job_id))

    def relist(self, job: Job) -> None:
        """Bring the job's row in the list up to date. A fault is only logged: the job itself is stored by now, and the
        list is put right when it is read.
        """
        try:
            self.list.put(summarise(job))
        except StorageUnavailable as fault:
            log.warning("the list was not brought up to date: %s", fault.message)

    def publish(self, job: Job) -> None:
        if job.origin is None:
            self.put_name(job.source.name, f"{inverted(job.created)}-{key_of(job.job_id)}", job)
            return
        for name in {asked.name for asked in job.origin.jobs}:
            self.put_name(name, f"{ASKED_PREFIX}{inverted(job.created)}-{key_of(job.job_id)}", job)

    def put_name(self, name: str, row_key: str, job: Job) -> None:
        with storage_faults(f"name row of job {job.job_id}"):
            self.table.upsert_entity({"PartitionKey": name_partition(name), "RowKey": row_key, "job_id": job.job_id})

    def related(self, name: str) -> list[str]:
        """The ids of jobs about uploads of this name, at most limits.RELATED_JOBS.value: dropped versions before jobs
        that were asked later, each newest first. Raises StorageUnavailable.
        """
        with storage_faults("name rows"):
            rows = self.table.query_entities(
                "PartitionKey eq @partition",
                parameters={"partition": name_partition(name)},
                results_per_page=limits.RELATED_JOBS.value,
                select=["job_id"],
            )
            return [row["job_id"] for row in islice(rows, limits.RELATED_JOBS.value)]

    def newest(self, name: str) -> str | None:
        """The id of the newest job for an upload of this name, None when there is none. Raises StorageUnavailable."""
        wanted = {"partition": name_partition(name)}
        with storage_faults("name row"):
            rows = self.table.query_entities(
                f"PartitionKey eq @partition and RowKey lt '{ASKED_PREFIX}'",
                parameters=wanted,
                results_per_page=1,
                select=["job_id"],
            )
            first: dict[str, Any] | None = next(iter(rows), None)
        return first["job_id"] if first else None


def partition_of(job_id: str) -> str:
    return f"job-{key_of(job_id)[:JOB_SPREAD]}"


def name_partition(name: str) -> str:
    """The partition of a name's rows. It is a hash, as it has been since the first release: with `key_of`, older rows
    would not be found.
    """
    return f"name-{digest_of(name, KEY_CHARACTERS)}"


def to_row(job: Job) -> dict[str, Any]:
    """The job as a row of the table, which holds 1 MiB at most.

    An answer that does not fit is left out: it stays in the result document, which is written first. A conversation
    that does not fit either stays in the document of the job that it goes on from.
    """
    text = to_text(job)
    if is_too_long(text):
        text = to_text(replace(job, reply=None))
    if is_too_long(text) and job.origin is not None:
        origin = replace(job.origin, turns=())
        text = to_text(replace(job, reply=None, origin=origin, turns_elsewhere=bool(job.origin.turns)))
    parts = [text[start : start + COLUMN_CHARACTERS] for start in range(0, len(text), COLUMN_CHARACTERS)]
    row: dict[str, Any] = {
        "PartitionKey": partition_of(job.job_id),
        "RowKey": key_of(job.job_id),
        "state": job.state.value,
    }
    return row | {f"job{index}": part for index, part in enumerate(parts)} | {"parts": len(parts)}


def to_text(job: Job) -> str:
    return json.dumps(codec.to_json(job), ensure_ascii=False)


def is_too_long(text: str) -> bool:
    return len(text.encode("utf-16-le")) > ROW_BYTES


def from_row(row: Any) -> Job:
    return from_document(json.loads("".join(row[f"job{index}"] for index in range(row["parts"]))))
