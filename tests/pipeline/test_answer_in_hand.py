"""A worker that holds an answer it has paid for keeps it while storage is away."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.core.errors import StorageUnavailable
from shared.core.jobs.job import AnalysisMessage, State
from shared.pipeline.analyze import analyze
from shared.pipeline.look_up import look_up
from shared.pipeline.records import HOLD_SPARE_S
from shared.wiring import TranscriberOnDemand
from tests.pipeline.test_crash_points import LEASE_S, lost_calls, totals
from tests.pipeline.world import picture
from tests.videos import clip, counted

pytestmark = pytest.mark.usefixtures("invariants")

BLOBS = ("blobs",)
TABLES = ("jobs", "ledger", "answers", "gates", "listing", "costs")
TURN_S = 30  # until the host delivers a message again


class Away:
    """A port whose storage cannot be reached while `is_away` says so."""

    def __init__(self, port, is_away):
        self.port, self.is_away = port, is_away

    def __getattr__(self, name):
        def call(*args, **kwargs):
            if self.is_away():
                raise StorageUnavailable("made up")
            return getattr(self.port, name)(*args, **kwargs)

        return call


class Outage:
    """Storage goes away with the first answer of the endpoint, for so many seconds of the test's clock."""

    def __init__(self, world, ports, seconds):
        self.world, self.seconds = world, seconds
        self.until: Any = None
        whole = world.services
        broken = {name: Away(getattr(whole, name), self.is_away) for name in ports}
        world.services = replace(whole, **broken, model=self, transcriber=None, sleep=world.pass_time)
        self.model, self.transcriber = whole.model, whole.transcriber
        if self.transcriber:
            world.services = replace(world.services, transcriber=self)

    def is_away(self):
        return self.until is not None and self.world.clock[0] < self.until

    def begin(self):
        self.until = self.until or self.world.clock[0] + timedelta(seconds=self.seconds)

    def complete(self, payload):
        reply = self.model.complete(payload)
        self.begin()
        return reply

    def transcribe(self, mp3):
        said = self.transcriber.transcribe(mp3)
        self.begin()
        return said


def deliver_until_done(world, job_id):
    """As the host does: a message whose function raised comes again."""
    for _ in range(40):
        with suppress(StorageUnavailable):
            job = analyze(world.services, AnalysisMessage(job_id=job_id))
            if job.finished:
                return job
        world.pass_time(TURN_S)
    raise AssertionError("the job does not end")


@pytest.mark.parametrize("ports", [BLOBS, TABLES, BLOBS + TABLES], ids=["blobs", "tables", "both"])
@pytest.mark.parametrize("seconds", [3, 6, 20, 60])
def test_what_came_is_not_paid_again(world, ports, seconds):
    """Storage is away from the moment of the answer on: one call, nothing counted as lost, and the bill is right."""
    world.drop("a.jpg", picture())
    job = world.accept("a.jpg")
    Outage(world, ports, seconds)
    done = deliver_until_done(world, job.job_id)

    assert (done.state, done.maybe_paid, world.calls, lost_calls(world)) == (State.DONE, 0, 1, [0])
    assert totals(world) == (done.cost.usd * Decimal(10**9), 0)


def test_the_document_does_not_wait_for_the_tables(world):
    """It is there while the tables are still away: nothing of theirs stands before it."""
    world.drop("a.jpg", picture())
    job = world.accept("a.jpg")
    Outage(world, TABLES, 60)
    with pytest.raises(StorageUnavailable):
        analyze(world.services, AnalysisMessage(job_id=job.job_id))

    assert world.services.blobs.describe("results", f"{job.job_id}.json") is not None


def test_an_outage_longer_than_the_lease_is_counted(world):
    """The worker lets go before another may take the job; the second call counts the first as perhaps paid."""
    world.drop("a.jpg", picture())
    job = world.accept("a.jpg")
    started = world.clock[0]
    Outage(world, BLOBS, 2 * LEASE_S)
    waiting = analyze(world.services, AnalysisMessage(job_id=job.job_id))
    held_s = (world.clock[0] - started).total_seconds()
    done = deliver_until_done(world, job.job_id)

    assert (waiting.state, waiting.error.code) == (State.WAITING, "storage_unavailable")
    assert LEASE_S / 2 < held_s <= LEASE_S - HOLD_SPARE_S
    assert (done.state, done.maybe_paid, world.calls) == (State.DONE, 1, 2)


@pytest.mark.parametrize("ports", [BLOBS, TABLES, BLOBS + TABLES], ids=["blobs", "tables", "both"])
def test_a_step_of_a_video_is_kept_too(world, ports):
    """The transcript and the answers about parts are paid for one by one; each is held until it is stored."""
    settings = replace(world.services.settings, transcribe_deployment="whisper", transcribe_model="whisper")
    world.services = replace(world.services, settings=settings, transcriber=TranscriberOnDemand(settings))
    transcriber = world.services.transcriber
    world.drop("film.mp4", clip(40, tone_hz=440), max_output_tokens="4000")
    job = world.accept("film.mp4")
    Outage(world, ports, 60)
    done = deliver_until_done(world, job.job_id)
    transcriber.close()

    assert (done.state, done.maybe_paid, world.calls, lost_calls(world)) == (State.DONE, 0, 2, [0])
    assert look_up(world.services, "film.mp4").cost == done.cost


@pytest.mark.parametrize("ports", [BLOBS, BLOBS + TABLES], ids=["blobs", "both"])
def test_an_answer_about_a_part_is_kept_too(world, ports):
    """Of a video with more frames than one request takes."""
    frames = [counted(number) for number in range(60)]
    world.drop("film.mp4", clip(frames, rate=1, gop=1), frames="60", max_output_tokens="4000")
    job = world.accept("film.mp4")
    Outage(world, ports, 60)
    done = deliver_until_done(world, job.job_id)

    assert (done.state, done.maybe_paid, lost_calls(world)) == (State.DONE, 0, [0])
    assert world.calls == 3
