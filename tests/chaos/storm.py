"""Many drops while everything breaks, then what came of them.

Workers are killed without warning, storage is stopped and continued, connections are cut in the middle, every event
comes one to five times, and the endpoint throttles, fails and filters. `python -m tests.chaos.storm --drops 1000` is
the long form; tests/chaos/test_storm.py a short one. Everything runs on loopback and ends by itself.

With `--daily-budget-usd` below what the drops cost, the rest must be parked; then the budget is raised, and all are
answered.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from azure.storage.blob import ContainerClient
from PIL import Image

from local.azurite import Azurite
from local.chat_standin import ChatStandIn
from local.chat_standin.script import parse_script
from local.children import Child
from local.stack import make_places
from shared.core.jobs.job import TERMINAL, Job, State
from shared.core.money.budget import to_usd
from shared.core.settings import Settings
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Allowance, Services
from shared.pipeline.spending.costs import costs
from shared.pipeline.spending.reservations import DAY_SCOPE
from shared.pipeline.sweep import sweep
from shared.wiring import build
from tests.chaos.proxy import CuttingProxy

FAULTS = {
    "seed": 7,
    "steps": [
        {"do": "throttle", "retry_after_s": 1, "probability": 0.10},
        {"do": "status", "status": 500, "probability": 0.05},
        {"do": "filter_prompt", "probability": 0.01},
    ],
}
COPIES = 10  # every tenth drop is a copy of the one before
WORKERS = 2
PLENTY_USD = Decimal(1000)
SETTLED = frozenset({*TERMINAL, State.PARKED})


@dataclass(kw_only=True)
class Report:
    """`wrong` are drops without an end, or with another picture's answer. `paid` counts successful calls.

    `parked` and `spent_usd` are from before the budget was raised; `spent_in_the_end_usd` from after.

    In the end: `open_jobs` have neither ended nor a message that the storm knows of; `jobs_usd`, `costs_usd` and the
    ledger are three ways to the same sum, the ledger with what may have been paid in vain, `maybe_usd` at most.
    `calls_cut` are connections to the endpoint that were cut: whether such a call arrived, nobody knows. Nor whether a
    5xx was paid (`faults`, status).
    """

    drops: int
    unique: int
    done: int = 0
    filtered: int = 0
    parked: int = 0
    wrong: list[str] = field(default_factory=list)
    calls: int = 0
    paid: int = 0
    paid_again: int = 0
    counted_as_maybe_paid: int = 0
    deliveries: int = 0
    workers_killed: int = 0
    storage_stops: int = 0
    connections_cut: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    spent_usd: str = ""
    spent_in_the_end_usd: str = ""
    budget_usd: str = ""
    open_jobs: int = 0
    jobs_usd: str = ""
    costs_usd: str = ""
    maybe_usd: str = ""
    reserved_usd: str = ""
    calls_cut: int = 0
    lost_without_a_call: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return not self.wrong and self.open_jobs == 0 and self.counts_are_close and self.sums_agree

    @property
    def counts_are_close(self) -> bool:
        """What was paid in vain is counted, and not much more: half as much again as calls that may have been.

        A worker that is killed in the moment before its call leaves one that counts too: two a storm.
        """
        in_doubt = self.paid_again + self.calls_cut + self.faults.get("status", 0)
        enough = self.paid_again <= self.counted_as_maybe_paid
        few = self.counted_as_maybe_paid <= 1.5 * in_doubt + 2
        return enough and few and len(self.lost_without_a_call) <= self.calls_cut + 2

    @property
    def sums_agree(self) -> bool:
        """Jobs, `GET costs` and ledger; nothing stays reserved, and no budget was passed."""
        ledger, costs = Decimal(self.spent_in_the_end_usd), Decimal(self.costs_usd)
        in_vain = ledger - costs
        is_settled = Decimal(self.reserved_usd) == 0 and Decimal(self.spent_usd) <= Decimal(self.budget_usd)
        return is_settled and Decimal(self.jobs_usd) == costs and 0 <= in_vain <= Decimal(self.maybe_usd)


class Storm:
    """One run, repeatable in what it drops and breaks, though not in when."""

    def __init__(self, *, drops: int, seed: int, folder: Path, budget_usd: Decimal = PLENTY_USD) -> None:
        self.dice = random.Random(seed)  # noqa: S311  # repeatable, not secret
        self.folder = folder
        self.sizes = {f"{number:05}.png": self.size_of(number) for number in range(drops)}
        self.budget_usd = budget_usd
        self.report = Report(drops=drops, unique=len(set(self.sizes.values())), budget_usd=str(budget_usd))
        self.workers: list[Child] = []
        self.urls: list[str] = []
        self.numbers = itertools.count()
        self.over = threading.Event()
        self.running = ExitStack()

    def size_of(self, number: int) -> tuple[int, int]:
        """A picture is known by its size, which the offline describer says in its answer."""
        number -= number % COPIES == COPIES - 1
        return 33 + number % 61, 29 + number // 61

    def run(self, *, timeout_s: float) -> Report:
        started = time.monotonic()
        with self.running:
            self.start()
            breaker = threading.Thread(target=self.break_things, daemon=True)
            breaker.start()
            self.deliver()
            jobs = self.collect(SETTLED, deadline=started + timeout_s)
            self.over.set()
            breaker.join()
            self.report.parked = sum(job is not None and job.state is State.PARKED for job in jobs.values())
            self.report.spent_usd = self.spent_usd()
            if self.report.parked:
                self.raise_budget()
                jobs = self.collect(TERMINAL, deadline=started + timeout_s)
            self.judge(jobs)
        self.report.seconds = round(time.monotonic() - started, 1)
        return self.report

    def start(self) -> None:
        enter = self.running.enter_context
        self.azurite = enter(Azurite(log=self.folder / "azurite.log"))
        make_places(self.azurite.connection_string)
        self.endpoint = enter(ChatStandIn(model="gpt-5.1", ocr=False))
        self.endpoint.app.script = parse_script(FAULTS)
        port = int(self.endpoint.base_url.rpartition(":")[2])
        self.proxies = [enter(CuttingProxy(port, probability=0.01, seed=1))]
        through = self.azurite.connection_string
        for service in self.azurite.ports.values():
            proxy = enter(CuttingProxy(service, probability=0.001, seed=service))
            through = through.replace(f":{service}/", f":{proxy.port}/")
            self.proxies.append(proxy)
        self.environ = self.settings(through, f"http://127.0.0.1:{self.proxies[0].port}")
        self.services = self.connect()
        for _ in range(WORKERS):
            self.add_worker()

    def connect(self) -> Services:
        """Past the proxies: what is measured must not break."""
        return build(Settings.from_environ(self.settings(self.azurite.connection_string, self.endpoint.base_url)))

    def raise_budget(self) -> None:
        """As an operator does: the app restarts with another setting, and the timer finds who has money now."""
        self.budget_usd = PLENTY_USD
        self.environ["DAILY_BUDGET_USD"] = str(PLENTY_USD)
        self.services = self.connect()
        for worker in self.workers:
            worker.stop()
        self.workers, self.urls = [], []
        for _ in range(WORKERS):
            self.add_worker()
        sweep(self.services)

    def settings(self, storage: str, endpoint: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "AzureWebJobsStorage": storage,
            "AZURE_OPENAI_ENDPOINT": endpoint,
            "AZURE_OPENAI_DEPLOYMENT": "eyes",
            "AZURE_OPENAI_API_KEY": "made-up",
            "VISION_MODEL": "gpt-5.1",
            "MODEL_TIMEOUT_S": "4",
            "JOB_LEASE_S": "8",
            "DAILY_BUDGET_USD": str(self.budget_usd),
        }

    def add_worker(self) -> None:
        number = next(self.numbers)
        log = self.folder / f"worker-{number:03}.log"
        worker = Child("worker", [sys.executable, "-m", "tests.chaos.worker"], log=log, environ=self.environ)
        self.running.callback(worker.stop)
        self.workers.append(worker)
        self.urls.append(worker.wait_for(r'"url": "([^"]+)"')[1])

    def break_things(self) -> None:
        """Kill a worker, or hold the storage for a moment, every few seconds until all is done."""
        while not self.over.wait(self.dice.uniform(2.0, 5.0)):
            if self.dice.random() < 0.7:
                victim = self.dice.randrange(len(self.workers))
                self.workers.pop(victim).kill()
                self.urls.pop(victim)
                self.report.workers_killed += 1
                self.add_worker()
            else:
                self.azurite.suspend()
                time.sleep(self.dice.uniform(0.2, 1.0))
                self.azurite.resume()
                self.report.storage_stops += 1

    def deliver(self) -> None:
        """Upload, then tell a worker one to five times, as Event Grid may; an event nobody takes is sent again."""
        with ContainerClient.from_connection_string(self.azurite.connection_string, "uploads") as uploads:
            for name, size in self.sizes.items():
                uploads.upload_blob(name, png(size))
                for _ in range(self.dice.randint(1, 5)):
                    self.notify(uploads.get_blob_client(name).url)

    def notify(self, url: str) -> None:
        event = {"eventType": "Microsoft.Storage.BlobCreated", "data": {"url": url, "blobType": "BlockBlob"}}
        body = json.dumps([event]).encode()
        while True:
            try:
                address = self.dice.choice(self.urls) + "/runtime/webhooks/blobs?functionName=Host.Functions.accept"
                with urlopen(Request(address, data=body, headers={"aeg-event-type": "Notification"}), timeout=5):
                    self.report.deliveries += 1
                    return
            except (URLError, OSError, IndexError):
                time.sleep(0.05)

    def collect(self, ends: frozenset[State], *, deadline: float) -> dict[str, Job | None]:
        """The end of every drop. For the last tenth the storm is over, so that they can be waited for in peace."""
        jobs: dict[str, Job | None] = dict.fromkeys(self.sizes)
        while time.monotonic() < deadline:
            for name in [name for name, job in jobs.items() if job is None]:
                jobs[name] = self.ended(name, ends)
            missing = sum(job is None for job in jobs.values())
            if missing == 0:
                break
            if missing < len(jobs) / 10:
                self.over.set()
            time.sleep(0.5)
        return jobs

    def ended(self, name: str, ends: frozenset[State]) -> Job | None:
        try:
            job = look_up(self.services, name)
        except Exception:  # noqa: BLE001  # storage may be stopped at this moment; the next look tells
            return None
        return job if job.state in ends else None

    def judge(self, jobs: dict[str, Job | None]) -> None:
        report = self.report
        for name, job in jobs.items():
            width, height = self.sizes[name]
            if job is None:
                report.wrong.append(f"{name}: no end")
            elif job.error is not None and job.error.code == "content_filter":
                report.filtered += 1
            elif job.reply is not None and f"{width} x {height} px" in job.reply.text:
                report.done += 1
            else:
                report.wrong.append(f"{name}: {job.state} {job.error.code if job.error else 'wrong answer'}")
        entries = self.endpoint.app.journal.to_document()["entries"]
        paid = Counter(entry["image_sizes"][0] for entry in entries if entry["status"] == 200)
        report.calls = len(entries)
        report.paid = paid.total()
        report.paid_again = report.paid - len(paid)
        report.faults = dict(Counter(entry["fault"] for entry in entries if entry["fault"]))
        report.connections_cut = sum(proxy.cuts for proxy in self.proxies)
        report.spent_in_the_end_usd = self.spent_usd()
        report.calls_cut = self.proxies[0].cuts
        ledger: Any = self.services.ledger
        report.counted_as_maybe_paid = sum(ledger.lost_calls(day, DAY_SCOPE) for day in days())
        sweep(self.services)  # an event that came again after the end has opened its job once more
        report.open_jobs = len(self.services.jobs.open_jobs(first="", most=len(jobs) + 1))
        self.add_up([job for job in jobs.values() if job is not None], Counter(calls_of(entries)))

    def add_up(self, jobs: Sequence[Job], calls: Counter[tuple[int, int]]) -> None:
        """The same money by three ways, and each call that counts as lost against what the endpoint has seen."""
        report = self.report
        first, last = days()
        _, _, lines = costs(self.services, first=first, last=last)
        report.jobs_usd = str(sum((job.cost.usd for job in jobs if job.cost), Decimal(0)))
        report.costs_usd = str(sum((line.usd for line in lines), Decimal(0)))
        report.maybe_usd = str(sum((line.maybe_usd for line in lines), Decimal(0)))
        totals = [self.services.ledger.totals(day, Allowance(scope=DAY_SCOPE, limit=None)) for day in days()]
        report.reserved_usd = str(sum((to_usd(total.reserved) for total in totals), Decimal(0)))
        lost: Counter[tuple[int, int]] = Counter()
        for job in jobs:
            lost[self.sizes[job.source.name]] += job.maybe_paid
        report.lost_without_a_call = [str(size) for size, number in lost.items() if number > calls[size]]

    def spent_usd(self) -> str:
        """Of the budget's day; the other day of a storm over midnight has a budget of its own."""
        totals = [self.services.ledger.totals(day, Allowance(scope=DAY_SCOPE, limit=None)) for day in days()]
        return str(to_usd(max(total.spent + total.reserved for total in totals)))


def calls_of(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """The picture of each call that reached the endpoint, whatever it answered."""
    for entry in entries:
        if entry["image_sizes"]:
            width, height = entry["image_sizes"][0]
            yield width, height


def days() -> tuple[date, date]:
    today = datetime.now(UTC).date()
    return today - timedelta(days=1), today


def png(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (size[0] % 256, size[1] % 256, 90)).save(buffer, "PNG")
    return buffer.getvalue()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.storm", description=__doc__)
    parser.add_argument("--drops", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=1800, metavar="SECONDS")
    parser.add_argument(
        "--daily-budget-usd", type=Decimal, default=PLENTY_USD, metavar="USD", help="below the cost: a squeeze"
    )
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep the logs there")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        logs = arguments.logs or Path(folder)
        storm = Storm(drops=arguments.drops, seed=arguments.seed, folder=logs, budget_usd=arguments.daily_budget_usd)
        report = storm.run(timeout_s=arguments.timeout)
    sys.stdout.write(json.dumps(asdict(report), indent=1) + "\n")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
