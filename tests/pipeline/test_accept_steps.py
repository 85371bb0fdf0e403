"""The steps of accept: their order, and each by itself on a draft."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.core import limits
from shared.core.errors import SourceRejected, StateConflict
from shared.core.jobs import job as jobs
from shared.core.jobs.job import State
from shared.core.jobs.result import Plan, Source
from shared.core.media.kinds import KINDS
from shared.core.media.normalized import Normalized
from shared.pipeline.accept import ACCEPT, begin, run
from shared.pipeline.accept_steps import (
    Draft,
    check_limits,
    choose_options,
    known,
    make_key,
    send_pointer,
    sniff_kind,
    with_media,
)
from shared.pipeline.ports import SourceFile, Stored, Upload
from shared.wiring import TranscriberOnDemand
from tests.pictures import encoded, photo
from tests.pipeline.world import picture
from tests.videos import clip

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MIB = 1024 * 1024
NO_SERVICES: Any = None  # these steps use none
TIFF = encoded(photo(), "TIFF")


def drafted(data=b"", *, size=None, kind=None):
    """A draft of an upload that counts what is read of it."""
    read = []

    def fetch(at, length):
        read.append(length)
        return data[at : at + length]

    size = len(data) if size is None else size
    job = jobs.new_job(Source(container="uploads", name="a", etag="1", bytes=size), now=NOW)
    draft = Draft(
        stored=Stored(job=job, version="1"),
        upload=Upload(container="uploads", name="a", etag="1", bytes=size, content_type=None, metadata={}),
        file=SourceFile(size=size, fetch=fetch),
        job=job,
        started_s=0.0,
        kind=KINDS[kind] if kind else None,
    )
    return draft, read


def test_the_order_of_the_steps():
    """What costs nothing and may refuse comes first; the pointer goes out when all is written down."""
    assert [step.__name__ for step in ACCEPT] == [
        "sniff_kind",
        "check_limits",
        "choose_options",
        "check_video_options",
        "normalize",
        "keep_pictures",
        "keep_poster",
        "keep_sound",
        "keep_film",
        "make_key",
        "estimate_cost",
        "record",
        "send_pointer",
    ]


@pytest.mark.parametrize(("data", "found"), [(TIFF, "tiff"), (clip(2), "mp4"), (b"%PDF-1.7", "pdf")])
def test_kind_is_told_from_the_head(data, found):
    """4 KB of the file, and no more, are read for it."""
    draft, read = drafted(data)
    assert (sniff_kind(NO_SERVICES, draft).kind.format, sum(read)) == (found, min(4096, len(data)))


LARGEST = limits.PICTURE_BYTES.value
REFUSED = [
    ("tiff", LARGEST + 1, "too_large", f"the file has {LARGEST + 1:,} bytes; the limit is {LARGEST:,}"),
    ("tiff", 150 * MIB, "too_large", "the file has 157,286,400 bytes; the limit is 100,663,296"),
    ("zip", 150 * MIB, "unsupported", "this is a ZIP archive"),
    ("mp3", 10, "unsupported", "MP3 is not supported"),
]


@pytest.mark.parametrize(("kind", "size", "code", "message"), REFUSED)
def test_what_is_too_large_or_no_picture_is_not_read(kind, size, code, message):
    """One limit for pictures, checked by the upload's size; the message has both figures."""
    draft, read = drafted(size=size, kind=kind)
    with pytest.raises(SourceRejected) as caught:
        check_limits(NO_SERVICES, draft)
    assert (caught.value.code, caught.value.message, read) == (code, message, [])


@pytest.mark.parametrize(("kind", "size"), [("tiff", LARGEST), ("mp4", 5000 * MIB)])
def test_limits_end_where_they_say(kind, size):
    """The largest picture passes, and a film of any size: of that, parts are read."""
    draft, _ = drafted(size=size, kind=kind)
    assert check_limits(NO_SERVICES, draft) is draft


def test_a_step_that_comes_too_early_says_so():
    """A wrong order is a fault of ours, never a job with half of its facts."""
    with pytest.raises(RuntimeError, match="ran before the step that finds out"):
        known(None)


SOUND = Normalized(name="s", media_type="audio/mpeg", width=0, height=0, bytes=1, role="sound")


