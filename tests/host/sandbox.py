"""A sandbox per test: its own names in the shared Azurite, clients and hosts that end with it, short waits."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import azure.functions as func
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueServiceClient

from local.host import Host

QUICK = {"extensions": {"queues": {"maxPollingInterval": "00:00:00.1"}}}


def until(condition: Callable[[], Any], *, timeout_s: float = 60.0) -> Any:
    """Wait for a truthy value, with a deadline."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)
    return value


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Sandbox:
    def __init__(self, connection_string: str, cleanup: ExitStack) -> None:
        self.name = f"t{uuid.uuid4().hex[:12]}"
        self.environ = {"AzureWebJobsStorage": connection_string, "AzureFunctionsWebHost__hostid": self.name}
        self.cleanup = cleanup
        self.queues = cleanup.enter_context(QueueServiceClient.from_connection_string(connection_string))
        self.blobs = cleanup.enter_context(BlobServiceClient.from_connection_string(connection_string))

    def queue(self) -> QueueClient:
        client = self.queues.get_queue_client(self.name)
        client.create_queue()
        return client

    def container(self) -> ContainerClient:
        client = self.blobs.get_container_client(self.name)
        client.create_container()
        return client

    def bodies(self, queue_name: str) -> list[str]:
        """What is in a queue now, left in place; nothing if there is no such queue."""
        try:
            return [str(message.content) for message in self.queues.get_queue_client(queue_name).peek_messages(32)]
        except ResourceNotFoundError:
            return []

    def is_empty(self, queue_name: str) -> bool:
        """No message at all, visible or not."""
        client = self.queues.get_queue_client(queue_name)
        return client.get_queue_properties().approximate_message_count == 0

    def host(self, app: func.FunctionApp, **options: Any) -> Host:
        """A running host, stopped at the end of the test."""
        environ = self.environ | options.pop("environ", {})
        host_json = options.pop("host_json", QUICK)
        options = {"blob_scan_s": 0.1, "grace_s": 5.0} | options
        host = Host(app, environ=environ, host_json=host_json, **options)
        return self.cleanup.enter_context(host)
