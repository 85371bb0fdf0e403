"""Blob functions run from one queue of the host's own, whoever filled it: the scanner here, or Event Grid posts.

A message points at a blob. Its function runs on what the blob holds by then; a blob that is gone needs no run. With
`source=EventGrid` a repeated event is a repeated run, as in Azure; without it, a changed blob waits for its own scan.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueMessage

from local.host.blob_path import BlobPath
from local.host.functions import Function
from local.host.queue_listener import send
from local.host.values import blob_value
from local.host.worker import Invocation, Worker

LOG = logging.getLogger("local.host")

RECEIPTS = "azure-webjobs-hosts"
RECEIPT_TAKE_OVER_S = 30.0  # the real host's lease on a receipt
QUEUE_PREFIX = "azure-webjobs-blobtrigger-"
POISON_QUEUE = "webjobs-blobtrigger-poison"  # as the Functions host names it, whatever app it runs
SCAN_SHARE = 0.5  # of the time at most: with ten thousand blobs a listing takes seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobFunction:
    function: Function
    path: BlobPath
    service: BlobServiceClient

    @property
    def function_id(self) -> str:
        return f"Host.Functions.{self.function.name}"

    @property
    def from_events(self) -> bool:
        return str(self.function.trigger.get("source", "")).lower() == "eventgrid"


def blob_message(function_id: str, *, container: str, name: str, etag: str, blob_type: str = "BlockBlob") -> str:
    return json.dumps(
        {
            "Type": "BlobTrigger",
            "FunctionId": function_id,
            "BlobType": blob_type,
            "ContainerName": container,
            "BlobName": name,
            "ETag": quoted(etag),
        }
    )


def quoted(etag: str) -> str:
    """The ETag in quotes: listings leave them out, properties have them."""
    return f'"{etag.strip(chr(34))}"'


class BlobQueue:
    """The queue of pointers to blobs that wait for their function."""

    def __init__(self, queue: QueueClient) -> None:
        self.queue = queue
        self.on_sent: Callable[[], None] = lambda: None

    def send(self, message: str) -> None:
        send(self.queue, base64.b64encode(message.encode()).decode())
        self.on_sent()


class BlobRunner:
    """Starts the function that a message of the blob queue names."""

    def __init__(self, functions: Mapping[str, BlobFunction], worker: Worker) -> None:
        self.functions = functions
        self.worker = worker

    def start(self, _: QueueMessage, text: str) -> Invocation | None:
        pointer = json.loads(text)
        target = self.functions.get(pointer["FunctionId"])
        if target is None:
            return None  # a function that is gone since
        container, name = pointer["ContainerName"], pointer["BlobName"]
        try:
            found = target.service.get_blob_client(container, name).get_blob_properties()
        except ResourceNotFoundError:
            return None
        if not target.from_events and quoted(found.etag) != pointer["ETag"]:
            return None  # the scanner has seen or will see the new one
        make = lambda: blob_value(target.function, target.service, container, name)  # noqa: E731 # shorter than a def
        return self.worker.start(target.function, make)


class BlobScanner:
    """Finds new and overwritten blobs by listing containers, since Azurite sends no events.

    A receipt per function, blob and ETag makes it once each, also after a restart and with a second host. Receipts
    are listed once, at the start; after that a scan costs one listing and a set lookup per blob.
    """

    def __init__(
        self,
        functions: list[BlobFunction],
        *,
        storage: BlobServiceClient,
        host_id: str,
        queue: BlobQueue,
        every_s: float,
    ) -> None:
        self.functions = functions
        self.receipts = storage.get_container_client(RECEIPTS)
        self.folder = f"blobreceipts/{host_id}/"
        self.queue = queue
        self.every_s = every_s
        self.take_over_s = RECEIPT_TAKE_OVER_S
        self.done: set[str] | None = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="blob-scan", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join(timeout=5.0)

    def run(self) -> None:
        while not self.stopping.is_set():
            started = time.monotonic()
            found = self.try_scan()
            looked_s = 0.0 if found else time.monotonic() - started  # handing blobs over is work, not looking
            self.stopping.wait(max(self.every_s, looked_s / SCAN_SHARE))

    def try_scan(self) -> int:
        try:
            return self.scan()
        except AzureError as error:
            LOG.warning("blob scan: %s; trying again", type(error).__name__)
            return 0

    def scan(self) -> int:
        """How many blobs one look at everything handed over."""
        if self.done is None:
            self.done = self.completed()
        seen: set[str] = set()
        found = 0
        for target, blob in self.listed():
            receipt = self.receipt_name(target, blob)
            seen.add(receipt)
            if receipt not in self.done and self.hand_over(target, blob, receipt):
                self.done.add(receipt)
                found += 1
            if self.stopping.is_set():
                return found
        self.done &= seen  # those of deleted and overwritten blobs cannot come up again
        return found

    def listed(self) -> Iterator[tuple[BlobFunction, BlobProperties]]:
        for target in self.functions:
            container = target.service.get_container_client(target.path.container)
            for blob in listing(container, target.path.prefix):
                if target.path.matches(blob.name):
                    yield target, blob

    def receipt_name(self, target: BlobFunction, blob: BlobProperties) -> str:
        return f"{self.folder}{target.function_id}/{quoted(blob.etag)}/{target.path.container}/{blob.name}"

    def completed(self) -> set[str]:
        found = listing(self.receipts, self.folder, include="metadata")
        return {receipt.name for receipt in found if is_complete(receipt)}

    def hand_over(self, target: BlobFunction, blob: BlobProperties, receipt_name: str) -> bool:
        """Whether the blob was sent to its function; False while another host is at it."""
        receipt = self.receipts.get_blob_client(receipt_name)
        try:
            self.create_receipt(receipt)
        except ResourceExistsError:
            known = receipt.get_blob_properties()
            if is_complete(known):
                return True
            if not self.take_over(receipt, known):
                return False
        self.queue.send(
            blob_message(target.function_id, container=target.path.container, name=blob.name, etag=blob.etag)
        )
        receipt.set_blob_metadata({"Completed": "True"})
        return True

    def take_over(self, receipt: Any, known: BlobProperties) -> bool:
        """Whether this host finishes what another one that died between receipt and message has left; the ETag lets one
        host do it.
        """
        if (datetime.now(UTC) - known.last_modified).total_seconds() < self.take_over_s:
            return False
        try:
            receipt.set_blob_metadata({}, etag=known.etag, match_condition=MatchConditions.IfNotModified)
        except ResourceModifiedError:
            return False
        return True

    def create_receipt(self, receipt: Any) -> None:
        try:
            receipt.upload_blob(b"", overwrite=False)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # a second host may have just made it
                self.receipts.create_container()
            receipt.upload_blob(b"", overwrite=False)


def is_complete(receipt: BlobProperties) -> bool:
    return (receipt.metadata or {}).get("Completed") == "True"


def listing(container: ContainerClient, prefix: str, include: str | None = None) -> Iterator[BlobProperties]:
    """The container's blobs; none for a container that does not exist (yet)."""
    try:
        yield from container.list_blobs(name_starts_with=prefix or None, include=include)
    except ResourceNotFoundError:
        return
