"""The same question about the same pixels is paid for once."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest
from PIL import Image

from shared.core.jobs.job import State
from shared.pipeline.look_up import look_up
from tests.pipeline.world import Scripted, picture

USAGE = {"prompt_tokens": 300, "completion_tokens": 40}


def test_a_copy_costs_nothing(world):
    """Another name, the same pixels: the same answer, from the first job, for nothing."""
    first = world.answer("a.jpg", picture())
    copy = world.answer("b/renamed.jpg", picture())

    assert (copy.state, copy.reply.text, copy.cost.usd) == (State.DONE, first.reply.text, Decimal(0))
    assert (copy.reused_from, first.reused_from, world.calls) == (first.job_id, None, 1)


def test_dropping_again_costs_nothing(world):
    """The same file over itself is a new drop with the old answer."""
    first = world.answer("a.jpg", picture())
    world.pass_time(5)
    again = world.answer("a.jpg", picture())

    assert again.job_id != first.job_id
    assert (again.reused_from, world.calls) == (first.job_id, 1)


def animation(frame_ms: int) -> bytes:
    """Three pictures that differ, each shown for so long."""
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=frame_ms, loop=0)
    return buffer.getvalue()


def test_the_same_pictures_at_another_speed_are_another_question(world):
    """The model is told the moments, so the answer to the one would speak of the other's times."""
    fast = world.answer("fast.gif", animation(100), max_output_tokens="4000")
    slow = world.answer("slow.gif", animation(6000), max_output_tokens="4000")

    assert [one.sha256 for one in fast.normalized] == [one.sha256 for one in slow.normalized]
    assert (fast.state, slow.state, slow.reused_from, world.calls) == (State.DONE, State.DONE, None, 2)


def test_frames_that_were_asked_for_by_number_are_the_same_question(world):
    """How the pictures were chosen is not sent."""
    first = world.answer("a.gif", animation(100), max_output_tokens="4000")
    again = world.answer("b.gif", animation(100), max_output_tokens="4000", frames="3", camera_id="yard")

    assert (again.reused_from, world.calls) == (first.job_id, 1)


DIFFERENT = [
    ({"prompt": "Something else?"}, picture()),
    ({"max_output_tokens": "50"}, picture()),
    ({"detail": "low"}, picture()),
    ({"model": "old"}, picture()),
    ({"system": "You are brief."}, picture()),
    ({"reuse": "false"}, picture()),
    ({}, picture(colour="red")),
]


@pytest.mark.parametrize(("metadata", "data"), DIFFERENT, ids=range(len(DIFFERENT)))
def test_another_question_is_asked(world, metadata, data):
    """Whatever could change the answer makes it another question; reuse=false always asks."""
    world.answer("a.jpg", picture())
    other = world.answer("b.jpg", data, **metadata)

    assert (other.reused_from, world.calls) == (None, 2)


def test_two_at_once_are_one_call(world):
    """The second waits for the first one's answer instead of asking too."""
    for name in ("a.jpg", "b.jpg"):
        world.drop(name, picture())
        world.accept(name)
    first, second = (message.job_id for message, _ in world.outbox.waiting)
    world.services.answers.claim(world.services.jobs.load(first).job.answer_key, first)
    waiting = world.analyze(second)
    world.analyze(first)
    world.finish_all()

    assert (waiting.state, waiting.error.code) == (State.WAITING, "same_question")
    assert look_up(world.services, "b.jpg").reused_from == first
    assert world.calls == 1


VERDICTS = [
    ({"do": "refuse"}, State.FAILED, "refusal"),
    ({"do": "filter_completion", "category": "violence"}, State.FAILED, "content_filter"),
    ({"do": "filter_prompt"}, State.FAILED, "content_filter"),
    ({"do": "truncate", "max_tokens": 3}, State.PARTIAL, None),
]


@pytest.mark.parametrize(("step", "state", "code"), VERDICTS, ids=str)
def test_whatever_the_model_said_is_paid_once(world, step, state, code):
    """A refusal, a filter's verdict and half an answer are answers too: ten names of one picture are one call."""
    world.script(step)
    first, *copies = [world.answer(f"{index}.jpg", picture()) for index in range(10)]

    assert world.calls == 1
    assert {(job.state, job.error and job.error.code) for job in (first, *copies)} == {(state, code)}
    assert {(job.reused_from, job.reply.text, job.cost.usd) for job in copies} == {(first.job_id, first.reply.text, 0)}


def test_a_tool_call_is_paid_once(world):
    """The model did something else than answering; it would do it again."""
    model = Scripted({"choices": [{"message": {"tool_calls": [{"id": "1"}]}}], "usage": USAGE})
    world.services = replace(world.services, model=model)
    first = world.answer("a.jpg", picture())
    copy = world.answer("b.jpg", picture())

    assert (first.state, first.error.code, first.cost.usd > 0) == (State.FAILED, "tool_call", True)
    assert (copy.error.code, copy.reused_from, copy.cost.usd, model.calls) == ("tool_call", first.job_id, 0, 1)


def test_a_verdict_is_asked_for_again_when_told(world):
    """`reuse = false`: the answer may be another one."""
    world.script({"do": "refuse", "times": 1})
    world.answer("a.jpg", picture())
    again = world.answer("b.jpg", picture(), reuse="false")

    assert (again.state, world.calls) == (State.DONE, 2)


def test_a_failure_without_an_answer_is_not_reused(world):
    """The next one asks for itself, and its answer is the one that is reused from then on."""
    world.script({"do": "context_length", "times": 1})
    failed = world.answer("a.jpg", picture())
    second = world.answer("b.jpg", picture())
    third = world.answer("c.jpg", picture())

    assert (failed.state, second.state, second.reused_from) == (State.FAILED, State.DONE, None)
    assert (third.reused_from, world.calls) == (second.job_id, 2)
