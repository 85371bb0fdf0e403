"""Storage clients for the host's own use, by the rules of a binding's `connection`.

`connection` X names the setting X, or AzureWebJobsX; empty names AzureWebJobsStorage. Its value is a connection
string. Without one, X__blobServiceUri, X__queueServiceUri, X__serviceUri or (host storage only)
AzureWebJobsStorage__accountName name the account, and an identity signs in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.host.settings import FunctionFault, HostSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.credentials import TokenCredential

HOST_STORAGE = "AzureWebJobsStorage"

# The default policy retries for 85 s before it says that storage is down; a local run should say so at once.
FAST_RETRY: dict[str, Any] = {
    "retry_total": 3,
    "initial_backoff": 0.2,
    "increment_base": 1,
    "random_jitter_range": 0,
    "connection_timeout": 5,
    "read_timeout": 60,
}


class HostStorage:
    """Storage clients by connection name, made once each; `close` closes their sockets."""

    def __init__(self, settings: HostSettings) -> None:
        self.settings = settings
        self.made: dict[tuple[type, str], Any] = {}

    def blobs(self, connection: str) -> BlobServiceClient:
        return self.client(BlobServiceClient, connection, "blob")  # type: ignore[no-any-return] # by service class

    def queues(self, connection: str) -> QueueServiceClient:
        return self.client(QueueServiceClient, connection, "queue")  # type: ignore[no-any-return] # by service class

    def client(self, service: Any, connection: str, kind: str) -> Any:
        key = (service, connection)
        if key not in self.made:
            self.made[key] = self.make(service, connection or HOST_STORAGE, kind)
        return self.made[key]

    def make(self, service: Any, connection: str, kind: str) -> Any:
        for name in (connection, f"AzureWebJobs{connection}"):
            if text := self.settings.get(name):
                return from_string(service.from_connection_string, text, name)
            if address := self.address(name, kind):
                return service(address, credential=credential(self.settings, name), **FAST_RETRY)
        raise FunctionFault(
            f"connection {connection!r}: set {connection} to a connection string, or {connection}__{kind}ServiceUri"
        )

    def address(self, name: str, kind: str) -> str | None:
        found = self.settings.get(f"{name}__{kind}ServiceUri") or self.settings.get(f"{name}__serviceUri")
        account = self.settings.get(f"{name}__accountName") if name.lower() == HOST_STORAGE.lower() else None
        return found or (f"https://{account}.{kind}.core.windows.net" if account else None)

    def names_itself(self, connection: str) -> bool:
        """Whether the setting has the connection's own name, without the AzureWebJobs prefix that the host allows."""
        return connection in self.settings or self.address(connection, "blob") is not None

    def close(self) -> None:
        for client in self.made.values():
            client.close()
        self.made.clear()


def from_string(make: Callable[..., Any], text: str, name: str) -> Any:
    try:
        return make(text, **FAST_RETRY)
    except ValueError:
        raise FunctionFault(f"setting {name} is not a storage connection string") from None


def credential(settings: HostSettings, name: str) -> TokenCredential:
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415 # slow to import

    if settings.get(f"{name}__credential", "").lower() == "managedidentity":
        return ManagedIdentityCredential(client_id=settings.get(f"{name}__clientId"))
    return DefaultAzureCredential()
