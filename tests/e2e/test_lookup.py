"""Looking up: by name and id, waiting, ETags."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.e2e.conftest import wait_until
from tests.e2e.served import http_triggers
from tests.pipeline.world import picture

UNKNOWN_ID = "0" * 32
STRANGE = [
    "look/50%25.jpg",
    "look/a//b.jpg",
    "look/q?x=1&y=#z.jpg",
    "look/'quoted'.jpg",
    "look/%2e%2e%2fx.jpg",
    "look/ü 猫.jpg",
]


@pytest.fixture(scope="module")
def seen(app):
    """The document of a picture that was dropped and answered."""
    app.drop("look/seen.jpg", picture(colour="orchid"))
    return app.result("look/seen.jpg")


def test_by_id_is_the_same_document(app, seen):
    """One document, two ways to it."""
    assert app.get(f"/api/jobs/{seen['job_id']}").body == seen


@pytest.mark.parametrize("name", STRANGE)
def test_the_query_carries_every_name(app, name):
    """Also what a path cannot carry; nothing is normalized on the way."""
    app.drop(name, picture(colour="peru"))

    assert wait_until(lambda: named(app, name))["source"]["name"] == name


def named(app, name):
    answer = app.get(f"/api/results?name={quote(name, safe='')}")
    return answer.body if answer.status == 200 else None


@pytest.mark.parametrize(
    "name", ["look/x/../seen.jpg", "look//seen.jpg", "LOOK/seen.jpg", "look/seen.jpg/", "look%2Fseen.jpg"]
)
@pytest.mark.usefixtures("seen")
def test_a_similar_name_is_another_name(app, name):
    """Names are opaque."""
    assert app.get(f"/api/results?name={quote(name, safe='')}").status == 404


def test_what_is_known_already_is_304(app, seen):
    """With the tag of the former answer there is no body; with another one there is."""
    first = app.get("/api/results/look/seen.jpg")
    again = app.get("/api/results/look/seen.jpg", **{"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    other = app.get("/api/results/look/seen.jpg", **{"If-None-Match": '"other"'})

    assert (again.status, again.body, again.headers["etag"]) == (304, "", first.headers["etag"])
    assert (other.status, other.body) == (200, seen)


def test_wait_answers_when_the_job_has_ended(app):
    """One request is enough: it is held from before the upload is noticed until there is an answer."""
    app.drop("look/waited.jpg", picture(colour="salmon"))
    answer = app.get("/api/results/look/waited.jpg?wait=30")

    assert (answer.status, answer.body["state"]) == (200, "done")


def test_waiting_holds_no_worker_thread(app, seen):
    """Far more waiting requests than threads, and a look-up is answered before any of them."""
    with ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(app.get, "/api/results/look/late.jpg?wait=60") for _ in range(40)]
        time.sleep(0.5)  # they are being held by now
        looked_up = app.get(f"/api/jobs/{seen['job_id']}")
        ended_before = [one for one in waiting if one.done()]
        app.drop("look/late.jpg", picture(colour="khaki"))

        assert (looked_up.status, ended_before) == (200, [])
        assert {one.result().status for one in waiting} == {200}


def test_a_waiting_job_says_until_when(app):
    """Retry-After is the endpoint's own, not a guess."""
    waiting = wait_until(lambda: pending(app))

    assert 60 < int(waiting.headers["retry-after"]) <= 1.2 * 3600
    assert waiting.body["error"]["code"] == "throttled"


def test_no_request_takes_a_worker_thread():
    """Those are few, and jobs keep them busy as long as the model takes: nobody could look anything up meanwhile."""
    assert [name for name, trigger in http_triggers().items() if not trigger["is_async"]] == []


def pending(app):
    answer = app.get("/api/results/faults/pending.jpg")
    return answer if answer.status == 202 and answer.body["state"] == "waiting" else None


WRONG = [
    ("/api/results/look/seen.jpg?wait=61", 400, "wait"),
    ("/api/results/look/seen.jpg?wait=soon", 400, "wait"),
    ("/api/results/look/seen.jpg?wiat=5", 400, "wiat"),
    ("/api/results/look/seen.jpg?name=look/other.jpg", 400, "name"),
    ("/api/media", 400, "name"),
    ("/api/originals/?name=", 400, "name"),
    ("/api/originals/look/never.jpg", 404, None),
    ("/api/results/look/never.jpg", 404, None),
    (f"/api/jobs/{UNKNOWN_ID}", 404, None),
    (f"/api/jobs/{UNKNOWN_ID}/related", 404, None),
    (f"/api/jobs/{UNKNOWN_ID}/compare/{UNKNOWN_ID}", 404, None),
    ("/api/jobs/%27%20or%20true", 404, None),
    ("/api/jobs/%F0%9F%98%80", 404, None),
]


@pytest.mark.parametrize(("path", "status", "field"), WRONG)
@pytest.mark.usefixtures("seen")
def test_wrong_requests(app, path, status, field):
    """Each is refused with the field named, and says what to do."""
    answer = app.get(path)

    assert (answer.status, answer.body["error"].get("field")) == (status, field)
    assert answer.body["error"]["hint"]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/api/results/look%2Fseen.jpg", "write / as it is"),
        ("/api/results?since=2026-11-21T12:00:00+01:00", "+ is written %2B"),
    ],
)
def test_slips_of_encoding_are_told(app, path, hint):
    """What was meant is not guessed, but the hint says how it is written."""
    assert hint in app.get(path).body["error"]["hint"]
