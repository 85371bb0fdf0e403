"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest

from local.azurite import ACCOUNT, Azurite
from local.stack import make_places
from tests.log_watch import LogWatch

# No verdict depends on how busy the machine is, and a run in CI tries the same examples every time.
hypothesis.settings.register_profile("visiondrop", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("visiondrop")

TEST_ACCOUNTS = tuple(f"test{number:04}" for number in range(1000))  # as many as fit in an environment variable
unused_accounts = iter(TEST_ACCOUNTS)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """Azure Storage in memory, shared by the whole run: a test makes its own containers, queues and tables."""
    with Azurite(accounts=(ACCOUNT, "testapp", *TEST_ACCOUNTS)) as running:
        yield running


@pytest.fixture
def storage(azurite: Azurite) -> str:
    """The connection string of an account that no other test uses, with the app's containers, queues and tables."""
    connection_string = azurite.connection_string_of(next(unused_accounts))
    make_places(connection_string)
    return connection_string


@pytest.fixture(scope="session")
def log_watch() -> Iterator[LogWatch]:
    with LogWatch() as watch:
        yield watch


@pytest.fixture(autouse=True)
def no_secret_is_logged(log_watch: LogWatch) -> Iterator[None]:
    """Holds for every test there is. What a thread logs late counts against the test that runs then."""
    yield
    assert not log_watch.take()