@pytest.mark.parametrize(("why", "steps"), [(None, ("sent",)), ("no sound", ("sent", "no sound"))])
def test_media_and_their_absence_are_noted(why, steps):
    """What is stored beside the pictures is added, and the plan says what is missing."""
    draft, _ = drafted()
    draft = with_media(draft.learn(plan=Plan(steps=("sent",))), (SOUND,), why)
    assert (draft.job.media, draft.job.plan.steps) == ((SOUND,), steps)


def test_options_and_model_are_chosen_together(world):
    """Of the folder, the file and the settings; the job knows what will be asked."""
    world.drop("team/_vision.toml", b'prompt = "What is it?"\nmodel = "old"\ndaily_budget_usd = 1')
    draft, _ = drafted(kind="tiff")
    draft = replace(draft, upload=replace(draft.upload, name="team/a.tif"))
    draft = choose_options(world.services, draft)

    assert (draft.options.prompt, draft.job.model.deployment) == ("What is it?", "old")
    assert draft.target.model.name == draft.job.model.name
    assert draft.job.budget_folders == ("team/",)
    assert make_key(world.services, draft).job.answer_key


def upload_of(world, name, data):
    world.drop(name, data)
    upload = world.services.blobs.describe("uploads", name)
    source = Source(container="uploads", name=name, etag=upload.etag, bytes=upload.bytes)
    return world.services.jobs.insert(jobs.new_job(source, now=world.clock[0])), upload


def test_a_list_of_steps_can_be_run_in_part(world):
    """Up to the estimate nothing is sent and the row is as it was."""
    stored, upload = upload_of(world, "a.jpg", picture())
    draft = run(world.services, begin(world.services, stored, upload), ACCEPT[: ACCEPT.index(make_key) + 2])

    assert draft.job.estimate is not None
    assert world.services.jobs.load(stored.job.job_id).job == stored.job
    assert world.outbox.waiting == []


def test_the_row_knows_all_before_the_pointer_goes_out(world):
    """Who takes the message finds what was learned; the job is marked as sent after it."""
    stored, upload = upload_of(world, "a.jpg", picture())
    written = run(world.services, begin(world.services, stored, upload), ACCEPT[:-1])
    row = world.services.jobs.load(stored.job.job_id).job
    assert (row, row.dispatched, world.outbox.waiting) == (written.job, False, [])

    sent = send_pointer(world.services, written)
    assert [message.job_id for message, _ in world.outbox.waiting] == [stored.job.job_id]
    assert (sent.job.dispatched, sent.job.normalized) == (True, written.job.normalized)


def test_a_row_that_somebody_else_has_changed_is_not_written(world):
    """Two deliveries of one event: the slower one finds out when it writes, before it sends anything."""
    stored, upload = upload_of(world, "a.jpg", picture())
    slow = begin(world.services, stored, upload)
    run(world.services, slow)
    with pytest.raises(StateConflict):
        run(world.services, slow)
    assert len(world.outbox.waiting) == 1


class Deaf:
    """The port `Media`, where the sound cannot be read."""

    def __init__(self, media, error):
        self.media, self.error = media, error

    def __getattr__(self, name):
        return getattr(self.media, name)

    def sound(self, _):
        raise self.error


UNHEARD = [
    SourceRejected("decoding took longer than 150 s", code="too_slow"),
    SourceRejected("the MP4 video cannot be read", code="corrupt"),
    SourceRejected("decoding needs too much memory", code="too_large"),
]


@pytest.mark.parametrize("error", UNHEARD, ids=lambda error: error.code)
def test_sound_that_cannot_be_read_costs_the_transcript(world, error):
    """The frames are fine: they are asked about, the plan says what is missing, and the result is partial."""
    settings = replace(world.services.settings, transcribe_deployment="whisper", transcribe_model="whisper")
    transcriber = TranscriberOnDemand(settings)
    media = Deaf(world.services.media, error)
    world.services = replace(world.services, settings=settings, transcriber=transcriber, media=media)
    job = world.answer("film.mp4", clip(20, tone_hz=440), max_output_tokens="4000")

    assert job.state is State.PARTIAL
    assert job.reply.text
    assert f"no transcript was made: {error.message}" in job.plan.steps
    assert not any(item.role == "sound" for item in job.media)
