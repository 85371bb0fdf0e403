"""The tables are away for minutes while hundreds are dropped: whatever the host does with its events, each has a job.

The host is simulated in simulated time: five deliveries of an event at once, then the poison queue with five more,
30 seconds apart, as host.json has it. A poison queue has no poison queue: what fails there five times is gone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from shared.core.errors import StorageUnavailable
from shared.core.jobs.job import State
from shared.core.jobs.rounds import SETTLED_AFTER
from shared.core.places import UPLOAD_POISON, UPLOADS
from shared.pipeline.accept import accept_upload
from shared.pipeline.bury import bury_message, bury_upload
from shared.pipeline.look_up import look_up
from shared.pipeline.missed import accept_missed
from tests.pipeline.test_repair import message
from tests.pipeline.timeline import Timeline
from tests.pipeline.world import World, picture

AWAY_S = 260
DROPS = 320
DELIVERIES = 5
RETRY_S = 30


class Away:
    """A port of which nothing can be reached for a while."""

    def __init__(self, port, is_away):
        self.port, self.is_away = port, is_away

    def __getattr__(self, name):
        if self.is_away():
            raise StorageUnavailable("the tables cannot be reached")
        return getattr(self.port, name)


@dataclass
class Host:
    """The blob trigger and the poison queue of a Functions host; `gone` are messages that nobody delivers again."""

    world: World
    timeline: Timeline
    gone: list[bytes] = field(default_factory=list)
    put_back_times: int = 0

    def announce(self, name):
        for _ in range(DELIVERIES):
            try:
                accept_upload(self.world.services, name)
            except StorageUnavailable:
                continue
            return
        self.deliver(json.dumps({"ContainerName": UPLOADS, "BlobName": name}).encode())

    def deliver(self, body, tries=0):
        try:
            bury_upload(self.world.services, body)
        except StorageUnavailable:
            if tries + 1 == DELIVERIES:
                self.gone.append(body)
            else:
                later = self.timeline.now + timedelta(seconds=RETRY_S)
                self.timeline.at(later, lambda: self.deliver(body, tries + 1))

    def put_back(self, queue, body, *, delay_s):
        assert queue == UPLOAD_POISON
        self.put_back_times += 1
        self.timeline.at(self.timeline.now + timedelta(seconds=delay_s), lambda: self.deliver(body))


def tiny(number):
    """A picture of its own, quickly made."""
    return picture(form="PNG", size=(8, 8 + number % 7), colour=f"#{number * 257 % 0xFFFFFF:06x}")


@pytest.mark.timeout(600)
def test_an_outage_of_the_tables_loses_no_drop(world):
    """320 drops in 260 s without tables: all have jobs minutes after it, though each failed for good in the host."""
    timeline = Timeline(world)
    host = Host(world=world, timeline=timeline)
    back_at = timeline.now + timedelta(seconds=AWAY_S)
    whole = world.services
    away = {
        port: Away(getattr(whole, port), lambda: timeline.now < back_at)
        for port in ("jobs", "ledger", "answers", "gates", "listing", "costs", "rounds")
    }
    world.services = replace(whole, **away, poison=host, media=Same(whole.media))
    names = [f"{number:03}.png" for number in range(DROPS)]
    for number, name in enumerate(names):
        world.drop(name, tiny(number))
        timeline.at(timeline.now + timedelta(seconds=AWAY_S * number / DROPS), partial(host.announce, name))
    timeline.run(seconds=AWAY_S - 1)
    lost_meanwhile = list(whole.jobs.open_jobs(first="", most=DROPS))
    world.services = replace(world.services, messages=Silent())
    timeline.run(seconds=180)

    assert lost_meanwhile == []
    assert host.gone == []
    assert host.put_back_times >= DROPS
    assert len(whole.jobs.open_jobs(first="", most=2 * DROPS)) == DROPS


class Same:
    """A decoder that has seen it all before: what it costs to decode 320 pictures is another test's."""

    def __init__(self, media):
        self.media, self.ready = media, None

    def __getattr__(self, name):
        return getattr(self.media, name)

    def prepare(self, *args, **named):
        self.ready = self.ready or self.media.prepare(*args, **named)
        return self.ready


