"""Money: budgets as sharded rows, one reservation row per paid call (azure-data-tables).

A reservation and the shard it takes from are written in one transaction, so that neither exists without the other.
`reserved` becomes `settled` (its real cost) or `lost` (the worker died or the connection broke in between: it may have
been paid, so it stays counted in full). The sum of `lost` is the number of calls that may have been paid twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableClient, TableTransactionError, UpdateMode

from shared.adapters.storage.azure_storage import digest_of, key_of, storage_faults
from shared.adapters.storage.optimistic import until_written
from shared.core.errors import NotFound, StateConflict
from shared.core.money.budget import BUDGET_SHARDS, Shard, Totals, reserve, settle, total
from shared.pipeline.ports import Allowance, Grant, Place

SCOPE_CHARACTERS = 16  # of its hash, which keeps the rows of one budget apart from those of any other
AMOUNT_DIGITS = 20
ANY_AMOUNT = 10**AMOUNT_DIGITS - 1

TableOperation = tuple[str, dict[str, Any], dict[str, Any]] | tuple[str, dict[str, Any]]


class Ledger:
    """The port `Ledger` over one table."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    def check(self) -> None:
        with storage_faults("ledger"):
            next(iter(self.table.query_entities("PartitionKey eq 'none'", results_per_page=1)), None)

    def reserve(self, day: date, allowance: Allowance, call_id: str, amount: int) -> Grant:
        """Whether `amount` nano-dollars are reserved for the call now, and whether an earlier attempt at it may have
        been paid.

        A reservation that is still open belongs to a worker that died: it is counted as lost if its call had begun,
        then made anew. Raises StorageUnavailable, also when too many workers reserve at once; nothing is reserved then.
        """
        attempt = partial(self.try_reserve, partition_of(day, allowance.scope), allowance.limit, call_id, amount)
        return until_written(attempt, what=f"the ledger of {day} for {call_id}")

    def try_reserve(self, partition: str, limit: int | None, call_id: str, amount: int) -> Grant | None:
        """Whether `amount` nano-dollars are reserved under this limit; None when another worker wrote one of the rows
        first, so that this must be tried again.
        """
        rows = self.shard_rows(partition)
        call = self.call_row(partition, call_id)
        open_amount = int(call["amount"]) if call is not None and call["state"] == "reserved" else 0
        lost_amount = open_amount if has_begun(call) else 0
        shards = [to_shard(index, rows.get(index)) for index in range(BUDGET_SHARDS)]
        own = shard_of(call_id)
        shards[own] = settle(shards[own], reserved=open_amount, spent=lost_amount)
        written = reserve(shards, own, amount, limit)
        if written is None:
            return Grant.REFUSED
        reserved = reserved_row(partition, call_id, call, amount)
        operations = [
            ("create", reserved) if call is None else write_row(reserved, call.metadata["etag"]),
            *(write_shard(partition, shard, rows) for shard in written),
        ]
        if not self.commit(operations, f"reservation of {call_id}"):
            return None
        return Grant.AGAIN if lost_amount else Grant.GRANTED

    def begin(self, day: date, scope: str, call_id: str) -> None:
        """Note that the reserved call is now made: if its worker dies from here on, it may have been paid. Raises
        NotFound for a call that was never reserved, or StorageUnavailable.
        """
        row = {"PartitionKey": partition_of(day, scope), "RowKey": call_key(call_id), "begun": True}
        with storage_faults(f"reservation of {call_id}"):
            self.table.update_entity(row, mode=UpdateMode.MERGE)

    def settle(self, day: date, scope: str, call_id: str, spent: int | None) -> bool:
        """Whether an open reservation was closed: False when it was settled before, or never made.

        `spent` is what the call cost in nano-dollars; None is "not known", which counts as all that was reserved, or as
        nothing if the call had not begun. Raises StorageUnavailable, also when too many workers settle at once.
        """
        attempt = partial(self.try_settle, partition_of(day, scope), call_id, spent)
        return until_written(attempt, what=f"the ledger of {day} for {call_id}")

    def try_settle(self, partition: str, call_id: str, spent: int | None) -> bool | None:
        """Whether the reservation was closed, at `spent` nano-dollars; None when another worker wrote one of the rows
        first, so that this must be tried again.
        """
        call = self.call_row(partition, call_id)
        if call is None or call["state"] != "reserved":
            return False
        rows = self.shard_rows(partition)
        own = shard_of(call_id)
        reserved = int(call["amount"])
        is_lost = spent is None and has_begun(call)
        cost = (reserved if is_lost else 0) if spent is None else spent
        shard = settle(to_shard(own, rows.get(own)), reserved=reserved, spent=cost)
        ended = settled_row(call, cost, is_lost=is_lost)
        operations = [write_row(ended, call.metadata["etag"]), write_shard(partition, shard, rows)]
        return True if self.commit(operations, f"settlement of {call_id}") else None

    def open_calls(self, day: date, scope: str, job_id: str, *, begun: bool = False) -> Sequence[str]:
        """The ids of this job's calls that were reserved and never settled: the job's id, or that with a dash and a
        step. Raises StorageUnavailable.

        With `begun`, only of calls that were made, and so may have been paid.
        """
        keys = {"first": call_key(job_id), "beyond": f"{call_key(job_id)}."}
        with storage_faults("ledger"):
            rows = self.table.query_entities(
                "PartitionKey eq @partition and RowKey ge @first and RowKey lt @beyond and state eq 'reserved'",
                parameters={"partition": partition_of(day, scope), **keys},
                select=["RowKey", "call_id", "begun"],
            )
            found = [row for row in rows if has_begun(row) or not begun]
            return [str(row.get("call_id", row["RowKey"].removeprefix("call-"))) for row in found]

    def totals(self, day: date, allowance: Allowance) -> Totals:
        """What of a budget is spent and reserved on that day, in nano-dollars. Raises StorageUnavailable."""
        rows = self.shard_rows(partition_of(day, allowance.scope))
        return total([to_shard(index, row) for index, row in rows.items()], allowance.limit)

    def lost_calls(self, day: date, scope: str) -> int:
        """How many calls of that day may have been paid without bringing an answer."""
        with storage_faults("ledger"):
            rows = self.table.query_entities(
                "PartitionKey eq @partition and lost gt 0", parameters={"partition": partition_of(day, scope)}
            )
            return sum(row["lost"] for row in rows)

    def note_once(self, day: date, scope: str, note: str) -> bool:
        """Whether this caller is the first to write the note: an alert is raised once, by one worker."""
        try:
            with storage_faults("ledger"):
                self.table.create_entity({"PartitionKey": partition_of(day, scope), "RowKey": f"note-{key_of(note)}"})
        except StateConflict:
            return False
        return True

    def park(self, scope: str, key: str, job_id: str, amount: int) -> None:
        """Put a job in a budget's line, in the order of `key`, for the `amount` nano-dollars that it needs. Raises
        StorageUnavailable.
        """
        row = {"PartitionKey": line_of(scope), "RowKey": key_of(key), "job_id": job_id, "scope": scope}
        with storage_faults("parked jobs"):
            self.table.upsert_entity({**row, "amount": sortable(amount)})

    def unpark(self, scope: str, place: Place) -> None:
        """Remove a place from a budget's line. One with another version is left: the job was woken and is back in line
        already.
        """
        try:
            with storage_faults("parked jobs"):
                self.table.delete_entity(
                    line_of(scope), place.key, etag=place.version, match_condition=MatchConditions.IfNotModified
                )
        except (NotFound, StateConflict):
            return

    def parked(self, scope: str, *, limit: int | None, most: int) -> Sequence[Place]:
        """At most `most` places, the longest wait first, without those that need more than `limit` nano-dollars."""
        most_needed = sortable(ANY_AMOUNT if limit is None else min(limit, ANY_AMOUNT))
        with storage_faults("parked jobs"):
            rows = self.table.query_entities(
                "PartitionKey eq @line and amount le @limit",
                parameters={"line": line_of(scope), "limit": most_needed},
                results_per_page=most,
            )
            return [to_place(row) for row in itertools.islice(rows, most)]

    def lines(self) -> Sequence[str]:
        """The budgets that have jobs waiting for them."""
        with storage_faults("parked jobs"):
            rows = self.table.query_entities(
                "PartitionKey ge 'parked-' and PartitionKey lt 'parked.'", select=["scope"]
            )
            return sorted({row["scope"] for row in rows})

    def shard_rows(self, partition: str) -> dict[int, Any]:
        with storage_faults("ledger"):
            rows = self.table.query_entities(
                "PartitionKey eq @partition and RowKey ge 'shard-' and RowKey lt 'shard.'",
                parameters={"partition": partition},
            )
            return {int(row["RowKey"].removeprefix("shard-")): row for row in rows}

    def call_row(self, partition: str, call_id: str) -> Any:
        try:
            with storage_faults("ledger"):
                return self.table.get_entity(partition, call_key(call_id))
        except NotFound:
            return None

    def commit(self, operations: Sequence[TableOperation], what: str) -> bool:
        """Whether all operations were written: False, and none was, when another worker wrote one of the rows first.
        Raises StorageRefused or StorageUnavailable.
        """
        try:
            with storage_faults(what):
                try:
                    self.table.submit_transaction(operations)
                except TableTransactionError as fault:
                    if fault.status_code in {404, 409, 412}:
                        return False
                    raise
        except StateConflict:
            return False
        return True


