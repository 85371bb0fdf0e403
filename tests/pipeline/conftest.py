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

pytest.register_assert_rewrite("tests.pipeline.invariants")

from tests.pipeline import invariants as rules  # noqa: E402 -- its assertions show their values after the line above
from tests.pipeline.world import Outbox, World  # noqa: E402 -- as above


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


@pytest.fixture
def invariants(world: World) -> Iterator[None]:
    """Looks when the test is over, with the ports as they were before it: see invariants.py."""
    whole, started = world.services, world.clock[0]
    yield
    messages = {message.job_id for message, _ in world.outbox.waiting}
    rules.check(whole, started=started, journal=world.endpoint.app.journal.to_document(), messages=messages)
