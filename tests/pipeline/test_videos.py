"""Videos through the whole pipeline: frames with their times, parts where they are many, and one bill for it all."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from shared.core.answer.gate import FAILURES_TO_SHUT
from shared.core.errors import DecoderBusy, SourceRejected, StorageUnavailable
from shared.core.jobs.job import State
from shared.core.models.catalogue import look_up_model
from shared.core.money.budget import to_usd
from shared.pipeline.analyze import analyze
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Allowance
from shared.pipeline.questions import follow_up, rerun
from shared.pipeline.spending.reservations import DAY_SCOPE
from shared.wiring import TranscriberOnDemand
from tests.pipeline.test_at_least_once import FailsOnce
from tests.videos import clip, counted, ranges

pytestmark = pytest.mark.slow  # films are decoded

MANY = 120  # frames; 50 fit into one request
LONG = {"frames": str(MANY), "max_output_tokens": "9000"}


@pytest.fixture(scope="module")
def many_frames():
    return clip([counted(number) for number in range(MANY)], gop=1)


def journal(world):
    return world.endpoint.app.journal.to_document()["entries"]


def test_a_video_is_answered_from_its_frames(world):
    """Twenty frames in low detail, in order, each with its time before it; a poster for people; one bill."""
    job = world.answer("film.mp4", clip(40, tone_hz=440), max_output_tokens="4000")
    (entry,) = journal(world)

    assert job.state is State.DONE
    assert (job.source.kind, job.source.duration_s, job.source.codec) == ("video", 4.0, "h264")
    assert (len(job.normalized), entry["images"], set(entry["details"])) == (20, 20, {"low"})
    assert [item.at_s for item in job.normalized] == sorted(item.at_s for item in job.normalized)
    assert "Frame at 00:01.2" in job.reply.text
    assert [(item.role, item.media_type) for item in job.media] == [("poster", "image/jpeg")]
    assert world.services.blobs.read("normalized", job.media[0].name)[:2] == b"\xff\xd8"
    assert job.plan.facts["coverage_percent"] == 100.0
    assert job.estimate.image_tokens <= job.usage.input_tokens
    assert job.estimate.usd <= job.cost.usd <= job.estimate.max_usd


def test_options_of_videos(world):
    """How many frames, how they are chosen and sent, in which detail."""
    world.drop("_vision.toml", b'frames = 6\ncontact_sheet = true\ndetail = "high"\nsampling = "scenes"')
    job = world.answer("film.mp4", clip(40))
    (sheet,) = job.normalized

    assert len(sheet.frames_at_s) == 6
    assert journal(world)[0]["details"] == ("high",)
    assert "Frames at 00:" in job.reply.text


def test_the_same_video_twice_is_paid_once(world):
    """A copy under another name has the same frames, so it has the same answer."""
    data = clip(20)
    first, copy = world.answer("a.mp4", data), world.answer("b.mp4", data)

    assert (copy.reused_from, copy.reply, world.calls) == (first.job_id, first.reply, 1)


def test_a_truncated_video_is_a_partial_answer(world):
    """What could be read was asked about, and the result says what could not."""
    data = clip(60, gop=5, options={"movflags": "faststart"})
    job = world.answer("cut.mp4", data[: len(data) * 2 // 3])

    assert job.state is State.PARTIAL
    assert any("cut off" in step for step in job.plan.steps)
    assert "unreadable" in {one["reason"] for one in job.plan.facts["dropped"]}


def test_more_frames_than_fit_are_asked_in_parts(world, many_frames):
    """Three requests of at most 50 pictures and one that joins the answers; the bill has all four."""
    job = world.answer("film.mp4", many_frames, **LONG)
    entries = journal(world)

    assert job.state is State.DONE
    assert [entry["images"] for entry in entries] == [40, 40, 40, 0]
    assert job.usage.input_tokens == sum(entry["prompt_tokens"] for entry in entries)
    assert job.cost.usd == sum((line.usd for line in job.cost.breakdown), Decimal(0))
    assert 0 < job.earlier_usd < job.cost.usd
    assert job.estimate.usd <= job.cost.usd <= job.estimate.max_usd
    assert spent(world) == job.cost.usd


def spent(world):
    """What the day's ledger has for all calls."""
    totals = world.services.ledger.totals(world.clock[0].date(), Allowance(scope=DAY_SCOPE, limit=None))
    return to_usd(totals.spent)


