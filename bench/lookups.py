"""Look-ups and list pages at a fixed rate against the running app, beside bare reads of the same storage.

    ./visiondrop bench lookups [--rate 50] [--seconds 5] [--rows 100 10000]

Latency counts from when a request was due, not from when it was sent, so a server that falls behind shows it. The list
is measured with as many rows as `--rows` says; the emulator reads a whole table for every query, real storage does not,
so the number of entities and transactions of a page is printed too: it is what does not grow.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from azure.core.credentials import AzureNamedKeyCredential  # noqa: E402  # after the path
from azure.data.tables import TableClient, TableSasPermissions, generate_table_sas  # noqa: E402  # as above
from PIL import Image  # noqa: E402  # as above

from local.client import Client  # noqa: E402  # as above
from local.stack import Stack  # noqa: E402  # as above
from local.table import table  # noqa: E402  # as above
from shared.adapters.storage.job_list import JobList, to_row  # noqa: E402  # as above
from shared.adapters.storage.job_table import name_partition, partition_of  # noqa: E402  # as above
from shared.core.jobs.job import State  # noqa: E402  # as above
from shared.core.jobs.listing import Item  # noqa: E402  # as above

WORKERS = 16
PAGE = 50
IN_ONE_TRANSACTION = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=50, help="requests a second; default 50")
    parser.add_argument("--seconds", type=float, default=5, help="for each line; default 5")
    parser.add_argument("--rows", type=int, nargs="*", default=[100, 10_000], help="lengths of the list, rising")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as logs,
        Stack(environ=os.environ, offline=True, logs=Path(logs)) as stack,
        TableClient.from_connection_string(stack.connection_string, "jobs") as jobs,
    ):
        document = answered(stack.url)
        measure_lookups(stack, document, arguments)
        measure_lists(stack, jobs, arguments)


def answered(url: str) -> dict:
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(buffer, "JPEG")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.jpg"
        path.write_bytes(buffer.getvalue())
        client = Client(url, None)
        job_id = client.upload(path, "bench.jpg", options={})
        assert job_id
        ended, document = client.look_up_job(job_id, wait_s=30)
    assert ended
    return document


def measure_lookups(stack: Stack, document: dict, arguments: argparse.Namespace) -> None:
    job_id = document["job_id"]
    storage = storage_address(stack)
    row = entity(storage, partition_of(job_id), job_id)
    name_row = rows_of(storage, name_partition("bench.jpg"))
    lines = [
        ("bare: one entity", storage.base, row),
        ("bare: first name row", storage.base, name_row),
        ("GET jobs/ID", stack.url, f"/api/jobs/{job_id}"),
        ("GET results/NAME", stack.url, "/api/results/bench.jpg"),
        ("GET openapi.json (no storage)", stack.url, "/api/openapi.json"),
    ]
    rows = [(name, *measure(base, path, arguments)) for name, base, path in lines]
    print(f"\nLook-ups, {arguments.rate:g} requests/s due for {arguments.seconds:g} s each, {WORKERS} connections:")
    print(table(HEADINGS, rows, right=HEADINGS[1:]))


HEADINGS = ("request", "answered/s", "p50 ms", "p99 ms", "worst ms", "not 200")


def measure(base: str, path: str, arguments: argparse.Namespace) -> tuple[str, ...]:
    number = max(1, round(arguments.rate * arguments.seconds))
    for _ in range(3):
        one_request(base, path)  # warm
    latencies_ms, wrong, took_s = at_fixed_rate(base, path, rate=arguments.rate, number=number)
    cuts = statistics.quantiles(latencies_ms, n=100) if len(latencies_ms) > 1 else latencies_ms * 99
    return (f"{number / took_s:.1f}", f"{cuts[49]:.1f}", f"{cuts[98]:.1f}", f"{max(latencies_ms):.1f}", str(wrong))


def at_fixed_rate(base: str, path: str, *, rate: float, number: int) -> tuple[list[float], int, float]:
    latencies_ms: list[float] = []
    wrong: list[int] = []
    start = time.perf_counter() + 0.1

    def work(worker: int) -> None:
        connection = HTTPConnection(urlsplit(base).netloc, timeout=60)
        for index in range(worker, number, WORKERS):
            due = start + index / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            status = get(connection, path)
            latencies_ms.append((time.perf_counter() - due) * 1000)
            if status != 200:
                wrong.append(status)
        connection.close()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies_ms, len(wrong), time.perf_counter() - start


def one_request(base: str, path: str) -> None:
    connection = HTTPConnection(urlsplit(base).netloc, timeout=60)
    get(connection, path)
    connection.close()


def get(connection: HTTPConnection, path: str) -> int:
    connection.request(
        "GET", path, headers={"Accept": "application/json;odata=nometadata", "x-ms-version": "2019-02-02"}
    )
    response = connection.getresponse()
    response.read()
    return response.status


class Storage:
    """The emulator's table service without any SDK in between."""

    def __init__(self, base: str, account: str, sas: str) -> None:
        self.base, self.account, self.sas = base, account, sas


