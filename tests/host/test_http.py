"""HTTP through a real socket: routing, keys, what the worker is given, what comes back."""

from __future__ import annotations

import asyncio
import http.client
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from local.host import Host
from local.host.keys import Keys, read_keys
from tests.host.sandbox import until

KEYS = Keys(
    master="m", host={"default": "h"}, system={"blobs_extension": "s"}, functions={"locked": {"default": "mine"}}
)


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()


def fetch(host: Host, method: str, target: str, **more: Any) -> Got:
    """One request, with the target sent as it is written."""
    client = http.client.HTTPConnection(host.url.removeprefix("http://"), timeout=10)
    try:
        client.request(method, target, **more)
        response = client.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        cookies = tuple(response.headers.get_all("set-cookie") or ())
        return Got(response.status, headers, response.read(), cookies)
    finally:
        client.close()


def echo(app: func.FunctionApp, name: str, route: str | None = None, methods: list[str] | None = None) -> None:
    """A function that answers with its name and route parameters."""

    def answer(req: func.HttpRequest) -> str:
        return f"{name} {dict(req.route_params)}"

    answer.__name__ = name
    app.route(route=route, methods=methods)(answer)


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("/api/by_name", "by_name {}"),
        ("/API/By_Name/", "by_name {}"),
        ("/api/items/12", "item {'id': '12'}"),
        ("/api/items/x", None),
        ("/api/items/99999999999", None),
        ("/api/words/ab", "word {'x': 'ab'}"),
        ("/api/words", "word {}"),
        ("/api/words/a1", None),
        ("/api/results/a/b.png", "results {'name': 'a/b.png'}"),
        ("/api/results/a%20b/%C3%A9.png", "results {'name': 'a b/é.png'}"),
        ("/api/results/a%2Fb%2fc", "results {'name': 'a%2Fb%2fc'}"),
        ("/api/results/a%FFb", "results {'name': 'a%FFb'}"),
        ("/api/results/a+b", "results {'name': 'a+b'}"),
        ("/api/results/x/../y", "results {'name': 'y'}"),
        ("/api/results", "results {}"),
        ("/api/mixed/a-7.txt", "mixed {'stem': 'a', 'number': '7'}"),
        ("/api/none", None),
        ("/by_name", None),
        ("/api", None),
        ("/api//by_name", None),
    ],
)
def test_routes(app: func.FunctionApp, target: str, answer: str | None) -> None:
    """Templates, constraints and percent-escapes as ASP.NET reads them; anything else is 404 without a body."""
    echo(app, "by_name")
    echo(app, "item", "items/{id:int}")
    echo(app, "word", "words/{x:alpha?}")
    echo(app, "results", "results/{*name}")
    echo(app, "mixed", "mixed/{stem}-{number:range(1,9)}.txt")
    with Host(app, environ={}, host_json={}) as host:
        got = fetch(host, "GET", target)
    assert (got.status, got.body.decode()) == ((200, answer) if answer else (404, ""))


def test_routes_are_tried_in_the_order_of_function_names(app: func.FunctionApp) -> None:
    """A catch-all named before a literal hides it, capitals or not: `all_of` wins over `Zoo`, not over `Aardvark`."""
    echo(app, "Zoo", "x/zoo")
    echo(app, "Aardvark", "x/aardvark")
    echo(app, "all_of", "x/{*rest}")
    with Host(app, environ={}, host_json={}) as host:
        answers = [fetch(host, "GET", f"/api/x/{name}").body.split()[0] for name in ("zoo", "aardvark")]
    assert answers == [b"all_of", b"Aardvark"]


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 200), ("POST", 200), ("PUT", 404), ("HEAD", 404), ("OPTIONS", 404), ("DELETE", 404)]
)
def test_a_wrong_method_is_404(app: func.FunctionApp, method: str, status: int) -> None:
    """Never 405; HEAD is a method of its own; two functions may share a route by method."""
    echo(app, "reads", "thing", ["GET"])
    echo(app, "writes", "thing", ["POST"])
    with Host(app, environ={}, host_json={}) as host:
        assert fetch(host, method, "/api/thing").status == status


