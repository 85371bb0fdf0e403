"""Asks a deployed app whether it works; standard library only, so that a hook or a workflow can run it anywhere.

    python3 infra/app_check.py ready URL            waits until /api/health says that all is well
    python3 infra/app_check.py drop URL NAME        uploads a picture that no earlier run has uploaded
    python3 infra/app_check.py result URL NAME      waits for the answer to an upload

VISIONDROP_KEY is the function key, VISIONDROP_TOKEN a token of whoever signs in; both go into headers only.
Exit code 0 only when what was waited for came. It prints codes, counts and money, never an answer.
"""

# ruff: noqa: INP001 - scripts beside templates, no package

from __future__ import annotations

import argparse
import json
import os
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

ANSWERED = ("done", "partial")
REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
REQUEST_TIMEOUT_S = 60.0
SIDE = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: the app could not be reached; `body` then says why."""

    status: int
    body: Mapping[str, Any]


def send(url: str, *, data: bytes | None = None) -> Answer:
    """GET, or PUT of data."""
    headers = credentials(os.environ)
    method = "GET" if data is None else "PUT"
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - the URL is ours
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_S) as response:  # noqa: S310 - as above
            return Answer(response.status, parsed(response.read()))
    except urllib.error.HTTPError as fault:
        return Answer(fault.code, parsed(fault.read()))
    except OSError as fault:
        return Answer(0, {"error": {"message": str(fault)}})


def credentials(environ: Mapping[str, str]) -> dict[str, str]:
    key, token = environ.get("VISIONDROP_KEY", ""), environ.get("VISIONDROP_TOKEN", "")
    return {**({"x-functions-key": key} if key else {}), **({"Authorization": f"Bearer {token}"} if token else {})}


def parsed(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def wait(ask: Callable[[], Answer], done: Callable[[Answer], bool], *, timeout_s: float, pause_s: float) -> Answer:
    """The first answer that is done, or the last one before the time was up."""
    until = time.monotonic() + timeout_s
    while True:
        answer = ask()
        if done(answer) or time.monotonic() >= until:
            return answer
        time.sleep(pause_s)


def ready(arguments: argparse.Namespace) -> int:
    url = f"{arguments.url.rstrip('/')}/api/health"
    answer = wait(
        lambda: send(url), lambda got: got.status == HTTPStatus.OK, timeout_s=arguments.timeout, pause_s=arguments.pause
    )
    say(f"{url}: {answer.status} {json.dumps(answer.body)}")
    return 0 if answer.status == HTTPStatus.OK else 1


def result(arguments: argparse.Namespace) -> int:
    url = f"{arguments.url.rstrip('/')}/api/results/{urllib.parse.quote(arguments.name)}"
    answer = wait(
        lambda: send(url),
        lambda got: got.status == HTTPStatus.OK or got.status in REFUSED,
        timeout_s=arguments.timeout,
        pause_s=arguments.pause,
    )
    say(f"{arguments.name}: {answer.status} {json.dumps(summary(answer.body))}")
    return 0 if answer.status == HTTPStatus.OK and answer.body.get("state") in ANSWERED else 1


def summary(body: Mapping[str, Any]) -> dict[str, Any]:
    cost = body.get("cost") or {}
    return {
        "job_id": body.get("job_id"),
        "state": body.get("state"),
        "usd": cost.get("usd"),
        "total_ms": (body.get("timings") or {}).get("total_ms"),
        "error": (body.get("error") or {}).get("code"),
    }


def drop(arguments: argparse.Namespace) -> int:
    url = f"{arguments.url.rstrip('/')}/api/uploads/{urllib.parse.quote(arguments.name)}"
    answer = send(url, data=png(os.urandom(3), os.urandom(3)))
    say(f"{arguments.name}: {answer.status}")
    return 0 if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED} else 1


def png(left: bytes, right: bytes) -> bytes:
    """Two coloured halves."""
    row = b"\0" + left * (SIDE // 2) + right * (SIDE // 2)
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * SIDE)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def say(text: str) -> None:
    sys.stderr.write(text + "\n")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--pause", type=float, default=5.0, metavar="SECONDS")
    commands = parser.add_subparsers(required=True)
    for run, names in ((ready, ("url",)), (result, ("url", "name")), (drop, ("url", "name"))):
        command = commands.add_parser(run.__name__)
        for name in names:
            command.add_argument(name)
        command.set_defaults(run=run)
    arguments = parser.parse_args(argv)
    return int(arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