def partition_of(day: date, scope: str) -> str:
    """The partition of a budget's day. It is a hash, as it has been since the first release: with `key_of`, older rows
    would not be found.
    """
    return f"{day.isoformat()}-{digest_of(scope, SCOPE_CHARACTERS)}"


def call_key(call_id: str) -> str:
    return f"call-{key_of(call_id)}"


def line_of(scope: str) -> str:
    return f"parked-{digest_of(scope, SCOPE_CHARACTERS)}"


def to_place(row: Any) -> Place:
    return Place(key=row["RowKey"], job_id=row["job_id"], amount=int(row["amount"]), version=str(row.metadata["etag"]))


def sortable(amount: int) -> str:
    """The amount in nano-dollars as text of fixed length, so that its order as text is its order as a number."""
    return f"{amount:0{AMOUNT_DIGITS}}"


def shard_of(call_id: str) -> int:
    return int(digest_of(call_id, 8), 16) % BUDGET_SHARDS


def reserved_row(partition: str, call_id: str, before: Any, amount: int) -> dict[str, Any]:
    """The row of a call that is reserved for `amount` nano-dollars. All attempts at a call share it: `spent` adds up,
    `lost` counts those whose outcome nobody knows.
    """
    row: dict[str, Any] = {"PartitionKey": partition, "RowKey": call_key(call_id), "call_id": call_id}
    row |= {"state": "reserved", "amount": str(amount), "begun": False}
    if before is None:
        return {**row, "spent": "0", "lost": 0}
    was_open = before["state"] == "reserved" and has_begun(before)
    spent = int(before["spent"]) + (int(before["amount"]) if was_open else 0)
    return {**row, "spent": str(spent), "lost": before["lost"] + was_open}


