"""Options files and schemas: read no further than they may be long, schemas found beside them, and left alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.core.jobs.job import State
from shared.pipeline.accept import accept_upload
from tests.pipeline.world import picture

HUGE = b"#" * 3_000_000
MOST_READ = 100_000
COLOUR, ANIMAL = (
    json.dumps(
        {"type": "object", "properties": {name: {"type": "string"}}, "required": [name], "additionalProperties": False}
    ).encode()
    for name in ("colour", "animal")
)


class Counting:
    """The port `Blobs` with a note of the largest read of each blob."""

    def __init__(self, blobs):
        self.blobs = blobs
        self.largest = {}

    def __getattr__(self, name):
        return getattr(self.blobs, name)

    def read(self, container, name, **how):
        data = self.blobs.read(container, name, **how)
        self.largest[name] = max(len(data), self.largest.get(name, 0))
        return data


@pytest.fixture
def counting(world):
    world.services = replace(world.services, blobs=Counting(world.services.blobs))
    return world.services.blobs


def test_a_huge_options_file_is_not_read_whole(world, counting):
    """Its jobs end with the reason, and no worker held more of it in memory than options may have."""
    world.drop("big/_vision.toml", HUGE)
    job = world.answer("big/a/p.jpg", picture())

    assert (job.state, job.error.code) == (State.FAILED, "options_invalid")
    assert "has more than 16384 bytes" in job.error.message
    assert 0 < counting.largest["big/_vision.toml"] < MOST_READ


def test_a_huge_schema_is_not_read_whole(world, counting):
    """As options."""
    world.drop("huge.json", HUGE)
    job = world.answer("p.jpg", picture(), schema="huge.json")

    assert (job.state, job.error.code) == (State.FAILED, "options_invalid")
    assert 0 < counting.largest["huge.json"] < MOST_READ


def test_a_budget_is_read_with_the_limit(world, counting):
    """A file that has grown since its jobs were accepted is read no further at the call either."""
    world.drop("f/_vision.toml", b"daily_budget_usd = 5")
    world.drop("f/p.jpg", picture())
    world.accept("f/p.jpg")
    world.drop("f/_vision.toml", HUGE)
    world.analyze_next()

    assert 0 < counting.largest["f/_vision.toml"] < MOST_READ


def test_an_empty_options_file_says_nothing(world):
    """A part of an empty blob can be asked for."""
    world.drop("e/_vision.toml", b"")

    assert world.answer("e/p.jpg", picture()).state is State.DONE


SCHEMAS = [  # uploads, the option, the field that the answer then has
    ({"in/form.json": COLOUR}, "form.json", "colour"),
    ({"in/form.json": COLOUR, "form.json": ANIMAL}, "form.json", "colour"),
    ({"form.json": COLOUR}, "form.json", "colour"),
    ({"forms/f.json": COLOUR}, "forms/f.json", "colour"),
    ({"in/forms/f.json": COLOUR, "forms/f.json": ANIMAL}, "forms/f.json", "colour"),
]


@pytest.mark.parametrize(("uploads", "named", "field"), SCHEMAS, ids=range(len(SCHEMAS)))
def test_a_schema_is_looked_up_beside_its_options_file_first(world, uploads, named, field):
    """Then from the root of the uploads, as its whole name."""
    for name, body in uploads.items():
        world.drop(name, body)
    world.drop("in/_vision.toml", f'schema = "{named}"'.encode())
    job = world.answer("in/deep/p.jpg", picture())

    assert list(job.options.schema["properties"]) == [field]


def test_the_nearest_file_s_schema_is_beside_that_file(world):
    """A name is never looked up beside another options file than the one that says it."""
    world.drop("n/_vision.toml", b'schema = "f.json"')
    world.drop("n/deep/f.json", COLOUR)
    job = world.answer("n/deep/p.jpg", picture())

    assert (job.state, job.error.code) == (State.FAILED, "options_invalid")
    assert "neither beside its options file nor from the root" in job.error.message


LEFT_ALONE = [
    ("s/_vision.toml", "form.json", "s/form.json"),
    ("s/_vision.toml", "forms/f.json", "s/forms/f.json"),
    ("_vision.toml", "s/FORM.JSON", "s/FORM.JSON"),
]


@pytest.mark.parametrize(("options", "named", "name"), LEFT_ALONE)
def test_a_schema_is_no_upload_of_its_own(world, options, named, name):
    """It gets no job, and the log says so once however often its event comes."""
    world.drop(options, f'schema = "{named}"'.encode())
    world.drop(name, COLOUR)
    seen: list[tuple[str, Any]] = []
    services = world.logging_to(seen)

    assert [accept_upload(services, name) for _ in range(3)] == [None] * 3
    assert [event for event, _ in seen] == ["schema left alone"]
    assert name not in str(seen)


def test_another_json_file_has_a_job_that_says_what_it_is(world):
    """Only what options name is left alone in silence; so is nothing when the options are broken."""
    world.drop("o/_vision.toml", b'schema = "form.json"')
    world.drop("b/_vision.toml", b'schema = "form.json')
    for name in ("o/other.json", "b/form.json"):
        assert world.answer(name, COLOUR).state is State.FAILED
