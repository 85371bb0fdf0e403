"""What the three storage adapters share: how to connect, how often to retry, and what a storage fault means here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from shared.core.errors import NotFound, StateConflict, StorageUnavailable
from shared.core.settings import Settings

# The host delivers a message again when storage stays away, so a call gives up after seconds, not after the SDK's 85 s.
BLOB_AND_QUEUE_RETRIES: dict[str, Any] = {
    "retry_total": 3,
    "initial_backoff": 0.5,
    "increment_base": 2,
    "random_jitter_range": 0.5,
    "connection_timeout": 5,
    "read_timeout": 60,
}
TABLE_RETRIES: dict[str, Any] = {
    "retry_total": 3,
    "retry_backoff_factor": 0.5,
    "connection_timeout": 5,
    "read_timeout": 60,
}


def credential(settings: Settings) -> Any:
    """Managed identity in Azure, the developer's own login elsewhere."""
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415  # 250 ms that a connection string saves

    return DefaultAzureCredential(managed_identity_client_id=settings.identity_client_id)


@contextmanager
def storage_faults(what: str, *, logged_as: str | None = None) -> Iterator[None]:
    """Storage errors as ours, the most specific first; `what` names the thing, never its content.

    A fault of storage itself leaves the function and gets into the host's log, where a file's name must not be:
    `logged_as` stands for it, and the SDK's own words, which hold its address, are left behind.
    """
    shown = logged_as or what
    try:
        yield
    except ResourceNotFoundError as fault:
        raise NotFound(f"{what} does not exist") from fault
    except (ResourceExistsError, ResourceModifiedError) as fault:
        raise StateConflict(f"{what} was changed by somebody else") from fault
    except HttpResponseError as fault:
        raise StorageUnavailable(f"{shown}: storage answered {fault.status_code}") from None
    except AzureError as fault:
        raise StorageUnavailable(f"{shown}: storage cannot be reached ({type(fault).__name__})") from None
