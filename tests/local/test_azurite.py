"""Azurite as the local run starts it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobClient, BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite


def test_the_three_services_answer(azurite: Azurite):
    """One connection string serves blobs, queues and tables, with the SDK versions that are locked."""
    with (
        BlobServiceClient.from_connection_string(azurite.connection_string) as blobs,
        QueueServiceClient.from_connection_string(azurite.connection_string) as queues,
        TableServiceClient.from_connection_string(azurite.connection_string) as tables,
    ):
        blobs.create_container("azurite-test")
        queues.create_queue("azurite-test")
        tables.create_table("azuritetest")
        assert "azurite-test" in [container.name for container in blobs.list_containers()]
        assert "azurite-test" in [queue.name for queue in queues.list_queues()]
        assert "azuritetest" in [table.name for table in tables.list_tables()]


def test_a_location_keeps_what_was_stored(tmp_path: Path):
    """A second start on the same folder, on other ports, finds the blob of the first."""
    with Azurite(location=tmp_path) as first:
        blob = BlobClient.from_connection_string(first.connection_string, "kept", "note.txt")
        with BlobServiceClient.from_connection_string(first.connection_string) as service, blob:
            service.create_container("kept")
            blob.upload_blob(b"still here")
    with (
        Azurite(location=tmp_path) as second,
        BlobClient.from_connection_string(second.connection_string, "kept", "note.txt") as blob,
    ):
        assert blob.download_blob().readall() == b"still here"


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_faults_can_be_played():
    """Suspended, it accepts and is silent; resumed, it answers; killed, it refuses."""
    with Azurite() as azurite:
        address = ("127.0.0.1", azurite.ports["Blob"])
        azurite.suspend()
        with socket.create_connection(address, timeout=0.3) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(TimeoutError):
                client.recv(1)
            azurite.resume()
            client.settimeout(20)
            assert client.recv(4) == b"HTTP"
        azurite.kill()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
