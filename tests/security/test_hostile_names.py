"""Names that attackers and accidents give to files: each is just a name, all the way to the answer."""

from __future__ import annotations

import json

import azure.functions as func
import pytest

from shared.core.ask.options_file import options_files
from shared.core.errors import VisiondropError
from shared.core.jobs.job import State
from shared.core.places import NORMALIZED, RESULTS
from shared.http import files, replies
from shared.pipeline.accept import accept_upload
from shared.pipeline.look_up import look_up
from tests.pipeline.world import picture

HOSTILE = {
    "percent-encoded": "a%2F..%2Fb.jpg",
    "twice encoded": "%252e%252e%252fb.jpg",
    "right to left": "invoice\u202egpj.exe",
    "zero width": "a\u200b\ufeff.jpg",
    "combining": "e\u0301\u0301\u0301.jpg",
    "emoji": "👩‍👩‍👧.jpg",
    "shell": "$(touch owned);`id`|&.jpg",
    "HTML": "<img src=x onerror=alert(1)>.jpg",
    "quotes": "a\"b'c.jpg",
    "format": "{0} %s %n.jpg",
    "TOML": 'a"]\nprompt = "x',
    "table key": "a#b?c.jpg",
    "windows device": "CON",
    "long": "x" * 1000 + ".jpg",
    "deep": "/".join(["d"] * 40) + "/a.jpg",
    "dots": "...jpg",
    "spaces": "  a  .jpg",
    "options-like": "_vision.toml.jpg",
    "options folder": "_vision.toml/a.jpg",
    "other container": "results/a.jpg",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_name_is_only_a_name(world, kind):
    """Answered and found under the name as it is; what is written bears the job's id, never the name."""
    name = HOSTILE[kind]
    job = world.answer(name, picture())

    assert (job.state, job.source.name) == (State.DONE, name)
    assert look_up(world.services, name).job_id == job.job_id
    for container in (NORMALIZED, RESULTS):
        written = [blob.name for blob in world.blobs.get_container_client(container).list_blobs()]
        assert [item for item in written if not item.startswith(job.job_id)] == []


@pytest.mark.parametrize("name", ["_vision.toml", "a/_vision.toml", "../_vision.toml"])
def test_an_options_file_is_never_asked_about(world, name):
    """It is configuration, however it is called."""
    world.drop("a/_vision.toml", b'prompt = "x"')

    assert accept_upload(world.services, name) is None
    assert world.calls == 0


@pytest.mark.parametrize("name", ["../../etc/a.jpg", "/a.jpg", "a//b.jpg", "./a.jpg", "a\\..\\b.jpg"])
def test_options_are_looked_for_among_the_uploads_only(name):
    """A folder's options file is a blob's name; nothing resolves dots, so nothing climbs out."""
    assert all(path.endswith("_vision.toml") for path in options_files(name))
    assert len(options_files(name)) == name.count("/") + 1


TRAVERSAL = ["../results/x.json", "..%2Fresults%2Fx.json", "/etc/passwd", "....//x", "x\x00.jpg", "..\\x", "x" * 2000]


@pytest.mark.parametrize("route", [files.media, files.original])
@pytest.mark.parametrize("name", TRAVERSAL)
def test_files_cannot_be_reached_by_climbing(world, route, name):
    """Media and originals serve their own container; what is not in it is not found or refused, in one shape."""
    world.blobs.get_blob_client(RESULTS, "x.json").upload_blob(b"{}")
    request = func.HttpRequest(method="GET", url="/api/media/x", route_params={"name": name}, params={}, body=b"")
    answer = served(world, route, request)

    assert answer.status_code in {400, 404}
    assert set(json.loads(answer.get_body())["error"]) >= {"code", "message", "hint"}


def served(world, route, request):
    try:
        return route(world.services, request)
    except VisiondropError as error:
        return replies.refuse(error)


@pytest.mark.parametrize("name", ["a\r\nX-Injected: 1.png", "a\u202e.png", 'a";x="y.png', "ü.png"])
def test_a_name_cannot_write_headers(world, name):
    """The file's name comes back in Content-Disposition: percent-encoded, whole, in one line."""
    world.drop("x.png", picture("PNG"))
    header = files.disposition(name, inline=True)

    assert header.isascii()
    assert header.isprintable()
    assert header.count(";") == 1
