"""From a drop to a queued job: options, limits, normalized pictures, an estimate, and a pointer on the queue.

Safe to run any number of times for the same drop: the job's id comes from the drop, every write is conditional or
writes the same bytes again, and the pointer goes out last.
"""

from __future__ import annotations

import time
from dataclasses import replace

from shared.core import limits
from shared.core.ask.options_file import is_options_file
from shared.core.ask.payload import Target
from shared.core.errors import NotFound, SourceRejected, StateConflict, StorageUnavailable, VisiondropError
from shared.core.jobs import job as jobs
from shared.core.jobs.answer_key import answer_key
from shared.core.jobs.job import AnalysisMessage, Job, State, job_id_of
from shared.core.jobs.result import AskedModel, Source
from shared.core.media.kinds import HEAD_BYTES, sniff
from shared.core.places import UPLOADS
from shared.pipeline.ask import target_of
from shared.pipeline.effective_options import folders_with_budget, is_schema_file, read_folders, read_options
from shared.pipeline.ports import Prepared, Services, SourceFile, Stored, Upload
from shared.pipeline.records import load, reload, store_result
from shared.pipeline.spending.estimated_cost import NO_WORK, estimate, work_of
from shared.pipeline.spending.reservations import DAY
from shared.pipeline.stored_media import store_film, store_pictures, store_poster, store_sound, wants_sound
from shared.pipeline.video_index import check_index

MAX_SOURCE_BYTES = 200 * 1024 * 1024  # of a picture: far above any camera's, far below the smallest instance's memory
READ_WHOLE_BYTES = 4 * 1024 * 1024  # one request instead of two, for most pictures
"""A function has ten minutes, and decoding, which is what may be waited for, three times 150 s at the most."""
V1 = "v1"  # the API version of endpoints that have none


def accept_upload(services: Services, name: str) -> Job | None:
    """The job for an upload; None for an options file, its schema, or a blob that is gone again."""
    upload = services.blobs.describe(UPLOADS, name)
    if upload is None or is_options_file(name) or is_schema(services, upload):
        return None
    stored = find_or_create(services, upload)
    if stored.job.dispatched or stored.job.state is not State.QUEUED:
        return stored.job
    with services.span("accept", stored.job.job_id, {"bytes": upload.bytes}):
        return take_in(services, stored, upload)


def is_schema(services: Services, upload: Upload) -> bool:
    """Whether options name the upload as their schema; the log says once a day that it is left alone."""
    if not is_schema_file(services, upload.name):
        return False
    job_id = job_id_of(container=upload.container, name=upload.name, etag=upload.etag)
    if services.ledger.note_once(services.now().date(), DAY, f"schema-{job_id}"):
        services.log("schema left alone", {"job_id": job_id})
    return True


def accept_again(services: Services, stored: Stored) -> Job | None:
    """For a job whose upload was never read. One that is gone or was replaced by now cannot be: the job ends."""
    source = stored.job.source
    upload = services.blobs.describe(source.container, source.name)
    if upload is not None and upload.etag == source.etag:
        return accept_upload(services, source.name)
    error = NotFound(
        f"{source.name} was deleted or replaced before it was read", hint="A new version has a job of its own."
    )
    return store_result(services, stored, jobs.fail(stored.job, error, now=services.now()))


def take_in(services: Services, stored: Stored, upload: Upload) -> Job:
    try:
        stored = services.jobs.replace(stored, prepare(services, stored.job, upload))
        return dispatch(services, stored)
    except StateConflict:
        return take_up(services, stored.job.job_id)
    except VisiondropError as error:
        if error.retryable:
            raise
        return store_result(services, stored, jobs.fail(stored.job, error, now=services.now()))


def take_up(services: Services, job_id: str) -> Job:
    """Another delivery of the event was faster, or storage took our own write and the answer to it was lost."""
    stored = load(services, job_id)
    if stored.job.state is not State.QUEUED or stored.job.dispatched:
        return stored.job
    if stored.job.options is None:
        raise StorageUnavailable(f"job {job_id} was changed while its upload was read; the event comes again")
    return dispatch(services, stored)


