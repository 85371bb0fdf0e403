"""What is found wrong before anything runs: the app, one function, host.json, a setting, a schedule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Optional

import azure.functions as func
import azurefunctions.extensions.bindings.blob as sdk  # type: ignore[import-untyped] # has no types
import pytest
from azure.storage.blob.aio import BlobClient as AsyncBlobClient
from hypothesis import given
from hypothesis import strategies as st

from local.host import Host
from local.host.functions import AppFault, index
from local.host.options import HostJsonInvalid, QueueOptions, parse_options
from local.host.schedule import parse_schedule
from local.host.settings import FunctionFault, HostSettings, resolve
from local.host.storage import HostStorage

STORAGE = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a"


@contextmanager
def prepared(app: func.FunctionApp, **options: Any) -> Iterator[Host]:
    """A host that has read the app but not started."""
    host = Host(app, **options)
    try:
        yield host
    finally:
        host.stop()


def fine(message: func.QueueMessage) -> None: ...


def queue_app(function: Any) -> func.FunctionApp:
    app = func.FunctionApp()
    app.queue_trigger(arg_name="message", queue_name="q", connection="")(function)
    return app


def extra(message: func.QueueMessage, name: str) -> None: ...
def missing() -> None: ...
def union(message: Optional[func.QueueMessage]) -> None: ...  # noqa: UP045 # what the worker refuses
def wrong(message: func.HttpRequest) -> None: ...
def unresolved(message: NotThere) -> None: ...  # type: ignore[name-defined] # noqa: F821 # the point of the test


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (extra, "parameters without a binding: name"),
        (missing, "bindings without a parameter: message"),
        (union, "non-type annotation"),
        (wrong, "cannot be given to HttpRequest"),
        (unresolved, "'NotThere' is not defined"),
    ],
)
def test_what_unindexes_the_app(function: Any, reason: str) -> None:
    """As in the worker, one such function takes all others with it."""
    app = queue_app(function)
    with pytest.raises(AppFault, match=reason):
        index(app)


def test_an_async_client_is_refused() -> None:
    """The extension has synchronous types only."""
    app = func.FunctionApp()

    @app.blob_trigger(arg_name="blob", path="c/{name}", connection="")
    def accept(blob: AsyncBlobClient) -> None: ...

    with pytest.raises(AppFault, match="cannot be given to BlobClient"):
        index(app)


def test_names_must_be_unique() -> None:
    """The library says so, and the app is not indexed."""
    app = queue_app(fine)
    app.queue_trigger(arg_name="message", queue_name="q", connection="")(fine)
    with pytest.raises(AppFault, match="unique"):
        index(app)


def test_an_app_can_be_indexed_twice() -> None:
    """So that several hosts in one test process may run the same module."""
    app = queue_app(fine)
    assert index(app) == index(app)


@pytest.mark.parametrize(
    ("binding", "environ", "reason"),
    [
        ({"queue_name": "%QUEUE%", "connection": ""}, {}, "%QUEUE% in '%QUEUE%' is not an app setting: set QUEUE"),
        ({"queue_name": "q%", "connection": ""}, {}, "lone %"),
        ({"queue_name": "q", "connection": "Other"}, {}, "set Other to a connection string"),
        (
            {"queue_name": "q", "connection": "Other"},
            {"Other": "nonsense"},
            "setting Other is not a storage connection",
        ),
        ({"queue_name": "a-%queue%-z", "connection": "Other"}, {"QUEUE": "x", "AzureWebJobsOther": STORAGE}, None),
        ({"queue_name": "q", "connection": ""}, {}, None),
    ],
)
def test_a_wrong_setting_stops_one_function(binding: Any, environ: dict[str, str], reason: str | None) -> None:
    """The message names the setting; the other functions start."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.queue_trigger(arg_name="message", **binding)
    def work(message: str) -> None: ...

    @app.route()
    def fine(req: func.HttpRequest) -> str:
        return str(req.method)

    with prepared(app, environ={"AzureWebJobsStorage": STORAGE} | environ, host_json={}) as host:
        assert list(host.faults) == (["work"] if reason else [])
        assert reason is None or reason in host.faults["work"]
        assert len(host.routes) == 1


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        ("x/{id:nope}", "no constraint 'nope'"),
        ("x/{id", "is not understood"),
        ("admin/x", "collides"),
        ("runtime", "collides"),
    ],
)
def test_a_wrong_route_stops_one_function(route: str, reason: str) -> None:
    """Reserved, unbalanced, or with an unknown constraint."""
    app = func.FunctionApp()

    @app.route(route=route)
    def f(req: func.HttpRequest) -> str:
        return str(req.method)

    with prepared(app, environ={}, host_json={"extensions": {"http": {"routePrefix": ""}}}) as host:
        assert reason in host.faults["f"]


