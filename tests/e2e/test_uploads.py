"""Uploads through the API and by ticket."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest

from tests.pipeline.world import picture


def put(app, name, data, **headers):
    return app.get(f"/api/uploads/{quote(name)}", method="PUT", data=data, **headers)


def test_an_upload_is_answered(app):
    """201 with the job that it will be; waiting for that job gives the answer."""
    kept = put(app, "up/ä b#1.jpg", picture(colour="sienna"))
    answer = app.get(f"{kept.body['result']}?wait=30")

    assert (kept.status, kept.headers["location"]) == (201, f"/api/jobs/{kept.body['job_id']}")
    assert (answer.status, answer.body["state"], answer.body["source"]["name"]) == (200, "done", "up/ä b#1.jpg")


def test_every_promised_job_comes_to_an_end(app):
    """A name that is replaced faster than its events come: each version is answered, or says that it was replaced."""
    colours = ("azure", "bisque", "coral", "gold", "indigo")
    kept = [put(app, "up/often.jpg", picture(colour=colour)).body for colour in colours]
    ended = [app.get(f"{one['result']}?wait=30") for one in kept]

    assert [answer.status for answer in ended] == [200] * len(colours)
    assert ended[-1].body["state"] == "done"
    assert {"done", "replaced"} >= {
        answer.body["state"] if answer.body["error"] is None else answer.body["error"]["code"] for answer in ended
    }


def test_options_come_as_headers(app):
    """They are the blob's metadata, so they win over every folder's."""
    kept = put(
        app, "up/low.jpg", picture(colour="snow"), **{"x-ms-meta-detail": "low", "x-ms-meta-prompt": "One word."}
    )
    options = app.get(f"{kept.body['result']}?wait=30").body["options"]

    assert (options["detail"], options["prompt"]) == ("low", "One word.")


def test_a_folder_s_options_are_taken_and_checked(app):
    """A `_vision.toml` has no job; a wrong one is refused before it can spoil a folder."""
    kept = put(app, "up/toml/_vision.toml", b'detail = "low"')
    wrong = put(app, "up/toml/_vision.toml", b'detial = "low"')

    assert (kept.status, kept.body["job_id"]) == (201, None)
    assert (wrong.status, wrong.body["error"]["field"]) == (400, "detial")


def test_a_name_can_be_protected(app):
    """If-None-Match: * does not replace; without it the newest wins."""
    first = put(app, "up/once.jpg", picture(colour="beige"))
    second = put(app, "up/once.jpg", picture(colour="black"), **{"If-None-Match": "*"})
    third = put(app, "up/once.jpg", picture(colour="white"))

    assert (first.status, second.status, third.status) == (201, 412, 201)
    assert first.body["job_id"] != third.body["job_id"]


REFUSED = [
    ("up/notes.txt", b"only words", {}, 415, None),
    ("up/drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', {}, 415, None),
    ("up/page.jpg", b"<!doctype html><p>in disguise", {}, 415, None),
    ("up/sound.mp3", b"ID3" + b"x" * 99, {}, 415, None),
    ("up/empty.jpg", b"", {}, 400, "body"),
    ("up/back\\slash.jpg", picture(), {}, 400, "name"),
    ("up/tab\t.jpg", picture(), {}, 400, "name"),
    ("up//twice.jpg", picture(), {}, 400, "name"),
    ("up/dot.", picture(), {}, 400, "name"),
    ("u" * 1025, picture(), {}, 400, "name"),
    ("up/a.jpg", picture(), {"If-Match": '"0x1"'}, 400, "If-Match"),
    ("up/a.jpg", picture(), {"If-None-Match": '"0x1"'}, 400, "If-None-Match"),
    ("up/_vision.toml", picture(), {}, 400, "up/_vision.toml"),
    ("up/a.jpg", picture(), {"x-ms-meta-detail": "huge"}, 400, "detail"),
    ("up/a.jpg", picture(), {"x-ms-meta-detial": "low"}, 400, "detial"),
    ("up/a.jpg", picture(), {"x-ms-meta-prompt": "Was ist drauf? Größe?"}, 400, "prompt"),
]


@pytest.mark.parametrize(("name", "data", "headers", "status", "field"), REFUSED)
def test_refused_before_anything_is_stored(app, name, data, headers, status, field):
    """The message says what is wrong, the hint what to do."""
    answer = put(app, name, data, **headers)

    assert (answer.status, answer.body["error"].get("field")) == (status, field)
    assert answer.body["error"]["hint"]


def test_too_large_is_refused_by_its_announced_length(app):
    """413 and where to go instead."""
    connection = HTTPConnection(urlsplit(app.url).netloc, timeout=30)
    connection.request(
        "PUT",
        "/api/uploads/up/large.jpg",
        body=iter([b"\xff\xd8\xff" + bytes(50 * 1024 * 1024)]),
        headers={"Content-Length": str(50 * 1024 * 1024 + 3)},
        encode_chunked=False,
    )
    response = connection.getresponse()
    text = response.read()
    connection.close()

    assert response.status == 413
    assert b"POST /api/uploads" in text


def ticket(app, body=b'{"name": "up/ticket.jpg", "content_type": "image/jpeg"}'):
    return app.get("/api/uploads", method="POST", data=body, **{"Content-Type": "application/json"})


def use(made, *, method="PUT", url=None, data=b""):
    request = Request(url or made["url"], method=method, data=data or None, headers=made["headers"])
    try:
        with urlopen(request, timeout=30) as response:
            return response.status
    except HTTPError as error:
        with error:
            return error.code


def test_a_ticket_creates_one_blob_and_does_nothing_else(app):
    """Not twice, not read, not listed, not deleted, not another name."""
    made = ticket(app).body
    data = picture(colour="linen")
    other = made["url"].replace("ticket.jpg", "other.jpg")
    listing = made["url"].replace("/up/ticket.jpg?", "?restype=container&comp=list&")

    assert use(made, url=other, data=data) == 403
    assert use(made, data=data) == 201
    assert use(made, data=data) in {403, 409}
    assert [use(made, method=method) for method in ("GET", "DELETE")] == [403, 403]
    assert use(made, method="GET", url=listing) == 403
    assert app.result("up/ticket.jpg")["source"]["content_type"] == "image/jpeg"
    assert ticket(app).status == 412


BODIES = [
    (b"", "body"),
    (b"[]", "body"),
    (b"{", "body"),
    (b"\xff\xfe", "body"),
    (b'{"name": "\\ud800"}', "body"),
    (b'{"name": NaN}', "body"),
    (b'{"name": 1e999}', "body"),
    (b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", None),
    (b'{"name": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "body"),
    (b'{"name": ' + b"[" * 200 + b"]" * 200 + b"}", "body"),
    (b'{"name": ' + b"9" * 5000 + b"}", "body"),
    (b'{"name": "a.jpg", "name": "b.jpg"}', "body"),
    (b'{"\\ud800": 1, "\\ud800": 2}', "body"),
    (b"{}", "name"),
    (b'{"name": ""}', "name"),
    (b'{"name": 7}', "name"),
    (b'{"name": "../normalized/x.jpg"}', "name"),
    (b'{"name": "a.jpg", "nmae": "b"}', "nmae"),
    (b'{"name": "a.jpg", "bytes": 0}', "bytes"),
    (b'{"name": "a.jpg", "content_type": "a\\r\\nb"}', "content_type"),
]


@pytest.mark.parametrize(("body", "field"), BODIES, ids=range(len(BODIES)))
def test_wrong_bodies(app, body, field):
    """Every kind of bad JSON is the caller's fault, never the server's."""
    answer = ticket(app, body)

    assert (answer.status, answer.body["error"].get("field")) == (400 if field else 413, field)
