"""Blobs: uploads in, pictures and results out (azure-storage-blob)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobClient,
    BlobSasPermissions,
    BlobServiceClient,
    ContentSettings,
    UserDelegationKey,
    generate_blob_sas,
)

from shared.adapters.storage.azure_storage import BLOB_AND_QUEUE_RETRIES, credential, storage_faults
from shared.core.errors import NotFound, StateConflict
from shared.core.places import NORMALIZED, RESULTS, UPLOADS
from shared.core.settings import Settings
from shared.pipeline.ports import BlobPage, Listed, Upload

PAGE_BLOBS = 1000  # a second of work in the usual case; the service gives 5,000 at most
TICKET_CLOCK_SKEW = timedelta(minutes=5)
DELEGATED_FOR = timedelta(hours=2)
DELEGATED_AT_LEAST = timedelta(hours=1)


def connect(settings: Settings) -> BlobServiceClient:
    storage = settings.storage
    if storage.connection_string:
        return BlobServiceClient.from_connection_string(storage.connection_string, **BLOB_AND_QUEUE_RETRIES)
    return BlobServiceClient(storage.blob_uri, credential=credential(settings), **BLOB_AND_QUEUE_RETRIES)


def blob_faults(container: str, name: str) -> AbstractContextManager[None]:
    return storage_faults(f"blob {container}/{name}", logged_as=f"a blob in {container}")


def download(client: BlobClient, condition: Mapping[str, Any]) -> bytes:
    """The bytes that the condition asks for. Empty for an empty blob, of which the service refuses to send a part."""
    try:
        data: bytes = client.download_blob(**condition).readall()
    except HttpResponseError as fault:
        if fault.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and condition.get("offset") == 0:
            return b""
        raise
    return data


class BlobStore:
    """The port `Blobs` over one storage account."""

    def __init__(self, service: BlobServiceClient) -> None:
        self.service = service
        self.delegated: tuple[UserDelegationKey, datetime] | None = None

    def check(self) -> None:
        for container in (UPLOADS, NORMALIZED, RESULTS):
            with storage_faults(f"container {container}"):
                self.service.get_container_client(container).get_container_properties()

    def client(self, container: str, name: str) -> BlobClient:
        """A client for one blob. Raises NotFound for a name that HTTP clients would shorten: `../results/x` must not
        leave its container.
        """
        if not name or {".", ".."} & set(name.split("/")):
            raise NotFound(f"no blob can be named {name!r}")
        return self.service.get_blob_client(container, name)

    def describe(self, container: str, name: str) -> Upload | None:
        """The blob's size, etag (without quotes), type and metadata; None when there is no such blob. Raises
        StorageUnavailable.
        """
        try:
            with blob_faults(container, name):
                facts = self.client(container, name).get_blob_properties()
        except NotFound:
            return None
        return Upload(
            container=container,
            name=name,
            etag=facts.etag.strip('"'),
            bytes=facts.size,
            content_type=facts.content_settings.content_type,
            metadata=facts.metadata or {},
        )

    def tags(self, container: str, name: str) -> Mapping[str, str]:
        with blob_faults(container, name):
            found: Mapping[str, str] = self.client(container, name).get_blob_tags()
        return found

    def read(self, container: str, name: str, *, etag: str | None = None, part: tuple[int, int] | None = None) -> bytes:
        """The blob's bytes, or those from the first to the last of `part`. Raises NotFound, with `etag` also when the
        blob has another version by now, or StorageUnavailable.
        """
        condition: dict[str, Any] = {}
        if etag is not None:
            condition = {"etag": f'"{etag}"', "match_condition": MatchConditions.IfNotModified}
        if part is not None:
            condition |= {"offset": part[0], "length": part[1] - part[0] + 1}
        try:
            with blob_faults(container, name):
                return download(self.client(container, name), condition)
        except StateConflict:
            raise NotFound(
                f"blob {container}/{name} was replaced while it was read",
                hint="Its new version has a job of its own.",
                code="replaced",
            ) from None

    def page(self, container: str, *, marker: str) -> BlobPage:
        """The next blobs by name, PAGE_BLOBS at most; `marker` is of the page before, empty at the beginning. Raises
        NotFound where there is no such container.
        """
        with storage_faults(f"container {container}"):
            blobs = self.service.get_container_client(container).list_blobs(results_per_page=PAGE_BLOBS)
            pages: Any = blobs.by_page(continuation_token=marker or None)
            found = tuple(
                Listed(name=blob.name, etag=blob.etag.strip('"'), changed=blob.last_modified)
                for blob in next(pages, ())
            )
            return BlobPage(blobs=found, marker=pages.continuation_token or "")

    def delete(self, container: str, name: str) -> None:
        with suppress(NotFound), blob_faults(container, name):
            self.client(container, name).delete_blob()

    def write(self, container: str, name: str, data: bytes, *, media_type: str, overwrite: bool) -> bool:
        """Whether the blob was written: False when it exists and `overwrite` is not set. Raises StorageRefused or
        StorageUnavailable.
        """
        client = self.client(container, name)
        try:
            with blob_faults(container, name):
                client.upload_blob(data, overwrite=overwrite, content_settings=ContentSettings(content_type=media_type))
        except StateConflict:
            return False
        return True

    def upload(
        self, container: str, name: str, data: bytes, *, media_type: str, metadata: Mapping[str, str], overwrite: bool
    ) -> str | None:
        """The etag of the new blob, without quotes; None when it exists and `overwrite` is not set. Raises
        StorageRefused or StorageUnavailable.
        """
        client = self.client(container, name)
        settings = ContentSettings(content_type=media_type)
        try:
            with blob_faults(container, name):
                written = client.upload_blob(
                    data, overwrite=overwrite, content_settings=settings, metadata=dict(metadata)
                )
        except StateConflict:
            return None
        return str(written["etag"]).strip('"')

    def write_blocks(self, container: str, name: str, blocks: Iterable[bytes], *, media_type: str) -> None:
        settings = ContentSettings(content_type=media_type)
        with blob_faults(container, name):
            self.client(container, name).upload_blob(blocks, overwrite=True, content_settings=settings)

    def create_address(self, container: str, name: str, *, now: datetime, expires: datetime) -> str:
        return self.address(container, name, BlobSasPermissions(create=True), now=now, expires=expires)

    def read_address(self, container: str, name: str, *, now: datetime, expires: datetime) -> str:
        return self.address(container, name, BlobSasPermissions(read=True), now=now, expires=expires)

    def address(
        self, container: str, name: str, permission: BlobSasPermissions, *, now: datetime, expires: datetime
    ) -> str:
        """A URL with a shared access signature that grants `permission` on this blob until it expires. Raises NotFound
        for a name that no blob can have, or StorageUnavailable.

        It is valid from TICKET_CLOCK_SKEW ago on, for readers whose clock is behind.
        """
        client = self.client(container, name)
        common: dict[str, Any] = {
            "account_name": self.service.account_name,
            "container_name": container,
            "blob_name": name,
            "permission": permission,
            "start": now - TICKET_CLOCK_SKEW,
            "expiry": expires,
            "protocol": "https" if client.url.startswith("https:") else None,
        }
        with blob_faults(container, name):
            sas = generate_blob_sas(**common, **self.signing_key(now))
        return f"{client.url}?{sas}"

    def signing_key(self, now: datetime) -> dict[str, Any]:
        """The key that signs addresses, as an argument of the SDK: the account's own where a connection string has it,
        else a delegated one with an hour or more to live.
        """
        account_key = getattr(self.service.credential, "account_key", None)
        if account_key is not None:
            return {"account_key": account_key}
        if self.delegated is None or self.delegated[1] < now + DELEGATED_AT_LEAST:
            until = now + DELEGATED_FOR
            self.delegated = self.service.get_user_delegation_key(now - TICKET_CLOCK_SKEW, until), until
        return {"user_delegation_key": self.delegated[0]}