def test_without_methods_all_are_allowed(app: func.FunctionApp) -> None:
    """HEAD among them, answered without a body."""
    echo(app, "any_method")
    with Host(app, environ={}, host_json={}) as host:
        got = fetch(host, "HEAD", "/api/any_method")
    assert (got.status, got.body, got.headers["content-length"]) == (200, b"", "13")


@pytest.mark.parametrize("prefix", ["", "v1/x"])
def test_the_route_prefix_comes_from_host_json(app: func.FunctionApp, prefix: str) -> None:
    """An empty one removes it."""
    echo(app, "f")
    with Host(app, environ={}, host_json={"extensions": {"http": {"routePrefix": prefix}}}) as host:
        assert fetch(host, "GET", f"/{prefix}/f".replace("//", "/")).status == 200
        assert fetch(host, "GET", "/api/f").status == 404


@pytest.mark.parametrize("setting", ["AzureWebJobs.off.Disabled", "AZUREWEBJOBS.OFF.DISABLED"])
def test_a_disabled_function_is_404(app: func.FunctionApp, setting: str) -> None:
    """It keeps its route, so a later function does not get the request instead."""
    echo(app, "off", "x")
    echo(app, "on", "{any}")
    with Host(app, environ={setting: "true"}, host_json={}) as host:
        assert fetch(host, "GET", "/api/x").status == 404
        assert fetch(host, "GET", "/api/y").status == 200


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("open", {}, 200),
        ("locked", {}, 401),
        ("locked?code=wrong", {}, 401),
        ("locked?code=h", {}, 200),
        ("locked?code=mine", {}, 200),
        ("locked", {"X-Functions-Key": "m"}, 200),
        ("other?code=mine", {}, 401),
        ("admins?code=h", {}, 401),
        ("admins?code=m", {}, 200),
    ],
)
def test_keys(app: func.FunctionApp, target: str, headers: dict[str, str], status: int) -> None:
    """Function, host and master keys by header or query, each for what it may open."""
    levels = {"open": "ANONYMOUS", "locked": "FUNCTION", "other": "FUNCTION", "admins": "ADMIN"}
    for name, level in levels.items():

        def answer(req: func.HttpRequest) -> str:
            return str(req.method)

        answer.__name__ = name
        app.route(route=name, auth_level=func.AuthLevel[level])(answer)
    with Host(app, environ={}, host_json={}, keys=KEYS) as host:
        assert fetch(host, "GET", f"/api/{target}", headers=headers).status == status


def test_without_auth_no_key_is_asked_for(app: func.FunctionApp) -> None:
    """As with `func start`, unless `--auth` is given."""

    @app.route(auth_level=func.AuthLevel.ADMIN)
    def admins(req: func.HttpRequest) -> str:
        return str(req.method)

    with Host(app, environ={}, host_json={}) as host:
        assert fetch(host, "GET", "/api/admins").status == 200


def test_a_keys_file_is_made_once_and_read_again(tmp_path: Path) -> None:
    """The second reading gives the same keys."""
    assert read_keys(tmp_path / "keys.json") == read_keys(tmp_path / "keys.json")


