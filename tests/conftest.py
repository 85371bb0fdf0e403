"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.azurite import Azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """Azure Storage in memory, shared by the whole run: a test makes its own containers, queues and tables."""
    with Azurite() as running:
        yield running