def test_a_throttled_part_waits_and_the_others_are_not_asked_again(world, many_frames):
    """The third call comes back later; the first two are read from where they were stored."""
    world.script({"do": "throttle", "retry_after_s": 30, "every": 3, "times": 1})
    waiting = world.answer("film.mp4", many_frames, **LONG)
    shown = waiting.cost
    done, waited_s = world.analyze_next()

    assert (waiting.state, waited_s) == (State.WAITING, 30)
    assert shown is not None
    assert 0 < shown.usd < done.cost.usd
    assert done.state is State.DONE
    assert [entry["images"] for entry in journal(world)] == [40, 40, 0, 40, 0]  # the throttled one was not read
    assert spent(world) == done.cost.usd


def test_a_crash_after_a_part_pays_for_nothing_again(world, many_frames):
    """The row could not be written after the first part was stored: the next turn finds that part."""
    world.drop("film.mp4", many_frames, **LONG)
    world.accept("film.mp4")
    message = world.outbox.waiting[0][0]
    flaky = FailsOnce(world.services.jobs, "replace")
    flaky.failed = True  # the claim passes …

    class Table:
        def __getattr__(self, name):
            if name == "replace" and world.calls == 1:
                raise StorageUnavailable("replace failed on purpose")
            return getattr(flaky.port, name)

    with pytest.raises(StorageUnavailable):
        analyze(replace(world.services, jobs=Table()), message)
    world.pass_time(world.services.settings.job_lease_s)
    job = world.analyze(message.job_id)

    assert job.state is State.DONE
    assert [entry["images"] for entry in journal(world)] == [40, 40, 40, 0]
    assert spent(world) == job.cost.usd


def test_a_withheld_part_ends_the_job_with_what_was_paid(world, many_frames):
    """The content filter's word is final, and the bill for the parts before it stays visible."""
    world.script({"do": "filter_completion", "category": "violence", "every": 2, "times": 1})
    job = world.answer("film.mp4", many_frames, **LONG)

    assert (job.state, job.error.code) == (State.FAILED, "content_filter")
    assert "part 2 of 3" in job.error.message
    assert job.cost.usd > 0


def test_a_part_is_stored_as_what_was_said(world, many_frames):
    """Beside the result, by part."""
    job = world.answer("film.mp4", many_frames, **LONG)
    stored = json.loads(world.services.blobs.read("results", f"{job.job_id}.part-002.json"))

    assert stored["text"].startswith("[offline describer")
    assert look_up(world.services, "film.mp4") == job


FILMS = [
    ({}, None),
    ({"form": "webm", "codec": "libvpx", "gop": 5}, None),
    ({"form": "matroska"}, "h264"),
    ({"form": "matroska", "codec": "libvpx", "gop": 5}, "h264"),
    ({"form": "avi", "codec": "mjpeg"}, "h264"),
    ({"form": "mov", "codec": "prores_ks"}, "h264"),
    ({"form": "mov", "codec": "prores_ks", "rotation": 90}, "h264"),
    ({"form": "mov", "codec": "prores_ks", "pixel_shape": Fraction(2, 1)}, "h264"),
]


@pytest.mark.parametrize(("made", "codec"), FILMS)
def test_browsers_get_an_mp4_of_what_they_do_not_play(world, made, codec):
    """Copied where the codec allows it, else encoded, upright as the upload; what they play as it is stays alone."""
    job = world.answer("film.bin", clip(20, **made), max_output_tokens="4000")
    films = [item for item in job.media if item.role == "video"]
    found = [read_film(world, item.name) for item in films]

    assert job.state is State.DONE
    assert [(info.codec, info.frames) for info in found] == ([(codec, 20)] if codec else [])
    assert {(info.width, info.height) for info in found} <= {(job.source.width, job.source.height)}
    assert [item.bytes for item in films] == [info.bytes for info in found]


def read_film(world, name):
    data = world.services.blobs.read("normalized", name)
    assert data[4:8] == b"ftyp"
    return world.services.media.frames.sample(ranges(data), model=look_up_model("gpt-4o"), detail="low").info


