"""What workers tell each other in the jobs table: who answers a question, whether an endpoint may be asked."""

from __future__ import annotations

import json
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableClient, UpdateMode

from shared.adapters.storage.azure_storage import storage_faults
from shared.core import codec
from shared.core.answer.gate import Gate
from shared.core.errors import NotFound, StateConflict

SPREAD = 2  # characters of an answer's key that choose a partition


class Answers:
    """The port `Answers`: the first job to claim a key answers for all."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    def claim(self, key: str, job_id: str) -> str:
        """The job that answers for this key: this one, or the one that was first."""
        row = {"PartitionKey": f"answer-{key[:SPREAD]}", "RowKey": key, "job_id": job_id}
        try:
            with storage_faults("answer"):
                self.table.create_entity(row)
        except StateConflict:
            owner = self.owner(key)
            return owner if owner is not None else self.claim(key, job_id)
        return job_id

    def take_over(self, key: str, *, from_job_id: str, job_id: str) -> bool:
        """False when somebody else took the place of the failed job first."""
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
        row = self.row(key)
        return None if row is None else str(row["job_id"])

    def row(self, key: str) -> Any:
        try:
            with storage_faults("answer"):
                return self.table.get_entity(f"answer-{key[:SPREAD]}", key)
        except NotFound:
            return None


class Gates:
    """The port `Gates`: one row per deployment, changed only over the version that was read."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    def load(self, name: str) -> tuple[Gate, str | None]:
        """The gate and its row's version; None when there is no row yet."""
        try:
            with storage_faults("gate"):
                row = self.table.get_entity("gate", name)
        except NotFound:
            return Gate(), None
        return codec.from_json(Gate, json.loads(row["gate"])), str(row.metadata["etag"])

    def store(self, name: str, gate: Gate, version: str | None) -> bool:
        """False when another worker changed it since."""
        row = {"PartitionKey": "gate", "RowKey": name, "gate": json.dumps(codec.to_json(gate))}
        condition: dict[str, Any] = {"match_condition": MatchConditions.IfNotModified, "mode": UpdateMode.REPLACE}
        try:
            with storage_faults("gate"):
                if version is None:
                    self.table.create_entity(row)
                else:
                    self.table.update_entity(row, etag=version, **condition)
        except StateConflict:
            return False
        return True
