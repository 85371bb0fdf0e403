"""Blob triggers against Azurite: scans with receipts, Event Grid posts, what the parameter receives."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from typing import Any

import azure.functions as func
import azurefunctions.extensions.bindings.blob as sdk  # type: ignore[import-untyped] # has no types
import pytest
from azure.storage.blob import BlobClient

from local.host import Host
from local.host.blob_path import parse_blob_path
from local.host.blob_trigger import QUEUE_PREFIX
from local.host.keys import Keys
from local.host.settings import FunctionFault
from tests.host.sandbox import Sandbox, encoded, until


def watch(
    app: func.FunctionApp, path: str, source: func.BlobSource | None = func.BlobSource.EVENT_GRID
) -> list[tuple[str, bytes]]:
    """A function that notes the name and content of each blob it is run for."""
    seen: list[tuple[str, bytes]] = []

    @app.blob_trigger(arg_name="blob", path=path, connection="AzureWebJobsStorage", source=source)
    def accept(blob: sdk.BlobClient) -> None:
        seen.append((blob.blob_name, blob.download_blob().readall()))

    return seen


def post(host: Host, events: object, *, function: str = "accept", kind: str = "Notification", code: str = "") -> Any:
    client = http.client.HTTPConnection(host.url.removeprefix("http://"), timeout=10)
    target = f"/runtime/webhooks/blobs?functionName=Host.Functions.{function}&code={code}"
    client.request("POST", target, body=json.dumps(events), headers={"aeg-event-type": kind})
    response = client.getresponse()
    answer = response.read()
    client.close()
    return response.status, answer


def event(blob: BlobClient) -> dict[str, Any]:
    """The fields of a BlobCreated event that the host reads."""
    properties = blob.get_blob_properties()
    data = {"api": "PutBlob", "url": blob.url, "eTag": properties.etag.strip('"'), "blobType": "BlockBlob"}
    return {"id": "1", "eventType": "Microsoft.Storage.BlobCreated", "data": data}


def settled(sandbox: Sandbox) -> bool:
    return sandbox.is_empty(QUEUE_PREFIX + sandbox.name)


def test_each_blob_runs_once_and_an_overwrite_runs_again(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Old blobs are picked up, the same ETag is not repeated, new content is; other names are left alone."""
    container = sandbox.container()
    container.upload_blob("in/deep/é 1.png", b"one")
    container.upload_blob("other/x.png", b"no")
    seen = watch(app, f"{sandbox.name}/in/{{name}}")
    host = sandbox.host(app)
    until(lambda: seen == [("in/deep/é 1.png", b"one")])
    container.upload_blob("in/deep/é 1.png", b"two", overwrite=True)
    until(lambda: seen[1:] == [("in/deep/é 1.png", b"two")])
    host.stop()
    again = sandbox.host(app)  # receipts outlive the host
    container.upload_blob("in/last", b"")
    until(lambda: len(seen) == 3)
    again.stop()
    assert seen[2] == ("in/last", b"")


