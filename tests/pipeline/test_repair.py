"""What the timers and the poison queues put right: nothing dropped stays without an end."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.core import limits
from shared.core.errors import StorageUnavailable
from shared.core.jobs import job as jobs
from shared.core.jobs.job import STUCK_AFTER, State
from shared.core.jobs.result import Source
from shared.pipeline.bury import bury_message, bury_upload
from shared.pipeline.look_up import look_up, look_up_job
from shared.pipeline.questions import ask_about
from shared.pipeline.sweep import SETTLED_AFTER, accept_missed, sweep
from tests.pipeline.world import picture

LEASE_S = limits.JOB_LEASE_S.value

LONG_S = STUCK_AFTER.total_seconds() + LEASE_S + 1


def drop(world, name="a.jpg"):
    world.drop(name, picture())
    return world.accept(name).job_id


def claim(world, job_id):
    stored = world.services.jobs.load(job_id)
    return world.services.jobs.replace(
        stored, jobs.claim(stored.job, owner="dead", now=world.clock[0], lease_s=LEASE_S)
    )


@pytest.mark.parametrize("state", ["queued", "running", "waiting"])
def test_a_job_whose_message_was_lost_is_woken(world, state):
    """Whatever it was doing, after a while the sweeper sends its pointer again, once."""
    if state == "waiting":
        world.script({"do": "throttle", "retry_after_s": 60, "times": 1})
    job_id = drop(world)
    if state == "running":
        claim(world, job_id)
    if state == "waiting":
        world.analyze_next()
    world.outbox.waiting.clear()
    world.pass_time(LONG_S)
    first, second = sweep(world.services), sweep(world.services)
    world.finish_all()

    assert (first["woken"], second["woken"]) == (1, 0)
    assert look_up(world.services, "a.jpg").state is State.DONE


def test_a_drop_that_was_never_dispatched_is_accepted_again(world):
    """Its worker died between the row and the message."""
    world.drop("a.jpg", picture())
    upload = world.services.blobs.describe("uploads", "a.jpg")
    source = Source(container="uploads", name="a.jpg", etag=upload.etag, bytes=upload.bytes)
    world.services.jobs.insert(jobs.new_job(source, now=world.clock[0]))
    world.pass_time(LONG_S)
    sweep(world.services)
    world.finish_all()

    assert look_up(world.services, "a.jpg").state is State.DONE


@pytest.mark.parametrize(("replaced", "code"), [(True, "replaced"), (False, "not_found")])
def test_a_drop_that_is_gone_before_it_was_read_ends(world, replaced, code):
    """Its worker died, and then it was deleted or another picture came under its name: nobody can read it any more."""
    world.drop("a.jpg", picture())
    upload = world.services.blobs.describe("uploads", "a.jpg")
    source = Source(container="uploads", name="a.jpg", etag=upload.etag, bytes=upload.bytes)
    job_id = world.services.jobs.insert(jobs.new_job(source, now=world.clock[0])).job.job_id
    if replaced:
        world.drop("a.jpg", picture(colour="red"))
    else:
        world.blobs.get_blob_client("uploads", "a.jpg").delete_blob()
    world.pass_time(LONG_S)
    sweep(world.services)
    job = look_up_job(world.services, job_id)

    assert (job.state, job.error.code) == (State.FAILED, code)
    assert list(world.services.jobs.open_jobs(first="", most=10)) == []


def test_a_drop_that_breaks_every_sweep_ends(world):
    """A decoder with a bug, again and again: the job says so in the end, and the sweeper goes on with others."""
    world.drop("a.jpg", picture())
    upload = world.services.blobs.describe("uploads", "a.jpg")
    source = Source(container="uploads", name="a.jpg", etag=upload.etag, bytes=upload.bytes)
    world.services.jobs.insert(jobs.new_job(source, now=world.clock[0]))
    world.services = replace(world.services, media=Broken())
    for _ in range(limits.REDELIVERIES.value):
        world.pass_time(LONG_S)
        sweep(world.services)

    assert world.services.jobs.load(job_id_of_drop(upload)).job.error.code == "gave_up"


def job_id_of_drop(upload):
    return jobs.job_id_of(container=upload.container, name=upload.name, etag=upload.etag)


def test_a_question_that_was_never_dispatched_is_asked(world):
    """The worker that took it by HTTP died between the row and the message; it is found by its picture's name too."""
    world.answer("a.jpg", picture())
    whole = world.services
    world.services = replace(whole, messages=Dead())
    with pytest.raises(StorageUnavailable):
        ask_about(world.services, ["a.jpg"], {"prompt": "And the colours?"}, key=None)
    world.services = whole
    world.pass_time(LONG_S)
    swept = sweep(world.services)
    world.finish_all()
    found = [look_up_job(world.services, job_id) for job_id in world.services.jobs.related("a.jpg")]

    assert swept["woken"] == 1
    assert [(job.state, job.options.prompt) for job in found][-1] == (State.DONE, "And the colours?")


