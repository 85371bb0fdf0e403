"""Asking again: what waits is not followed, a crash loses nothing, videos keep their frames."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from shared.core.errors import CapabilityMissing, StateConflict
from shared.core.jobs.job import State
from shared.pipeline.look_up import look_up_job
from shared.pipeline.questions import ask_about, follow_up, rerun
from tests.pipeline.world import picture
from tests.videos import clip


def test_a_pending_job_cannot_be_followed(world):
    """There is no answer yet; its pictures can be asked about already."""
    world.drop("a.jpg", picture())
    job = world.accept("a.jpg")
    with pytest.raises(StateConflict):
        follow_up(world.services, job.job_id, {"prompt": "And?"}, key=None)

    assert ask_about(world.services, ["a.jpg"], {"prompt": "Now?"}, key=None).state is State.QUEUED


def test_a_job_that_was_not_put_on_the_queue_is_when_asked_again(world):
    """A crash after storing and before sending: the caller, who got no answer, sends it again."""
    world.answer("a.jpg", picture())
    sent = world.outbox.send

    def crash(*_, **__):
        raise ConnectionError

    world.outbox.send = crash
    with pytest.raises(ConnectionError):
        ask_about(world.services, ["a.jpg"], {"prompt": "Twice?"}, key=None)
    world.outbox.send = sent
    job = ask_about(world.services, ["a.jpg"], {"prompt": "Twice?"}, key=None)
    again = ask_about(world.services, ["a.jpg"], {"prompt": "Twice?"}, key=None)

    assert job.job_id == again.job_id
    assert [message.job_id for message, _ in world.outbox.waiting] == [job.job_id]
    assert world.analyze_next()[0].state is State.DONE


def test_the_model_gets_the_whole_conversation(world):
    """One picture, then question and answer in turn, then the new question."""
    first = world.answer("a.jpg", picture())
    job = follow_up(world.services, first.job_id, {"prompt": "And then?"}, key=None)
    before = world.calls
    done, _ = world.analyze_next()

    assert (done.job_id, done.state, world.calls) == (job.job_id, State.DONE, before + 1)
    assert done.usage.input_tokens > first.usage.input_tokens
    assert done.origin.turns[0].answer == first.reply.text


def test_the_conversation_survives_in_the_document(world):
    """It is read back from storage as it was asked."""
    first = world.answer("a.jpg", picture())
    job = follow_up(world.services, first.job_id, {"prompt": "And then?"}, key=None)
    world.analyze_next()

    assert look_up_job(world.services, job.job_id).origin == job.origin


def test_a_question_about_a_video_has_its_frames(world):
    """With their times, from storage: the video itself is not read again."""
    video = world.answer("v.mp4", clip(), max_output_tokens="4000")
    world.blobs.get_blob_client("uploads", "v.mp4").delete_blob()
    job = follow_up(world.services, video.job_id, {"prompt": "When?"}, key=None)
    done, _ = world.analyze_next()

    assert (done.state, done.job_id) == (State.DONE, job.job_id)
    assert done.normalized == video.normalized
    assert len(done.normalized) > 1


def test_a_video_again_with_fewer_frames(world):
    """Other frames are taken from the upload."""
    video = world.answer("v.mp4", clip())
    rerun(world.services, video.job_id, {"frames": 2}, key=None)
    done, _ = world.analyze_next()

    assert (done.state, len(done.normalized)) == (State.DONE, 2)
    assert len(video.normalized) > 2


def test_words_alone_make_no_new_pictures(world):
    """The upload is not read again for another prompt or a longer answer."""
    first = world.answer("a.jpg", picture())
    world.blobs.get_blob_client("uploads", "a.jpg").delete_blob()
    rerun(world.services, first.job_id, {"prompt": "Other words?", "max_output_tokens": 50}, key=None)
    done, _ = world.analyze_next()

    assert done.normalized == first.normalized
    assert "gone" not in done.plan.steps[0]


def document(pages: int) -> bytes:
    """A TIFF whose pages differ."""
    sheets = [Image.new("RGB", (40, 30), (page, 128, 128)) for page in range(pages)]
    buffer = io.BytesIO()
    sheets[0].save(buffer, "TIFF", save_all=True, append_images=sheets[1:])
    return buffer.getvalue()


def test_more_pictures_than_fit_into_a_request(world):
    """Refused before anything is paid, with the limit."""
    names = [f"many/{pages}.tiff" for pages in (25, 26)]
    for name, pages in zip(names, (25, 26), strict=True):
        world.drop(name, document(pages))
        assert len(world.accept(name).normalized) == pages
    before = world.calls
    with pytest.raises(CapabilityMissing) as refused:
        ask_about(world.services, names, {"prompt": "All?"}, key=None)

    assert "51 pictures" in refused.value.message
    assert world.calls == before
