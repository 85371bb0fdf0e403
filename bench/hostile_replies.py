"""Memory and seconds of one call for every reply of tests/hostile_endpoint.py, each in a process of its own.

    ./visiondrop bench hostile_replies [--timeout 4] [--only endless,huge] [--json]

With the real SDK over a real socket. `grown` is the resident set's peak above what the process had before the call.
On Linux only: the peak is /proc's VmHWM.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from shared.adapters.chat_model import ChatModel, connect  # noqa: E402  # a script of bench/ finds the project itself
from shared.core.answer.reply import parse_reply  # noqa: E402  # as above
from shared.core.ask.question import Payload  # noqa: E402  # as above
from shared.core.errors import VisiondropError  # noqa: E402  # as above
from shared.core.settings import Endpoint  # noqa: E402  # as above
from tests import hostile_endpoint  # noqa: E402  # as above
from tests.hostile_endpoint import LOOPBACK, MIB, REPLIES, HostileEndpoint  # noqa: E402  # as above

MIB_OF_BOMB = 400
ROW = "{:<18} {:>10} {:>9} {:>9} {:>9}  {}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timeout", type=float, default=4.0, metavar="SECONDS", help="MODEL_TIMEOUT_S of the call")
    parser.add_argument("--only", default=",".join(REPLIES), metavar="REPLIES", help="with commas")
    parser.add_argument("--json", action="store_true", help="one object a reply, and the worst at the end")
    parser.add_argument("--url", help=argparse.SUPPRESS)  # the child's: one call, its figures on standard output
    arguments = parser.parse_args()
    if arguments.url:
        print(json.dumps(measure(arguments.url, arguments.timeout)))
        return 0
    bomb = list(hostile_endpoint.gzip_bomb(MIB_OF_BOMB))
    REPLIES["gzip_bomb"] = lambda: iter(bomb)
    rows = [run_child(reply, arguments.timeout) for reply in arguments.only.split(",")]
    show(rows, as_json=arguments.json)
    return 0


def run_child(reply: str, timeout_s: float) -> dict[str, object]:
    with HostileEndpoint(reply) as endpoint:
        command = [sys.executable, "-P", __file__, "--url", endpoint.url, "--timeout", str(timeout_s)]
        done = subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return {"reply": reply, **json.loads(done.stdout)}


def measure(url: str, timeout_s: float) -> dict[str, object]:
    endpoint = Endpoint(kind="openai", base_url=f"{url}/v1", deployment="m", models={}, api_key="made-up")
    client = connect(endpoint, timeout_s=timeout_s, tokens_for=lambda _: str)
    model = ChatModel(client, now=lambda: datetime.now(UTC))
    warm_up(model)
    before = psutil.Process().memory_info().rss
    started, cpu = time.monotonic(), time.process_time()
    outcome = call(model, url)
    seconds, cpu_s = time.monotonic() - started, time.process_time() - cpu
    peak = peak_rss()
    figures = {"rss_before_mb": before // MIB, "rss_peak_mb": peak // MIB, "grown_mb": (peak - before) // MIB}
    return {**figures, "seconds": round(seconds, 2), "cpu_s": round(cpu_s, 2), "outcome": outcome}


def peak_rss() -> int:
    """Bytes; getrusage's would be the parent's where that was larger."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def warm_up(model: ChatModel) -> None:
    """One good call, so that what the SDK loads once is not counted."""
    with HostileEndpoint("good") as endpoint:
        call(model, endpoint.url)


def call(model: ChatModel, url: str) -> str:
    payload = Payload(method="POST", url=f"{url}/v1/chat/completions", headers={}, body={"model": "m", "messages": []})
    try:
        return f"answered: {parse_reply(model.complete(payload).body).text[:30]}"
    except VisiondropError as fault:
        return f"{type(fault).__name__} {fault.code}"


def show(rows: list[dict[str, object]], *, as_json: bool) -> None:
    worst = max(int(str(row["grown_mb"])) for row in rows)
    if as_json:
        print("\n".join(json.dumps(row) for row in rows))
        print(json.dumps({"most_grown_mb": worst}))
        return
    print(f"A hostile stand-in on {LOOPBACK}, one call a process")
    print(ROW.format("reply", "RSS before", "peak", "grown MB", "seconds", "outcome"))
    for row in rows:
        cells = ("reply", "rss_before_mb", "rss_peak_mb", "grown_mb", "seconds", "outcome")
        print(ROW.format(*(str(row[cell]) for cell in cells)))


if __name__ == "__main__":
    sys.exit(main())
