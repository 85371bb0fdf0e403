"""What leaves a function when storage fails stands in the host's log: no file's name, no address."""

from __future__ import annotations

import base64
import socket
import traceback
from collections.abc import Iterator

import pytest
from azure.storage.blob import BlobServiceClient

from local.azurite import ACCOUNT_KEY
from shared.adapters.storage.blob_store import BlobStore
from shared.core.errors import StorageUnavailable

NAME = "clinic/Mrs Example.jpg"
CALLS = {
    "describe": lambda blobs: blobs.describe("uploads", NAME),
    "read": lambda blobs: blobs.read("uploads", NAME),
    "write": lambda blobs: blobs.write("uploads", NAME, b"x", media_type="image/png", overwrite=True),
    "upload": lambda blobs: blobs.upload("uploads", NAME, b"x", media_type="a/b", metadata={}, overwrite=True),
    "write_blocks": lambda blobs: blobs.write_blocks("uploads", NAME, iter([b"x"]), media_type="video/mp4"),
}


@pytest.fixture(params=["no answer", "refused"])
def failing(request, storage) -> Iterator[BlobStore]:
    """Nobody listens there, or the key is wrong."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        broken = {
            "no answer": f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey={ACCOUNT_KEY};"
            f"BlobEndpoint=http://127.0.0.1:{nobody.getsockname()[1]}/a",
            "refused": storage.replace(ACCOUNT_KEY, base64.b64encode(b"another key").decode()),
        }
        with BlobServiceClient.from_connection_string(broken[request.param], retry_total=0) as service:
            yield BlobStore(service)


@pytest.mark.parametrize("call", CALLS)
def test_a_fault_of_storage_names_no_file(failing, call):
    """Neither itself nor by the SDK's error behind it, which the host would print with it."""
    with pytest.raises(StorageUnavailable) as caught:
        CALLS[call](failing)
    printed = "".join(traceback.format_exception(caught.value))

    assert "a blob in uploads" in caught.value.message
    assert "Example" not in printed
    assert "127.0.0.1" not in printed
