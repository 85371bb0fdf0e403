"""`python -m local.host`: run the app in this folder until Ctrl-C or SIGTERM.

Standard output has one line, JSON, once requests are answered. All else goes to standard error, what the app prints
too: two threads that print can end up in one line, and the parent process must be able to read this one.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from local.host.functions import AppFault
from local.host.host import BLOB_SCAN_S, GRACE_S, Host
from local.host.keys import Keys, generate_keys, read_keys
from local.host.options import HostJsonInvalid
from local.host.settings import local_settings

BANNER = "This is a local stand-in for the Azure Functions host, not the real one (docs/local-host.md)."
STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGBREAK")  # whichever this system has


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.host", description=BANNER)
    parser.add_argument("--app", type=Path, default=Path("function_app.py"), help="the module with the FunctionApp")
    parser.add_argument("--port", type=int, default=7071, help="0 takes a free one (default 7071)")
    parser.add_argument("--auth", action="store_true", help="ask for function keys, as Azure does")
    parser.add_argument("--keys", type=Path, metavar="FILE", help="where the keys are kept (made if it does not exist)")
    parser.add_argument("--blob-scan", type=float, default=BLOB_SCAN_S, metavar="SECONDS", help="between blob scans")
    parser.add_argument("--grace", type=float, default=GRACE_S, metavar="SECONDS", help="for running functions at stop")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="answer for this name too")
    return parser.parse_args(argv)


def chosen_keys(arguments: argparse.Namespace) -> Keys | None:
    if not (arguments.auth or arguments.keys):
        return None
    if arguments.keys:
        return read_keys(arguments.keys)
    keys = generate_keys()
    say(f"Keys of this run: master {keys.master}, default {keys.host['default']}, events {keys.system}")
    return keys


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")  # in one piece: the app's threads print there too
    sys.stderr.flush()


def set_up_logging() -> None:
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s] %(levelname)s %(name)s: %(message)s")
    # the host's own polling would drown everything; the app's calls go through the same client library
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
    logging.getLogger("azure.identity").setLevel(logging.WARNING)


def stop_requested() -> threading.Event:
    requested = threading.Event()
    for name in STOP_SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: requested.set())
    return requested


def wait(requested: threading.Event) -> None:
    while not requested.wait(0.5):  # with a timeout, since Windows delivers Ctrl-C only between waits
        pass


def leave(abandoned: tuple[str, ...]) -> int:
    """The exit code. Threads cannot be killed, so functions that outlive the grace time end with the process."""
    if abandoned:
        say(f"Stopped with these still running: {', '.join(sorted(abandoned))}. Their messages will come back.")
        os._exit(0)
    return 0


def main(argv: list[str]) -> int:
    arguments = parse_arguments(argv)
    output, sys.stdout = sys.stdout, sys.stderr
    set_up_logging()
    requested = stop_requested()
    app = arguments.app.resolve()
    for name, value in local_settings(app.parent).items():
        os.environ.setdefault(name, value)  # the app reads its settings there, as in the real worker
    try:
        host = Host(
            app,
            environ=os.environ,
            port=arguments.port,
            keys=chosen_keys(arguments),
            blob_scan_s=arguments.blob_scan,
            grace_s=arguments.grace,
            names=frozenset(name.lower() for name in arguments.allow_host),
        )
    except (AppFault, HostJsonInvalid, OSError) as fault:
        say(f"The host cannot start: {fault}")
        return 1
    with host:
        say("\n".join([BANNER, *(f"  {line}" for line in host.summary()), "Ctrl-C to stop."]))
        print(json.dumps({"ready": True, "url": host.url}), file=output, flush=True)
        wait(requested)
        say("Stopping …")
    return leave(host.abandoned)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
