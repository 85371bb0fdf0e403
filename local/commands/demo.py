"""`./visiondrop demo`: the whole main job on this machine, from files to a table of answers and costs."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

from local.outcomes import one_line, plain

if TYPE_CHECKING:
    import argparse

    from local.stack import Stack

SUMMARY = "drop files (or samples), print answers and costs, stop"
PENDING = 202
NOT_FOUND = 404
LOOK_EVERY_S = 0.1
ANSWERED = ("done", "partial")
WIDEST_NAME, WIDEST_TOKENS = 16, 9  # the rest is folded: on 80 columns it would leave no room for the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedFile:
    """A file under the name it was dropped as. `expected` is the code that must reject it, "" for an answer."""

    path: Path
    name: str
    expected: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: samples made by the demo")
    parser.add_argument("--offline", action="store_true", help="use the stand-in, whatever the environment names")
    parser.add_argument("--timeout", type=float, default=300, metavar="SECONDS", help="for all answers; default 300")
    parser.add_argument("--json", action="store_true", help="print the result documents instead of the table")


def run(arguments: argparse.Namespace) -> int:
    from local.children import ChildFailed
    from shared.core.errors import OptionsInvalid, SettingsInvalid
    from shared.core.jobs.upload_name import check_upload_name

    missing = [str(path) for path in arguments.files if not path.is_file()]
    if missing:
        print(f"visiondrop demo: no such file: {', '.join(map(plain, missing))}", file=sys.stderr)
        return 2
    try:
        for path in arguments.files:
            check_upload_name(path.name)
        return demonstrate(arguments)
    except KeyboardInterrupt:
        return 130
    except OptionsInvalid as error:
        print(f"visiondrop demo: {error}", file=sys.stderr)
        return 2
    except SettingsInvalid as error:
        print("\n".join(["visiondrop demo: wrong settings:", *error.faults]), file=sys.stderr)
        return 2
    except (ChildFailed, TimeoutError) as error:
        print(f"visiondrop demo: {error}", file=sys.stderr)
        return 1


def demonstrate(arguments: argparse.Namespace) -> int:
    from local.stack import Stack

    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="visiondrop-demo-") as folder:
        dropped = name_files(arguments.files) if arguments.files else samples(Path(folder))
        logs = Path(folder) / "logs"
        with Stack(environ=os.environ, offline=arguments.offline, logs=logs) as stack:
            upload(stack, dropped)
            documents = collect(stack, dropped, deadline=time.monotonic() + arguments.timeout)
            asked = stack.endpoint or "an offline stand-in that describes pixels, not a model"
            asked += ", with a stand-in for the video index" if stack.index_url else ""
    if arguments.json:
        print(json.dumps(documents, ensure_ascii=False, indent=1))
    else:
        show(dropped, documents, asked=asked, seconds=time.monotonic() - started)
    return 0 if all(is_as_expected(*pair) for pair in zip(dropped, documents, strict=True)) else 1


def name_files(files: Sequence[Path]) -> list[DroppedFile]:
    """Each file with the name that it is dropped as: its own, in a folder of its number where two files share it."""
    names = [path.name for path in files]
    return [
        DroppedFile(path=path, name=path.name if names.count(path.name) == 1 else f"{number}/{path.name}")
        for number, path in enumerate(files, start=1)
    ]


def samples(folder: Path) -> list[DroppedFile]:
    from local.samples import REJECTED, make

    return [
        DroppedFile(path=path, name=path.name, expected=REJECTED.get(path.name, ""))
        for path in make(folder / "samples")
    ]


def upload(stack: Stack, dropped: Iterable[DroppedFile]) -> None:
    from azure.storage.blob import ContainerClient

    from shared.core.places import UPLOADS

    with ContainerClient.from_connection_string(stack.connection_string, UPLOADS) as uploads:
        for file in dropped:
            with file.path.open("rb") as data:
                uploads.upload_blob(file.name, data)


def collect(stack: Stack, dropped: Sequence[DroppedFile], *, deadline: float) -> list[dict[str, Any]]:
    """The final document of every file, in order. Raises TimeoutError naming what has no result by then."""
    documents: dict[str, dict[str, Any]] = {}
    while len(documents) < len(dropped):
        stack.check()
        for file in dropped:
            document = None if file.name in documents else look_up(stack.url, file.name)
            if document is not None:
                documents[file.name] = document
        pending = [file.name for file in dropped if file.name not in documents]
        if pending and time.monotonic() > deadline:
            raise TimeoutError(f"no result in time for {', '.join(pending)}; see --timeout")
        time.sleep(LOOK_EVERY_S)
    return [documents[file.name] for file in dropped]


def look_up(url: str, name: str) -> dict[str, Any] | None:
    """The job's document once it has ended; None while it is pending or not yet known."""
    try:
        with urlopen(f"{url}/api/results/{quote(name)}", timeout=30) as response:
            document: dict[str, Any] = json.load(response)
            return None if response.status == PENDING else document
    except HTTPError as error:
        if error.code != NOT_FOUND:
            raise
        return None