class Silent:
    """A queue whose messages nobody reads: what becomes of the jobs is another test's."""

    def send(self, message, *, delay_s=0): ...


def test_a_poisoned_message_outlives_an_outage_too(world):
    """Its job is there, but cannot be looked at: the message is put back, and costs the job none of its chances."""
    world.drop("a.jpg", picture())
    job_id = world.accept("a.jpg").job_id
    world.outbox.waiting.clear()
    whole = world.services
    kept: list[bytes] = []
    world.services = replace(whole, jobs=Away(whole.jobs, lambda: True), poison=Kept(kept))
    for _ in range(10):
        assert bury_message(world.services, message(job_id)) is None
    world.services = whole
    bury_message(whole, kept[-1])
    world.finish_all()
    job = look_up(whole, "a.jpg")

    assert kept == [message(job_id)] * 10
    assert (job.state, [event.code for event in job.history].count("redelivered")) == (State.DONE, 1)


class Kept:
    """A poison queue that shows what was put back."""

    def __init__(self, kept):
        self.kept = kept

    def put_back(self, _queue, body, *, delay_s):
        assert delay_s >= 60
        self.kept.append(body)


def test_blobs_that_are_away_cost_a_drop_none_of_its_chances(world):
    """An hour without blobs: the poisoned event comes back as often as needed, and the drop is answered."""
    world.drop("a.jpg", picture())
    whole = world.services
    kept: list[bytes] = []
    event = json.dumps({"ContainerName": UPLOADS, "BlobName": "a.jpg"}).encode()
    world.services = replace(whole, blobs=NoReading(whole.blobs), poison=Kept(kept))
    for _ in range(20):
        assert bury_upload(world.services, event) is None
    world.services = whole
    bury_upload(whole, event)
    world.finish_all()

    assert len(kept) == 20
    assert look_up(whole, "a.jpg").state is State.DONE


def test_blobs_that_are_away_cost_a_job_none_of_its_chances(world):
    """Two hours without blobs: each turn gives the job back, no call is made, and then it is answered."""
    world.drop("a.jpg", picture())
    job_id = world.accept("a.jpg").job_id
    whole = world.services
    world.services = replace(whole, blobs=NoReading(whole.blobs))
    began = world.clock[0]
    while world.clock[0] < began + timedelta(hours=2):
        waiting, _ = world.analyze_next()
        assert (waiting.state, waiting.error.code) == (State.WAITING, "storage_unavailable")
    calls = world.calls
    world.services = whole
    world.finish_all()
    job = look_up(whole, "a.jpg")

    assert (calls, world.calls, job.job_id, job.state, job.maybe_paid) == (0, 1, job_id, State.DONE, 0)


class NoReading:
    """Blobs that can be described, not read."""

    def __init__(self, port):
        self.port = port

    def __getattr__(self, name):
        if name == "read":
            raise StorageUnavailable("blobs cannot be read")
        return getattr(self.port, name)


def test_what_was_put_back_really_comes_again(world, storage):
    """Over a real queue, in the encoding that host.json says; made anew when somebody has removed it."""
    from azure.storage.queue import QueueClient, TextBase64DecodePolicy  # noqa: PLC0415  # of this test only

    body = json.dumps({"ContainerName": UPLOADS, "BlobName": "Größe.jpg"}).encode()
    for _ in range(2):
        world.services.poison.put_back(UPLOAD_POISON, body, delay_s=0)
    with QueueClient.from_connection_string(
        storage, UPLOAD_POISON, message_decode_policy=TextBase64DecodePolicy()
    ) as queue:
        found = [item.content.encode() for item in queue.receive_messages()]

    assert found == [body, body]


def test_the_timer_takes_in_what_no_event_told_of(world):
    """Also what no event told of: the timer's next round finds it."""
    for number in range(12):
        world.drop(f"{number}.png", tiny(number))
    world.clock[0] = datetime.now(UTC) + SETTLED_AFTER + timedelta(seconds=5)

    assert accept_missed(world.services) == 12
