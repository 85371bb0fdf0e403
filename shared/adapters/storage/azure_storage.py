"""What the storage adapters share: how to connect, how often to retry, what a storage fault means here, and how a text
from outside becomes a key.
"""

from __future__ import annotations

import hashlib
import re
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

from shared.core.errors import NotFound, StateConflict, StorageRefused, StorageUnavailable
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

REFUSED_STATUSES = frozenset({400, 413})
"""What storage answers to a key, a row or a name that it does not take: the same again would be refused again."""

PLAIN_KEY = re.compile(r"[A-Za-z0-9._:@ -]{1,128}", re.ASCII)
KEY_PREFIX_CHARACTERS = 48
KEY_DIGEST_CHARACTERS = 32  # 128 bits


def key_of(text: str) -> str:
    r"""A table key for any text: the text itself where it is plain, else what is plain of it, `~` and a hash.

    A key may not hold `/`, `\`, `#`, `?` or control characters and has 512 characters at most (Table service data
    model, 2026-11); a deployment, a model or the id in a stranger's message may. No plain text has a `~`, so no two
    texts share a key.
    """
    if PLAIN_KEY.fullmatch(text):
        return text
    prefix = re.sub(r"[^A-Za-z0-9._-]", "_", text[:KEY_PREFIX_CHARACTERS])
    return f"{prefix}~{digest_of(text, KEY_DIGEST_CHARACTERS)}"


def digest_of(text: str, characters: int) -> str:
    """The first `characters` hexadecimal digits of the text's SHA-256; half a surrogate pair is hashed as it stands."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:characters]


def credential(settings: Settings) -> Any:
    """The credential for Azure: the app's managed identity in Azure, the developer's own login elsewhere."""
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415  # 250 ms that a connection string saves

    return DefaultAzureCredential(managed_identity_client_id=settings.identity_client_id)


@contextmanager
def storage_faults(what: str, *, logged_as: str | None = None) -> Iterator[None]:
    """A context in which storage's errors become ours, the most specific first; `what` names the thing, never its
    content.

    Raises NotFound, StateConflict (exists already, or was changed), StorageRefused (will never be taken) or
    StorageUnavailable (down, slow, or access denied). The last two leave the function and get into the host's log,
    where a file's name must not be: `logged_as` stands for it, and the SDK's own words, which hold its address, are
    left out.
    """
    shown = logged_as or what
    try:
        yield
    except ResourceNotFoundError as fault:
        raise NotFound(f"{what} does not exist") from fault
    except (ResourceExistsError, ResourceModifiedError) as fault:
        raise StateConflict(f"{what} exists already or was changed meanwhile") from fault
    except HttpResponseError as fault:
        if fault.status_code in REFUSED_STATUSES:
            raise StorageRefused(f"{shown}: storage refused it ({fault.status_code} {code_of(fault)})") from None
        raise StorageUnavailable(f"{shown}: storage answered {fault.status_code}") from None
    except AzureError as fault:
        raise StorageUnavailable(f"{shown}: storage cannot be reached ({type(fault).__name__})") from None


def code_of(fault: HttpResponseError) -> str:
    """The error code that storage gave, such as EntityTooLarge; the error's class where it gave none. Never a value."""
    code = getattr(fault, "error_code", None)
    return str(getattr(code, "value", code) or type(fault).__name__)
