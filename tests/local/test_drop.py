"""The watched folder: what is due, what is remembered, and what people read about it."""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from azure.storage.blob import ContainerClient

from local.azurite import Azurite
from local.drop import Drop, Version, due, look, outcome

OLD, NEW = Version(10, 1), Version(10, 2)


@pytest.mark.parametrize(
    ("now", "before", "uploaded", "names"),
    [
        ({"a.jpg": OLD}, {}, {}, []),
        ({"a.jpg": OLD}, {"a.jpg": OLD}, {}, ["a.jpg"]),
        ({"a.jpg": NEW}, {"a.jpg": OLD}, {}, []),
        ({"a.jpg": OLD}, {"a.jpg": OLD}, {"a.jpg": OLD}, []),
        ({"a.jpg": NEW}, {"a.jpg": NEW}, {"a.jpg": OLD}, ["a.jpg"]),
        ({}, {"a.jpg": OLD}, {}, []),
    ],
    ids=["just seen", "stable", "still growing", "uploaded", "changed", "removed"],
)
def test_a_version_is_due_once_it_is_stable(
    now: dict[str, Version], before: dict[str, Version], uploaded: dict[str, Version], names: list[str]
):
    """Two looks alike, and not uploaded as it is now."""
    assert due(now, before, uploaded) == names


def test_options_come_before_pictures_and_unfinished_files_never():
    """A folder's options must be there when its pictures are read."""
    names = ["a.jpg", "z/_vision.toml", "b.png.part", ".hidden.jpg", ".git/x.jpg", "~$x.png", "c.jpg.crdownload"]
    seen = dict.fromkeys(names, OLD)
    assert due(seen, seen, {}) == ["z/_vision.toml", "a.jpg"]


def test_names_are_relative_paths_with_forward_slashes(tmp_path: Path):
    """Sub-folders become part of the name in storage."""
    (tmp_path / "trip" / "day 1").mkdir(parents=True)
    (tmp_path / "trip" / "day 1" / "é.jpg").write_bytes(b"1234")
    (tmp_path / "broken-link.jpg").symlink_to(tmp_path / "nothing")
    assert {name: seen.size for name, seen in look(tmp_path).items()} == {"trip/day 1/é.jpg": 4}


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (
            {
                "state": "done",
                "reply": {"text": "A cat.\nIt sleeps."},
                "usage": {"input_tokens": 900, "output_tokens": 40},
                "cost": {"usd": "0.0012"},
            },
            "done · 900 + 40 tokens · $0.0012 · A cat. It sleeps.",
        ),
        ({"state": "failed", "error": {"message": "SVG is not supported"}}, "failed · SVG is not supported"),
        ({"state": "failed", "reply": None, "usage": None, "cost": None, "error": None}, "failed · "),
    ],
)
def test_a_result_is_one_line(document: dict[str, Any], line: str):
    """State, what it took, and the answer or the reason."""
    assert outcome(document) == line


class Results(BaseHTTPRequestHandler):
    """Answers as the app does: 404 before a job exists, then the newest result."""

    documents: ClassVar[dict[str, dict[str, Any]]] = {}

    def do_GET(self) -> None:
        document = self.documents.get(self.path.removeprefix("/api/results/"))
        body = json.dumps(document).encode()
        self.send_response(200 if document else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host_url() -> Iterator[str]:
    Results.documents.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Results) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def uploads(azurite: Azurite) -> Iterator[ContainerClient]:
    name = f"drop-{uuid.uuid4().hex}"
    with ContainerClient.from_connection_string(azurite.connection_string, name) as container:
        container.create_container()
        yield container


