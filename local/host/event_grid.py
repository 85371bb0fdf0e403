"""The webhook that Event Grid posts blob events to: /runtime/webhooks/blobs?functionName=Host.Functions.NAME."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azure.storage.blob import BlobClient

from local.host.blob_trigger import BlobFunction, BlobQueue, blob_message

PATH = "/runtime/webhooks/blobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    status: int
    body: bytes = b""


class BlobEvents:
    def __init__(self, functions: Mapping[str, BlobFunction], queue: BlobQueue | None) -> None:
        self.functions = functions
        self.queue = queue

    def answer(self, function_id: str, event_type: str, body: bytes) -> WebhookAnswer:
        """The answer to a handshake or to notifications. The path pattern is not tested: the subscription's filter does
        that.
        """
        if self.queue is None or function_id not in self.functions:
            return WebhookAnswer(status=404, body=b"no such blob function")
        kind = event_type.lower()
        if kind == "unsubscribe":
            return WebhookAnswer(status=202)
        try:
            events = as_list(json.loads(body))
            if kind == "subscriptionvalidation":
                return validation(events[0])
            if kind == "notification":
                return accept(function_id, events, self.queue)
        except (ValueError, KeyError, IndexError, TypeError):
            return WebhookAnswer(status=400, body=b"not an Event Grid event")
        return WebhookAnswer(status=400, body=b"unknown aeg-event-type")


def accept(function_id: str, events: list[Any], queue: BlobQueue) -> WebhookAnswer:
    """The answer to notifications. All are queued or none: a malformed event in the array refuses the post before
    anything is queued.
    """
    for message in [to_message(function_id, event["data"]) for event in events]:
        queue.send(message)
    return WebhookAnswer(status=202)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def validation(event: Any) -> WebhookAnswer:
    code = event["data"]["validationCode"]
    return WebhookAnswer(status=200, body=json.dumps({"validationResponse": code}).encode())


def to_message(function_id: str, data: Mapping[str, Any]) -> str:
    with BlobClient.from_blob_url(data["url"]) as blob:
        return blob_message(
            function_id,
            container=blob.container_name,
            name=blob.blob_name,
            etag=data.get("eTag", ""),
            blob_type=data.get("blobType", "BlockBlob"),
        )