def storage_address(stack: Stack) -> Storage:
    parts = dict(part.split("=", 1) for part in stack.connection_string.rstrip(";").split(";"))
    credential = AzureNamedKeyCredential(parts["AccountName"], parts["AccountKey"])
    until = datetime.now(UTC) + timedelta(hours=1)
    sas = generate_table_sas(credential, "jobs", permission=TableSasPermissions(read=True), expiry=until)
    address = urlsplit(parts["TableEndpoint"])
    return Storage(f"http://{address.netloc}", parts["AccountName"], sas)


def entity(storage: Storage, partition: str, row: str) -> str:
    return f"/{storage.account}/jobs(PartitionKey='{partition}',RowKey='{row}')?{storage.sas}"


def rows_of(storage: Storage, partition: str) -> str:
    wanted = quote(f"PartitionKey eq '{partition}'")
    return f"/{storage.account}/jobs()?$filter={wanted}&$top=1&{storage.sas}"


def measure_lists(stack: Stack, jobs: TableClient, arguments: argparse.Namespace) -> None:
    lines = []
    filled = 0
    for rows in arguments.rows:
        fill(jobs, filled, rows)
        filled = rows
        lines += [(f"{rows:,}", kind, *measure_page(stack, jobs, query)) for kind, query in PAGES]
    print(f"\nOne page of {PAGE}, the median of 5:")
    print(table(PAGE_HEADINGS, lines, right=[name for name in PAGE_HEADINGS if name != "page"]))


PAGES = (("newest", f"limit={PAGE}"), ("filter that fits nothing", f"limit={PAGE}&q=no-such-name"))
PAGE_HEADINGS = ("rows", "page", "app ms", "storage ms", "entities", "transactions")


def measure_page(stack: Stack, jobs: TableClient, query: str) -> tuple[str, ...]:
    """`storage ms` is the same range of keys read with the same client, without the app."""
    most = 1000 if "q=" in query else PAGE + 1
    listing = JobList(jobs)
    app_ms, storage_ms = [], []
    for _ in range(5):
        started = time.perf_counter()
        one_request(stack.url, f"/api/results?{query}")
        app_ms.append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        listing.page(after=None, most=most)
        storage_ms.append((time.perf_counter() - started) * 1000)
    return (
        f"{statistics.median(app_ms):.1f}",
        f"{statistics.median(storage_ms):.1f}",
        str(listing.entities // 5),
        str(listing.transactions // 5),
    )


def fill(jobs: TableClient, first: int, last: int) -> None:
    """Finished jobs of one month, so that a transaction holds a hundred of them."""
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    for start in range(first, last, IN_ONE_TRANSACTION):
        items = [
            make_item(index, begun + timedelta(seconds=index))
            for index in range(start, min(last, start + IN_ONE_TRANSACTION))
        ]
        jobs.submit_transaction([("upsert", to_row(item)) for item in items])


def make_item(index: int, created: datetime) -> Item:
    return Item(
        job_id=f"{index:032x}",
        name=f"folder/{index}.jpg",
        state=State.DONE,
        kind="image",
        created=created,
        updated=created,
        text="A picture that somebody described in about as many words as this. " * 2,
    )


if __name__ == "__main__":
    main()