class Dead:
    """A queue that takes nothing."""

    def send(self, *_, **__):
        raise StorageUnavailable("on purpose")


def test_a_missed_upload_that_breaks_stops_no_other(world):
    """The next ones are accepted, and the broken one is tried again at the next round."""
    for name in ("a.jpg", "b.jpg"):
        world.drop(name, picture())
    world.clock[0] = datetime.now(UTC) + SETTLED_AFTER + timedelta(seconds=5)
    whole = world.services
    broken_once = replace(whole, blobs=BreaksOnce(whole.blobs))

    assert (accept_missed(broken_once), accept_missed(whole)) == (1, 0)
    assert len(list(whole.jobs.open_jobs(first="", most=10))) == 2


class BreaksOnce:
    """Blobs of which the first to be read makes the program stumble."""

    def __init__(self, port):
        self.port, self.broken = port, False

    def __getattr__(self, name):
        return getattr(self.port, name)

    def read(self, *args, **named):
        if not self.broken:
            self.broken = True
            raise ZeroDivisionError
        return self.port.read(*args, **named)


def test_every_open_job_has_its_turn(world):
    """A round that cannot see all starts anywhere and goes round."""
    ids = sorted(drop(world, f"{index}.jpg") for index in range(4))
    open_jobs = world.services.jobs.open_jobs

    assert open_jobs(first=ids[2], most=10) == [*ids[2:], *ids[:2]]
    assert open_jobs(first=ids[3], most=2) == [ids[3], ids[0]]


def test_a_healthy_backlog_is_left_alone(world):
    """As many messages as jobs: nothing is lost, however long it takes."""
    drop(world)
    world.pass_time(LONG_S * 10)

    assert sweep(world.services)["woken"] == 0
    assert len(world.outbox.waiting) == 1


def test_young_jobs_are_left_alone(world):
    """Between two steps a job has no message for a moment."""
    drop(world)
    world.outbox.waiting.clear()
    world.pass_time(60)

    assert sweep(world.services)["woken"] == 0


def test_ended_jobs_leave_the_list_of_open_ones(world):
    """Also when the worker died before it could take them off."""
    world.answer("a.jpg", picture())
    before = list(world.services.jobs.open_jobs(first="", most=10))
    job_id = drop(world, "b.jpg")
    world.finish_all()
    world.services.jobs.table.upsert_entity({"PartitionKey": "open", "RowKey": job_id})

    assert (before, sweep(world.services)["closed"]) == ([], 1)
    assert list(world.services.jobs.open_jobs(first="", most=10)) == []


def test_an_upload_whose_event_never_came_is_found(world):
    """Only old enough ones: an event that is merely slow must not race."""
    world.drop("missed.jpg", picture())
    world.drop("_vision.toml", b"")
    world.clock[0] = datetime.now(UTC)
    too_young = accept_missed(world.services)
    world.pass_time(SETTLED_AFTER.total_seconds() + 5)
    found, again = accept_missed(world.services), accept_missed(world.services)
    world.finish_all()

    assert (too_young, found, again) == (0, 1, 0)
    assert look_up(world.services, "missed.jpg").state is State.DONE


