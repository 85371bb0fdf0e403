"""The gallery in the system's Chromium, over the real app. One browser for a module, a new context for each test.

A page that says anything on its console, or breaks its own policy, fails its test.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local.azurite import Azurite
from local.chat_standin import ChatStandIn
from local.children import Child
from local.stack import make_places
from tests.e2e.conftest import App

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",  # or it looks for its maker's hosts at every start
    "--disable-component-update",
    "--disable-sync",
)
LIVE_ACCOUNT, KEYED_ACCOUNT = "test0998", "test0999"  # of tests/conftest.py; handed out from the other end there
PATIENCE_MS = 20_000  # other tests use the machine too
LOAD_FAILED = "Failed to load resource"  # Chromium says so for every 4xx, wanted or not
WATCH = """
window.breaches = [];
addEventListener("securitypolicyviolation", (event) => breaches.push(`${event.violatedDirective} ${event.blockedURI}`));
window.addresses = new Set();
const [create, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
URL.createObjectURL = (blob) => { const made = create.call(URL, blob); window.addresses.add(made); return made; };
URL.revokeObjectURL = (made) => { window.addresses.delete(made); revoke.call(URL, made); };
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """While Playwright runs, this thread has an event loop and other tests could start none: not longer than needed."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium, which CI has to install")
        pytest.skip("no Chromium on PATH: install it (Debian: apt-get install chromium) to test the gallery")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=found, args=FLAGS) as running:
        yield running


@contextmanager
def run_app(azurite: Azurite, account: str, log: Path, *arguments: str) -> Iterator[App]:
    connection_string = azurite.connection_string_of(account)
    make_places(connection_string)
    with ChatStandIn(model="gpt-5.1") as endpoint:
        environ = {
            "PATH": os.environ["PATH"],
            "AzureWebJobsStorage": connection_string,
            "AZURE_OPENAI_ENDPOINT": endpoint.base_url,
            "AZURE_OPENAI_DEPLOYMENT": "eyes",
            "AZURE_OPENAI_API_KEY": "made-up-key",
            "VISION_MODEL": "gpt-5.1",
        }
        command = [sys.executable, "-m", "local.host", "--port", "0", "--blob-scan", "0.2", *arguments]
        with (
            Child("functions host", command, log=log, environ=environ) as host,
            ContainerClient.from_connection_string(connection_string, "uploads") as uploads,
        ):
            url = host.wait_for(r'"url": "([^"]+)"')[1]
            yield App(url=url, uploads=uploads, connection_string=connection_string, endpoint=endpoint)


@pytest.fixture(scope="session")
def live_app(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Everything works in this one, without keys."""
    with run_app(azurite, LIVE_ACCOUNT, tmp_path_factory.mktemp("live") / "host.log") as app:
        yield app


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a page of the gallery. `refusals` lets the console tell of answers 4xx that the test brings about."""
    opened: list[tuple[Page, list[str], bool]] = []

    def open_it(app: App, query: str = "", *, refusals: bool = False, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(WATCH)
        page = context.new_page()
        said: list[str] = []
        opened.append((page, said, refusals))
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda fault: said.append(str(fault)))
        page.goto(f"{app.url}/api/gallery{query}")
        return page

    yield open_it
    for page, said, refusals in opened:
        breaches = page.evaluate("() => window.breaches")
        page.context.close()
        assert breaches == []
        assert [line for line in said if not (refusals and LOAD_FAILED in line)] == []