def test_what_the_function_is_given(app: func.FunctionApp) -> None:
    """Lower-case headers, repeats joined by commas, empty query values dropped, the body as bytes, the whole URL."""
    seen: list[func.HttpRequest] = []

    @app.route()
    def f(req: func.HttpRequest) -> str:
        seen.append(req)
        return ""

    with Host(app, environ={}, host_json={}) as host:
        client = http.client.HTTPConnection(host.url.removeprefix("http://"))
        client.putrequest("POST", "/api/f?a=1&b=&a=2&c=x%20y+z")
        for name, value in [("X-Twice", "1"), ("x-twice", "2"), ("X-Empty", ""), ("Content-Length", "3")]:
            client.putheader(name, value)
        client.endheaders(b"\x00\xff!")
        assert client.getresponse().status == 200
        client.close()
    (request,) = seen
    assert dict(request.params) == {"a": "1,2", "c": "x y z"}
    assert (request.headers["x-twice"], request.headers["x-empty"]) == ("1,2", "")
    assert all(name == name.lower() for name in dict(request.headers))
    assert request.get_body() == b"\x00\xff!"
    assert request.url == f"{host.url}/api/f?a=1&b=&a=2&c=x%20y+z"


def test_a_body_without_a_length_is_lost(app: func.FunctionApp) -> None:
    """The real host passes a body on only with a Content-Length above 0."""

    @app.route()
    def f(req: func.HttpRequest) -> str:
        return str(len(req.get_body()))

    with Host(app, environ={}, host_json={}) as host:
        assert fetch(host, "POST", "/api/f", body=iter([b"abc"]), encode_chunked=True).body == b"0"


