"""From a drop to a queued job: options, limits, normalized pictures, an estimate, and a pointer on the queue.

Safe to run any number of times for the same drop: the job's id comes from the drop, every write is conditional or
writes the same bytes again, and the pointer goes out last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.core.ask.options_file import is_options_file
from shared.core.errors import DecoderBusy, StateConflict, StorageUnavailable, VisiondropError
from shared.core.jobs import job as jobs
from shared.core.jobs.job import Job, State, job_id_of
from shared.core.places import UPLOADS
from shared.pipeline.accept_steps import (
    Draft,
    check_limits,
    check_video_options,
    choose_options,
    dispatch,
    estimate_cost,
    keep_film,
    keep_pictures,
    keep_poster,
    keep_sound,
    make_key,
    normalize,
    open_source,
    record,
    send_pointer,
    sniff_kind,
)
from shared.pipeline.effective_options import is_schema_file
from shared.pipeline.malware import wait_for_verdict
from shared.pipeline.ports import Services, Stored, Upload
from shared.pipeline.records import end_unread, job_for, load, store_result
from shared.pipeline.spending.reservations import DAY_SCOPE

AcceptStep = Callable[[Services, Draft], Draft]

CHOOSE: tuple[AcceptStep, ...] = (sniff_kind, check_limits, choose_options)
"""What is done before anything is stored: it is known what is asked, and of which model."""

PREPARE: tuple[AcceptStep, ...] = (
    check_video_options,
    normalize,
    keep_pictures,
    keep_poster,
    keep_sound,
    keep_film,
    make_key,
    estimate_cost,
)
"""What makes a job of that, under the job's id."""

ACCEPT: tuple[AcceptStep, ...] = (*CHOOSE, *PREPARE, record, send_pointer)
"""What is done to a drop whose job has its row, in this order. Nothing is sent before `record` has written it down."""


def accept_upload(services: Services, name: str) -> Job | None:
    """The job for an upload; None for an options file, a schema that options name, or a blob that is gone again.

    Raises StorageUnavailable or DecoderBusy, after which the event comes again. A fault of the file's ends its job.
    """
    upload = services.blobs.describe(UPLOADS, name)
    if upload is None or is_options_file(name) or is_schema(services, upload):
        return None
    stored = find_or_create(services, upload)
    if stored.job.dispatched or stored.job.state is not State.QUEUED:
        return stored.job
    with services.span("accept", stored.job.job_id, {"bytes": upload.bytes}):
        return take_in(services, stored, upload)


def is_schema(services: Services, upload: Upload) -> bool:
    """Whether options name the upload as their schema. The log says once a day that such a file is left alone."""
    if not is_schema_file(services, upload.name):
        return False
    job_id = job_id_of(container=upload.container, name=upload.name, etag=upload.etag)
    if services.ledger.note_once(services.now().date(), DAY_SCOPE, f"schema-{job_id}"):
        services.log("schema left alone", {"job_id": job_id})
    return True


def accept_again(services: Services, stored: Stored) -> Job | None:
    """The job of an upload that was not read yet, after it was; the job ends where the upload is gone or was
    replaced.
    """
    source = stored.job.source
    upload = services.blobs.describe(source.container, source.name)
    if upload is not None and upload.etag == source.etag:
        return accept_upload(services, source.name)
    return end_unread(services, stored, is_replaced=upload is not None)


def take_in(services: Services, stored: Stored, upload: Upload) -> Job:
    """The job after all steps of accepting it. A fault of the file's ends it; any other fault is raised to the host,
    which delivers the event again.
    """
    try:
        waiting = wait_for_verdict(services, stored, upload)
        if waiting is not None:
            return waiting
        draft = begin(services, stored, upload)
        with services.media.kept(draft.file) as file:
            return run(services, replace(draft, file=file)).job
    except StateConflict:
        return take_up(services, stored.job.job_id)
    except DecoderBusy as error:
        return try_once_more(services, stored, error)
    except VisiondropError as error:
        if error.retryable:
            raise
        return store_result(services, stored, jobs.fail(stored.job, error, now=services.now()))


def try_once_more(services: Services, stored: Stored, error: DecoderBusy) -> Job:
    """The failed job, the second time that the file has stopped the decoder. The first time raises DecoderBusy, noted
    in the job's history, so that the event comes again.
    """
    fault = jobs.verdict(stored.job, error)
    if fault is not None:
        return store_result(services, stored, jobs.fail(stored.job, fault, now=services.now()))
    if error.verdict is not None:
        services.jobs.replace(stored, jobs.hindered(stored.job, error, now=services.now()))
        services.log("decoder ended", {"job_id": stored.job.job_id})
    raise error


def begin(services: Services, stored: Stored, upload: Upload) -> Draft:
    """The draft that the steps start with. Raises SourceRejected for an empty file."""
    started_s = time.monotonic()
    file = open_source(services, upload)
    return Draft(stored=stored, upload=upload, file=file, job=stored.job, started_s=started_s)


def run(services: Services, draft: Draft, steps: Sequence[AcceptStep] = ACCEPT) -> Draft:
    for step in steps:
        draft = step(services, draft)
    return draft


def take_up(services: Services, job_id: str) -> Job:
    """The job as another writer left it, queued if it was not yet. Either another delivery of the event was faster, or
    our own write succeeded and storage's answer was lost.

    Raises StorageUnavailable while its upload is still being read.
    """
    stored = load(services, job_id)
    if stored.job.state is not State.QUEUED or stored.job.dispatched:
        return stored.job
    if stored.job.options is None:
        raise StorageUnavailable(f"job {job_id} was changed while its upload was read; the event comes again")
    return dispatch(services, stored)


def find_or_create(services: Services, upload: Upload) -> Stored:
    job = job_for(upload, now=services.now())
    stored = services.jobs.insert(job) or load(services, job.job_id)
    if not stored.job.dispatched:
        services.jobs.publish(stored.job)
    return stored
