"""Small inputs made to use much time or memory: each is refused by name, soon, with memory bounded."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from shared.core import limits
from shared.core.ask.options_file import parse_budget, parse_metadata, parse_options_file
from shared.core.errors import OptionsInvalid
from shared.core.jobs.job import State
from tests.pipeline.world import picture

MOST_BYTES = 64 * 1024 * 1024

BUDGET_ONLY = {"long number", "exponent"}
TOML = {
    "too long": b"prompt = '" + b"x" * limits.OPTIONS_FILE_BYTES.value + b"'",
    "nested lists": b"frames = " + b"[" * 8000 + b"]" * 8000,
    "nested tables": b"schema = " + b"{a = " * 3000 + b"1" + b"}" * 3000,
    "dotted keys": b".".join([b"a"] * 8000) + b" = 1",
    "many tables": b"\n".join(b"[t%d]" % number for number in range(1800)),
    "long number": b"daily_budget_usd = " + b"9" * 16_000,
    "long hexadecimal number": b"frames = 0x" + b"f" * 16_000,
    "hexadecimal in a schema": b"schema = {maximum = 0x" + b"f" * 15_000 + b"}",
    "date": b"frames = 2026-11-21T10:00:00.123456+05:30",
    "date in a schema": b"schema = {default = 10:00:00}",
    "infinity in a schema": b"schema = {maximum = inf}",
    "long name": b"x" * 16_000 + b" = 1",
    "quoted keys": b".".join([b'"a"'] * 4000) + b" = 1",
    "dotted table": b"[" + b" . ".join([b"a"] * 4000) + b"]",
    "exponent": b"daily_budget_usd = 1e999999999",
    "no text": b"\xff\xfe" * 4000,
    "NUL": b"prompt = '\x00'",
    "unclosed": b'prompt = """' + b"\\" * 8000,
}


@pytest.fixture(autouse=True)
def bounded():
    """Python's own memory, around each test. One that goes off in time meets the limit that all tests have."""
    tracemalloc.start()
    yield
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < MOST_BYTES


@pytest.mark.parametrize("kind", TOML)
def test_a_toml_bomb_is_refused(kind):
    """Named as what it is: the options file is wrong."""
    parse = parse_budget if kind in BUDGET_ONLY else parse_options_file
    with pytest.raises(OptionsInvalid) as caught:
        parse(TOML[kind], where="a/_vision.toml")

    assert len(caught.value.message) < 200


@pytest.mark.parametrize("kind", TOML)
def test_a_folder_bomb_ends_its_jobs_only(world, kind):
    """The job fails with the reason, unpaid; a file in another folder is answered."""
    world.drop("bomb/_vision.toml", TOML[kind])
    job = world.answer("bomb/a.jpg", picture())
    other = world.answer("other/a.jpg", picture())

    assert (job.state, job.error.code) == (State.FAILED, "options_invalid")
    assert other.state is State.DONE
    assert world.calls == 1


METADATA = {
    "prompt": {"prompt": "x" * 8001},
    "number": {"max_output_tokens": "9" * 4000},
    "unicode digits": {"frames": "\u0665"},
    "negative": {"frames": "-1"},
    "schema": {"schema": "x" * 2000},
    "flag": {"ocr": "maybe" * 500},
}


@pytest.mark.parametrize("kind", METADATA)
def test_a_metadata_bomb_is_refused(kind):
    """The field is named, the value is not repeated when it is long."""
    with pytest.raises(OptionsInvalid) as caught:
        parse_metadata(METADATA[kind], where="metadata")

    assert caught.value.field == next(iter(METADATA[kind]))
    assert len(caught.value.message) < 200


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


SCHEMAS = {
    "deep": nested(10_000),
    "very deep": nested(13_000),
    "less deep than a parser follows": nested(900),
    "just too deep": nested(65),
    "too long": json.dumps({"type": "object", "description": "x" * 70_000}).encode(),
    "no object": b"[1, 2, 3]",
    "long number": b'{"type": "object", "maximum": ' + b"9" * 60_000 + b"}",
    "no JSON": b"\xff" * 1000,
    "not a number": b'{"type": "object", "maximum": NaN}',
    "half a character": b'{"type": "object", "title": "\\ud800"}',
    "endless": b'{"$ref": "#"}',
}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_bomb_ends_its_job(world, kind):
    """It fails with a reason and costs nothing; nothing resolves references, so nothing turns in circles."""
    world.drop("s.json", SCHEMAS[kind])
    job = world.answer("a.jpg", picture(), schema="s.json")

    assert job.state is State.FAILED
    assert job.error.code == "options_invalid"
    assert world.calls == 0
