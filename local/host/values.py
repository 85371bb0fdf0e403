"""What a function's trigger parameter receives, made with the library's own converters as in the real worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from azure.functions.meta import Datum
from azure.storage.blob import BlobClient, BlobServiceClient
from azure.storage.queue import QueueMessage

from local.host.functions import CONVERTERS, RAW_TYPES, Function

TRIGGER_FIELDS = {
    "Id": "id",
    "PopReceipt": "pop_receipt",
    "DequeueCount": "dequeue_count",
    "InsertionTime": "inserted_on",
    "ExpirationTime": "expires_on",
    "NextVisibleTime": "next_visible_on",
}


def queue_value(function: Function, message: QueueMessage, body: str) -> Any:
    metadata = {name: text_datum(message[field]) for name, field in TRIGGER_FIELDS.items()}
    datum = Datum(body.encode(), "bytes") if is_binary(function) else Datum(body, "string")
    return decode(function, datum, metadata)


def is_binary(function: Function) -> bool:
    return str(function.trigger.get("dataType", "")).lower() == "binary"


def text_datum(value: Any) -> Datum:
    return Datum(value.isoformat() if isinstance(value, datetime) else str(value), "string")


def blob_value(function: Function, service: BlobServiceClient, container: str, name: str) -> Any:
    """The value of a blob parameter: an SDK client that carries no bytes, or the whole blob in memory."""
    blob = service.get_blob_client(container, name)
    if function.sdk_type == "BlobClient":
        return blob
    if function.sdk_type == "ContainerClient":
        return service.get_container_client(container)
    download = blob.download_blob()
    if function.sdk_type == "StorageStreamDownloader":
        return download
    metadata = blob_metadata(blob, download.properties)
    return decode(function, Datum(download.readall(), "bytes"), metadata)


def blob_metadata(blob: BlobClient, properties: Any) -> dict[str, Datum]:
    shown = {
        "Length": properties.size,
        "ContentLength": properties.size,
        "ContentType": properties.content_settings.content_type,
        "ETag": properties.etag,
        "LastModified": properties.last_modified.isoformat(),
        "BlobType": str(properties.blob_type.value),
    }
    return {
        "BlobTrigger": Datum(f"{blob.container_name}/{blob.blob_name}", "string"),
        "Uri": Datum(blob.url, "string"),
        "Properties": Datum(json.dumps(shown), "json"),
        "Metadata": Datum(json.dumps(properties.metadata), "json"),
    }


def timer_value(function: Function, *, last: datetime | None, following: datetime) -> Any:
    """The value of a timer parameter. There is no schedule monitor here, so a run is never reported as past due."""
    now = datetime.now(UTC).isoformat()
    status = {"Last": (last or following).isoformat(), "Next": following.isoformat(), "LastUpdated": now}
    info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}
    return decode(function, Datum(json.dumps(info), "json"), {})


def http_value(
    function: Function,
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    params: Mapping[str, str],
    route_params: Mapping[str, str],
    body: bytes,
) -> Any:
    value = {
        "method": Datum(method, "string"),
        "url": Datum(url, "string"),
        "headers": strings(headers),
        "query": strings(params),
        "params": strings(route_params),
        "body": Datum(body, "bytes"),
    }
    return CONVERTERS.get(function.kind).decode(Datum(value, "http"), trigger_metadata={})


def strings(values: Mapping[str, str]) -> dict[str, Datum]:
    return {name: Datum(value, "string") for name, value in values.items()}


def decode(function: Function, datum: Datum, metadata: dict[str, Datum]) -> Any:
    if function.annotation in RAW_TYPES:
        return datum.value
    return CONVERTERS.get(function.kind).decode(datum, trigger_metadata=metadata)