class CannotMakeFilms:
    """The port `Media`, where the decoder gives up in the middle of a film."""

    def __init__(self, media, error):
        self.media, self.error = media, error

    def __getattr__(self, name):
        return getattr(self.media, name)

    def mp4(self, file, *, copied):
        assert 0 < file.decode_before - time.monotonic() < 600 - 150  # what is left of the function has to do
        yield from list(self.media.mp4(file, copied=copied))[:1]
        raise self.error


TOO_SLOW = SourceRejected("decoding took longer than 150 s", code="too_slow", hint="")


@pytest.mark.parametrize("error", [TOO_SLOW, DecoderBusy()], ids=["too slow", "busy"])
def test_an_answer_does_not_depend_on_a_film_for_browsers(world, error):
    """The plan says why there is none, and nothing half-made is stored."""
    world.services = replace(world.services, media=CannotMakeFilms(world.services.media, error))
    job = world.answer("film.mkv", clip(20, form="matroska"), max_output_tokens="4000")

    assert (job.state, [item.role for item in job.media]) == (State.DONE, ["poster"])
    assert job.plan.steps[-1] == f"no MP4 was made for browsers: {error.message}"
    assert world.services.blobs.describe("normalized", f"{job.job_id}/video.mp4") is None


@pytest.fixture
def hearing(world):
    """The same app with a deployment that transcribes."""
    settings = replace(world.services.settings, transcribe_deployment="whisper", transcribe_model="whisper")
    with closing(TranscriberOnDemand(settings)) as transcriber:
        world.services = replace(world.services, settings=settings, transcriber=transcriber)
        yield world


def test_what_is_said_is_part_of_the_question(hearing):
    """One piece of sound is transcribed, stands in the prompt with its time, and is on the bill by the minute."""
    job = hearing.answer("film.mp4", clip(30, tone_hz=440), max_output_tokens="4000")
    (sound,) = [item for item in job.media if item.role == "sound"]
    (line,) = [line for line in job.cost.breakdown if line.item == "whisper"]
    stored = json.loads(hearing.services.blobs.read("results", f"{job.job_id}.sound-000.json"))
    spoken, question = journal(hearing)

    assert job.state is State.DONE
    assert sound.duration_s == pytest.approx(3.0, abs=0.2)
    assert stored["text"].startswith("[00:00.0] [offline transcriber, no model]")
    assert question["prompt_tokens"] > job.estimate.input_tokens
    assert spoken["path"].endswith("/audio/transcriptions")
    assert line.quantity == (Decimal(str(sound.duration_s)) / 60).quantize(Decimal("0.0001"))
    assert job.cost.usd == sum((line.usd for line in job.cost.breakdown), Decimal(0)) == spent(hearing)
    assert job.earlier_usd == line.usd


def test_the_estimate_has_the_minutes_of_sound(hearing):
    """What is transcribed is in the least and the most that the job may cost, so budgets hold for it."""
    heard = hearing.answer("film.mp4", clip(30, tone_hz=440), max_output_tokens="4000")
    mute = hearing.answer("mute.mp4", clip(31), max_output_tokens="4000")
    (line,) = [line for line in heard.cost.breakdown if line.item == "whisper"]

    assert heard.estimate.usd - mute.estimate.usd == line.usd > 0
    assert heard.estimate.max_usd - mute.estimate.max_usd > line.usd
    assert heard.estimate.usd <= heard.cost.usd <= heard.estimate.max_usd


def test_a_transcript_over_the_budget_is_not_bought(hearing):
    """The day has money for the question, but not for the sound before it: nobody is called."""
    mute = hearing.answer("mute.mp4", clip(31), max_output_tokens="4000")
    calls = hearing.calls
    hearing.set(daily_budget_usd=mute.cost.usd + mute.estimate.max_usd)
    job = hearing.answer("film.mp4", clip(30, tone_hz=440), max_output_tokens="4000")

    assert (job.state, job.error.code) == (State.PARKED, "budget_exceeded")
    assert hearing.calls == calls


def test_what_is_paid_already_is_not_reserved_again(world, many_frames):
    """A day's budget of exactly the most that a job of four calls may cost lets all four through."""
    world.drop("film.mp4", many_frames, **LONG)
    world.set(daily_budget_usd=world.accept("film.mp4").estimate.max_usd)
    job, _ = world.analyze_next()

    assert job.state is State.DONE
    assert spent(world) == job.cost.usd


