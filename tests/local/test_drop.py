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
from local.drop import Drop, due, look
from local.drop_journal import DropJournal, Version
from local.drop_results import Results, outcome
from shared.core.jobs.job import job_id_of

OLD, NEW = Version(10, 1), Version(10, 2)
PNG = b"\x89PNG\r\n\x1a\n"


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
    names = ["a.jpg", "z/_vision.toml", "b.png.part", "c.jpg.crdownload"]
    seen = dict.fromkeys(names, OLD)
    assert due(seen, seen, {}) == ["z/_vision.toml", "a.jpg"]


def test_names_are_relative_paths_with_forward_slashes(tmp_path: Path):
    """Sub-folders become part of the name in storage."""
    (tmp_path / "trip" / "day 1").mkdir(parents=True)
    (tmp_path / "trip" / "day 1" / "é.jpg").write_bytes(b"1234")
    (tmp_path / "broken-link.jpg").symlink_to(tmp_path / "nothing")
    for hidden in (".git/x.jpg", ".hidden.jpg", "~$x.png"):
        (tmp_path / hidden).parent.mkdir(exist_ok=True)
        (tmp_path / hidden).write_bytes(b"1")
    assert {name: seen.size for name, seen in look(tmp_path).files.items()} == {"trip/day 1/é.jpg": 4}


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


