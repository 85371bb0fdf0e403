"""From a dropped file to an answer by HTTP, through the functions host and real sockets."""

from __future__ import annotations

import json
from functools import partial
from urllib.parse import quote

import pytest
from azure.storage.queue import QueueServiceClient

from tests.e2e.conftest import FAULTS, wait_until
from tests.pipeline.world import picture

NAMES = ["with space.jpg", "ünïcode/猫.png", "hash#1.jpg", "100%.jpg", "50%25.jpg", "a+b&c=d.jpg", "q?.jpg"]
WITHHELD = {"filter_prompt": "content_filter", "filter_completion": "content_filter", "refuse": "refusal"}
FINAL = {name: ("failed", code) for name, code in WITHHELD.items()} | {
    "context_length": ("failed", "context_length"),
    "truncate": ("partial", None),
}


def test_a_drop_is_answered(app):
    """The main job: a file in, an answer with tokens and dollars out."""
    app.drop("holiday/beach.jpg", picture(size=(643, 481)))  # a picture that no other test drops
    document = app.result("holiday/beach.jpg")

    assert document["state"] == "done"
    assert document["reply"]["text"]
    assert document["usage"]["input_tokens"] > 0
    assert float(document["cost"]["usd"]) > 0
    assert document["source"]["name"] == "holiday/beach.jpg"


@pytest.mark.parametrize(
    "name", ["with space.jpg", "ünïcode/猫.png", "hash#1.jpg", "100%.jpg", "a+b&c=d.jpg", "q?.jpg"]
)
def test_names_are_taken_exactly(app, name):
    """What people call their files comes back under the same name."""
    app.drop(name, picture())

    assert app.result(name)["source"]["name"] == name


def test_pending_is_202_with_retry_after(app):
    """A job that waits is not an error: 202, when to ask again, and what it waits for."""
    waiting = wait_until(lambda: pending(app, "faults/pending.jpg", "waiting"))

    assert int(waiting.headers["retry-after"]) >= 1
    assert (waiting.body["error"]["code"], waiting.body["error"]["retryable"]) == ("throttled", True)


def pending(app, name, state):
    answer = app.get(f"/api/results/{quote(name)}")
    return answer if answer.status == 202 and answer.body["state"] == state else None


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in {"pending", "retried"}])
def test_every_fault_of_the_endpoint(app, fault):
    """The service's faults wait and are answered in the end; the model's refusals are results."""
    document = app.result(f"faults/{fault}.jpg")
    state, code = FINAL.get(fault, ("done", None))

    assert (document["state"], document["error"] and document["error"]["code"]) == (state, code)
    assert app.calls(fault) == (1 if fault in FINAL else 2)


def test_a_broken_file_is_a_stored_refusal(app):
    """200, because the result is there: it failed, and says why."""
    app.drop("broken.jpg", picture()[:200])
    document = app.result("broken.jpg")

    assert (document["state"], document["error"]["code"]) == ("failed", "corrupt")


def test_one_event_delivered_ten_times(app):
    """Event Grid delivers at least once; the model is asked once."""
    app.drop("events/many.jpg", picture(size=(645, 481)), model="counted")
    event = {
        "eventType": "Microsoft.Storage.BlobCreated",
        "subject": "/blobServices/default/containers/uploads/blobs/events/many.jpg",
        "data": {"url": app.uploads.get_blob_client("events/many.jpg").url, "blobType": "BlockBlob", "eTag": "0x1"},
    }
    for _ in range(10):
        posted = app.get(
            "/runtime/webhooks/blobs?functionName=Host.Functions.accept",
            method="POST",
            data=json.dumps([event]).encode(),
            **{"aeg-event-type": "Notification", "content-type": "application/json"},
        )
        assert posted.status == 202
    app.result("events/many.jpg")
    blobtrigger_queues_are_empty(app)

    assert app.calls("counted") == 1


def blobtrigger_queues_are_empty(app):
    """Every delivery has been worked on."""
    with QueueServiceClient.from_connection_string(app.connection_string) as service:
        names = [queue.name for queue in service.list_queues(name_starts_with="azure-webjobs-blobtrigger")]
    for name in names:
        with app.queue(name) as queue:
            wait_until(partial(is_empty, queue))


def is_empty(queue):
    return queue.get_queue_properties().approximate_message_count == 0


def test_an_undecodable_message_is_poisoned(app):
    """The host moves it aside; it never blocks the queue."""
    with app.queue("analyze") as queue, app.queue("analyze-poison") as poison:
        queue.send_message("this is no base64 JSON ***")
        found = wait_until(lambda: next(iter(poison.receive_messages()), None))
        poison.delete_message(found)

    assert "***" in found.content


HTTP = [
    ("GET", "/api/health", 200),
    ("GET", "/api/results/never-dropped.jpg", 404),
    ("POST", "/api/results/a.jpg", 404),
    ("DELETE", "/api/health", 404),
    ("GET", "/api/nothing", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), HTTP)
def test_routes(app, method, path, status):
    """What is there answers; what is not, or by another method, is 404 as on Azure."""
    assert app.get(path, method=method).status == status


def test_errors_have_one_shape(app):
    """Code, message and hint, so that a person knows what to do next."""
    error = app.get("/api/results/never-dropped.jpg").body["error"]

    assert set(error) == {"code", "message", "hint"}
    assert "never-dropped.jpg" in error["message"]


def test_health_names_every_dependency(app):
    """An operator sees at a glance what is missing."""
    assert app.get("/api/health").body == {
        "status": "ok",
        "checks": {"settings": "ok", "blobs": "ok", "jobs": "ok", "queue": "ok", "ledger": "ok"},
    }