def test_two_hosts_on_one_account_run_a_blob_once(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """The receipt is made by one of them only."""
    container = sandbox.container()
    seen = watch(app, sandbox.name)
    sandbox.host(app)
    sandbox.host(app)
    for number in range(10):
        container.upload_blob(str(number), b"")
    until(lambda: len(seen) >= 10 and settled(sandbox))
    assert sorted(seen) == [(str(number), b"") for number in range(10)]


def test_deleting_the_receipts_runs_a_blob_again(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """The documented way to process everything once more; here it takes a restart."""
    sandbox.container().upload_blob("x", b"")
    seen = watch(app, sandbox.name)
    host = sandbox.host(app)
    until(lambda: len(seen) == 1)
    host.stop()
    forget_receipts(sandbox)
    sandbox.host(app)
    until(lambda: len(seen) == 2)


def forget_receipts(sandbox: Sandbox) -> None:
    receipts = sandbox.blobs.get_container_client("azure-webjobs-hosts")
    for receipt in receipts.list_blobs(name_starts_with=f"blobreceipts/{sandbox.name}/"):
        receipts.delete_blob(receipt.name)


def test_an_event_posted_ten_times_runs_ten_times(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Event Grid delivers at least once and the host keeps no receipt for it: the app must be idempotent."""
    seen = watch(app, sandbox.name + "/{name}")
    blob = sandbox.container().upload_blob("a b.png", b"x")
    host = sandbox.host(app, blob_scan_s=3600.0)
    until(lambda: len(seen) == 1)  # the one scan at the start
    for _ in range(5):
        assert post(host, event(blob)) == (202, b"")
    assert post(host, [event(blob)] * 5) == (202, b"")
    until(lambda: len(seen) == 11)
    assert set(seen) == {("a b.png", b"x")}


def test_an_event_runs_on_what_the_blob_holds_now(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Its ETag is not compared, and one whose blob is gone is dropped without a failure."""
    seen = watch(app, sandbox.name + "/{name}")
    container = sandbox.container()
    container.upload_blob("first", b"")
    host = sandbox.host(app, blob_scan_s=3600.0)
    until(lambda: len(seen) == 1)  # the one scan at the start
    old = event(container.upload_blob("x", b"old"))
    gone = event(container.upload_blob("gone", b""))
    container.delete_blob("gone")
    container.upload_blob("x", b"new", overwrite=True)
    assert post(host, [gone, old])[0] == 202
    until(lambda: len(seen) == 2 and settled(sandbox))
    assert seen[1] == ("x", b"new")
    assert not [body for body in sandbox.bodies("webjobs-blobtrigger-poison") if sandbox.name in decoded(body)]


def test_without_events_a_stale_pointer_is_dropped(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """The default source compares ETags: the scan of the new content is the one that runs."""
    seen = watch(app, sandbox.name + "/{name}", source=None)
    container = sandbox.container()
    old = event(container.upload_blob("x", b"old"))
    container.upload_blob("x", b"new", overwrite=True)
    host = sandbox.host(app)
    assert post(host, old)[0] == 202
    until(lambda: len(seen) == 1 and settled(sandbox))
    assert seen == [("x", b"new")]


def test_a_blob_that_always_fails_ends_in_the_poison_queue(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """After poisonBlobThreshold tries, as a JSON pointer to the blob."""
    tries: list[str] = []

    @app.blob_trigger(arg_name="blob", path=sandbox.name + "/{name}", connection="", source=func.BlobSource.EVENT_GRID)
    def accept(blob: func.InputStream) -> None:
        tries.append(str(blob.name))
        raise ValueError

    sandbox.container().upload_blob("bad", b"x")
    sandbox.host(app)

    def poison() -> list[str]:
        return [body for body in sandbox.bodies("webjobs-blobtrigger-poison") if sandbox.name in decoded(body)]

    pointer = json.loads(decoded(until(poison)[0]))
    assert tries == [f"{sandbox.name}/bad"] * 5
    assert (pointer["FunctionId"], pointer["BlobName"]) == ("Host.Functions.accept", "bad")
    assert pointer["ETag"].startswith('"0x')


def decoded(body: str) -> str:
    return base64.b64decode(body).decode()


def test_the_handshake_returns_the_validation_code(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Without it Event Grid does not create the subscription."""
    watch(app, sandbox.name)
    host = sandbox.host(app)
    validation = [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "c0de"}}]
    status, body = post(host, validation, kind="SubscriptionValidation")
    assert (status, json.loads(body)) == (200, {"validationResponse": "c0de"})


@pytest.mark.parametrize(
    ("kind", "function", "events", "status"),
    [
        ("Unsubscribe", "accept", [], 202),
        ("Notification", "accept", [], 202),
        ("Notification", "unknown", [], 404),
        ("Notification", "accept", [{"data": {}}], 400),
        ("Notification", "accept", "text", 400),
        ("", "accept", [], 400),
    ],
)
def test_other_posts(
    sandbox: Sandbox, app: func.FunctionApp, kind: str, function: str, events: object, status: int
) -> None:
    """What is no event of a known function is refused with a reason."""
    watch(app, sandbox.name)
    assert post(sandbox.host(app), events, kind=kind, function=function)[0] == status


def test_with_auth_events_need_the_system_key(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """The key that the subscription's URL carries in Azure."""
    watch(app, sandbox.name)
    host = sandbox.host(app, keys=Keys(master="m", system={"blobs_extension": "s"}))
    assert post(host, [], code="wrong")[0] == 401
    assert post(host, [], code="s")[0] == 202


def test_a_stream_carries_name_uri_and_properties(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Through the library's own converter, as in the worker."""
    seen: list[Any] = []

    @app.blob_trigger(arg_name="blob", path=sandbox.name + "/{name}", connection="")
    def accept(blob: func.InputStream) -> None:
        known: Any = blob  # the abstract type knows less than what is given
        seen.append((blob.name, blob.uri, blob.length, blob.read(), known.metadata, known.blob_properties))

    blob = sandbox.container().upload_blob("d/x.bin", b"\x00\xff", metadata={"k": "v"})
    sandbox.host(app)
    until(lambda: seen)
    name, uri, length, content, metadata, properties = seen[0]
    assert (name, uri, length, content) == (f"{sandbox.name}/d/x.bin", blob.url, 2, b"\x00\xff")
    assert metadata == {"k": "v"}
    assert properties["ETag"] == blob.get_blob_properties().etag


def test_bytes_are_the_content_and_async_works(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """A parameter typed bytes gets the raw value."""
    seen: list[bytes] = []

    @app.blob_trigger(arg_name="blob", path=sandbox.name + "/{name}", connection="")
    async def accept(blob: bytes) -> None:
        seen.append(blob)

    sandbox.container().upload_blob("x", b"\x00\xff")
    sandbox.host(app)
    until(lambda: seen == [b"\x00\xff"])


def test_a_scan_of_known_blobs_asks_for_no_receipt(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """They are remembered, so that a scan of thousands stays one listing: without any left, nothing runs again."""
    container = sandbox.container()
    for number in range(5):
        container.upload_blob(str(number), b"")
    seen = watch(app, sandbox.name)
    host = sandbox.host(app, blob_scan_s=3600.0)
    until(lambda: len(seen) == 5 and settled(sandbox))
    assert host.scanner is not None
    forget_receipts(sandbox)
    container.upload_blob("new", b"")
    host.scanner.scan()
    until(lambda: len(seen) == 6 and settled(sandbox))
    assert seen[5] == ("new", b"")


def test_a_receipt_left_open_is_finished_by_one_host(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """A host that died between receipt and message loses no blob: after half a minute another one takes over."""
    blob = sandbox.container().upload_blob("x", b"")
    seen = watch(app, sandbox.name)
    host = sandbox.host(app, blob_scan_s=3600.0)
    until(lambda: seen)
    assert host.scanner is not None
    receipts = sandbox.blobs.get_container_client("azure-webjobs-hosts")
    (receipt,) = receipts.list_blobs(name_starts_with=f"blobreceipts/{sandbox.name}/")
    receipts.get_blob_client(receipt.name).set_blob_metadata({})
    host.scanner.done = set()
    assert (host.scanner.scan(), len(seen)) == (0, 1)
    host.scanner.take_over_s = 0.0
    assert host.scanner.scan() == 1
    until(lambda: len(seen) == 2)
    assert {name for name, _ in seen} == {blob.blob_name}


def test_a_container_that_comes_later_is_found(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """The scanner waits for it."""
    seen = watch(app, sandbox.name)
    sandbox.host(app)
    sandbox.container().upload_blob("x", b"")
    until(lambda: seen == [("x", b"")])


def test_a_pointer_to_an_unknown_function_is_dropped(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """It was deployed once and is no more."""
    seen = watch(app, sandbox.name)
    sandbox.host(app)
    queue = sandbox.queues.get_queue_client(QUEUE_PREFIX + sandbox.name)
    sandbox.container().upload_blob("x", b"")
    until(lambda: seen)
    queue.send_message(encoded(json.dumps({"FunctionId": "Host.Functions.old", "ContainerName": "c", "BlobName": "b"})))
    until(lambda: settled(sandbox))
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("path", "name", "matches"),
    [
        ("in/{name}.{ext}", "d/a.b.txt", True),
        ("in/{name}.{ext}", "nodot", False),
        ("in/{name}", "", True),
        ("in", "anything/at all", True),
        ("in/a-{x}", "A-1", False),
        ("in/{{{x}}}", "{1}", True),
        ("in/{{{x}}}", "1", False),
        ("in/x+y", "x+y", True),
        ("IN/x", "x", True),
    ],
)
def test_path_patterns(path: str, name: str, *, matches: bool) -> None:
    """Parameters cross slashes, literals are case-sensitive, doubled braces are braces."""
    parsed = parse_blob_path(path)
    assert (parsed.container, parsed.matches(name)) == ("in", matches)
    assert not matches or name.startswith(parsed.prefix)


@pytest.mark.parametrize("path", ["", "{c}/x", "c/{", "c/}x", "c/{}"])
def test_wrong_paths_are_refused(path: str) -> None:
    """The function is in error, with the path in the message."""
    with pytest.raises(FunctionFault, match="blob path"):
        parse_blob_path(path)


def test_the_blob_queue_runs_functions_side_by_side(sandbox: Sandbox, app: func.FunctionApp) -> None:
    """Two blobs that wait for each other both end."""
    both = threading.Barrier(2)
    met: list[bytes] = []

    @app.blob_trigger(arg_name="blob", path=sandbox.name + "/{name}", connection="")
    def accept(blob: bytes) -> None:
        both.wait(20)
        met.append(blob)

    container = sandbox.container()
    container.upload_blob("1", b"x")
    container.upload_blob("2", b"x")
    sandbox.host(app)
    until(lambda: met == [b"x", b"x"])
