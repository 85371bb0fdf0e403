"""Pointers to jobs on the queue of `analyze`, and what goes back to poison queues (azure-storage-queue)."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import BinaryBase64EncodePolicy, QueueClient, QueueMessage, TextBase64EncodePolicy

from shared.adapters.storage.azure_storage import BLOB_AND_QUEUE_RETRIES, credential, storage_faults
from shared.core import codec
from shared.core.jobs.job import AnalysisMessage, parse_message
from shared.core.places import ANALYZE
from shared.core.settings import Settings
from shared.pipeline.ports import Peeked

LONGEST_DELAY_S = 7 * 24 * 3600 - 60  # the service's limit is seven days
NEVER_EXPIRES = -1
PEEKED = 32  # the service gives no more at once


def utc_now() -> datetime:
    return datetime.now(UTC)


def connect(settings: Settings, queue: str = ANALYZE, *, encode: Any = TextBase64EncodePolicy) -> QueueClient:
    """A client for a queue, which writes messages encoded as host.json's messageEncoding expects. It decodes nothing
    that it reads, since others may write to the queue too.
    """
    storage = settings.storage
    wanted: dict[str, Any] = {"message_encode_policy": encode(), **BLOB_AND_QUEUE_RETRIES}
    if storage.connection_string:
        return QueueClient.from_connection_string(storage.connection_string, queue, **wanted)
    return QueueClient(storage.queue_uri, queue, credential=credential(settings), **wanted)


class JobQueue:
    """The port `Messages` over one queue."""

    def __init__(self, queue: QueueClient, *, now: Callable[[], datetime] = utc_now) -> None:
        self.queue = queue
        self.now = now

    def check(self) -> None:
        with storage_faults(f"queue {ANALYZE}"):
            self.queue.get_queue_properties()

    def depth(self) -> int:
        """About how many messages there are, hidden ones included. Raises StorageUnavailable."""
        with storage_faults(f"queue {ANALYZE}"):
            return int(self.queue.get_queue_properties().approximate_message_count or 0)

    def peek(self) -> Sequence[Peeked]:
        with storage_faults(f"queue {ANALYZE}"):
            found = self.queue.peek_messages(max_messages=PEEKED)
        return [peeked for message in found for peeked in readable(message)]

    def send(self, message: AnalysisMessage, *, delay_s: float = 0) -> None:
        """Put a pointer to a job on the queue, hidden for `delay_s` seconds, LONGEST_DELAY_S at most. The message says
        when it is due. Raises StorageUnavailable.
        """
        hidden_s = min(math.ceil(delay_s), LONGEST_DELAY_S)
        sent = replace(message, due=self.now() + timedelta(seconds=hidden_s))
        with storage_faults(f"message for job {message.job_id}"):
            self.queue.send_message(
                json.dumps(codec.to_json(sent)), visibility_timeout=hidden_s, time_to_live=NEVER_EXPIRES
            )


def readable(message: QueueMessage) -> Iterator[Peeked]:
    """The message, if it points at a job; nothing for any other, which the host moves to the poison queue and reports
    there.
    """
    try:
        body = parse_message(base64.b64decode(message.content))
    except (ValueError, TypeError):
        return
    if message.inserted_on is not None:
        yield Peeked(message=body, sent=message.inserted_on)


class PoisonQueues:
    """The port `PoisonQueues`; a client for each queue is made when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clients: dict[str, QueueClient] = {}

    def put_back(self, queue: str, body: bytes, *, delay_s: float) -> None:
        """Put a message on this poison queue, hidden for `delay_s` seconds. Raises StorageUnavailable."""
        hidden_s = min(math.ceil(delay_s), LONGEST_DELAY_S)
        if queue not in self.clients:
            self.clients[queue] = connect(self.settings, queue, encode=BinaryBase64EncodePolicy)
        with storage_faults(f"queue {queue}"):
            try:
                self.clients[queue].send_message(body, visibility_timeout=hidden_s, time_to_live=NEVER_EXPIRES)
            except ResourceNotFoundError:  # the host makes it with its first message, and a person may have removed it
                self.create(queue)
                self.clients[queue].send_message(body, visibility_timeout=hidden_s, time_to_live=NEVER_EXPIRES)

    def create(self, queue: str) -> None:
        try:
            self.clients[queue].create_queue()
        except ResourceExistsError:
            return
