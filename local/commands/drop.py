"""`./visiondrop drop FILE…`: uploads to a deployment and waits for the answers."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.outcomes import ANSWERED, cost, one_line, said, seconds, tokens
from local.table import table
from shared.core.places import OPTIONS_FILE

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

    if fault := fault_of(arguments.files):
        print(f"visiondrop drop: {fault}", file=sys.stderr)
        return WRONG_USE
    try:
        return drop(connect(arguments), arguments)
    except CallFailed as error:
        print(f"visiondrop drop: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def fault_of(files: Sequence[Path]) -> str | None:
    """What is wrong with the files, None if nothing is: one is missing, or two have one name. A name keeps no folders
    of this machine, so these would be one upload.
    """
    if missing := [str(path) for path in files if not path.is_file()]:
        folders = "; for a folder give its files, such as folder/*" if any(path.is_dir() for path in files) else ""
        return f"no such file: {', '.join(missing)}{folders}"
    names = [path.name for path in files]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    return f"two files would both be named {twice[0]}: drop them one by one with --folder" if twice else None


def drop(client: Client, arguments: Namespace) -> int:
    """The exit code. All files are uploaded first, so that the app can work on many at once; then the answers come, in
    the files' order.
    """
    files = sorted(arguments.files, key=lambda path: path.name != OPTIONS_FILE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = watched("sent", files, send_all(client, files, arguments, pool))
        deadline = time.monotonic() + arguments.timeout
        answers = pool.map(lambda document: follow(client, document, arguments, deadline), sent)
        documents = watched("answered", files, answers)
    if arguments.json:
        print(json.dumps(documents, ensure_ascii=False, indent=1))
    else:
        print(to_table(client, files, documents))
    return 0 if all(is_well(document, arguments) for document in documents) else FAILED


def send_all(
    client: Client, files: Sequence[Path], arguments: Namespace, pool: ThreadPoolExecutor
) -> Iterator[dict[str, Any]]:
    """A line per file as it is uploaded. Options go before the pictures that they are for; refused ones keep those
    back, since another question would be paid for.
    """
    number = sum(path.name == OPTIONS_FILE for path in files)
    options = [send(client, path, arguments) for path in files[:number]]
    yield from options
    if any(document["error"] for document in options):
        yield from (unfinished(None, "not sent, since the options were refused", "refused") for _ in files[number:])
    else:
        yield from pool.map(lambda path: send(client, path, arguments), files[number:])


def send(client: Client, path: Path, arguments: Namespace) -> dict[str, Any]:
    """The file's line after its upload. A refusal is told in it and does not stop the other files."""
    from local.client import CallFailed
    from shared.core.errors import OptionsInvalid
    from shared.core.jobs.upload_name import check_upload_name

    options = {option: getattr(arguments, option) for option in OPTIONS if getattr(arguments, option)}
    folder = arguments.folder.strip("/")
    name = f"{folder}/{path.name}" if folder else path.name
    try:
        check_upload_name(name)
        job_id = client.upload(path, name, options=options)
        return unfinished(job_id, "uploaded" if job_id else "stored: options of this folder")
    except OptionsInvalid as error:
        return unfinished(None, str(error), "refused")
    except CallFailed as error:
        if error.status is None or error.status == 401:  # noqa: PLR2004  # no other file would fare better
            raise
        return unfinished(None, str(error), "refused")


def follow(client: Client, sent: dict[str, Any], arguments: Namespace, deadline: float) -> dict[str, Any]:
    """The job's document once it has ended, or as it is when the time is over. It is looked at once at least."""
    from local.client import LONGEST_WAIT_S, CallFailed

    job_id = sent["job_id"]
    if arguments.no_wait or job_id is None:
        return sent
    while True:
        left_s = max(0, int(deadline - time.monotonic()))
        try:
            ended, document = client.look_up_job(job_id, wait_s=min(LONGEST_WAIT_S, left_s))
        except CallFailed as error:
            if error.status != 404:  # noqa: PLR2004  # not noticed yet
                raise
            ended, document = False, {}
        if ended:
            return document
        if not left_s:
            return unfinished(job_id, "no answer in time", "timeout")


def unfinished(job_id: str | None, message: str, code: str | None = None) -> dict[str, Any]:
    """A line for a file that has no document, with the fields that the table reads."""
    error = {"code": code, "message": message} if code else None
    reply = None if code else {"text": message}
    return {
        "job_id": job_id,
        "state": "failed" if code == "refused" else "queued" if job_id else "stored",
        "error": error,
        "reply": reply,
        "usage": None,
        "cost": None,
        "timings": {"total_ms": None},
    }


def is_well(document: dict[str, Any], arguments: Namespace) -> bool:
    return document["state"] in {*ANSWERED, "stored"} or (arguments.no_wait and document["error"] is None)


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


def watched(what: str, files: Sequence[Path], documents: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """All documents, which are counted on one line of a terminal's standard error while they come; nothing is shown
    elsewhere.
    """
    shown = sys.stderr.isatty()
    done = []
    for path, document in zip(files, documents, strict=True):
        done.append(document)
        if shown:
            print(
                f"\r\x1b[K{len(done)}/{len(files)} {what}: {one_line(path.name)}", end="", file=sys.stderr, flush=True
            )
    if shown:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    return done
