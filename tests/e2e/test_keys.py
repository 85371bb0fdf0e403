"""Who may call what, with the host asking for keys as Azure does."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from local.children import Child
from tests.e2e.conftest import App
from tests.e2e.served import http_triggers, triggers

OPEN = {"health", "get_contract", "get_gallery"}  # no user's data
PATHS = [
    ("GET", "/api/results"),
    ("GET", "/api/results/a.jpg"),
    ("GET", f"/api/jobs/{'0' * 32}"),
    ("GET", f"/api/jobs/{'0' * 32}/related"),
    ("GET", f"/api/jobs/{'0' * 32}/compare/{'0' * 32}"),
    ("POST", f"/api/jobs/{'0' * 32}/rerun"),
    ("POST", "/api/ask"),
    ("POST", "/api/estimate"),
    ("GET", "/api/costs"),
    ("PUT", "/api/uploads/a.jpg"),
    ("POST", "/api/uploads"),
    ("GET", "/api/media/a.jpg"),
    ("GET", "/api/originals/a.jpg"),
]


@pytest.fixture(scope="module")
def locked(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, str]]:
    """A second host over the same storage that asks for keys, and its default key."""
    folder = tmp_path_factory.mktemp("locked")
    environ = {
        "PATH": os.environ["PATH"],
        "AzureWebJobsStorage": app.connection_string,
        "AZURE_OPENAI_ENDPOINT": app.endpoint.base_url,
        "AZURE_OPENAI_DEPLOYMENT": "eyes",
        "AZURE_OPENAI_API_KEY": "made-up-key",
        "VISION_MODEL": "gpt-5.1",
        **{
            f"AzureWebJobs.{name}.Disabled": "true" for name in triggers().keys() - http_triggers()
        },  # the first host works on them
    }
    command = [sys.executable, "-m", "local.host", "--port", "0", "--keys", str(folder / "keys.json")]
    with Child("locked host", command, log=folder / "host.log", environ=environ) as host:
        url = host.wait_for(r'"url": "([^"]+)"')[1]
        yield replace(app, url=url), host_key(folder / "keys.json")


def host_key(path):
    return json.loads(path.read_text())["host"]["default"]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_key_is_asked_for(locked, method, path):
    """Without one, with a wrong one and with another's cookie it is 401; with the right one it is not."""
    app, key = locked
    refused = [app.get(path, method=method, **headers) for headers in ({}, {"x-functions-key": "wrong"})]
    let_in = app.get(path, method=method, **{"x-functions-key": key})

    assert [(answer.status, answer.body) for answer in refused] == [(401, ""), (401, "")]
    assert let_in.status in {200, 400, 404}


def test_a_sign_in_in_front_is_no_conflict(locked):
    """Entra's sign-in uses other headers: the key counts, whatever they say."""
    app, key = locked
    signed_in = {"Authorization": "Bearer made.up.token", "x-ms-client-principal-name": "somebody@example.com"}

    assert app.get("/api/results", **signed_in).status == 401
    assert app.get("/api/results", **signed_in, **{"x-functions-key": key}).status == 200


@pytest.mark.parametrize("path", ["/api/health", "/api/openapi.json"])
def test_open_addresses(locked, path):
    """Nothing of a user's is in them."""
    app, _ = locked

    assert app.get(path).status == 200


def test_no_other_address_is_open():
    """Every HTTP function that is not named here wants a key."""
    levels = {name: trigger["authLevel"] for name, trigger in http_triggers().items()}

    assert {name for name, level in levels.items() if level == "ANONYMOUS"} == OPEN
    assert set(levels.values()) == {"ANONYMOUS", "FUNCTION"}


def test_other_origins_are_not_let_in(app):
    """CORS is off: no header allows it, and a preflight finds no route."""
    asked = app.get("/api/health", Origin="https://example.com")
    preflight = app.get(
        "/api/ask",
        method="OPTIONS",
        **{"Origin": "https://example.com", "Access-Control-Request-Method": "POST"},
    )

    assert not [name for name in {**asked.headers, **preflight.headers} if name.startswith("access-control")]
    assert preflight.status == 404
