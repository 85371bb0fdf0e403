"""`./visiondrop up`: storage, model endpoint and functions host on this machine; watches `./drop` until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import argparse

    from local.stack import Stack

SUMMARY = "run everything on this machine and watch ./drop"
ROOT = Path(__file__).parents[2]
STATE = ROOT / ".visiondrop"
LOOK_EVERY_S = 0.5
USUAL_PORT = 7071  # as `func start` takes
ADDRESSES = (("gallery", "/api/gallery"), ("health", "/api/health"), ("results", "/api/results/NAME"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--drop", type=Path, default=ROOT / "drop", metavar="FOLDER", help="default: ./drop")
    parser.add_argument("--host", choices=("local", "func"), default="local", help="func: Azure Functions Core Tools")
    parser.add_argument(
        "--port", type=int, help=f"of the functions host; default: {USUAL_PORT}, or any if that is taken"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="answer for this name too: that of a reverse proxy or tunnel; the host itself listens on 127.0.0.1 only",
    )
    parser.add_argument("--offline", action="store_true", help="use the stand-in, whatever the environment names")
    parser.add_argument("--fresh", action="store_true", help="forget everything that earlier runs stored")
    parser.add_argument("--state", type=Path, default=STATE, metavar="FOLDER", help="for blobs, jobs and logs")


def run(arguments: argparse.Namespace) -> int:
    from local.children import ChildFailed
    from local.private import be_private
    from shared.core.errors import SettingsInvalid

    be_private()
    if arguments.allow_host and arguments.host == "func":
        print("visiondrop up: --allow-host is for the local host; func answers for every name", file=sys.stderr)
        return 2
    for ending in (signal.SIGINT, signal.SIGTERM):  # also where a shell has set them to be ignored
        signal.signal(ending, signal.default_int_handler)
    try:
        serve(arguments)
    except KeyboardInterrupt:
        say("stopped")
        return 0
    except SettingsInvalid as error:
        print("\n".join(["visiondrop: wrong settings:", *(f"  {fault}" for fault in error.faults)]), file=sys.stderr)
        return 2
    except ChildFailed as error:
        print(f"visiondrop: {error}", file=sys.stderr)
        return 1


def serve(arguments: argparse.Namespace) -> NoReturn:
    """Runs until interrupted; leaving the `with` block ends every process."""
    from azure.storage.blob import ContainerClient

    from local.drop import Drop
    from local.stack import Stack
    from shared.adapters.storage.azure_storage import BLOB_AND_QUEUE_RETRIES
    from shared.core.places import UPLOADS

    arguments.drop.mkdir(parents=True, exist_ok=True)
    with (
        Stack(
            environ=os.environ,
            storage=arguments.state / "storage",
            fresh=arguments.fresh,
            host=arguments.host,
            port=usual_port() if arguments.port is None else arguments.port,
            offline=arguments.offline,
            logs=arguments.state / "logs",
            names=arguments.allow_host,
        ) as stack,
        ContainerClient.from_connection_string(stack.connection_string, UPLOADS, **BLOB_AND_QUEUE_RETRIES) as uploads,
    ):
        drop = Drop(
            arguments.drop,
            uploads=uploads,
            host_url=stack.url,
            memory=arguments.state / "storage" / "dropped.jsonl",
            say=say,
            announce=arguments.host == "func",
        )
        say(welcome(stack, arguments.drop))
        while True:
            stack.check()
            drop.tick()
            time.sleep(LOOK_EVERY_S)


def usual_port() -> int:
    """The usual port; 0, any free one, when it is taken."""
    try:
        with socket.create_server(("127.0.0.1", USUAL_PORT)):
            return USUAL_PORT
    except OSError:
        return 0


def welcome(stack: Stack, folder: Path) -> str:
    offline = "offline stand-in, no model; to ask a real one see the README"
    rows = [
        (
            "model",
            f"{stack.endpoint} (from your environment; --offline does not ask it)" if stack.endpoint else offline,
        ),
        *(
            [("index", f"{stack.index_url} (offline stand-in: an index of colours, no model)")]
            if stack.index_url
            else []
        ),
        *((name, stack.url + path) for name, path in ADDRESSES),
        ("drop", f"{folder} (put pictures there)"),
        ("logs", str(stack.logs)),
    ]
    return "\n".join([*(f"{name:<8} {value}" for name, value in rows), "Ctrl-C stops everything."])


def say(line: str) -> None:
    print(line, flush=True)
