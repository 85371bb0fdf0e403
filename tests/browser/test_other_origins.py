"""A page of another origin in the real Chromium: it can neither spend money nor read what is stored."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Response

from tests.browser.conftest import PATIENCE_MS
from tests.e2e.conftest import App

ASK = '{"prompt": "spend", "sources": ["nothing.jpg"]}'
TRY_ALL = """
async ([app, ask]) => {
  const outcome = async (promise) => { try { return (await promise).type; } catch (fault) { return fault.name; } };
  const post = (headers) => ({ method: "POST", mode: headers ? "cors" : "no-cors", body: ask, headers });
  const shown = await new Promise((done) => {
    const picture = new Image();
    picture.onload = () => done("shown");
    picture.onerror = () => done("not shown");
    picture.src = `${app}/api/media/x`;
  });
  return {
    text: await outcome(fetch(`${app}/api/ask`, post())),
    json: await outcome(fetch(`${app}/api/ask`, post({ "content-type": "application/json" }))),
    read: await outcome(fetch(`${app}/api/results`)),
    shown,
  };
}
"""


class Page(BaseHTTPRequestHandler):
    """The other origin."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>other</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Nothing on the terminal."""


@pytest.fixture
def other_origin() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def test_another_origin_reads_and_changes_nothing(browser: Browser, live_app: App, other_origin: str) -> None:
    """Text is sent but refused with 403, JSON and reading end in the browser, pictures are not shown."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    statuses: dict[str, int] = {}

    def note(response: Response) -> None:
        statuses[f"{response.request.method} {response.url}"] = response.status

    page.on("response", note)
    page.goto(other_origin)
    outcomes = page.evaluate(TRY_ALL, [live_app.url, ASK])
    context.close()
    assert outcomes == {"text": "opaque", "json": "TypeError", "read": "TypeError", "shown": "not shown"}
    assert statuses[f"POST {live_app.url}/api/ask"] == 403
    assert statuses[f"GET {live_app.url}/api/media/x"] == 403