def find_or_create(services: Services, upload: Upload) -> Stored:
    source = Source(
        container=upload.container,
        name=upload.name,
        etag=upload.etag,
        bytes=upload.bytes,
        content_type=upload.content_type,
    )
    job = jobs.new_job(source, now=services.now())
    stored = services.jobs.insert(job) or load(services, job.job_id)
    if not stored.job.dispatched:
        services.jobs.publish(stored.job)
    return stored


def prepare(services: Services, job: Job, upload: Upload) -> Job:
    """Everything that is known before the model is asked."""
    started = time.monotonic()
    file = open_source(services, upload)
    kind = sniff(file.fetch(0, min(HEAD_BYTES, file.size)))
    is_video = kind.kind == "video"
    if not is_video and file.size > MAX_SOURCE_BYTES:
        hint = f"At most {MAX_SOURCE_BYTES // 1024 // 1024} MB are read of what is no video."
        raise SourceRejected(f"{upload.name} has {file.size} bytes", code="too_large", hint=hint)
    folders = read_folders(services, upload.name)
    options = read_options(services, upload, folders, is_video=is_video)
    target = target_of(services.settings, options)
    if is_video and options.video == "index":
        check_index(services, options, target)
    ready = services.media.prepare(file, is_video=is_video, model=target.model, options=options)
    normalized = store_pictures(services, job, ready)
    sound = store_sound(services, job, file) if wants_sound(services, options, ready) else ()
    film, no_film = store_film(services, job, file, ready, options) if is_video else ((), None)
    work = work_of(services, options, sound, ready.duration_s) if is_video else NO_WORK
    accept_ms = round((time.monotonic() - started) * 1000)
    return jobs.prepared(
        job,
        now=services.now(),
        source=describe_source(job.source, ready),
        options=options,
        normalized=normalized,
        media=(*store_poster(services, job, ready), *sound, *film),
        plan=replace(ready.plan, steps=(*ready.plan.steps, no_film)) if no_film else ready.plan,
        source_partial=ready.partial,
        budget_folders=folders_with_budget(folders),
        answer_key=answer_key(
            options,
            model=target.model.name,
            api=f"{target.kind} {target.deployment} {target.api_version or V1}",
            pictures=[item.sha256 for item in (*normalized, *sound)],
        ),
        model=asked_model(target),
        estimate=estimate(services, target.model, options, normalized, work=work),
        timings=replace(job.timings, accept_ms=accept_ms),
    )


def asked_model(target: Target) -> AskedModel:
    return AskedModel(
        name=target.model.name,
        deployment=target.deployment,
        endpoint=target.kind,
        api=target.api_version or V1,
    )


def open_source(services: Services, upload: Upload) -> SourceFile:
    """Small files come whole; of large ones, a video's reader fetches only the parts that it needs."""
    if upload.bytes == 0:
        raise SourceRejected(f"{upload.name} is empty", code="empty", hint="Upload it again.")

    def fetch(at: int, size: int) -> bytes:
        part = (at, at + size - 1)
        return services.blobs.read(upload.container, upload.name, etag=upload.etag, part=part)

    before = time.monotonic() + limits.DECODE_WITHIN_S.value
    if upload.bytes > READ_WHOLE_BYTES:
        return SourceFile(size=upload.bytes, fetch=fetch, decode_before=before)
    data = services.blobs.read(upload.container, upload.name, etag=upload.etag)
    return SourceFile(size=len(data), fetch=lambda at, size: data[at : at + size], decode_before=before)


def describe_source(source: Source, ready: Prepared) -> Source:
    return replace(
        source,
        sha256=ready.sha256,
        kind=ready.kind,
        format=ready.format,
        width=ready.width,
        height=ready.height,
        orientation=ready.orientation,
        frames=ready.frames,
        duration_s=ready.duration_s,
        codec=ready.codec,
    )


def dispatch(services: Services, stored: Stored) -> Job:
    """The pointer goes out before the job is marked: a crash in between sends it twice, never not at all."""
    services.messages.send(AnalysisMessage(job_id=stored.job.job_id))
    try:
        job = services.jobs.replace(stored, replace(stored.job, dispatched=True)).job
    except StateConflict:
        return reload(services, stored.job.job_id)  # a worker has taken it already
    services.log("accepted", {"job_id": job.job_id, "kind": job.source.kind, "bytes": job.source.bytes})
    return job
