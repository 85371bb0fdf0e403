"""No address that a user writes is ever opened: not in options, not in metadata, not in a schema, not in a file."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from PIL import Image, PngImagePlugin

from shared.core.jobs.job import State
from shared.core.places import UPLOADS
from tests.pipeline.world import picture


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """A server that must not be contacted."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def contacted(trap: socket.socket) -> bool:
    try:
        connection, _ = trap.accept()
    except BlockingIOError:
        return False
    connection.close()
    return True


def address(trap: socket.socket) -> str:
    return f"http://127.0.0.1:{trap.getsockname()[1]}/secret"


def test_the_trap_sees_a_visit(trap):
    """The tests below can fail."""
    with socket.create_connection(trap.getsockname()):
        assert contacted(trap)


@pytest.mark.parametrize("option", ["prompt", "system", "query", "unknown", "url", "image_url"])
def test_addresses_in_metadata_are_text(world, trap, option):
    """A prompt may talk about an address; it is passed on as words. The job is answered without a look at it."""
    job = world.answer("a.jpg", picture(), **{option: f"Look at {address(trap)}"})

    assert job.state is State.DONE
    assert not contacted(trap)


def test_an_address_as_schema_is_a_name_that_is_not_there(world, trap):
    """`schema` names a blob beside the upload, and nothing else."""
    job = world.answer("a.jpg", picture(), schema=address(trap))

    assert (job.state, job.error.code) == (State.FAILED, "options_invalid")
    assert not contacted(trap)


def test_references_in_a_schema_are_not_followed(world, trap):
    """`$ref` and `$schema` are a validator's temptation."""
    schema = {
        "type": "object",
        "$schema": address(trap),
        "properties": {"text": {"$ref": address(trap)}},
        "required": ["text"],
        "additionalProperties": False,
    }
    world.drop("schema.json", json.dumps(schema).encode())
    world.answer("a.jpg", picture(), schema="schema.json")

    assert not contacted(trap)


def test_a_folder_file_cannot_send_the_question_elsewhere(world, trap):
    """Endpoints are the operator's settings: an option that names one is refused."""
    world.drop("f/_vision.toml", f'base_url = "{address(trap)}"\n'.encode())
    job = world.answer("f/a.jpg", picture())

    assert (job.state, job.error.code) == (State.FAILED, "options_invalid")
    assert not contacted(trap)
    assert world.calls == 0


def test_addresses_inside_files_are_not_opened(world, trap, tmp_path):
    """Metadata of a picture, and formats that are lists of addresses (HLS, SVG), read nothing from elsewhere."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("XML:com.adobe.xmp", f'<x xmlns:xlink="w" xlink:href="{address(trap)}"/>')
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "a.png", pnginfo=notes)
    listed = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{address(trap)}\n#EXT-X-ENDLIST\n".encode()
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{address(trap)}"/></svg>'.encode()
    states = [
        world.answer(name, data).state
        for name, data in (
            ("a.png", (tmp_path / "a.png").read_bytes()),
            ("a.m3u8", listed),
            ("a.mp4", listed),
            ("a.svg", drawn),
        )
    ]

    assert states == [State.DONE, State.FAILED, State.FAILED, State.FAILED]
    assert not contacted(trap)


def test_uploads_are_the_only_source(world):
    """A schema cannot be read from the results of somebody else: the name is looked up among the uploads."""
    world.blobs.get_blob_client("results", "other.json").upload_blob(b'{"type": "object"}')
    job = world.answer("a.jpg", picture(), schema="../results/other.json")

    assert (job.state, job.error.code) == (State.FAILED, "options_invalid")
    assert UPLOADS in job.error.message
