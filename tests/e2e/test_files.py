"""Pictures and uploads over HTTP: parts, types, tags, and no way to anything else."""

from __future__ import annotations

import io
from urllib.request import Request, urlopen

import pytest
from azure.storage.blob import ContainerClient
from PIL import Image

from tests.pipeline.world import picture


@pytest.fixture(scope="module")
def document(app):
    """An answered picture whose pictures are asked for."""
    app.drop("files/a b.jpg", picture(size=(900, 700), colour="khaki"))
    return app.result("files/a b.jpg")


@pytest.fixture(scope="module")
def media(document):
    return f"/api/media/{document['normalized'][0]['name']}"


def fetch(app, path, **headers):
    with urlopen(Request(app.url + path, headers=headers), timeout=30) as response:
        return response.status, {name.lower(): value for name, value in response.headers.items()}, response.read()


def test_a_picture_is_served_for_good(app, document, media):
    """With its own type, never sniffed, and kept by the browser."""
    status, headers, data = fetch(app, media)

    assert (status, len(data)) == (200, document["normalized"][0]["bytes"])
    assert headers["content-type"] == document["normalized"][0]["media_type"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "immutable" in headers["cache-control"]
    assert headers["content-disposition"].startswith("inline")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert app.get(media, **{"If-None-Match": headers["etag"]}).status == 304


def test_a_thumbnail_is_small(app, media):
    """At most 320 pixels, made once and then kept."""
    for _ in range(2):
        _, headers, data = fetch(app, f"{media}?thumb=1")
        with Image.open(io.BytesIO(data)) as small:
            assert (max(small.size), headers["content-type"]) == (320, "image/jpeg")


def test_a_thumbnail_is_its_own(app, media):
    """Or each one could be asked for a smaller one, and each would be stored."""
    _, _, small = fetch(app, f"{media}?thumb=1")
    _, _, of_small = fetch(app, f"{media}.thumb.jpg?thumb=1")

    assert of_small == small
    assert app.get(f"{media}.thumb.jpg.thumb.jpg").status == 404


@pytest.mark.parametrize("known", ["*", '"thumb"', 'W/"thumb"', '"x", "thumb"'])
def test_a_condition_holds_for_what_is_there_only(app, media, known):
    """`If-None-Match: *` asks whether there is anything at all: nobody has what does not exist."""
    for path in ("/api/media/files/nothing.jpg", "/api/originals/files/nothing.jpg", "/api/results/files/nothing.jpg"):
        assert app.get(path, **{"If-None-Match": known}).status == 404
    assert app.get("/api/media/files/nothing.jpg?thumb=1", **{"If-None-Match": known}).status == 404
    assert app.get(f"{media}?thumb=1", **{"If-None-Match": known}).status == 304
    assert app.get(media, **{"If-None-Match": "*"}).status == 304


@pytest.mark.parametrize(("name", "data"), [("film.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42"), ("empty.mp3", b"")])
def test_only_pictures_have_thumbnails(app, name, data):
    """Films and sound lie beside them; 415 says what to ask for instead."""
    with ContainerClient.from_connection_string(app.connection_string, "normalized") as normalized:
        normalized.upload_blob(f"files/{name}", data, overwrite=True)
    answer = app.get(f"/api/media/files/{name}?thumb=1")

    assert answer.status == 415
    assert "poster" in answer.body["error"]["hint"]
    assert app.get(f"/api/media/files/{name}?thumb=1", **{"If-None-Match": "*"}).status == 415


RANGES = [
    ("bytes=0-99", (0, 100)),
    ("bytes=100-", (100, None)),
    ("bytes=-50", (-50, None)),
    ("bytes=10-999999999", (10, None)),
]


@pytest.mark.parametrize(("header", "part"), RANGES)
def test_parts(app, media, header, part):
    """206 with exactly that part of the whole."""
    _, _, data = fetch(app, media)
    status, headers, found = fetch(app, media, Range=header)
    wanted = data[part[0] : part[1]]
    first = data.index(wanted)

    assert (status, found) == (206, wanted)
    assert headers["content-range"] == f"bytes {first}-{first + len(wanted) - 1}/{len(data)}"


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "pages=1-2", "bytes=9-3", "bytes=-", "bytes=x-y"])
def test_other_ranges_are_ignored(app, media, header):
    """As the RFC has it: the whole file."""
    assert fetch(app, media, Range=header)[0] == 200


def test_beyond_the_end(app, media):
    """416, with the length."""
    answer = app.get(media, Range="bytes=99999999-")

    assert answer.status == 416
    assert answer.headers["content-range"].startswith("bytes */")


def test_a_part_of_another_version_is_not_sent(app, media):
    """If-Range with an old tag: the whole new file."""
    assert fetch(app, media, **{"Range": "bytes=0-9", "If-Range": '"old"'})[0] == 200


def test_an_original_is_the_upload(app):
    """Byte for byte, under its own name, asked for again each time."""
    data = picture("PNG", colour="tan")
    app.drop("files/ü,b.png", data)
    status, headers, found = fetch(app, "/api/originals/files/%C3%BC%2Cb.png")

    assert (status, found, headers["content-type"]) == (200, data, "image/png")
    assert headers["content-disposition"] == "inline; filename*=UTF-8''%C3%BC%2Cb.png"
    assert headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    "body", [b"<html><script>alert(1)</script>", b'<svg xmlns="http://www.w3.org/2000/svg"/>', b""]
)
def test_what_a_browser_might_run_is_a_download(app, body):
    """Whatever type the uploader claimed."""
    name = f"files/evil-{len(body)}.html"
    app.uploads.upload_blob(name, body, overwrite=True)
    _, headers, found = fetch(app, f"/api/originals/{name}")

    assert (found, headers["content-type"]) == (body, "application/octet-stream")
    assert headers["content-disposition"].startswith("attachment")


WAYS_OUT = [
    "/api/media/../results/{id}.json",
    "/api/media/%2e%2e/results/{id}.json",
    "/api/media/x/..%2f..%2fresults/{id}.json",
    "/api/media/?name=..%2Fresults%2F{id}.json",
    "/api/media/?name=x%2F..%2F..%2Fresults%2F{id}.json",
    "/api/media/?name=..%2Fuploads%2Ffiles%2Fa%20b.jpg",
    "/api/originals/?name=..%2Fnormalized%2F{id}%2F000.jpg",
    "/api/media/?name=%2E%2E%2F%2E%2E%2Fdevstoreaccount1%2Fresults%2F{id}.json",
    "/api/media/%00",
    "/api/media/%7F%C2%85",
    "/api/media/?name=%ED%A0%80",
    "/api/media/?name=a%5C..%5Cb",
    "/api/media/?name=%EF%BF%BF",
    "/api/media/" + "n" * 3000,
    "/api/media/" + "n/" * 400 + "n",
    "/api/media/a.?thumb=1",
    "/api/originals/%0D%0Ax",
]


@pytest.mark.parametrize("path", WAYS_OUT)
def test_no_way_out_of_the_container(app, document, path):
    """Dots in a name lead nowhere."""
    assert app.get(path.format(id=document["job_id"])).status == 404