@pytest.mark.parametrize("made", [{"silent": True}, {}], ids=["silent track", "no track"])
def test_silence_is_not_transcribed(hearing, made):
    """Nothing to hear, nothing to pay."""
    job = hearing.answer("film.mp4", clip(30, **made))

    assert [item.role for item in job.media] == ["poster"]
    assert len(journal(hearing)) == 1


def test_asked_again_with_other_frames_it_still_hears(hearing):
    """Only frames and poster are made anew: sound, words and film are those of the upload, and paid already."""
    data = clip(30, form="matroska", tone_hz=440)
    first = hearing.answer("film.mkv", data, max_output_tokens="4000")
    asked = rerun(hearing.services, first.job_id, {"frames": 2}, key=None)
    done, _ = hearing.analyze_next()

    assert [item.role for item in done.media] == [item.role for item in first.media] == ["poster", "sound", "video"]
    assert len(done.normalized) == 2
    assert "whisper" in {line.item for line in first.cost.breakdown}
    assert "whisper" not in {line.item for line in done.cost.breakdown}
    assert asked.estimate.usd <= done.cost.usd <= asked.estimate.max_usd


def test_a_later_question_has_what_is_said(hearing):
    """Transcribed once: with the conversation before it, the transcript stands in the follow-up too."""
    first = hearing.answer("film.mp4", clip(30, tone_hz=440), max_output_tokens="4000")
    asked = follow_up(hearing.services, first.job_id, {"prompt": "And then?"}, key=None)
    done, _ = hearing.analyze_next()
    mute = hearing.answer("mute.mp4", clip(30), max_output_tokens="4000")
    mute_asked = follow_up(hearing.services, mute.job_id, {"prompt": "And then?"}, key=None)
    mute_done, _ = hearing.analyze_next()
    heard_tokens = first.usage.input_tokens - mute.usage.input_tokens
    answered_tokens = first.usage.output_tokens - mute.usage.output_tokens  # the answers stand in the questions too

    assert [entry["path"].endswith("/audio/transcriptions") for entry in journal(hearing)] == [True] + [False] * 4
    assert heard_tokens > 10
    more_tokens = done.usage.input_tokens - mute_done.usage.input_tokens
    assert more_tokens == pytest.approx(heard_tokens + answered_tokens, abs=2)
    least, most = bounds(asked)
    assert least <= done.cost.usd <= most
    assert most > bounds(mute_asked)[1]  # the words, not the listening


def bounds(job):
    return job.estimate.usd, job.estimate.max_usd


def test_a_later_question_about_many_frames_goes_to_each_part_with_the_conversation(world, many_frames):
    """Each part is asked with what was said before, and so is the last question about the answers."""
    first = world.answer("film.mp4", many_frames, **LONG)
    follow_up(world.services, first.job_id, {"prompt": "And then?"}, key=None)
    done, _ = world.analyze_next()
    entries = journal(world)

    assert done.state is State.DONE
    assert [entry["images"] for entry in entries] == [40, 40, 40, 0] * 2
    assert all(
        later["prompt_tokens"] > before["prompt_tokens"] + 15
        for before, later in zip(entries[:4], entries[4:], strict=True)
    )


def test_a_throttled_transcription_waits(hearing):
    """As any other call; it is made once."""
    hearing.script({"do": "throttle", "retry_after_s": 9, "times": 1})
    waiting = hearing.answer("film.mp4", clip(20, tone_hz=300), max_output_tokens="4000")
    done, waited_s = hearing.analyze_next()

    assert (waiting.state, waiting.error.code, waited_s) == (State.WAITING, "throttled", 9)
    assert done.state is State.DONE
    assert [entry["status"] for entry in journal(hearing)] == [429, 200, 200]


def test_a_transcription_opens_the_gate_again(hearing):
    """After an outage one probe that is heard is enough; failures of long ago do not add up."""
    hearing.script(*[{"do": "status", "status": 500, "times": 1}] * FAILURES_TO_SHUT)
    hearing.answer("film.mp4", clip(20, tone_hz=300), max_output_tokens="4000")
    hearing.finish_all()
    gate, _ = hearing.services.gates.load("azure-whisper")

    assert look_up(hearing.services, "film.mp4").state is State.DONE
    assert (gate.failures, gate.shut_until) == (0, None)