def test_uploads_of_long_ago_are_not_touched(world):
    """What was there before the app is not answered, and paid, by surprise."""
    world.drop("old.jpg", picture())
    world.clock[0] = datetime.now(UTC) + timedelta(days=2)

    assert accept_missed(world.services) == 0


def message(job_id):
    return json.dumps({"schema_version": 1, "job_id": job_id}).encode()


def test_a_poisoned_message_is_sent_anew(world):
    """Workers were killed five times: that is not the job's fault, and it is answered after all."""
    job_id = drop(world)
    world.outbox.waiting.clear()
    bury_message(world.services, message(job_id))
    world.finish_all()
    job = look_up(world.services, "a.jpg")

    assert [(event.state, event.code) for event in job.history] == [
        ("queued", None),
        ("queued", "redelivered"),
        ("running", None),
        ("done", None),
    ]


def test_a_job_in_other_hands_gets_its_message_later(world):
    """A duplicate was poisoned while another worker is at it."""
    job_id = drop(world)
    world.outbox.waiting.clear()
    claim(world, job_id)
    bury_message(world.services, message(job_id))
    ((_, delay_s),) = world.outbox.waiting

    assert delay_s == LEASE_S


def test_chances_end(world):
    """A message that is poisoned again and again fails its job, with what happened before."""
    job_id = drop(world)
    for _ in range(limits.REDELIVERIES.value):
        assert bury_message(world.services, message(job_id)).state is State.QUEUED
    bury_message(world.services, message(job_id))
    job = look_up(world.services, "a.jpg")

    assert (job.state, job.error.code) == (State.FAILED, "gave_up")
    assert [event.code for event in job.history] == [None, *["redelivered"] * limits.REDELIVERIES.value, "gave_up"]


def test_a_job_that_breaks_its_workers_is_not_tried_for_ever(world):
    """Each of its turns may have been paid for."""
    job_id = drop(world)
    for _ in range(limits.CRASHES.value):
        claim(world, job_id)
        world.pass_time(LEASE_S)
    bury_message(world.services, message(job_id))

    assert look_up(world.services, "a.jpg").error.code == "gave_up"
    assert world.calls == 0


def test_a_finished_job_is_not_buried(world):
    """The result stays."""
    job = world.answer("a.jpg", picture())

    assert bury_message(world.services, message(job.job_id)).state is State.DONE


EVENT = json.dumps({"ContainerName": "uploads", "BlobName": "never.jpg"}).encode()


def test_a_poisoned_event_is_accepted_after_all(world):
    """Also when no job had been made yet."""
    world.drop("never.jpg", picture())
    bury_upload(world.services, EVENT)
    world.finish_all()

    assert look_up(world.services, "never.jpg").state is State.DONE
    assert bury_upload(world.services, EVENT).state is State.DONE


def test_an_upload_that_breaks_accept_fails(world):
    """After some chances the job says so, instead of hanging for ever."""
    world.drop("never.jpg", picture())
    broken = replace(world.services, media=Broken())
    for _ in range(limits.REDELIVERIES.value):
        with pytest.raises(ZeroDivisionError):
            bury_upload(broken, EVENT)
    bury_upload(broken, EVENT)

    assert look_up(world.services, "never.jpg").error.code == "gave_up"


class Broken:
    """A decoder with a bug."""

    kept = staticmethod(nullcontext)

    def prepare(self, *_, **__):
        return 1 / 0


@pytest.mark.parametrize("bury", [bury_message, bury_upload])
@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b'"x"', message("0" * 32)])
def test_unreadable_poison_is_logged_not_raised(world, bury, body):
    """Raising would only bring it back for ever."""
    assert bury(world.services, body) is None
