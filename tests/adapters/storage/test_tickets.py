"""Addresses for direct uploads, signed by an identity's delegated key where no account key is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.storage.blob import BlobServiceClient, UserDelegationKey

from shared.adapters.storage.blob_store import BlobStore
from shared.core.errors import NotFound

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIFE = timedelta(minutes=15)


class Delegating(BlobServiceClient):
    """A client with an identity: Azure would give it this key, for as long as it asked."""

    def __init__(self):
        super().__init__("https://example.blob.core.windows.net")
        self.asked = []

    def get_user_delegation_key(self, key_start_time, key_expiry_time, **_):
        self.asked.append((key_start_time, key_expiry_time))
        key = UserDelegationKey()
        key.signed_oid, key.signed_tid, key.signed_service, key.signed_version = "oid", "tid", "b", "2022-11-02"
        key.signed_start, key.signed_expiry = key_start_time.isoformat(), key_expiry_time.isoformat()
        key.value = "bWFkZSB1cA=="
        return key


@pytest.fixture
def service():
    with Delegating() as client:
        yield client


def address(store, now=NOW):
    return urlsplit(store.create_address("uploads", "a b/ü#.jpg", now=now, expires=now + LIFE))


def test_a_ticket_is_for_one_blob_over_https(service):
    """Create only, this name only, until then only, signed by the identity."""
    url = address(BlobStore(service))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}

    assert (url.netloc, url.path) == ("example.blob.core.windows.net", "/uploads/a%20b/%C3%BC%23.jpg")
    assert (query["sp"], query["sr"], query["spr"], query["skoid"]) == ("c", "b", "https", "oid")
    assert (query["st"], query["se"]) == ("2026-11-21T11:55:00Z", "2026-11-21T12:15:00Z")


def test_the_delegated_key_is_kept_while_it_lasts(service):
    """One call for an hour of tickets; a new one well before the old one ends."""
    store = BlobStore(service)
    for minutes in (0, 30, 59, 61, 90):
        address(store, NOW + timedelta(minutes=minutes))

    assert len(service.asked) == 2
    assert all(until - start <= timedelta(days=7) for start, until in service.asked)


@pytest.mark.parametrize("name", ["../results/a.json", "a/../../results/a", "./a", ""])
def test_no_address_leaves_its_container(service, name):
    """The same check as for reading and writing."""
    with pytest.raises(NotFound):
        BlobStore(service).create_address("uploads", name, now=NOW, expires=NOW + LIFE)