def is_as_expected(file: DroppedFile, document: dict[str, Any]) -> bool:
    if file.expected:
        return bool(document["error"]) and document["error"]["code"] == file.expected
    return document["state"] in ANSWERED


def show(dropped: Sequence[DroppedFile], documents: Sequence[dict[str, Any]], *, asked: str, seconds: float) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1, 0, 0))
    table.add_column("file", max_width=WIDEST_NAME, overflow="fold")
    table.add_column("sent as", no_wrap=True)
    table.add_column("answer", ratio=1, overflow="fold")
    table.add_column("tokens", justify="right", max_width=WIDEST_TOKENS)
    for column in ("cost", "time"):
        table.add_column(column, justify="right", no_wrap=True)
    for file, document in zip(dropped, documents, strict=True):
        table.add_row(
            escape(one_line(file.name)),
            sent_as(document),
            said(file, document),
            tokens(document),
            cost(document),
            took(document),
        )
    console = Console()
    console.print(f"Asked {asked}.")
    console.print(table)
    console.print(total(dropped, documents, seconds=seconds))


def sent_as(document: dict[str, Any]) -> str:
    sent = document["normalized"]
    if not sent:
        return "-"
    first = sent[0]
    size = f"{first['width']}x{first['height']} {first['media_type'].removeprefix('image/')}"
    return size if len(sent) == 1 else f"{len(sent)} of\n{size}"


def said(file: DroppedFile, document: dict[str, Any]) -> str:
    """The answer as plain text: it is somebody's words, never markup or a terminal's orders."""
    from rich.markup import escape

    error = document["error"]
    if error is None:
        return escape(" ".join(plain(document["reply"]["text"]).split()))
    verdict = "rejected, as it should be: " if is_as_expected(file, document) else ""
    return escape(plain(f"{verdict}{error['code']}: {error['message']}"))


def tokens(document: dict[str, Any]) -> str:
    usage = document["usage"]
    return f"{usage['input_tokens']} + {usage['output_tokens']}" if usage else "-"


def cost(document: dict[str, Any]) -> str:
    return f"${Decimal(document['cost']['usd']):.6f}" if document["cost"] else "-"


def took(document: dict[str, Any]) -> str:
    return f"{document['timings']['total_ms'] / 1000:.2f} s"


def total(dropped: Sequence[DroppedFile], documents: Sequence[dict[str, Any]], *, seconds: float) -> str:
    usd = sum((Decimal(document["cost"]["usd"]) for document in documents if document["cost"]), Decimal(0))
    answered = sum(document["state"] in ANSWERED for document in documents)
    counts = f"{answered} answer{'' if answered == 1 else 's'}, {len(documents) - answered} rejected"
    wrong = [file.name for file, document in zip(dropped, documents, strict=True) if not is_as_expected(file, document)]
    outcome = f"NOT as expected: {', '.join(wrong)}" if wrong else "all as expected"
    return f"{counts}, ${usd:.6f}, {seconds:.1f} s in all: {outcome}"
