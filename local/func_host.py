"""`--host func`: the functions host is Azure Functions Core Tools (`func`), when it is on PATH.

It needs a local.settings.json (git-ignored): one that names only the worker is written if there is none. Settings come
from the environment, which wins over that file. Its blob trigger waits for Event Grid events, which Azurite does not
send: local/drop.py sends them itself, see `blob_created`.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from local.children import START_TIMEOUT_S, Child, ChildFailed

ROOT = Path(__file__).parents[1]
LOCAL_SETTINGS = {"IsEncrypted": False, "Values": {"FUNCTIONS_WORKER_RUNTIME": "python"}}
MISSING = (
    "Azure Functions Core Tools are not installed: there is no `func` on PATH. "
    "Install them (https://aka.ms/azfunc-install), or leave out --host func to use the local stand-in"
)
EVENTS_PATH = "/runtime/webhooks/blobs?functionName=Host.Functions.accept"


def start_func(environ: Mapping[str, str], *, port: int, log: Path, root: Path = ROOT) -> tuple[Child, str]:
    func = shutil.which("func", path=environ.get("PATH"))
    if func is None:
        raise ChildFailed(MISSING)
    settings = root / "local.settings.json"
    if not settings.exists():
        settings.write_text(json.dumps(LOCAL_SETTINGS, indent=2) + "\n", encoding="utf-8")
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    python_first = os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", "")])
    environ = {**environ, "PATH": python_first, "FUNCTIONS_WORKER_RUNTIME": "python"}
    child = Child("func", [func, "start", "--port", str(port)], log=log, environ=environ, cwd=root)
    try:
        wait_until_healthy(child, f"{url}/api/health")
    except BaseException:
        child.stop()
        raise
    return child, url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(child: Child, address: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        child.check()
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:  # not listening yet, or an error status while it starts
            if time.monotonic() > deadline:
                raise child.failure(f"{address} did not answer well within {START_TIMEOUT_S:.0f} s") from None
        time.sleep(0.1)


def blob_created(blob_url: str, etag: str) -> dict[str, Any]:
    """The event that Event Grid sends for a new block blob."""
    return {
        "id": str(uuid4()),
        "topic": "/local",
        "subject": blob_url,
        "eventType": "Microsoft.Storage.BlobCreated",
        "eventTime": datetime.now(UTC).isoformat(),
        "dataVersion": "",
        "metadataVersion": "1",
        "data": {"api": "PutBlob", "blobType": "BlockBlob", "url": blob_url, "eTag": etag},
    }


def send_event(host_url: str, event: Mapping[str, Any]) -> None:
    headers = {"aeg-event-type": "Notification", "content-type": "application/json"}
    request = urllib.request.Request(host_url + EVENTS_PATH, json.dumps([event]).encode(), headers)
    with urllib.request.urlopen(request, timeout=10):
        pass