def test_a_file_goes_up_once_and_its_own_result_comes_back(tmp_path: Path, uploads: ContainerClient, host_url: str):
    """An older version's result is not taken for it, and a restart does not upload it again."""
    folder, memory, lines = tmp_path / "drop", tmp_path / "state" / "dropped.json", list[str]()
    folder.mkdir()
    (folder / "a b.png").write_bytes(b"pixels")

    def start() -> Drop:
        return Drop(folder, uploads=uploads, host_url=host_url, memory=memory, say=lines.append)

    drop = start()
    drop.tick()
    assert lines == []
    drop.tick()
    assert lines == ["uploaded a b.png (6 bytes)"]
    properties = uploads.get_blob_client("a b.png").get_blob_properties()
    assert properties.content_settings.content_type == "image/png"
    Results.documents["a%20b.png"] = {"state": "done", "source": {"etag": '"0xOLD"'}}
    drop.tick()
    Results.documents["a%20b.png"] = {"state": "done", "source": {"etag": properties.etag}, "reply": {"text": "Six."}}
    drop.tick()
    drop.tick()
    assert lines[1:] == ["a b.png: done · Six."]
    again = start()
    again.tick()
    again.tick()
    assert lines[2:] == []


def test_a_file_that_cannot_be_read_is_said_once(tmp_path: Path, uploads: ContainerClient, host_url: str):
    """The watcher goes on: a directory swapped in for the file stands for any unreadable one."""
    lines: list[str] = []
    drop = Drop(tmp_path, uploads=uploads, host_url=host_url, memory=tmp_path / ".dropped.json", say=lines.append)
    (tmp_path / "a.png").mkdir()
    drop.upload("a.png", OLD)
    assert lines == ["cannot read a.png: Is a directory"]
    assert drop.pending == {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (b"latin\xe9.jpg", "cannot upload latin .jpg: the name of 10 characters holds a control character"),
        (b"two\nlines.jpg", "cannot upload two lines.jpg: the name of 13 characters holds a control character"),
        (b"back\\slash.jpg", r"cannot upload back\slash.jpg: the name 'back\\slash.jpg' holds a backslash"),
        (b"last dot.", "cannot upload last dot.: the name 'last dot.' ends in a dot"),
    ],
)
def test_a_name_that_storage_would_change_is_refused_once(
    name: bytes, said: str, tmp_path: Path, uploads: ContainerClient, host_url: str
):
    """Its result could not be asked for; the others go up all the same."""
    lines: list[str] = []
    folder = tmp_path / "drop"
    folder.mkdir()
    try:
        (folder / os.fsdecode(name)).write_bytes(b"x")
    except OSError:
        pytest.skip("a file system of UTF-8 names only")
    (folder / "z.png").write_bytes(b"x")
    drop = Drop(folder, uploads=uploads, host_url=host_url, memory=tmp_path / "memory", say=lines.append)
    for _ in range(3):
        drop.tick()
    assert lines[0].startswith(said)
    assert lines[1:] == ["uploaded z.png (1 bytes)"]


def test_a_pipe_in_the_folder_is_left_alone(tmp_path: Path):
    """To open one would wait for a writer, for good."""
    os.mkfifo(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"x")
    assert list(look(tmp_path)) == ["b.png"]


def test_storage_that_is_away_is_tried_again(tmp_path: Path, host_url: str):
    """The version stays due: nothing is remembered as uploaded that is not."""
    lines: list[str] = []
    (tmp_path / "a.png").write_bytes(b"x")
    nowhere = "http://127.0.0.1:1/devstoreaccount1/uploads"
    with ContainerClient.from_container_url(nowhere, retry_total=0) as uploads:
        drop = Drop(tmp_path, uploads=uploads, host_url=host_url, memory=tmp_path / ".dropped.json", say=lines.append)
        drop.tick()
        drop.tick()
        drop.tick()
    assert lines == ["cannot upload a.png yet: ServiceRequestError"] * 2
    assert drop.uploaded == {}


def test_a_host_that_waits_for_events_is_told(tmp_path: Path, uploads: ContainerClient, host_url: str):
    """Only with `announce`; a host that refuses the event is said, and the upload counts all the same."""
    lines: list[str] = []
    memory = tmp_path / ".dropped.json"
    (tmp_path / "a.png").write_bytes(b"x")
    drop = Drop(tmp_path, uploads=uploads, host_url=host_url, memory=memory, say=lines.append, announce=True)
    drop.upload("a.png", OLD)
    assert lines[0].startswith("the host did not take the event of")
    assert lines[0].endswith("HTTP Error 501: Unsupported method ('POST')")
    assert drop.uploaded == {"a.png": OLD}
