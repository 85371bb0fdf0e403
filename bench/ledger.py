"""Reservations a second by 50 workers on one budget: the ledger, a single counter row, and bare inserts as the limit.

All three in one run against the same Azurite. A refused write costs the loser a new read: shards save that.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableClient, UpdateMode

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = str(ROOT)

from local.azurite import Azurite  # noqa: E402  # a script of bench/ finds the project itself
from local.stack import make_places  # noqa: E402  # as above
from shared.adapters.storage.ledger import TABLE, Ledger  # noqa: E402  # as above
from shared.pipeline.ports import Allowance, Grant  # noqa: E402  # as above

DAY = date(2026, 11, 21)
BUDGET = Allowance(scope="all", limit=10**15)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--calls", type=int, default=300)
    arguments = parser.parse_args()
    with Azurite() as azurite:
        make_places(azurite.connection_string)
        with TableClient.from_connection_string(azurite.connection_string, TABLE) as table:
            bare = rate(arguments, lambda call: insert(table, call))
            ours = rate(arguments, lambda call: reserve(Ledger(table), call))
            counter = Counter(table)
            single = rate(arguments, counter.reserve)
    print(f"{arguments.workers} workers, {arguments.calls} calls each way")
    print(f"bare insert            {bare:7.1f} /s")
    print(
        f"ledger, 8 shards       {ours:7.1f} /s  ({ours / bare:.2f} of bare; a read of shards and call, a transaction)"
    )
    print(f"single counter row     {single:7.1f} /s  ({counter.lost / arguments.calls:.1f} lost races a call)")
    return 0


def rate(arguments: argparse.Namespace, call: Callable[[int], None]) -> float:
    started = time.monotonic()
    with ThreadPoolExecutor(arguments.workers) as workers:
        list(workers.map(call, range(arguments.calls)))
    return arguments.calls / (time.monotonic() - started)


def insert(table: TableClient, call: int) -> None:
    table.create_entity({"PartitionKey": "bare", "RowKey": str(call)})


def reserve(ledger: Ledger, call: int) -> None:
    assert ledger.reserve(DAY, BUDGET, f"call-{call}", 5) is Grant.GRANTED


class Counter:
    """The obvious way: one row with a sum, written over the version that was read, until it works."""

    def __init__(self, table: TableClient) -> None:
        self.table = table
        self.lost = 0
        table.create_entity({"PartitionKey": "counter", "RowKey": "all", "spent": "0"})

    def reserve(self, _: int) -> None:
        while True:
            row = self.table.get_entity("counter", "all")
            row["spent"] = str(int(row["spent"]) + 5)
            condition: dict[str, Any] = {"etag": row.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
            try:
                self.table.update_entity(row, mode=UpdateMode.REPLACE, **condition)
            except HttpResponseError as fault:
                if fault.status_code != 412:
                    raise
                self.lost += 1
            else:
                return


if __name__ == "__main__":
    sys.exit(main())
