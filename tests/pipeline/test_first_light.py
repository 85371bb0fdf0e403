"""A drop becomes an answer with its cost, or a stored refusal that says why."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.core.answer.reply import Reply
from shared.core.errors import NotFound
from shared.core.jobs import job as jobs
from shared.core.jobs.job import State
from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import image_tokens
from shared.pipeline.accept import accept_upload
from shared.pipeline.look_up import look_up
from shared.pipeline.records import store_result
from tests.pipeline.world import picture


def test_a_picture_is_answered_with_its_cost(world):
    """The whole way: normalized, asked with explicit detail, answered, priced, stored, found by name."""
    job = world.answer("holiday/sea side #1.jpg", picture())
    expected = image_tokens(look_up_model("gpt-5.1"), width=640, height=480, detail="high").tokens

    assert job.state is State.DONE
    assert job.reply.text.startswith("[offline describer, no model]")
    assert (job.source.width, job.source.height, job.source.kind) == (640, 480, "image")
    assert job.estimate.image_tokens == expected
    assert job.usage.input_tokens >= expected
    assert job.cost.usd > 0
    assert job.cost.usd == sum((line.usd for line in job.cost.breakdown), Decimal(0))
    assert job.estimate.usd <= job.cost.usd <= job.estimate.max_usd
    assert (job.model.name, job.model.deployment, job.model.api) == ("gpt-5.1-2025-11-13", "eyes", "v1")
    assert entries(world)[0]["details"] == ("high",)


def entries(world):
    return world.endpoint.app.journal.to_document()["entries"]


def test_the_result_document_is_what_is_looked_up(world):
    """One document, the same in storage and by look-up."""
    job = world.answer("a.jpg", picture())
    stored = json.loads(world.services.blobs.read("results", f"{job.job_id}.json"))

    assert stored["state"] == "done"
    assert stored["cost"]["usd"] == str(job.cost.usd)
    assert stored["normalized"][0]["name"] == job.normalized[0].name
    assert world.services.blobs.read("normalized", job.normalized[0].name)[:2] in {b"\xff\xd8", b"\x89P"}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_formats(world, form):
    """What the file is named does not matter, its bytes do."""
    job = world.answer("noname", picture(form))

    assert (job.state, job.source.format) == (State.DONE, form.lower())


def test_never_enlarged(world):
    """A small picture is sent as it is."""
    (sent,) = world.answer("small.png", picture("PNG", (90, 70))).normalized

    assert (sent.width, sent.height) == (90, 70)


REJECTED = [
    ("empty.jpg", b"", "empty"),
    ("cut.jpg", picture()[:300], "corrupt"),
    ("notes.txt", b"only words, no picture at all", "unsupported"),
    ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "unsupported"),
    ("paper.pdf", b"%PDF-1.7\n" + b"x" * 100, "corrupt"),
]


@pytest.mark.parametrize(("name", "data", "code"), REJECTED, ids=[row[0] for row in REJECTED])
def test_unusable_files_end_as_failed_results(world, name, data, code):
    """Nothing is asked, and the stored result says what is wrong and what to do."""
    job = world.answer(name, data)

    assert (job.state, job.error.code, job.error.retryable) == (State.FAILED, code, False)
    assert job.error.message
    assert (world.calls, job.attempts) == (0, 0)


def test_an_upload_that_is_gone_again_is_no_job(world):
    """The event came, the blob left."""
    assert accept_upload(world.services, "gone.jpg") is None


def test_a_name_never_dropped_is_not_found(world):
    """Look-up says so instead of waiting."""
    with pytest.raises(NotFound, match=r"no upload named 'x\.jpg'"):
        look_up(world.services, "x.jpg")


def test_folder_options_and_metadata_choose_the_question(world):
    """The nearest folder file wins over those above, the file's metadata over all."""
    world.drop("_vision.toml", b'prompt = "far"\nmax_output_tokens = 77')
    world.drop("shop/_vision.toml", b'prompt = "near"\ndetail = "low"\nmodel = "old"')
    job = world.answer("shop/a/b.jpg", picture(), detail="high")

    assert (job.options.prompt, job.options.max_output_tokens, job.options.detail) == ("near", 77, "high")
    assert (job.model.name, job.model.deployment) == ("gpt-4o-2024-08-06", "old")
    assert accept_upload(world.services, "shop/_vision.toml") is None


def test_an_answer_longer_than_a_row(world):
    """The table's row cannot hold it, the result document does, and look-up finds it."""
    world.drop("long.jpg", picture())
    stored = world.services.jobs.load(world.accept("long.jpg").job_id)
    running = jobs.claim(stored.job, owner="w", now=world.clock[0], lease_s=9)
    reply = Reply(text="ä" * 600_000, finish_reason="stop")
    store_result(world.services, stored, jobs.finish(running, reply, now=world.clock[0], model_ms=1))

    assert look_up(world.services, "long.jpg").reply == reply


def test_a_model_of_one_s_own(world):
    """VISION_MODEL=local: no rule and no price are known, the answer comes all the same, for nothing."""
    endpoint = replace(world.services.settings.endpoint, models={"eyes": "local"})
    world.set(endpoint=endpoint)
    world.endpoint.app.settings = replace(world.endpoint.app.settings, model="gpt-4o")  # takes what such servers take
    job = world.answer("own.jpg", picture(size=(3000, 1000)))

    assert (job.state, job.model.name, job.cost.usd) == (State.DONE, "local", Decimal(0))
    assert (job.estimate.image_tokens, job.estimate.usd) == (None, None)
    assert (job.normalized[0].width, job.normalized[0].height) == (2048, 683)


WRONG_OPTIONS = [
    ({"detail": "medium"}, "options_invalid", "detail"),
    ({"model": "nobody"}, "options_invalid", "nobody"),
    ({"schema": "missing.json"}, "options_invalid", "missing.json"),
    ({"schema": "b.jpg"}, "options_invalid", "b.jpg"),
    ({"ocr": "true"}, "capability_missing", ""),
    ({"detail": "original", "model": "old"}, "capability_missing", ""),
]


@pytest.mark.parametrize(("metadata", "code", "named"), WRONG_OPTIONS, ids=str)
def test_wrong_options_are_the_result(world, metadata, code, named):
    """A wrong wish fails the job with its name in the message, before anything is paid."""
    job = world.answer("b.jpg", picture(), **metadata)

    assert (job.state, job.error.code, world.calls) == (State.FAILED, code, 0)
    assert named in job.error.message


def test_a_schema_gives_data(world):
    """A JSON Schema beside the uploads shapes the answer, and the parsed data is in the result."""
    schema = {
        "type": "object",
        "properties": {"colour": {"type": "string"}, "width": {"type": "integer"}},
        "required": ["colour", "width"],
        "additionalProperties": False,
    }
    world.drop("forms/colour.json", json.dumps(schema).encode())
    job = world.answer("c.jpg", picture(), schema="forms/colour.json")

    assert job.state is State.DONE
    assert set(job.reply.data) == {"colour", "width"}


def test_the_newest_drop_of_a_name_is_found(world):
    """Overwriting a blob is a new drop with a new job."""
    first = world.answer("same.jpg", picture(colour="red"))
    world.pass_time(5)
    second = world.answer("same.jpg", picture(colour="blue"))

    assert first.job_id != second.job_id
    assert look_up(world.services, "same.jpg").job_id == second.job_id
    assert world.calls == 2
