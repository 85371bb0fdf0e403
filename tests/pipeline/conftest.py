"""Fixtures of the pipeline's tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from azure.storage.blob import BlobServiceClient

from local.chat_standin import ChatStandIn
from shared.adapters.media import MediaReader
from shared.core.settings import Settings
from shared.wiring import build
from tests.pipeline.world import Outbox, World


@pytest.fixture(scope="session")
def media() -> Iterator[MediaReader]:
    """One decoder process for the whole run."""
    reader = MediaReader()
    yield reader
    reader.close()


@pytest.fixture
def world(storage: str, media: MediaReader) -> Iterator[World]:
    with (
        ChatStandIn(model="gpt-5.1", ocr=False) as endpoint,
        BlobServiceClient.from_connection_string(storage) as blobs,
    ):
        clock = [datetime(2026, 11, 21, 12, tzinfo=UTC)]
        outbox = Outbox(clock=clock)
        settings = Settings.from_environ(
            {
                "AzureWebJobsStorage": storage,
                "AZURE_OPENAI_ENDPOINT": endpoint.base_url,
                "AZURE_OPENAI_DEPLOYMENT": "eyes",
                "AZURE_OPENAI_API_KEY": "made-up",
                "VISION_MODEL": "gpt-5.1",
                "VISION_DEPLOYMENTS": "old=gpt-4o",
            }
        )
        services = replace(build(settings), messages=outbox, media=media, now=lambda: clock[0], jitter=lambda: 0.0)
        yield World(services=services, outbox=outbox, endpoint=endpoint, blobs=blobs, clock=clock)
