"""host.json as one typed value, with the host's defaults, limits and `AzureFunctionsJobHost__…` overrides."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.host.settings import HostSettings

OVERRIDE = "azurefunctionsjobhost__"
TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d+):(\d+)(?::(\d+(?:\.\d+)?))?")

DEFAULT_TIMEOUT_S = 30 * 60  # Flex Consumption
DEVELOPMENT_POLLING_S = 2.0
DEFAULT_POLLING_S = 60.0
LARGEST_BATCH = 32  # what one Get Messages call returns


class HostJsonInvalid(Exception):
    """host.json cannot be used; the host does not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOptions:
    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout_s: float = 0.0
    max_polling_interval_s: float = DEVELOPMENT_POLLING_S
    base64: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    route_prefix: str
    function_timeout_s: float | None  # None: unbounded
    queues: QueueOptions
    blobs: QueueOptions  # blob triggers run from a queue of their own


def parse_options(host_json: Mapping[str, Any], settings: HostSettings) -> HostOptions:
    tree = overridden(lower_keys(host_json), settings)
    extensions = branch(tree, "extensions")
    polling = polling_interval_s(branch(extensions, "queues"), settings)
    return HostOptions(
        route_prefix=str(branch(extensions, "http").get("routeprefix", "api")).strip("/"),
        function_timeout_s=function_timeout_s(tree.get("functiontimeout")),
        queues=queue_options(branch(extensions, "queues"), polling),
        blobs=blob_options(branch(extensions, "blobs"), polling),
    )


def queue_options(tree: Mapping[str, Any], polling_s: float) -> QueueOptions:
    batch_size = integer(tree, "batchsize", default=16, least=1, most=LARGEST_BATCH)
    encoding = str(tree.get("messageencoding", "base64")).lower()
    if encoding not in {"base64", "none"}:
        raise HostJsonInvalid(f"extensions.queues.messageEncoding is {encoding!r}: use base64 or none")
    return QueueOptions(
        batch_size=batch_size,
        # per core only on App Service and Premium plans; Flex Consumption, which this stands in for, has none
        new_batch_threshold=integer(tree, "newbatchthreshold", default=batch_size // 2, least=0),
        max_dequeue_count=integer(tree, "maxdequeuecount", default=5, least=1),
        visibility_timeout_s=seconds(tree.get("visibilitytimeout", "00:00:00")),
        max_polling_interval_s=polling_s,
        base64=encoding == "base64",
    )


def blob_options(tree: Mapping[str, Any], polling_s: float) -> QueueOptions:
    """The options of the one queue that all blob functions share: their degree of parallelism is that queue's."""
    degree = integer(tree, "maxdegreeofparallelism", default=8 * (os.cpu_count() or 1), least=1)
    threshold = max(0, degree // 2 - 1)
    return QueueOptions(
        batch_size=min(LARGEST_BATCH, degree - threshold),
        new_batch_threshold=threshold,
        max_dequeue_count=integer(tree, "poisonblobthreshold", default=5, least=1),
        max_polling_interval_s=polling_s,
    )


def polling_interval_s(tree: Mapping[str, Any], settings: HostSettings) -> float:
    development = settings.get("AZURE_FUNCTIONS_ENVIRONMENT", "").lower() == "development"
    value = tree.get("maxpollinginterval")
    if value is None:
        return DEVELOPMENT_POLLING_S if development else DEFAULT_POLLING_S
    return max(0.1, seconds(value))


def function_timeout_s(value: Any) -> float | None:
    if value is None:
        return DEFAULT_TIMEOUT_S
    return None if str(value) == "-1" else seconds(value)


def seconds(value: Any) -> float:
    """The seconds of a .NET TimeSpan: `[days.]hh:mm[:ss[.fraction]]`. Raises HostJsonInvalid."""
    match = TIME_SPAN.fullmatch(str(value))
    if match is None:
        raise HostJsonInvalid(f"{value!r} in host.json is not a duration: write hh:mm:ss")
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def integer(tree: Mapping[str, Any], name: str, *, default: int, least: int, most: int | None = None) -> int:
    try:
        number = int(tree.get(name, default))
    except ValueError:
        raise HostJsonInvalid(f"{name} in host.json is {tree[name]!r}, not a number") from None
    if number < least or (most is not None and number > most):
        raise HostJsonInvalid(f"{name} in host.json is {number}, outside {least}..{most or ''}")
    return number


def branch(tree: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = tree.get(name, {})
    return value if isinstance(value, dict) else {}


def lower_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key).lower(): lower_keys(item) for key, item in value.items()}
    return value


def overridden(tree: dict[str, Any], settings: HostSettings) -> dict[str, Any]:
    """host.json with the overrides: `AzureFunctionsJobHost__extensions__queues__batchSize=1` stands over the same path
    in it.
    """
    for name in settings:
        if name.lower().startswith(OVERRIDE):
            *path, last = name.lower().removeprefix(OVERRIDE).split("__")
            place = tree
            for step in path:
                place = place.setdefault(step, {})
            place[last] = settings[name]
    return tree
