"""A decoder that is ended from outside costs a good file a second try, and a bad one nothing but that."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace

import pytest
from PIL import Image

from shared.adapters.media import MediaReader
from shared.core.errors import DecoderBusy, SourceRejected
from shared.core.jobs.job import State
from shared.pipeline.look_up import look_up
from shared.wiring import TranscriberOnDemand
from tests.pictures import encoded
from tests.pipeline.test_accept_steps import Deaf
from tests.pipeline.world import picture
from tests.videos import clip

KILLED = "import os, signal, sys; sys.stdin.buffer.read(1); os.kill(os.getpid(), signal.SIGKILL)"
BUSY = DecoderBusy("made up", verdict=SourceRejected("decoding needs too much memory", code="too_large"))

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals"),
    pytest.mark.usefixtures("invariants"),
]


@pytest.fixture
def reader(world):
    """A decoder of this test's own."""
    media = MediaReader()
    world.services = replace(world.services, media=media)
    yield media
    media.close()


def kill_next_time(worker):
    worker.close()
    command = [sys.executable, "-S", "-c", KILLED]
    worker.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.mark.parametrize(("name", "data"), [("a.jpg", picture()), ("film.mp4", clip(10))])
def test_a_good_file_whose_decoder_was_killed_once_is_answered(world, reader, name, data):
    """The event comes again, as the host's does; the history says why."""
    world.drop(name, data, max_output_tokens="4000")
    kill_next_time(reader.frames if name.endswith("mp4") else reader.pixels)
    with pytest.raises(DecoderBusy):
        world.accept(name)
    world.accept(name)
    world.finish_all()
    job = look_up(world.services, name)

    assert job.state is State.DONE
    assert [event.code for event in job.history].count("decoder_busy") == 1


def test_a_file_whose_decoder_is_killed_every_time_is_refused(world, reader):
    """The second time it is the file's fault: nobody tries for ever."""
    world.drop("a.jpg", picture())
    kill_next_time(reader.pixels)
    with pytest.raises(DecoderBusy):
        world.accept("a.jpg")
    kill_next_time(reader.pixels)
    job = world.accept("a.jpg")

    assert (job.state, job.error.code, job.error.retryable) == (State.FAILED, "too_large", False)
    assert world.outbox.waiting == []


@pytest.mark.usefixtures("reader")
def test_a_bomb_is_refused_at_once(world):
    """What its own process finds too large needs no second opinion."""
    world.drop("bomb.png", encoded(Image.new("1", (20_000, 20_000)), "PNG"))
    job = world.accept("bomb.png")

    assert (job.state, job.error.code) == (State.FAILED, "too_large")
    assert "decoder_busy" not in [event.code for event in job.history]


def test_waiting_for_a_turn_is_never_the_files_fault(world):
    """However often other videos are in the way."""
    world.drop("a.jpg", picture())

    class Crowded:
        kept = staticmethod(nullcontext)

        def prepare(self, *_, **__):
            raise DecoderBusy

    world.services = replace(world.services, media=Crowded())
    for _ in range(3):
        with pytest.raises(DecoderBusy):
            world.accept("a.jpg")
    assert look_up(world.services, "a.jpg").state is State.QUEUED


def test_sound_whose_decoder_is_killed_every_time_costs_the_transcript(world):
    """Once it is tried again, then the video is answered without."""
    settings = replace(world.services.settings, transcribe_deployment="whisper", transcribe_model="whisper")
    media = Deaf(world.services.media, BUSY)
    transcriber = TranscriberOnDemand(settings)
    world.services = replace(world.services, settings=settings, transcriber=transcriber, media=media)
    world.drop("film.mp4", clip(10, tone_hz=440), max_output_tokens="4000")
    with pytest.raises(DecoderBusy):
        world.accept("film.mp4")
    world.accept("film.mp4")
    world.finish_all()
    job = look_up(world.services, "film.mp4")

    assert job.state is State.PARTIAL
    assert "no transcript was made: decoding needs too much memory" in job.plan.steps
