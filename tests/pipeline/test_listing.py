"""The list stays true and cheap: crashes heal, filters are bounded, a page costs the same however long the list is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.storage.job_list import to_row
from shared.core import limits
from shared.core.errors import StorageUnavailable
from shared.core.jobs.job import Job, State
from shared.core.jobs.listing import Filters, Item, summarise
from shared.core.jobs.result import Source
from shared.pipeline.listing import MOST_COMPARED, list_jobs, related
from tests.pipeline.world import picture

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def listed(world, *, limit=50, cursor=None, **filters):
    return list_jobs(world.services, filters=Filters(**filters), limit=limit, cursor=cursor)


def fill(world, number, *, state=State.DONE, step=timedelta(hours=5)):
    """Items as earlier jobs left them, across several months."""
    items = [
        Item(job_id=f"{index:032x}", name=f"n{index}.jpg", state=state, created=NOW - index * step, updated=NOW)
        for index in range(number)
    ]
    operations = [("upsert", row) for row in map(to_row, items)]
    by_partition: dict[str, list[Any]] = {}
    for operation in operations:
        by_partition.setdefault(operation[1]["PartitionKey"], []).append(operation)
    for rows in by_partition.values():
        for start in range(0, len(rows), 100):
            world.services.listing.table.submit_transaction(rows[start : start + 100])
    return [item.name for item in items]


def test_a_job_moves_through_the_list(world):
    """Each change that people can see is in the list at once."""
    world.drop("a.jpg", picture())
    world.accept("a.jpg")
    queued = listed(world).items
    world.analyze_next()
    done = listed(world).items

    assert [(item.name, item.state) for item in queued] == [("a.jpg", State.QUEUED)]
    assert [(item.name, item.state, item.usd is not None) for item in done] == [("a.jpg", State.DONE, True)]


def test_pages_cross_months(world):
    """One list, although each month is a partition of its own."""
    names = fill(world, 400)
    found, cursor = [], None
    while True:
        page = listed(world, limit=97, cursor=cursor)
        found += [item.name for item in page.items]
        cursor = page.cursor
        if cursor is None:
            break

    assert found == names


def test_the_end_is_known(world):
    """A last page that is exactly full has no cursor."""
    fill(world, 20)

    assert listed(world, limit=20).cursor is None
    assert listed(world, limit=19).cursor is not None


@pytest.mark.parametrize("number", [60, 2500])
def test_a_page_reads_the_same_however_long_the_list_is(world, number):
    """Entities and transactions, which is what storage charges and takes time for."""
    fill(world, number)
    reads = world.services.listing
    before = reads.entities, reads.transactions
    listed(world, limit=50)

    assert (reads.entities - before[0], reads.transactions - before[1]) == (51, 1)


def test_a_filter_that_fits_nothing_is_bounded(world):
    """It looks at one query's worth, says so, and where to go on."""
    fill(world, 2500)
    first = listed(world, text="no such name")
    second = listed(world, text="no such name", cursor=first.cursor)
    third = listed(world, text="no such name", cursor=second.cursor)

    assert (first.items, first.looked_at, second.looked_at, third.looked_at) == ((), 1000, 1000, 500)
    assert limits.LIST_ENTRIES_LOOKED_AT.value == 1000
    assert third.cursor is None


def test_since_ends_the_list(world):
    """Older entries are not looked at."""
    fill(world, 300)
    page = listed(world, since=NOW - timedelta(hours=10), limit=100)

    assert ([item.name for item in page.items], page.cursor) == (["n0.jpg", "n1.jpg", "n2.jpg"], None)


def test_a_crash_between_job_and_list_heals(world):
    """The job ended, its line still says queued: the line is put right when it is read, for good."""
    world.drop("a.jpg", picture())
    before = summarise(world.accept("a.jpg"))
    world.analyze_next()
    world.services.listing.put(before)  # as if the last write had been lost
    world.pass_time(60)
    healed = listed(world, states=frozenset({State.DONE})).items

    assert [item.state for item in healed] == [State.DONE]
    assert world.services.listing.page(after=None, most=1)[0].state is State.DONE


def test_a_line_without_a_job_is_not_shown(world):
    """And not in the way: the list goes on behind it."""
    fill(world, 3, state=State.QUEUED)
    world.pass_time(60)

    assert listed(world).items == ()


def test_comparing_is_bounded_too(world):
    """However many jobs wait, a request looks only so many of them up, and goes on next time."""
    fill(world, 3 * MOST_COMPARED, state=State.WAITING)
    world.pass_time(60)
    page = listed(world, states=frozenset({State.DONE}))

    assert 0 < page.looked_at <= MOST_COMPARED
    assert page.cursor is not None


def test_a_list_that_cannot_be_written_stops_no_work(world, caplog):
    """The job's row is the truth; the fault is logged, the job goes on."""
    jobs = world.services.jobs
    jobs.list = Unwritable()
    job = Job(
        job_id="a" * 32,
        state=State.QUEUED,
        source=Source(container="uploads", name="a.jpg", etag="1", bytes=1),
        created=NOW,
        updated=NOW,
    )
    stored = jobs.insert(job)

    assert jobs.replace(stored, replace(job, state=State.FAILED)).job.state is State.FAILED
    assert "the list was not brought up to date" in caplog.text


class Unwritable:
    def put(self, item):
        raise StorageUnavailable(f"away: {item.job_id}")


def test_related_jobs(world):
    """Versions of an upload, newest first; other uploads are not among them."""
    first = world.answer("a.jpg", picture())
    world.pass_time(60)
    second = world.answer("a.jpg", picture(colour="navy"))
    world.answer("b.jpg", picture(colour="gold"))

    assert [item.job_id for item in related(world.services, first.job_id)] == [second.job_id, first.job_id]