class Jobs(BaseHTTPRequestHandler):
    """Answers as the app does: 404 before a job exists, 202 until it has ended. `asked` are the ids in order."""

    documents: ClassVar[dict[str, dict[str, Any]]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        job_id = self.path.removeprefix("/api/jobs/")
        self.asked.append(job_id)
        document = self.documents.get(job_id)
        body = json.dumps(document).encode()
        status = 202 if document and document["state"] in {"running", "parked"} else 200
        self.send_response(status if document else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host_url() -> Iterator[str]:
    Jobs.documents.clear()
    Jobs.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Jobs) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def uploads(azurite: Azurite) -> Iterator[ContainerClient]:
    name = f"drop-{uuid.uuid4().hex}"
    with ContainerClient.from_connection_string(azurite.connection_string, name) as container:
        container.create_container()
        yield container


def job_of(uploads: ContainerClient, name: str) -> str:
    etag = uploads.get_blob_client(name).get_blob_properties().etag.strip('"')
    return job_id_of(container="uploads", name=name, etag=etag)


def test_a_file_goes_up_once_and_its_own_result_comes_back(tmp_path: Path, uploads: ContainerClient, host_url: str):
    """Its job is that of this version, and a restart does not upload it again."""
    folder, memory, lines = tmp_path / "drop", tmp_path / "state" / "dropped.jsonl", list[str]()
    folder.mkdir()
    (folder / "a b.png").write_bytes(PNG)

    def start() -> Drop:
        return Drop(folder, uploads=uploads, host_url=host_url, memory=memory, say=lines.append)

    drop = start()
    drop.tick()
    assert lines == []
    drop.tick()
    assert lines == ["uploaded a b.png (8 bytes)"]
    assert uploads.get_blob_client("a b.png").get_blob_properties().content_settings.content_type == "image/png"
    Jobs.documents[job_of(uploads, "a b.png")] = {"state": "done", "reply": {"text": "Eight."}}
    drop.results.clock = lambda: 1e9
    drop.tick()
    drop.tick()
    assert lines[1:] == ["a b.png: done · Eight."]
    again = start()
    again.tick()
    again.tick()
    assert lines[2:] == []


def test_what_is_no_media_is_left_alone_and_named_once(tmp_path: Path, uploads: ContainerClient, host_url: str):
    """Notes, programs and links stay; media under any name, options and the schemas that they name go up."""
    folder, lines = tmp_path / "drop", list[str]()
    (folder / "in").mkdir(parents=True)
    (folder / "notes.txt").write_text("milk")
    (folder / "page.png").write_text("<!doctype html><title>no picture</title>")
    (folder / "any.json").write_text("{}")
    (folder / "in" / "shape.json").write_text("{}")
    (folder / "picture without suffix").write_bytes(PNG)
    (folder / "secret.png").symlink_to("/etc/passwd")
    (folder / "elsewhere").symlink_to(tmp_path)
    drop = Drop(folder, uploads=uploads, host_url=host_url, memory=tmp_path / "dropped.jsonl", say=lines.append)
    for _ in range(3):
        drop.tick()
    assert sorted(lines) == [
        "left alone any.json: plain text is not a picture or video",
        "left alone elsewhere: a link; links are not followed",
        "left alone in/shape.json: plain text is not a picture or video",
        "left alone notes.txt: plain text is not a picture or video",
        "left alone page.png: a web page is not a picture or video",
        "left alone secret.png: a link; links are not followed",
        "uploaded picture without suffix (8 bytes)",
    ]
    lines.clear()
    (folder / "in" / "_vision.toml").write_text("schema = 'shape.json'")
    (folder / "notes.txt").write_bytes(PNG)  # something else by now
    for _ in range(3):
        drop.tick()
    assert "uploaded in/shape.json (2 bytes)" in lines
    assert "uploaded notes.txt (8 bytes)" in lines
    assert {blob.name for blob in uploads.list_blobs()} == {
        *("in/_vision.toml", "in/shape.json", "notes.txt", "picture without suffix")
    }


def test_a_link_that_takes_a_file_s_place_is_not_followed(tmp_path: Path, uploads: ContainerClient, host_url: str):
    """Between the look and the upload."""
    lines: list[str] = []
    drop = Drop(tmp_path, uploads=uploads, host_url=host_url, memory=tmp_path / ".memory", say=lines.append)
    (tmp_path / "a.png").symlink_to("/etc/passwd")
    drop.upload("a.png", OLD)
    assert lines == ["cannot read a.png: Too many levels of symbolic links"]


def test_what_is_remembered_is_appended(tmp_path: Path) -> None:
    """A line a file, whatever was there; a line that a crash cut short costs its own file only."""
    path = tmp_path / "state" / "dropped.jsonl"
    journal = DropJournal(path)
    for number in range(100):
        before = path.stat().st_size if path.exists() else 0
        journal.note(f"{number}.png", OLD)
        assert path.stat().st_size - before < 40
    journal.note("0.png", NEW)
    with path.open("a") as file:
        file.write('\n["cut.png", 1')
    DropJournal(path).note("after.png", NEW)
    read = DropJournal(path).versions
    assert (len(read), read["0.png"], read["1.png"], read["after.png"]) == (101, NEW, OLD, NEW)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_long_memory_is_written_anew_at_the_start(tmp_path: Path) -> None:
    """Files that change every second do not make it grow for ever."""
    path = tmp_path / "dropped.jsonl"
    journal = DropJournal(path)
    for number in range(1100):
        journal.note("a.png", Version(number, number))
    assert DropJournal(path).versions == {"a.png": Version(1099, 1099)}
    assert path.stat().st_size < 40


def test_results_are_asked_for_in_turn(host_url: str) -> None:
    """All that have ended are told in one round; those that are parked soon leave the others their turn."""
    lines: list[str] = []
    now = [0.0]
    results = Results(host_url, say=lines.append, clock=lambda: now[0])
    names = [f"{number:03}.png" for number in range(200)]
    for name in names:
        results.expect(name, "0x1")
        parked = int(name[:3]) < 50
        Jobs.documents[results.awaited[name].job_id] = {
            "state": "parked" if parked else "done",
            "reply": {"text": name},
        }
    for _ in range(3):  # rounds, at one moment
        results.ask()
    assert [line.partition(":")[0] for line in lines] == names[50:]
    Jobs.asked.clear()
    for _ in range(100):
        now[0] += 0.5
        results.ask()
    assert len(Jobs.asked) < 50 * 10  # in 50 s


def test_a_file_that_cannot_be_read_is_said_once(tmp_path: Path, uploads: ContainerClient, host_url: str):
    """The watcher goes on: a directory swapped in for the file stands for any unreadable one."""
    lines: list[str] = []
    drop = Drop(tmp_path, uploads=uploads, host_url=host_url, memory=tmp_path / ".dropped.jsonl", say=lines.append)
    (tmp_path / "a.png").mkdir()
    drop.upload("a.png", OLD)
    assert lines == ["cannot read a.png: Is a directory"]
    assert drop.results.awaited == {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            b"latin\xe9.jpg",
            "cannot upload latin .jpg: the name of 10 characters contains a character that storage does not accept",
        ),
        (
            b"two\nlines.jpg",
            "cannot upload two lines.jpg: the name of 13 characters contains a character that storage does not accept",
        ),
        (b"back\\slash.jpg", r"cannot upload back\slash.jpg: the name 'back\\slash.jpg' contains a backslash"),
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
        (folder / os.fsdecode(name)).write_bytes(PNG)
    except OSError:
        pytest.skip("a file system of UTF-8 names only")
    (folder / "z.png").write_bytes(PNG)
    drop = Drop(folder, uploads=uploads, host_url=host_url, memory=tmp_path / "memory", say=lines.append)
    for _ in range(3):
        drop.tick()
    assert lines[0].startswith(said)
    assert lines[1:] == ["uploaded z.png (8 bytes)"]


def test_a_pipe_in_the_folder_is_left_alone(tmp_path: Path):
    """To open one would wait for a writer, for good."""
    os.mkfifo(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(PNG)
    assert list(look(tmp_path).files) == ["b.png"]


def test_storage_that_is_away_is_tried_again(tmp_path: Path, host_url: str):
    """The version stays due: nothing is remembered as uploaded that is not."""
    lines: list[str] = []
    (tmp_path / "a.png").write_bytes(PNG)
    nowhere = "http://127.0.0.1:1/devstoreaccount1/uploads"
    with ContainerClient.from_container_url(nowhere, retry_total=0) as uploads:
        drop = Drop(tmp_path, uploads=uploads, host_url=host_url, memory=tmp_path / ".dropped.jsonl", say=lines.append)
        drop.tick()
        drop.tick()
        drop.tick()
    assert lines == ["cannot upload a.png yet: ServiceRequestError"] * 2
    assert drop.journal.versions == {}


def test_a_host_that_waits_for_events_is_told(tmp_path: Path, uploads: ContainerClient, host_url: str):
    """Only with `announce`; a host that refuses the event is said, and the upload counts all the same."""
    lines: list[str] = []
    memory = tmp_path / ".dropped.jsonl"
    (tmp_path / "a.png").write_bytes(PNG)
    drop = Drop(tmp_path, uploads=uploads, host_url=host_url, memory=memory, say=lines.append, announce=True)
    drop.upload("a.png", OLD)
    assert lines[0].startswith("the host did not take the event of")
    assert lines[0].endswith("HTTP Error 501: Unsupported method ('POST')")
    assert drop.journal.versions == {"a.png": OLD}
