"""The list of jobs: one small row per job in the table of jobs, in the order in which people read them.

Partitions are months and rows are times, both inverted, so that the table's own order is newest first and a page is a
range of keys. The job's row is the truth: it is written first, and the list is put right when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from azure.data.tables import TableClient

from shared.adapters.storage.azure_storage import key_of, storage_faults
from shared.core import codec
from shared.core.jobs.listing import Item, Position, position_of

FIRST = "list-"
BEYOND = "list."  # the next text that does not begin so
LARGEST_PAGE = 1000  # what one query may return


class JobList:
    """The port `Listing`. `transactions` and `entities` count what reading costs, for bench/lookups.py."""

    def __init__(self, table: TableClient) -> None:
        self.table = table
        self.transactions = 0
        self.entities = 0

    def put(self, item: Item) -> None:
        with storage_faults(f"list row of job {item.job_id}"):
            self.table.upsert_entity(to_row(item))

    def page(self, *, after: Position | None, most: int) -> list[Item]:
        """The next jobs, newest first; fewer than `most` only at the end. Reads one range of keys, or two where a month
        ends.
        """
        if after is None:
            return self.read(f"PartitionKey ge '{FIRST}' and PartitionKey lt '{BEYOND}'", {}, most)
        place = {"partition": after.partition, "row": key_of(after.row)}
        items = self.read("PartitionKey eq @partition and RowKey gt @row", place, most)
        if len(items) < most:
            older = f"PartitionKey gt @partition and PartitionKey lt '{BEYOND}'"
            items += self.read(older, {"partition": after.partition}, most - len(items))
        return items

    def read(self, keys: str, values: Mapping[str, str], most: int) -> list[Item]:
        with storage_faults("list of jobs"):
            pages = self.table.query_entities(
                keys, parameters=dict(values), results_per_page=min(most, LARGEST_PAGE), select=["item"]
            ).by_page()
            rows = list(islice((row for page in self.counted(pages) for row in page), most))
        self.entities += len(rows)
        return [codec.from_json(Item, json.loads(row["item"])) for row in rows]

    def counted(self, pages: Any) -> Any:
        for page in pages:
            self.transactions += 1
            yield page


def to_row(item: Item) -> dict[str, Any]:
    position = position_of(item)
    text = json.dumps(codec.to_json(item), ensure_ascii=False)
    return {"PartitionKey": position.partition, "RowKey": key_of(position.row), "item": text}