def test_a_body_over_the_limit_is_413(app: func.FunctionApp) -> None:
    """FUNCTIONS_REQUEST_BODY_SIZE_LIMIT stands over the default of 100 MB."""
    echo(app, "f")
    with Host(app, environ={"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "10"}, host_json={}) as host:
        assert fetch(host, "POST", "/api/f", body=b"x" * 10).status == 200
        assert fetch(host, "POST", "/api/f", body=b"x" * 11).status == 413


@pytest.mark.parametrize(
    ("value", "status", "content_type", "body"),
    [
        ("text", 200, "text/plain; charset=utf-8", b"text"),
        ('{"a": 1}', 200, "text/plain; charset=utf-8", b'{"a": 1}'),
        ('{"body": "b", "status": 418, "headers": {"Content-Type": "a/b"}}', 418, "a/b", b"b"),
        (func.HttpResponse(b"\xff", status_code=202, mimetype="image/png"), 202, "image/png", b"\xff"),
        (func.HttpResponse("é"), 200, "text/plain; charset=utf-8", "é".encode()),
        (func.HttpResponse(status_code=304, headers={"ETag": "1"}), 304, "text/plain; charset=utf-8", b""),
        (None, 500, None, b""),
        ({"a": 1}, 500, None, b""),
        (ValueError("private"), 500, None, b""),
        (TimeoutError("private"), 500, None, b""),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
def test_what_comes_back(
    app: func.FunctionApp, value: Any, status: int, content_type: str | None, body: bytes, *, is_async: bool
) -> None:
    """A str or an HttpResponse; anything else and every exception is 500 with nothing in it."""

    def answer() -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    if is_async:

        @app.route(route="f")
        async def asynchronous(req: func.HttpRequest) -> func.HttpResponse:
            assert req.method == "GET"
            return answer()  # type: ignore[no-any-return] # a wrong type is the point

    else:

        @app.route(route="f")
        def plain(req: func.HttpRequest) -> func.HttpResponse:
            assert req.method == "GET"
            return answer()  # type: ignore[no-any-return] # a wrong type is the point

    with Host(app, environ={}, host_json={}) as host:
        got = fetch(host, "GET", "/api/f")
    assert (got.status, got.headers.get("content-type"), got.body) == (status, content_type, body)


def test_cookies_stay_apart(app: func.FunctionApp) -> None:
    """Set-Cookie is the one response header that may repeat."""

    @app.route()
    def f(req: func.HttpRequest) -> func.HttpResponse:
        assert req.method == "GET"
        response = func.HttpResponse("x")
        response.headers.add("Set-Cookie", "a=1; Path=/")
        response.headers.add("Set-Cookie", "b=2")
        return response

    with Host(app, environ={}, host_json={}) as host:
        assert fetch(host, "GET", "/api/f").cookies == ("a=1; Path=/", "b=2")


def test_an_exception_is_logged_by_type_and_place_only(app: func.FunctionApp, caplog: pytest.LogCaptureFixture) -> None:
    """What it says may hold a prompt or a key."""

    @app.route()
    def f(req: func.HttpRequest) -> str:
        raise ValueError(f"private {req.method}")

    with Host(app, environ={}, host_json={}) as host:
        fetch(host, "GET", "/api/f")
    assert "ValueError" in caplog.text
    assert "test_http.py" in caplog.text
    assert "private" not in caplog.text


@pytest.mark.parametrize("is_async", [False, True])
def test_out_of_time_is_500_and_the_next_request_is_served(app: func.FunctionApp, *, is_async: bool) -> None:
    """Even with one thread: a new pool takes over from the stuck one."""
    release = threading.Event()

    @app.route()
    def slow(req: func.HttpRequest) -> str:
        release.wait(30)
        return str(req.method)

    @app.route()
    async def slow_async(req: func.HttpRequest) -> str:
        await asyncio.sleep(30)
        return str(req.method)

    echo(app, "quick")
    environ = {"PYTHON_THREADPOOL_THREAD_COUNT": "1"}
    with Host(app, environ=environ, host_json={"functionTimeout": "00:00:00.3"}) as host:
        assert fetch(host, "GET", "/api/slow_async" if is_async else "/api/slow").status == 500
        assert fetch(host, "GET", "/api/quick").status == 200
        release.set()


def test_async_functions_run_side_by_side(app: func.FunctionApp) -> None:
    """Two requests that wait for each other both end: one loop carries them."""
    both = asyncio.Barrier(2)

    @app.route()
    async def meet(req: func.HttpRequest) -> str:
        await both.wait()
        return str(req.method)

    with Host(app, environ={}, host_json={}) as host:
        got: list[Got] = []
        threads = [threading.Thread(target=lambda: got.append(fetch(host, "GET", "/api/meet"))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert [one.status for one in got] == [200, 200]


def test_a_stopping_host_lets_a_running_request_end(app: func.FunctionApp) -> None:
    """It is answered; a new connection is refused."""
    began, release = threading.Event(), threading.Event()

    @app.route()
    def f(req: func.HttpRequest) -> str:
        began.set()
        release.wait(30)
        return str(req.method)

    got: list[Got] = []
    with Host(app, environ={}, host_json={}) as host:
        asking = threading.Thread(target=lambda: got.append(fetch(host, "GET", "/api/f")))
        asking.start()
        assert began.wait(10)
        stopping = threading.Thread(target=host.stop)
        stopping.start()
        until(lambda: refused(host))
        release.set()
        asking.join(10)
        stopping.join(10)
    assert [one.status for one in got] == [200]
    assert host.abandoned == ()


def refused(host: Host) -> bool:
    try:
        fetch(host, "GET", "/")
    except OSError:
        return True
    return False


def test_a_function_that_outlives_the_grace_time_is_named(app: func.FunctionApp) -> None:
    """The host stops all the same."""
    began, release = threading.Event(), threading.Event()

    @app.route()
    def stuck(req: func.HttpRequest) -> str:
        began.set()
        release.wait(30)
        return str(req.method)

    host = Host(app, environ={}, host_json={}, grace_s=0.2)
    with host:
        asking = threading.Thread(target=lambda: fetch(host, "GET", "/api/stuck"))
        asking.start()
        assert began.wait(10)
    release.set()
    asking.join(10)
    assert host.abandoned == ("stuck",)


def test_the_home_page_says_what_this_is(app: func.FunctionApp) -> None:
    """A stand-in, so nobody takes it for Azure."""
    with Host(app, environ={}, host_json={}) as host:
        assert b"stand-in" in fetch(host, "GET", "/").body
