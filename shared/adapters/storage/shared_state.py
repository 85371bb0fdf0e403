"""What workers tell each other in the jobs table: who answers a question, whether an endpoint may be asked, how far a
timer's work has come.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableClient, UpdateMode

from shared.adapters.storage.azure_storage import key_of, storage_faults
from shared.adapters.storage.optimistic import until_written
from shared.core import codec
from shared.core.answer.gate import Gate
from shared.core.errors import NotFound, StateConflict
from shared.core.jobs.rounds import Round

STATE_SPREAD = 2  # characters of an answer's key that choose a partition


class Answers:
    """The port `Answers`: the first job to claim a key answers for all."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    def claim(self, key: str, job_id: str) -> str:
        """The id of the job that answers for this key: this one, or the one that was first."""
        row = {"PartitionKey": answer_partition(key), "RowKey": key_of(key), "job_id": job_id}
        try:
            with storage_faults("answer"):
                self.table.create_entity(row)
        except StateConflict:
            owner = self.owner(key)
            return owner if owner is not None else self.claim(key, job_id)
        return job_id

    def take_over(self, key: str, *, from_job_id: str, job_id: str) -> bool:
        """Whether this job answers for the key now, in place of the other; False when another job took over first."""
        row = self.row(key)
        if row is None or row["job_id"] != from_job_id:
            return False
        try:
            with storage_faults("answer"):
                self.table.update_entity(
                    {**row, "job_id": job_id},
                    mode=UpdateMode.REPLACE,
                    etag=row.metadata["etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
        except StateConflict:
            return False
        return True

    def owner(self, key: str) -> str | None:
        """The id of the job that answers for this key, None while nobody does."""
        row = self.row(key)
        return None if row is None else str(row["job_id"])

    def row(self, key: str) -> Any:
        try:
            with storage_faults("answer"):
                return self.table.get_entity(answer_partition(key), key_of(key))
        except NotFound:
            return None


def answer_partition(key: str) -> str:
    return f"answer-{key_of(key)[:STATE_SPREAD]}"


class Notes:
    """The port `Notes`: one row per note. A note that this worker has written is not written again."""

    def __init__(self, table: TableClient) -> None:
        self.table = table
        self.written: set[str] = set()

    def note(self, name: str) -> None:
        if name in self.written:
            return
        with storage_faults("note"), suppress(ResourceExistsError):
            self.table.create_entity({"PartitionKey": "note", "RowKey": name})
        self.written.add(name)

    def noted(self, name: str) -> bool:
        try:
            with storage_faults("note"):
                self.table.get_entity("note", name)
        except NotFound:
            return False
        return True


class Gates:
    """The port `Gates`: one row per endpoint, changed only over the version that was read."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    def change(self, endpoint: str, step: Callable[[Gate], Gate]) -> tuple[Gate, Gate]:
        """The gate before and after `step`; a step that changes nothing costs a read. Raises StorageUnavailable."""

        def attempt() -> tuple[Gate, Gate] | None:
            gate, version = self.load(endpoint)
            after = step(gate)
            return (gate, after) if after == gate or self.store(endpoint, after, version) else None

        return until_written(attempt, what="a gate")

    def load(self, endpoint: str) -> tuple[Gate, str | None]:
        """The gate and its row's version; an open one and None when there is no row yet."""
        try:
            with storage_faults("a gate"):
                row = self.table.get_entity("gate", key_of(endpoint))
        except NotFound:
            return Gate(), None
        return codec.from_json(Gate, json.loads(row["gate"])), str(row.metadata["etag"])

    def store(self, endpoint: str, gate: Gate, version: str | None) -> bool:
        """Whether the gate was stored: False when it was changed by another worker since `version`. Raises
        StorageUnavailable.
        """
        row = {"PartitionKey": "gate", "RowKey": key_of(endpoint), "gate": json.dumps(codec.to_json(gate))}
        condition: dict[str, Any] = {"match_condition": MatchConditions.IfNotModified, "mode": UpdateMode.REPLACE}
        try:
            with storage_faults("a gate"):
                if version is None:
                    self.table.create_entity(row)
                else:
                    self.table.update_entity(row, etag=version, **condition)
        except StateConflict:
            return False
        return True


class RoundTable:
    """The port `Rounds`: one row per kind of work."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    def load(self, work: str) -> Round:
        """How far the work has come; the beginning where there is no row yet. Raises StorageUnavailable."""
        try:
            with storage_faults("a round"):
                row = self.table.get_entity("round", key_of(work))
        except NotFound:
            return Round()
        return codec.from_json(Round, json.loads(row["round"]))

    def store(self, work: str, reached: Round) -> None:
        row = {"PartitionKey": "round", "RowKey": key_of(work), "round": json.dumps(codec.to_json(reached))}
        with storage_faults("a round"):
            self.table.upsert_entity(row, mode=UpdateMode.REPLACE)
