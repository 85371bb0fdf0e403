"""The worker's largest resident set: 16 uploads of 50 MB at once, 16 downloads of them, and every hostile reply.

    ./visiondrop bench worker_memory [--at-once 16] [--mb 50] [--json]

Starts the local host with Azurite and the hostile stand-in endpoint of the tests (no model), all on this machine. On
Linux only: the peak is /proc's VmHWM, of the worker and of the decoders that it starts. --json: the last line is JSON.
"""

from __future__ import annotations

import argparse
import http.client
import io
import itertools
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from azure.storage.blob import ContainerClient
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from local.stack import Stack  # noqa: E402  # a script of bench/ finds the project itself
from shared.core.places import UPLOADS  # noqa: E402  # as above
from tests.hostile_endpoint import REPLIES, HostileEndpoint  # noqa: E402  # as above

MIB = 1024 * 1024
LOOK_EVERY_S = 0.02
PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x10\x08\x02\x00\x00\x00\x90\x91h6"
QUICK = {"MODEL_TIMEOUT_S": "4", "JOB_LEASE_S": "30", "VISION_MODEL": "gpt-5.1", "OPENAI_API_KEY": "made-up"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--mb", type=int, default=50)
    parser.add_argument("--json", action="store_true", help="figures as JSON on the last line")
    arguments = parser.parse_args()
    with HostileEndpoint("good") as endpoint, tempfile.TemporaryDirectory() as logs:
        kinds = itertools.cycle(kind for kind in REPLIES if kind != "good")
        endpoint.reply = lambda: iter(REPLIES[next(kinds)]())
        environ = {**os.environ, **QUICK, "OPENAI_BASE_URL": f"{endpoint.url}/v1", "OPENAI_MODEL": "gpt-5.1"}
        with Stack(environ=environ, logs=Path(logs)) as stack:
            figures = measure(stack, endpoint, at_once=arguments.at_once, size=arguments.mb * MIB)
    print("\n".join(f"{name:<26} {value}" for name, value in figures.items()))
    if arguments.json:
        print(json.dumps(figures))
    return 0


def measure(stack: Stack, endpoint: HostileEndpoint, *, at_once: int, size: int) -> dict[str, float]:
    worker = worker_of(stack)
    figures: dict[str, float] = {"rss_at_rest_mb": worker.memory_info().rss // MIB}
    steps: dict[str, Callable[[], None]] = {
        "uploads": lambda: many(at_once, lambda number: put(stack.url, number, size)),
        "downloads": lambda: many(at_once, lambda number: get(stack.url, number, size)),
        "hostile_replies": lambda: provoke(stack, endpoint, at_once),
    }
    for name, step in steps.items():
        started = time.monotonic()
        with watched(worker) as peak:
            step()
        figures[f"{name}_peak_mb"] = peak[0] // MIB
        figures[f"{name}_with_children_mb"] = peak[1] // MIB
        figures[f"{name}_s"] = round(time.monotonic() - started, 1)
    figures["rss_afterwards_mb"] = worker.memory_info().rss // MIB
    return figures


def worker_of(stack: Stack) -> psutil.Process:
    """The functions host's process, below the guard that ties it to this one."""
    child = next(child for child in stack.children if child.name == "functions host")
    return psutil.Process(child.process.pid).children()[0]


@contextmanager
def watched(worker: psutil.Process) -> Iterator[list[int]]:
    """Peaks in bytes: of the worker, and of it with its children."""
    peak, over = [0, 0], threading.Event()

    def look() -> None:
        while not over.wait(LOOK_EVERY_S):
            own = worker.memory_info().rss
            peak[0] = max(peak[0], own)
            peak[1] = max(peak[1], own + sum(rss_of(child) for child in worker.children(recursive=True)))

    thread = threading.Thread(target=look)
    thread.start()
    yield peak
    over.set()
    thread.join()


def rss_of(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_info().rss)
    return 0


def many(at_once: int, call: Callable[[int], int]) -> None:
    with ThreadPoolExecutor(at_once) as pool:
        statuses = list(pool.map(call, range(at_once)))
    print({status: statuses.count(status) for status in set(statuses)}, file=sys.stderr)


def put(url: str, number: int, size: int) -> int:
    """The status of one upload that says it is a PNG and is none; 503 is tried again, as it asks."""
    while True:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=300)
        body = PNG_HEAD + number.to_bytes(4) + bytes(size - len(PNG_HEAD) - 4)
        connection.request("PUT", f"/api/uploads/big/{number}.png", body=body)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 503:  # try again later
            return answer.status
        time.sleep(float(answer.headers.get("retry-after", 1)))


def get(url: str, number: int, size: int) -> int:
    """The status of one whole download, whose length is checked."""
    while True:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=300)
        connection.request("GET", f"/api/originals/big/{number}.png")
        answer = connection.getresponse()
        length = len(answer.read())
        connection.close()
        if answer.status != 503:  # as above
            assert answer.status != 200 or length == size  # OK
            return answer.status
        time.sleep(float(answer.headers.get("retry-after", 1)))


def provoke(stack: Stack, endpoint: HostileEndpoint, at_once: int) -> None:
    """Drops pictures until each hostile reply was sent once at least, several at a time."""
    before = endpoint.requests
    with ContainerClient.from_connection_string(stack.connection_string, UPLOADS) as uploads:
        for number in range(2 * at_once):
            data = io.BytesIO()
            Image.new("RGB", (64 + number, 48), "red").save(data, "PNG")
            uploads.upload_blob(f"small/{number}.png", data.getvalue())
    deadline = time.monotonic() + 60
    while endpoint.requests - before < len(REPLIES) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(5)  # the last replies are read
    print(f"{endpoint.requests - before} hostile replies", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
