"""What the timers and the poison queues put right: nothing dropped stays without an end."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.core import limits
from shared.core.answer.gate import Gate
from shared.core.errors import StorageRefused, StorageUnavailable
from shared.core.jobs import job as jobs
from shared.core.jobs.job import STUCK_AFTER, AnalysisMessage, State
from shared.core.jobs.result import Source
from shared.core.jobs.rounds import SETTLED_AFTER
from shared.pipeline.bury import bury_message, bury_upload
from shared.pipeline.look_up import look_up, look_up_job
from shared.pipeline.missed import accept_missed
from shared.pipeline.questions import ask_about
from shared.pipeline.sweep import sweep
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


def test_a_duplicate_hides_no_lost_message(world):
    """A job that waits for a day has one message too many, and another's is lost: it is found by its own clock."""
    world.script({"do": "throttle", "retry_after_s": 86_000, "times": 1})
    waits = drop(world, "waits.jpg")
    world.analyze_next()
    world.outbox.send(AnalysisMessage(job_id=waits), delay_s=86_000)
    world.drop("lost.jpg", picture(colour="red"))
    lost = world.accept("lost.jpg").job_id
    world.outbox.waiting = [entry for entry in world.outbox.waiting if entry[0].job_id != lost]
    world.pass_time(LONG_S)

    assert sweep(world.services)["woken"] == 1
    assert world.outbox.waiting[-1][0].job_id == lost or lost in {entry[0].job_id for entry in world.outbox.waiting}


def test_a_long_queue_is_not_made_longer(world):
    """While a message that was due earlier still waits, a job's own may be behind it."""
    first, second = drop(world, "a.jpg"), drop(world, "b.jpg")
    world.outbox.waiting.pop()
    world.pass_time(LONG_S * 10)
    while_long = sweep(world.services)["woken"]
    world.outbox.waiting.clear()

    assert (while_long, sweep(world.services)["woken"]) == (0, 2)
    assert {entry[0].job_id for entry in world.outbox.waiting} == {first, second}


def test_more_open_jobs_than_a_round_can_see_have_their_turns(world):
    """A round ends in time, and the next one goes on behind it."""
    ids = sorted(drop(world, f"{index}.jpg") for index in range(5))
    world.outbox.waiting.clear()
    world.pass_time(LONG_S)
    slow = replace(world.services, jobs=Slow(world, world.services.jobs))
    woken = [sweep(slow)["woken"] for _ in range(3)]

    assert max(woken) < 5
    assert sum(woken) >= 5
    assert {entry[0].job_id for entry in world.outbox.waiting} == set(ids)


class Slow:
    """Jobs of which each look takes a minute and a half."""

    def __init__(self, world, port):
        self.world, self.port = world, port

    def __getattr__(self, name):
        return getattr(self.port, name)

    def load(self, job_id):
        self.world.pass_time(90)
        return self.port.load(job_id)


def wait_a_day(world, names):
    """Jobs that are told to come again tomorrow, before the gate is opened again by hand."""
    for index, name in enumerate(names):
        world.drop(name, picture(colour=f"#{index * 60:02x}8040"))
        world.script({"do": "throttle", "retry_after_s": 86_400, "times": 1})
        world.services.gates.change("azure-eyes", lambda _: Gate())
        world.analyze(world.accept(name).job_id)
    world.outbox.waiting.clear()
    world.pass_time(300)


def test_a_raised_quota_is_noticed_at_the_next_sweep(world):
    """All were told to wait a day; one of them tries every five minutes, and then all go on."""
    names = ["a.jpg", "b.jpg", "c.jpg"]
    wait_a_day(world, names)
    first = sweep(world.services)["hurried"]
    states = []
    for _ in range(2):
        world.finish_all()
        states.append(sorted(look_up(world.services, name).state for name in names))
        world.pass_time(300)
        sweep(world.services)

    assert first == 1
    assert states == [["done", "waiting", "waiting"], ["done", "done", "done"]]


