"""Who may call the local host: no page of another origin, under whatever name it reaches this machine."""

from __future__ import annotations

import azure.functions as func
import pytest

from local.host.callers import refusal
from tests.host.sandbox import Sandbox
from tests.host.test_http import fetch

OWN = "127.0.0.1:7071"


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        ("127.0.0.1:7071", "answered"),
        ("127.0.0.1", "answered"),
        ("127.9.9.9:80", "answered"),
        ("localhost:7071", "answered"),
        ("LocalHost", "answered"),
        ("[::1]:7071", "answered"),
        ("box.lan:8080", "answered"),
        ("BOX.lan", "answered"),
        ("evil.example", "refused"),
        ("evil.example:7071", "refused"),
        ("127.0.0.1.evil.example", "refused"),
        ("localhost.evil.example", "refused"),
        ("evil.example@127.0.0.1", "refused"),
        ("127.0.0.1,evil.example", "refused"),
        ("0.0.0.0:7071", "refused"),
        ("192.168.0.5", "refused"),
        ("[::1", "refused"),
        ("", "refused"),
    ],
)
def test_names_that_are_answered(host: str, verdict: str) -> None:
    """This machine's own and those that were allowed; a name that merely points here (DNS rebinding) is another's."""
    assert (refusal("GET", {"host": host}, names={"box.lan"}) is None) == (verdict == "answered")


@pytest.mark.parametrize(
    ("method", "headers", "verdict"),
    [
        ("POST", {}, "answered"),  # a program
        ("POST", {"sec-fetch-site": "same-origin", "origin": f"http://{OWN}"}, "answered"),  # the gallery
        ("POST", {"origin": f"http://{OWN}"}, "answered"),  # a browser from before Sec-Fetch-Site
        ("POST", {"sec-fetch-site": "none"}, "answered"),
        ("POST", {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, "refused"),
        ("POST", {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:3000"}, "refused"),
        ("POST", {"origin": "https://evil.example"}, "refused"),
        ("POST", {"origin": "http://localhost:7071"}, "refused"),
        ("POST", {"origin": "null"}, "refused"),  # a sandboxed frame or a file
        ("PUT", {"sec-fetch-site": "cross-site"}, "refused"),
        ("DELETE", {"sec-fetch-site": "cross-site"}, "refused"),
        ("GET", {}, "answered"),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, "answered"),  # a link to the gallery
        (
            "GET",
            {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
            "refused",
        ),  # an <img> shows its size
        ("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}, "answered"),
    ],
)
def test_pages_of_other_origins(method: str, headers: dict[str, str], verdict: str) -> None:
    """They change nothing and show no files; links into the gallery work."""
    assert (refusal(method, {"host": OWN, **headers}, names=()) is None) == (verdict == "answered")


def test_a_stranger_reaches_no_function(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Not even its body is read: one far over the limit is refused for its sender."""
    called = []

    def spend(req: func.HttpRequest) -> str:
        called.append(req.url)
        return "paid"

    app.route(route="spend")(spend)
    host = sandbox.host(app, names={"box.lan"})
    evil = {"Host": "evil.example"}
    page = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"}
    answers = [fetch(host, "GET", "/api/spend", headers=evil), fetch(host, "POST", "/api/spend", headers=page)]
    assert [answer.status for answer in answers] == [403, 403]
    assert b"--allow-host" in answers[0].body
    assert called == []
    assert fetch(host, "POST", "/api/spend", headers={"Host": "box.lan"}).body == b"paid"
