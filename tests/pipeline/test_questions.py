"""Asking again: what waits is not followed, a crash loses nothing, videos keep their frames."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from PIL import Image

from shared.core.errors import CapabilityMissing, NotFound, OptionsInvalid, SourceRejected, StateConflict
from shared.core.jobs import job as jobs
from shared.core.jobs.job import State
from shared.pipeline.look_up import look_up_job
from shared.pipeline.questions import ask_about, follow_up, rerun
from shared.pipeline.records import read_result
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


def test_a_long_conversation_outgrows_no_row(world):
    """Its row leaves it out; the model, the document and every look-up have it all the same."""
    first = world.answer("a.jpg", picture())
    said = "A very long answer. " * 25_000
    stored = world.services.jobs.load(first.job_id)
    long_since = replace(stored.job, reply=replace(first.reply, text=said))
    world.services.jobs.replace(stored, long_since)
    body = json.dumps(jobs.document(long_since)).encode()
    world.services.blobs.write("results", f"{first.job_id}.json", body, media_type="application/json", overwrite=True)
    job = follow_up(world.services, first.job_id, {"prompt": "And then?", "max_output_tokens": 100}, key=None)
    row = world.services.jobs.load(job.job_id).job
    waiting = look_up_job(world.services, job.job_id)
    world.finish_all()
    done = look_up_job(world.services, job.job_id)
    again = follow_up(world.services, job.job_id, {"prompt": "And now?", "max_output_tokens": 100}, key=None)

    assert (row.turns_elsewhere, row.origin.turns) == (True, ())
    assert [turn.answer for turn in waiting.origin.turns] == [said]
    assert (done.error, done.state) == (None, State.DONE)
    assert [turn.answer for turn in done.origin.turns] == [said]
    assert [turn.answer for turn in look_up_job(world.services, again.job_id).origin.turns] == [said, done.reply.text]
    assert read_result(world.services, job.job_id).origin.turns == done.origin.turns


def test_a_long_conversation_whose_beginning_was_deleted_ends(world):
    """Without what was said before, the question cannot be asked: it says so, unpaid."""
    first = world.answer("a.jpg", picture())
    job = follow_up(world.services, first.job_id, {"prompt": "And then?"}, key=None)
    stored = world.services.jobs.load(job.job_id)
    origin = replace(stored.job.origin, turns=(), jobs=(replace(stored.job.origin.jobs[0], job_id="0" * 32),))
    world.services.jobs.replace(stored, replace(stored.job, origin=origin, turns_elsewhere=True))
    calls = world.calls
    world.finish_all()
    ended = look_up_job(world.services, job.job_id)

    assert (ended.state, ended.error.code, world.calls) == (State.FAILED, "not_found", calls)


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


def test_a_drop_that_failed_for_its_folder_s_options_runs_again(world):
    """With the options that the folder has by now: sound, film and key too, as if it had just been dropped."""
    world.drop("f/_vision.toml", b'detail = "lo')
    failed = world.answer("f/a.jpg", picture())
    world.drop("f/_vision.toml", b'detail = "low"\nprompt = "Mended?"\ndaily_budget_usd = 5')
    job = rerun(world.services, failed.job_id, {}, key=None)
    done, _ = world.analyze_next()

    assert (failed.state, failed.error.code, failed.options) == (State.FAILED, "options_invalid", None)
    assert (done.job_id, done.state) == (job.job_id, State.DONE)
    assert (done.options.detail, done.options.prompt, done.budget_folders) == ("low", "Mended?", ("f/",))
    assert (done.origin.kind, done.origin.jobs[0].job_id) == ("rerun", failed.job_id)
    assert rerun(world.services, failed.job_id, {}, key=None).job_id == job.job_id


def test_a_drop_whose_options_are_still_wrong_says_so_at_once(world):
    """Nothing is stored; what the request says otherwise does not mend the file."""
    world.drop("f/_vision.toml", b'detail = "lo')
    failed = world.answer("f/a.jpg", picture())
    with pytest.raises(OptionsInvalid) as refused:
        rerun(world.services, failed.job_id, {"detail": "low"}, key=None)

    assert refused.value.field == "f/_vision.toml"


def test_options_that_the_model_refused_are_read_anew(world):
    """Its pictures are there, but the same options would fail again."""
    world.drop("f/_vision.toml", b'schema = {type = "string"}')
    failed = world.answer("f/a.jpg", picture())
    world.drop("f/_vision.toml", b'prompt = "In words?"')
    rerun(world.services, failed.job_id, {}, key=None)
    done, _ = world.analyze_next()

    assert (failed.state, failed.error.code) == (State.FAILED, "options_invalid")
    assert (done.state, done.options.schema, done.options.prompt) == (State.DONE, None, "In words?")
    assert done.normalized == failed.normalized


def test_an_answer_s_options_stay_as_they_were(world):
    """Other options of the folder are no reason to ask another question."""
    first = world.answer("f/a.jpg", picture())
    world.drop("f/_vision.toml", b'prompt = "Something else?"')
    job = rerun(world.services, first.job_id, {}, key="again")

    assert job.options.prompt == first.options.prompt


@pytest.mark.parametrize("change", ["replace", "delete"])
def test_a_drop_that_is_gone_cannot_be_read_again(world, change):
    """It is said which job cannot run again, and that a new drop can."""
    world.drop("f/_vision.toml", b'detail = "lo')
    failed = world.answer("f/a.jpg", picture())
    if change == "replace":
        world.drop("f/a.jpg", picture(colour="red"))
    else:
        world.blobs.get_blob_client("uploads", "f/a.jpg").delete_blob()
    with pytest.raises(NotFound) as refused:
        rerun(world.services, failed.job_id, {}, key=None)

    assert failed.job_id in refused.value.message


def test_a_broken_file_is_still_broken(world):
    """Reading it again says what is wrong with it, and makes no job."""
    broken = world.answer("broken.jpg", picture()[:200])
    with pytest.raises(SourceRejected) as refused:
        rerun(world.services, broken.job_id, {}, key=None)

    assert refused.value.code == broken.error.code
