"""Pages of the list of jobs, newest first, at a cost that does not grow with the number of jobs.

A request looks at a bounded number of entries and says where to go on, whatever the filters are. An entry that says
"not yet" may be behind its job by a crash between two writes, so it is compared with the job before it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile

from shared.core import limits
from shared.core.jobs.job import TERMINAL
from shared.core.jobs.listing import Filters, Item, decode_cursor, encode_cursor, position_of, summarise
from shared.pipeline.look_up import look_up_job
from shared.pipeline.ports import Services

MOST_COMPARED = 100
LISTING_AT_ONCE = 8  # connections that a storage client keeps
SETTLED = timedelta(seconds=10)  # an entry younger than this is believed: its writer is at work


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of jobs. `cursor` None is the end of the list; `looked_at` counts the entries that were read for this
    page.
    """

    items: tuple[Item, ...]
    cursor: str | None
    looked_at: int


def list_jobs(services: Services, *, filters: Filters, limit: int, cursor: str | None) -> ListPage:
    """A page of at most `limit` jobs, newest first. Raises OptionsInvalid for a cursor that does not belong to these
    filters.
    """
    most = limits.LIST_ENTRIES_LOOKED_AT.value if filters.selective else limit + 1
    after = decode_cursor(cursor, filters) if cursor is not None else None
    entries = services.listing.page(after=after, most=most)
    recent = list(takewhile(lambda entry: filters.since is None or entry.created >= filters.since, entries))
    items, looked_at = choose(compared(services, recent, filters), filters, limit)
    ended = looked_at == len(recent) and (len(entries) < most or len(recent) < len(entries))
    return ListPage(
        items=items,
        cursor=None if ended else encode_cursor(position_of(recent[looked_at - 1]), filters),
        looked_at=looked_at,
    )


def choose(entries: Iterator[Item | None], filters: Filters, limit: int) -> tuple[tuple[Item, ...], int]:
    """The entries that fit, until the page is full, and how many entries were looked at for it."""
    items: list[Item] = []
    looked_at = 0
    for entry in entries:
        looked_at += 1
        if entry is not None and filters.fit(entry):
            items.append(entry)
        if len(items) == limit:
            break
    return tuple(items), looked_at


def compared(services: Services, entries: Sequence[Item], filters: Filters) -> Iterator[Item | None]:
    """The entries as their jobs are now, None for a job that is gone. Ends early when more than MOST_COMPARED would
    have to be read.
    """
    before = services.now() - SETTLED
    number = 0
    for start in range(0, len(entries), LISTING_AT_ONCE):
        chunk = entries[start : start + LISTING_AT_ONCE]
        doubtful = [
            entry
            for entry in chunk
            if entry.state not in TERMINAL and entry.updated < before and filters.may_fit(entry)
        ]
        number += len(doubtful)
        if number > MOST_COMPARED:
            return
        known = refresh(services, doubtful)
        yield from (known.get(entry.job_id, entry) for entry in chunk)


def refresh(services: Services, doubtful: Sequence[Item]) -> dict[str, Item | None]:
    if not doubtful:
        return {}
    with ThreadPoolExecutor(len(doubtful)) as pool:
        now = pool.map(lambda entry: bring_up_to_date(services, entry), doubtful)
        return dict(zip((entry.job_id for entry in doubtful), now, strict=True))


def bring_up_to_date(services: Services, entry: Item) -> Item | None:
    stored = services.jobs.load(entry.job_id)
    if stored is None:
        return None
    item = summarise(stored.job)
    if item.state is not entry.state:
        services.listing.put(item)
    return item


def related(services: Services, job_id: str) -> tuple[Item, ...]:
    """All jobs about the same upload, newest first. Raises NotFound when there is no such job."""
    name = look_up_job(services, job_id).source.name
    with ThreadPoolExecutor(LISTING_AT_ONCE) as pool:
        found = list(pool.map(services.jobs.load, services.jobs.related(name)))
    items = [summarise(stored.job) for stored in found if stored is not None]
    return tuple(sorted(items, key=lambda item: item.created, reverse=True))