def has_begun(call: Any) -> bool:
    """Whether the call was made; True for rows that were written before this was noted."""
    return call is not None and bool(call.get("begun", True))


def settled_row(call: dict[str, Any], cost: int, *, is_lost: bool) -> dict[str, Any]:
    spent = int(call["spent"]) + cost
    return {**call, "state": "lost" if is_lost else "settled", "spent": str(spent), "lost": call["lost"] + is_lost}


def to_shard(index: int, row: Any) -> Shard:
    """A budget's shard from its row, empty where there is none. Amounts are stored as text: a table's integer has 32
    bits unless it is wrapped.
    """
    if row is None:
        return Shard(index=index)
    return Shard(index=index, spent=int(row["spent"]), reserved=int(row["reserved"]), lent=int(row["lent"]))


def write_shard(partition: str, shard: Shard, rows: dict[int, Any]) -> TableOperation:
    """The operation that stores a shard: it creates the row, or replaces only the version in `rows`."""
    row = {
        "PartitionKey": partition,
        "RowKey": f"shard-{shard.index}",
        "spent": str(shard.spent),
        "reserved": str(shard.reserved),
        "lent": str(shard.lent),
    }
    before = rows.get(shard.index)
    return ("create", row) if before is None else write_row(row, before.metadata["etag"])


def write_row(row: dict[str, Any], etag: str) -> TableOperation:
    condition = {"etag": etag, "match_condition": MatchConditions.IfNotModified, "mode": UpdateMode.REPLACE}
    return ("update", row, condition)
