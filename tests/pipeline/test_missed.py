"""Uploads without a job are found: however many there are, however long ago, and whatever Event Grid gave up on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ResourceNotFoundError

from shared.core.errors import StorageUnavailable
from shared.core.jobs.job import State
from shared.core.jobs.rounds import SETTLED_AFTER, Round
from shared.core.places import DEADLETTERS, UPLOADS
from shared.pipeline.look_up import look_up
from shared.pipeline.missed import MISSED, accept_missed, uploads_in
from shared.pipeline.ports import BlobPage
from tests.pipeline.world import picture


def settle(world, days=0):
    """The clock at which uploads of now are old enough to be missed, so many days later."""
    world.clock[0] = datetime.now(UTC) + SETTLED_AFTER + timedelta(seconds=5, days=days)


def drop_many(world, number):
    for index in range(number):
        world.drop(f"{index:02}.jpg", picture(colour=f"#{index * 7:02x}4060"))


class SmallPages:
    """Blobs whose listing comes in pages of so many."""

    def __init__(self, port, size):
        self.port, self.size, self.listed = port, size, []

    def __getattr__(self, name):
        return getattr(self.port, name)

    def page(self, container, *, marker):
        self.listed.append(marker)
        whole = self.port.page(container, marker="").blobs
        start = int(marker or 0)
        end = start + self.size
        return BlobPage(blobs=whole[start:end], marker=str(end) if end < len(whole) else "")


class Ticking:
    """A clock that goes on with every look at it."""

    def __init__(self, world, seconds):
        self.world, self.seconds = world, seconds

    def __call__(self):
        self.world.pass_time(self.seconds)
        return self.world.clock[0]


def test_a_round_ends_in_time_and_the_next_goes_on(world):
    """Twelve uploads, a minute each: three rounds of four minutes, none looked at twice but where it stopped."""
    drop_many(world, 12)
    settle(world)
    pages = SmallPages(world.services.blobs, 4)
    world.services = replace(world.services, blobs=pages, now=Ticking(world, 10))
    accepted: list[int] = []
    while sum(accepted) < 12 and len(accepted) < 20:
        accepted.append(accept_missed(world.services))

    assert len(accepted) > 1
    assert sum(accepted) == 12
    assert len(world.services.jobs.open_jobs(first="", most=99)) == 12


def test_a_pass_remembers_the_last_good_one(world):
    """An upload of nine days ago that came in a gap of the timer is found; those before the app are not."""
    world.drop("before.jpg", picture())
    settle(world, days=3)
    began = world.clock[0]
    first = accept_missed(world.services)
    good = world.services.rounds.load(MISSED).good_until
    world.services.rounds.store(MISSED, Round(good_until=datetime.now(UTC) - timedelta(hours=1)))
    settle(world, days=9)
    second = accept_missed(world.services)

    assert (first, second) == (0, 1)
    assert abs(good - began + SETTLED_AFTER) < timedelta(milliseconds=1)  # what a row keeps of a moment


def test_storage_that_goes_away_in_the_middle_loses_nothing(world):
    """The round ends with the fault; the next one starts at the same page."""
    drop_many(world, 6)
    settle(world)
    whole = world.services
    fails = FailsAfter(whole.jobs, 3)
    world.services = replace(whole, jobs=fails, blobs=SmallPages(whole.blobs, 2))
    with pytest.raises(StorageUnavailable):
        accept_missed(world.services)
    world.services = replace(whole, blobs=SmallPages(whole.blobs, 2))
    accept_missed(world.services)

    assert len(whole.jobs.open_jobs(first="", most=99)) == 6


class FailsAfter:
    """Jobs whose table goes away after so many inserts."""

    def __init__(self, port, left):
        self.port, self.left = port, left

    def __getattr__(self, name):
        return getattr(self.port, name)

    def insert(self, job):
        self.left -= 1
        if self.left < 0:
            raise StorageUnavailable("the tables are away")
        return self.port.insert(job)


def test_a_pass_that_takes_a_day_is_said(world):
    """Each round, until it has come to its end."""
    world.drop("a.jpg", picture())
    settle(world)
    began = world.clock[0] - timedelta(hours=25)
    world.services.rounds.store(MISSED, Round(began=began, marker="0", good_until=began))
    seen: list[tuple[str, dict[str, object]]] = []
    world.services = replace(world.logging_to(seen), blobs=SmallPages(world.services.blobs, 1), now=Ticking(world, 300))
    accept_missed(world.services)

    assert [facts["work"] for event, facts in seen if event == "round unfinished"] == [MISSED]


def letter(*names, container=UPLOADS):
    """As Event Grid writes it."""
    subject = f"/blobServices/default/containers/{container}/blobs/"
    url = f"https://account.blob.core.windows.net/{container}/"
    return json.dumps(
        [
            {
                "eventType": "Microsoft.Storage.BlobCreated",
                "subject": subject + name,
                "deadLetterReason": "MaxDeliveryAttemptsExceeded",
                "data": {"url": url + name.replace(" ", "%20")},
            }
            for name in names
        ]
    ).encode()


@pytest.fixture
def letters(world):
    """Puts a letter into the container that the deployment makes."""
    container = world.blobs.get_container_client(DEADLETTERS)
    container.create_container()
    return container


def test_dead_letters_are_accepted_and_taken_away(world, letters):
    """At once: their events were tried for a day."""
    for name in ("a b.jpg", "c.jpg"):
        world.drop(name, picture(colour="red" if name == "c.jpg" else "blue"))
    letters.upload_blob("topic/UPLOADS/2026/11/21/12/x.json", letter("a b.jpg", "c.jpg", "gone.jpg"))
    accepted = accept_missed(world.services)
    world.finish_all()

    assert accepted == 2
    assert [look_up(world.services, name).state for name in ("a b.jpg", "c.jpg")] == [State.DONE] * 2
    assert list(letters.list_blob_names()) == []


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{}", b"[7]", b"[" * 5000, letter("x.json", container="results"), b'[{"data": {"url": 7}}]']
)
def test_letters_that_say_nothing_go_too(world, letters, body):
    """Logged, once; the pass over all uploads finds what they may have been about."""
    letters.upload_blob("x.json", body)
    seen: list[tuple[str, object]] = []

    assert accept_missed(world.logging_to(seen)) == 0
    assert [event for event, _ in seen].count("unreadable message") == 1
    assert list(letters.list_blob_names()) == []


def test_a_letter_waits_while_storage_is_away(world, letters):
    """It is taken away only after its uploads have jobs."""
    world.drop("a.jpg", picture())
    letters.upload_blob("x.json", letter("a.jpg"))
    whole = world.services
    world.services = replace(whole, jobs=FailsAfter(whole.jobs, 0))
    with pytest.raises(StorageUnavailable):
        accept_missed(world.services)
    kept = list(letters.list_blob_names())

    assert (kept, accept_missed(whole), list(letters.list_blob_names())) == (["x.json"], 1, [])


def test_a_deployment_without_dead_letters_has_none(world):
    """The container comes with the events' subscription."""
    with pytest.raises(ResourceNotFoundError):
        world.blobs.get_container_client(DEADLETTERS).get_container_properties()

    assert accept_missed(world.services) == 0


SUBJECT = "/blobServices/default/containers/uploads/blobs/a%20b.jpg"


def test_where_a_letter_names_its_upload():
    """Its address is percent-encoded, its subject is not; a single event is a letter too."""
    by_subject = json.dumps({"subject": SUBJECT}).encode()

    assert list(uploads_in(letter("a b.jpg"))) == ["a b.jpg"]
    assert list(uploads_in(by_subject)) == ["a%20b.jpg"]
    assert list(uploads_in(json.dumps([{"data": {"url": "http://[x"}}]).encode())) == []
