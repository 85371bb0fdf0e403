"""Pointers to jobs on the queue that `analyze` listens to (azure-storage-queue)."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from azure.storage.queue import QueueClient, QueueMessage, TextBase64EncodePolicy

from shared.adapters.storage.azure_storage import BLOB_AND_QUEUE_RETRIES, credential, storage_faults
from shared.core import codec
from shared.core.jobs.job import AnalysisMessage
from shared.core.places import ANALYZE
from shared.core.settings import Settings
from shared.pipeline.ports import Peeked

LONGEST_DELAY_S = 7 * 24 * 3600 - 60  # the service's limit is seven days
NEVER_EXPIRES = -1
PEEKED = 32  # the service gives no more at once


def connect(settings: Settings) -> QueueClient:
    storage = settings.storage
    wanted: dict[str, Any] = {
        "message_encode_policy": TextBase64EncodePolicy(),  # what host.json's messageEncoding expects
        **BLOB_AND_QUEUE_RETRIES,
    }
    if storage.connection_string:
        return QueueClient.from_connection_string(storage.connection_string, ANALYZE, **wanted)
    return QueueClient(storage.queue_uri, ANALYZE, credential=credential(settings), **wanted)


class JobQueue:
    """The port `Messages` over one queue."""

    def __init__(self, queue: QueueClient) -> None:
        self.queue = queue

    def check(self) -> None:
        with storage_faults(f"queue {ANALYZE}"):
            self.queue.get_queue_properties()

    def depth(self) -> int:
        with storage_faults(f"queue {ANALYZE}"):
            return int(self.queue.get_queue_properties().approximate_message_count or 0)

    def peek(self) -> Sequence[Peeked]:
        with storage_faults(f"queue {ANALYZE}"):
            found = self.queue.peek_messages(max_messages=PEEKED)
        return [peeked for message in found for peeked in readable(message)]

    def send(self, message: AnalysisMessage, *, delay_s: float = 0) -> None:
        hidden_s = min(math.ceil(delay_s), LONGEST_DELAY_S)
        with storage_faults(f"message for job {message.job_id}"):
            self.queue.send_message(
                json.dumps(codec.to_json(message)), visibility_timeout=hidden_s, time_to_live=NEVER_EXPIRES
            )


def readable(message: QueueMessage) -> Iterator[Peeked]:
    """Nothing for a message that is none of ours: its own path (poison) tells of it."""
    try:
        body = codec.from_json(AnalysisMessage, json.loads(base64.b64decode(message.content)))
    except (ValueError, KeyError, TypeError):
        return
    if message.inserted_on is not None:
        yield Peeked(message=body, sent=message.inserted_on)
