"""What the app says of itself: whether events come, how long messages wait, what does not answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.storage import job_queue
from shared.core.errors import StorageUnavailable
from shared.core.jobs.job import AnalysisMessage
from shared.pipeline.watch import accept_event, oldest_s, warnings, watch
from tests.pipeline.world import World, picture


@pytest.fixture
def logged(world: World) -> list[tuple[str, dict[str, object]]]:
    lines: list[tuple[str, dict[str, object]]] = []
    world.services = replace(world.services, log=lambda event, facts: lines.append((event, dict(facts))))
    return lines


def hours_later(world: World, hours: float = 1) -> None:
    """Storage has the real time, the world its own: uploads of the test are old to this one."""
    world.clock[0] = datetime.now(UTC) + timedelta(hours=hours)


def test_no_event_is_missed_where_nothing_was_dropped(world):
    """A new deployment without uploads is as it should be."""
    assert warnings(world.services) == {}


def test_uploads_without_any_event_are_a_warning(world):
    """An environment whose events were never connected looks well otherwise."""
    world.drop("a.jpg", picture())
    assert warnings(world.services) == {}, "an event that is only slow is no fault"
    hours_later(world)
    assert "connect_events" in warnings(world.services)["events"]


def test_one_event_is_enough(world):
    """Once an event came, they are connected, whatever else goes wrong; the note is kept once."""
    world.drop("a.jpg", picture())
    for _ in range(2):
        accept_event(world.services, "a.jpg")
    hours_later(world)
    assert warnings(world.services) == {}


def test_the_oldest_message_is_told(world, logged):
    """An alert fires on its age; a healthy app says so too, so that silence is a sign."""
    world.drop("a.jpg", picture())
    world.accept("a.jpg")
    logged.clear()
    world.pass_time(1800)
    watch(world.services)
    assert logged == [("queue", {"depth": 1, "oldest_s": 1800.0})]


def test_a_message_that_is_to_wait_is_not_old(world):
    """A job that its endpoint told to come back later is counted from then on."""
    world.drop("a.jpg", picture())
    job = world.accept("a.jpg")
    stored = world.services.jobs.load(job.job_id)
    world.services.jobs.replace(stored, replace(stored.job, not_before=world.clock[0] + timedelta(seconds=1700)))
    world.pass_time(1800)
    assert oldest_s(world.services) == 100.0


def test_an_empty_queue_has_no_age(world):
    """Nothing waits."""
    assert oldest_s(world.services) == 0.0


def test_what_does_not_answer_is_told_by_its_code(world, logged):
    """The line names the part and the code, never what storage said."""

    class Gone:
        def check(self) -> None:
            raise StorageUnavailable("ledger: storage answered 403")

    world.services = replace(world.services, ledger=Gone())
    watch(world.services)
    assert logged == [("unhealthy", {"part": "ledger", "code": "storage_unavailable"})]


def test_the_real_queue_can_be_peeked(world):
    """A waiting message is seen with the time it was sent, a hidden or a foreign one is not; all stay."""
    queue = job_queue.JobQueue(job_queue.connect(world.services.settings))
    before = datetime.now(UTC) - timedelta(seconds=5)
    queue.send(AnalysisMessage(job_id="a" * 32))
    queue.send(AnalysisMessage(job_id="b" * 32), delay_s=600)
    queue.queue.send_message("not ours")
    seen = queue.peek()
    assert [peeked.message.job_id for peeked in seen] == ["a" * 32]
    assert seen[0].sent >= before
    assert queue.depth() == 3