def test_copies_go_on_with_the_first(world):
    """They wait as long as the job that asks for all of them, and no longer."""
    wait_a_day(world, ["a.jpg"])
    world.drop("copy.jpg", picture(colour="#008040"))
    copy = world.analyze(world.accept("copy.jpg").job_id)
    world.outbox.waiting.clear()
    sweep(world.services)
    world.finish_all()
    world.pass_time(300)
    sweep(world.services)
    world.finish_all()

    assert copy.error.code == "same_question"
    assert (look_up(world.services, "copy.jpg").state, world.calls) == (State.DONE, 2)
    assert world.clock[0] < copy.not_before


def test_while_the_quota_is_used_up_one_job_asks(world):
    """Each five minutes, without paying; the others are left alone."""
    wait_a_day(world, ["a.jpg", "b.jpg", "c.jpg"])
    calls = world.calls
    world.script({"do": "throttle", "retry_after_s": 86_400, "every": 1})
    for _ in range(4):
        assert sweep(world.services)["hurried"] == 1
        world.analyze_next()
        world.outbox.waiting.clear()
        world.pass_time(300)

    assert world.calls == calls + 4


def test_a_job_of_a_killed_worker_with_a_wrong_clock_goes_on(world):
    """Its lease is for tomorrow, which is not believed; nor is a wait that such a clock has written."""
    job_id = drop(world)
    stored = world.services.jobs.load(job_id)
    ahead = world.clock[0] + timedelta(hours=26)
    claimed = world.services.jobs.replace(stored, jobs.claim(stored.job, owner="dead", now=ahead, lease_s=LEASE_S))
    done = world.analyze(job_id)
    world.outbox.waiting.clear()

    assert claimed.job.lease_until > world.clock[0] + timedelta(hours=26)
    assert done.state is State.DONE


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


def event(container, name):
    return json.dumps({"ContainerName": container, "BlobName": name}).encode()


POISON = [
    *(b"", b"\xff\xfe", b"{", b"null", b"7", b"[]", b"{}", b'"x"', b"[" * 20_000),
    *(b'{"job_id": 7}', b'{"job_id": null}', b'{"job_id": ["a"]}', b'{"job_id": "a/b?c#d"}', b'{"job_id": "../x"}'),
    *(b'{"job_id": "ab\'cd"}', b'{"job_id": "' + b"a" * 30_000 + b'"}', b'{"schema_version": 99, "job_id": "x"}'),
    *(event("results", "x.json"), event("UP PER", ""), event("uploads", "../results/x.json"), event("uploads", "")),
    *(event("uploads", 7), event(None, "a.jpg"), event("uploads", "no such.jpg")),
]


@pytest.mark.parametrize("bury", [bury_message, bury_upload])
def test_odd_poison_is_logged_once_and_gone(world, bury):
    """Raising would only bring it back for ever; and no event makes a job of another container's blob."""
    world.blobs.get_blob_client("results", "x.json").upload_blob(b"{}")
    for body in POISON:
        seen: list[tuple[str, object]] = []

        assert bury(world.logging_to(seen), body) is None
        assert [name for name, _ in seen] == ["unreadable message"]
    assert list(world.services.jobs.open_jobs(first="", most=9)) == []


def test_poison_that_points_at_no_job_is_gone(world):
    """Its job was deleted."""
    assert bury_message(world.services, message("0" * 32)) is None


def test_a_fault_of_the_job_itself_does_not_bring_its_poison_back(world):
    """Storage will never take the row: logged, and the sweeper sees the job."""
    job_id = drop(world)
    seen: list[tuple[str, object]] = []
    world.services = replace(world.logging_to(seen), jobs=Refuses(world.services.jobs))

    assert bury_message(world.services, message(job_id)) is None
    assert seen[-1] == ("not mended", {"what": "analyze-poison", "code": "storage_refused"})


class Refuses:
    """A table that never takes a row."""

    def __init__(self, port):
        self.port = port

    def __getattr__(self, name):
        return getattr(self.port, name)

    def replace(self, *_):
        raise StorageRefused("the row is too large")
