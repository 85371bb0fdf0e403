"""The whole app as it runs: the functions host in a process of its own, storage and endpoint over real sockets."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from local.azurite import Azurite
from local.chat_standin import ChatStandIn
from local.chat_standin.script import parse_script
from local.children import Child
from local.stack import make_places
from tests.pipeline.world import picture

ROOT = Path(__file__).parents[2]
ACCOUNT = "testapp"
FAULTS: dict[str, dict[str, Any]] = {
    "throttle": {"retry_after_s": 1},
    "throttle_ms": {"do": "throttle", "retry_after_s": 0.8, "retry_after_as": "ms"},
    "throttle_date": {"do": "throttle", "retry_after_s": 2, "retry_after_as": "date"},
    "status": {"status": 503},
    "retried": {"do": "refuse"},
    "pending": {
        "do": "throttle",
        "retry_after_s": 3600,
        "times": 1000,
    },  # the sweep tries
    "html": {},
    "alien": {},
    "unauthorized": {},
    "deployment_not_found": {},
    "cut": {},
    "filter_prompt": {},
    "filter_completion": {},
    "context_length": {},
    "truncate": {},
    "refuse": {},
}
"""Each fault has a deployment of its name, so that all can be played at once."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, kw_only=True)
class App:
    url: str
    uploads: ContainerClient
    connection_string: str
    endpoint: ChatStandIn

    def get(self, path: str, *, method: str = "GET", data: bytes | None = None, **headers: str) -> Answer:
        """One request; a POST is JSON unless its headers say otherwise."""
        sent = {"content-type": "application/json", **headers} if method == "POST" else headers
        request = Request(self.url + path, method=method, data=data, headers=sent)
        try:
            with urlopen(request, timeout=30) as response:
                return read(response)
        except HTTPError as error:
            with error:
                return read(error)

    def drop(self, name: str, data: bytes, **metadata: str) -> None:
        self.uploads.upload_blob(name, data, overwrite=True, metadata=metadata)

    def result(self, name: str, *, timeout_s: float = 60) -> dict[str, Any]:
        """The final document, once there is one."""
        found = wait_until(lambda: self.get_final(name), timeout_s=timeout_s)
        assert isinstance(found, dict)
        return found

    def get_final(self, name: str) -> dict[str, Any] | None:
        answer = self.get(f"/api/results/{quote(name)}")
        return answer.body if answer.status == 200 else None

    def queue(self, name: str) -> QueueClient:
        return QueueClient.from_connection_string(self.connection_string, name)

    def calls(self, deployment: str) -> int:
        entries = self.endpoint.app.journal.to_document()["entries"]
        return sum(entry["deployment"] == deployment for entry in entries)


def read(response: Any) -> Answer:
    text = response.read().decode()
    is_json = "json" in response.headers.get("content-type", "")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status, headers=headers, body=json.loads(text) if is_json else text)


def wait_until(look: Callable[[], Any], *, timeout_s: float = 60) -> Any:
    """What `look` finds, as soon as it finds anything."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing after {timeout_s} s")


@pytest.fixture(scope="session")
def app(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    connection_string = azurite.connection_string_of(ACCOUNT)
    make_places(connection_string)
    steps = [{"do": name, "times": 1, **fault, "deployment": name} for name, fault in FAULTS.items()]
    with ChatStandIn(model="gpt-5.1") as endpoint:
        endpoint.app.script = parse_script(steps)
        environ = {
            "PATH": os.environ["PATH"],
            "AzureWebJobsStorage": connection_string,
            "AZURE_OPENAI_ENDPOINT": endpoint.base_url,
            "AZURE_OPENAI_DEPLOYMENT": "eyes",
            "AZURE_OPENAI_API_KEY": "made-up-key",
            "VISION_MODEL": "gpt-5.1",
            "VISION_DEPLOYMENTS": ",".join(f"{name}=gpt-5.1" for name in (*FAULTS, "counted", "asked")),
        }
        log = tmp_path_factory.mktemp("host") / "host.log"
        command = [sys.executable, "-m", "local.host", "--port", "0", "--blob-scan", "0.2"]
        with (
            Child("functions host", command, log=log, environ=environ) as host,
            ContainerClient.from_connection_string(connection_string, "uploads") as uploads,
        ):
            url = host.wait_for(r'"url": "([^"]+)"')[1]
            app = App(url=url, uploads=uploads, connection_string=connection_string, endpoint=endpoint)
            for name in FAULTS:  # all at once: most of them wait for seconds
                app.drop(f"faults/{name}.jpg", picture(colour="navy"), model=name)
            yield app
        assert "made-up-key" not in log.read_text()
        assert "Describe this picture" not in log.read_text()