def test_a_binding_that_is_not_carried_is_refused() -> None:
    """Rather than run half of what the function needs."""
    app = func.FunctionApp()

    @app.route()
    @app.queue_output(arg_name="out", queue_name="q", connection="")
    def f(req: func.HttpRequest, out: func.Out[str]) -> str:
        out.set("x")
        return str(req.method)

    with prepared(app, environ={}, host_json={}) as host:
        assert "no queue bindings" in host.faults["f"]


def test_an_sdk_type_needs_the_setting_itself() -> None:
    """The Python extension does not know the AzureWebJobs alias that the host accepts."""
    app = func.FunctionApp()

    @app.blob_trigger(arg_name="blob", path="c/{name}", connection="Data")
    def accept(blob: sdk.BlobClient) -> None: ...

    environ = {"AzureWebJobsStorage": STORAGE, "AzureWebJobsData": STORAGE}
    with prepared(app, environ=environ, host_json={}) as host:
        assert "needs the setting Data itself" in host.faults["accept"]


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({"X__blobServiceUri": "https://b.example"}, "https://b.example/"),
        ({"X__serviceUri": "https://s.example"}, "https://s.example/"),
        ({"X": STORAGE, "X__blobServiceUri": "https://b.example"}, "http://127.0.0.1:9/a/"),
        ({"AzureWebJobsX__blobServiceUri": "https://b.example"}, "https://b.example/"),
    ],
)
def test_connections_by_identity(settings: dict[str, str], address: str) -> None:
    """The exact setting wins; otherwise a service address, signed in by an identity."""
    storage = HostStorage(HostSettings(settings))
    assert storage.blobs("X").url.rstrip("/") == address.rstrip("/")
    storage.close()


@pytest.mark.parametrize(
    ("text", "resolved"), [("a-%NAME%-%other%", "a-1-2"), ("plain", "plain"), ("%name%%NAME%", "11")]
)
def test_settings_in_binding_strings(text: str, resolved: str) -> None:
    """Anywhere in the string, in any case."""
    assert resolve(text, HostSettings({"Name": "1", "OTHER": "2"})) == resolved


@pytest.mark.parametrize(
    ("queues", "expected"),
    [
        ({}, QueueOptions(max_polling_interval_s=60.0)),
        ({"BatchSize": 1}, QueueOptions(batch_size=1, new_batch_threshold=0, max_polling_interval_s=60.0)),
        (
            {"visibilityTimeout": "00:00:30", "maxPollingInterval": "00:00:02", "messageEncoding": "None"},
            QueueOptions(visibility_timeout_s=30.0, max_polling_interval_s=2.0, base64=False),
        ),
        ({"maxPollingInterval": "00:00:00.01"}, QueueOptions(max_polling_interval_s=0.1)),
        ({"maxDequeueCount": "2"}, QueueOptions(max_dequeue_count=2, max_polling_interval_s=60.0)),
    ],
)
def test_queue_options(queues: dict[str, Any], expected: QueueOptions) -> None:
    """Defaults and limits of the real host; names in any case."""
    assert parse_options({"extensions": {"queues": queues}}, HostSettings()).queues == expected


def test_development_polls_every_two_seconds_at_least() -> None:
    """Unless host.json says otherwise."""
    settings = HostSettings({"AZURE_FUNCTIONS_ENVIRONMENT": "Development"})
    assert parse_options({}, settings).queues.max_polling_interval_s == 2.0


def test_a_setting_overrides_host_json() -> None:
    """The local run sets what differs from Azure this way, without a second host.json."""
    settings = HostSettings({"AzureFunctionsJobHost__extensions__queues__batchSize": "3"})
    options = parse_options({"extensions": {"queues": {"batchSize": 9}}}, settings)
    assert options.queues.batch_size == 3


