"""Uploads that have no job: whose event never came, or came while storage was away, or lies among the dead letters.

A timer's round works for four minutes and goes on next time where it stopped, so that no number of uploads is too
large; a pass looks back to the last good one, so that no outage is too long. Accepting a drop twice is harmless.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.core.errors import NotFound
from shared.core.jobs.job import job_id_of
from shared.core.jobs.rounds import Round, begun, is_late, span, went_on
from shared.core.places import DEADLETTERS, UPLOADS
from shared.pipeline.accept import accept_upload
from shared.pipeline.ports import Listed, Services
from shared.pipeline.sweep import ROUND_LASTS, going_on

MISSED = "missed uploads"
MISSED_AT_ONCE = 4  # as many as host.json lets come by events at once: the decoder and the memory are shared with them
LETTER_BYTES = 1024 * 1024  # Event Grid's largest event, and it writes one batch a blob
SUBJECT = f"/blobServices/default/containers/{UPLOADS}/blobs/"


def accept_missed(services: Services) -> int:
    """How many uploads without a job were accepted in this round. Raises StorageUnavailable; the next round goes on
    where this one stopped.
    """
    found = Counter(accepted=0, failed=0, letters=0)
    ends = services.now() + ROUND_LASTS
    try:
        read_letters(services, found, ends)
        reached = look_through(services, found, ends)
    finally:
        services.log("missed uploads", {**found})
    if is_late(reached, now=services.now()) and reached.began is not None:
        services.log("round unfinished", {"work": MISSED, "began": reached.began.isoformat()})
    return found["accepted"]


def look_through(services: Services, found: Counter[str], ends: datetime) -> Round:
    """How far the pass over all uploads has come, after going on with it until `ends`."""
    reached = begun(services.rounds.load(MISSED), now=services.now())
    since, until = span(reached, now=services.now())
    while services.now() < ends:
        page = services.blobs.page(UPLOADS, marker=reached.marker)
        changed = [blob for blob in page.blobs if since < blob.changed <= until]
        if not accept_all(services, found, changed, ends):
            return reached  # the same page again, where most have jobs by then
        reached = went_on(reached, page.marker)
        services.rounds.store(MISSED, reached)
        if not page.marker:
            return reached
    return reached


def accept_all(services: Services, found: Counter[str], blobs: Iterable[Listed], ends: datetime) -> bool:
    """Whether all of them have jobs now, as far as that is possible; False when the time was up before."""
    waiting = iter(blobs)
    with ThreadPoolExecutor(MISSED_AT_ONCE) as pool:
        while some := list(islice(waiting, MISSED_AT_ONCE)):
            if services.now() >= ends:
                return False
            for came_of_it in pool.map(lambda blob: accept_one(services, blob), some):
                found.update(came_of_it)
    return True


def accept_one(services: Services, blob: Listed) -> Counter[str]:
    """Counts of what became of an upload: one accepted, one failed, or nothing where it has its job already."""
    job_id = job_id_of(container=UPLOADS, name=blob.name, etag=blob.etag)
    came_of_it: Counter[str] = Counter()
    with going_on(services, came_of_it, job_id):
        if services.jobs.load(job_id) is None:
            came_of_it["accepted"] += accept_upload(services, blob.name) is not None
    return came_of_it


def read_letters(services: Services, found: Counter[str], ends: datetime) -> None:
    """Accept what Event Grid could not deliver, then delete its dead letters. Where there is no container for them,
    there are none.

    A letter that cannot be read is logged, once, and deleted too: the pass over all uploads finds what it was about.
    """
    try:
        letters = services.blobs.page(DEADLETTERS, marker="").blobs
    except NotFound:
        return
    for letter in letters:
        if services.now() >= ends:
            return
        with going_on(services, found, DEADLETTERS):
            read_letter(services, found, letter)


def read_letter(services: Services, found: Counter[str], letter: Listed) -> None:
    body = services.blobs.read(DEADLETTERS, letter.name, part=(0, LETTER_BYTES - 1))
    names = list(uploads_in(body))
    if not names:
        services.log("unreadable message", {"bytes": len(body)})
    for name in names:
        found["accepted"] += accept_upload(services, name) is not None
    services.blobs.delete(DEADLETTERS, letter.name)
    found["letters"] += 1


def uploads_in(body: bytes) -> Iterator[str]:
    """The names of the uploads that a dead letter is about: a JSON array of events, each with the blob's address, or
    its path as the subject. Events about anything else are passed over.
    """
    try:
        events: Any = json.loads(body)
    except (ValueError, RecursionError):
        return
    for event in events if isinstance(events, list) else [events]:
        if isinstance(event, dict):
            name = name_in(event)
            if name is not None:
                yield name


def name_in(event: dict[str, Any]) -> str | None:
    """The upload's name in an event, None for an event about another container. Event Grid percent-encodes the address
    and leaves the subject as it is.
    """
    data = event.get("data")
    url = data.get("url") if isinstance(data, dict) else None
    if isinstance(url, str):
        container, _, name = unquote(path_of(url)).lstrip("/").partition("/")
        return name if container == UPLOADS and name else None
    subject = event.get("subject")
    return subject.removeprefix(SUBJECT) if isinstance(subject, str) and subject.startswith(SUBJECT) else None


def path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
