"""`./visiondrop drop FILE…`: uploads to a deployment and waits for the answers."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.outcomes import ANSWERED, cost, one_line, said, seconds, tokens
from local.table import table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from local.client import Client

SUMMARY = "upload files to a deployment and wait for the answers"
HEADINGS = ("file", "state", "answer", "tokens", "cost", "time", "link")
OPTIONS = ("prompt", "model", "detail")
AT_ONCE = 4
FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130


def add_arguments(parser: ArgumentParser) -> None:
    from local import client

    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--folder", default="", metavar="NAME", help="to upload into; default: the top")
    for option in OPTIONS:
        parser.add_argument(f"--{option}", help="for these files, over what their folder's _vision.toml says")
    parser.add_argument("--no-wait", action="store_true", help="upload only; print where the answers will be")
    parser.add_argument("--timeout", type=float, default=300, metavar="SECONDS", help="for all answers; default 300")
    parser.add_argument("--json", action="store_true", help="the documents themselves")
    client.add_arguments(parser)


def run(arguments: Namespace) -> int:
    from local.client import CallFailed, connect

    missing = [str(path) for path in arguments.files if not path.is_file()]
    if missing:
        print(f"visiondrop drop: no such file: {', '.join(missing)}", file=sys.stderr)
        return WRONG_USE
    try:
        return drop(connect(arguments), arguments)
    except CallFailed as error:
        print(f"visiondrop drop: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def drop(client: Client, arguments: Namespace) -> int:
    """A few at a time: one file's answer is waited for while others are still on their way up."""
    deadline = time.monotonic() + arguments.timeout
    progress = Progress(len(arguments.files))

    def one(path: Path) -> dict[str, Any]:
        document = follow(client, path, arguments, deadline)
        progress.step(path.name)
        return document

    with ThreadPoolExecutor(AT_ONCE) as pool:
        documents = list(pool.map(one, arguments.files))
    progress.end()
    if arguments.json:
        print(json.dumps(documents, ensure_ascii=False, indent=1))
    else:
        print(to_table(client, arguments.files, documents))
    return 0 if all(is_well(document, arguments) for document in documents) else FAILED


def follow(client: Client, path: Path, arguments: Namespace, deadline: float) -> dict[str, Any]:
    """What became of a file; a refusal is told in its line and does not stop the others."""
    from local.client import LONGEST_WAIT_S, CallFailed
    from shared.core.errors import OptionsInvalid
    from shared.core.upload_name import check_upload_name

    options = {option: getattr(arguments, option) for option in OPTIONS if getattr(arguments, option)}
    folder = arguments.folder.strip("/")
    name = f"{folder}/{path.name}" if folder else path.name
    try:
        check_upload_name(name)
        job_id = client.upload(path, name, options=options)
        if arguments.no_wait:
            return unfinished(job_id, "uploaded")
        while (left_s := deadline - time.monotonic()) > 0:
            ended, document = client.look_up_job(job_id, wait_s=max(1, min(LONGEST_WAIT_S, int(left_s))))
            if ended:
                return document
        return unfinished(job_id, "no answer in time", "timeout")
    except OptionsInvalid as error:
        return unfinished(None, str(error), "refused")
    except CallFailed as error:
        if error.status is None or error.status == 401:  # noqa: PLR2004  # no other file would fare better
            raise
        return unfinished(None, str(error), "refused")


def unfinished(job_id: str | None, message: str, code: str | None = None) -> dict[str, Any]:
    """A line for a file that has no document; the same fields as far as the table reads them."""
    error = {"code": code, "message": message} if code else None
    reply = None if code else {"text": message}
    return {
        "job_id": job_id,
        "state": "failed" if code == "refused" else "queued",
        "error": error,
        "reply": reply,
        "usage": None,
        "cost": None,
        "timings": {"total_ms": None},
    }


def is_well(document: dict[str, Any], arguments: Namespace) -> bool:
    return document["state"] in ANSWERED or (arguments.no_wait and document["error"] is None)


def to_table(client: Client, files: Sequence[Path], documents: Sequence[dict[str, Any]]) -> str:
    rows = (
        (
            one_line(path.name, most=40),
            document["state"],
            said(document),
            tokens(document),
            cost(document),
            seconds(document["timings"]["total_ms"]),
            client.link(document["job_id"]) if document["job_id"] else "-",
        )
        for path, document in zip(files, documents, strict=True)
    )
    return table(HEADINGS, rows, right=("tokens", "cost", "time"))


class Progress:
    """One line on a terminal's standard error that counts; nothing where nobody looks."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.done = 0
        self.shown = sys.stderr.isatty()

    def step(self, name: str) -> None:
        self.done += 1
        if self.shown:
            print(f"\r\x1b[K{self.done}/{self.number} {one_line(name)}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