@pytest.mark.parametrize(
    ("value", "seconds"), [("00:05:00", 300.0), ("1.00:00:00", 86400.0), ("-1", None), (None, 1800.0)]
)
def test_function_timeout(value: str | None, seconds: float | None) -> None:
    """The default is that of Flex Consumption."""
    host_json = {} if value is None else {"functionTimeout": value}
    assert parse_options(host_json, HostSettings()).function_timeout_s == seconds


@pytest.mark.parametrize(
    "host_json",
    [
        {"functionTimeout": "5 minutes"},
        {"extensions": {"queues": {"batchSize": 33}}},
        {"extensions": {"queues": {"batchSize": "many"}}},
        {"extensions": {"queues": {"maxDequeueCount": 0}}},
        {"extensions": {"queues": {"messageEncoding": "hex"}}},
    ],
)
def test_a_wrong_host_json_stops_the_host(host_json: dict[str, Any]) -> None:
    """With the value in the message."""
    with pytest.raises(HostJsonInvalid):
        parse_options(host_json, HostSettings())


@pytest.mark.parametrize("degree", [1, 2, 16, 200])
def test_blob_parallelism_is_split_as_the_queue_is(degree: int) -> None:
    """16 is nine at a time and seven more."""
    options = parse_options({"extensions": {"blobs": {"maxDegreeOfParallelism": degree}}}, HostSettings()).blobs
    assert options.batch_size + options.new_batch_threshold <= degree
    assert (degree != 16) or (options.batch_size, options.new_batch_threshold) == (9, 7)


NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("schedule", "following"),
    [
        ("0 */5 * * * *", "2026-01-01T00:05:00"),
        ("*/5 * * * *", "2026-01-01T00:05:00"),
        ("30 * * * * *", "2026-01-01T00:00:30"),
        ("0 30 9 * * 1-5", "2026-01-01T09:30:00"),
        ("0 0 0 * * Sun", "2026-01-04T00:00:00"),
        ("0 0 12 1,15 Feb-Mar *", "2026-02-01T12:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 13 * Fri", "2026-02-13T00:00:00"),
        ("50/5 59 23 31 12 *", "2026-12-31T23:59:50"),
    ],
)
def test_schedules(schedule: str, following: str) -> None:
    """Seconds first; steps, ranges, lists and names; both day fields must fit."""
    found = parse_schedule(schedule).after(NEW_YEAR)
    assert found == datetime.fromisoformat(following).replace(tzinfo=UTC)


def test_a_schedule_that_never_comes() -> None:
    """31 April is a valid expression without a moment."""
    assert parse_schedule("0 0 0 31 4 *").after(NEW_YEAR) is None


@pytest.mark.parametrize("schedule", ["", "* * * *", "60 * * * * *", "x * * * * *", "0 0 0 0 * *", "5-1 * * * * *"])
def test_wrong_schedules_are_refused(schedule: str) -> None:
    """With the expression in the message."""
    with pytest.raises(FunctionFault, match="NCRONTAB"):
        parse_schedule(schedule)


numbers = {"second": 59, "minute": 59, "hour": 23}


@given(
    parts=st.tuples(*(st.one_of(st.just("*"), st.integers(0, most).map(str)) for most in numbers.values())),
    start=st.integers(0, 10**9),
)
def test_the_next_moment_fits_and_none_before_it_does(parts: tuple[str, ...], start: int) -> None:
    """Against counting seconds, over a day at most."""
    moment = datetime.fromtimestamp(start, UTC)
    found = parse_schedule(" ".join((*parts, "*", "*", "*"))).after(moment)
    fits = lambda at: all(  # noqa: E731 # shorter than a def
        part in {"*", str(value)} for part, value in zip(parts, (at.second, at.minute, at.hour), strict=True)
    )
    assert found is not None
    assert fits(found)
    assert moment < found <= moment + timedelta(days=1)
    between = range(1, min(int((found - moment).total_seconds()), 300))
    assert not any(fits(moment + timedelta(seconds=step)) for step in between)
    before_it = range(1, min(int((found - moment).total_seconds()), 300))
    assert not any(fits(found - timedelta(seconds=step)) for step in before_it)
