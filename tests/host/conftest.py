"""Fixtures for the tests of the local host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import azure.functions as func
import pytest

from local.azurite import Azurite
from tests.host.sandbox import Sandbox


@pytest.fixture
def sandbox(azurite: Azurite) -> Iterator[Sandbox]:
    with ExitStack() as cleanup:
        yield Sandbox(azurite.connection_string, cleanup)


@pytest.fixture
def app() -> func.FunctionApp:
    return func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
