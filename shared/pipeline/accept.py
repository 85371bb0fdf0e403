"""From a drop to a queued job: options, limits, normalised pictures, an estimate, and a pointer on the queue.

Safe to run any number of times for the same drop: the job's id comes from the drop, every write is conditional or
writes the same bytes again, and the pointer goes out last.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

from shared.core import job as jobs
from shared.core.answer_key import answer_key
from shared.core.errors import NotFound, OptionsInvalid, SourceRejected, StateConflict, VisiondropError
from shared.core.job import AnalysisMessage, Job, State
from shared.core.media import HEAD_BYTES, sniff
from shared.core.models import Model, host_limits
from shared.core.options import (
    OPTIONS_FILE,
    Options,
    effective,
    is_options_file,
    options_files,
    parse_budget,
    parse_metadata,
    parse_options_file,
)
from shared.core.parts import calls
from shared.core.payload import Target
from shared.core.plain_json import MOST_LEVELS, is_plain_json
from shared.core.prices import cost
from shared.core.result import AskedModel, Estimate, Normalized, Source, Turn
from shared.core.settings import DEFAULT_PROMPT, Settings
from shared.core.tokens import Usage, image_tokens, text_tokens
from shared.pipeline.ask import target_of
from shared.pipeline.ports import NORMALIZED, UPLOADS, Prepared, Rendered, Services, SourceFile, Stored, Upload
from shared.pipeline.records import load, reload, store_result
from shared.pipeline.video_index import INDEX_FORMATS, check_index

MAX_SOURCE_BYTES = 200 * 1024 * 1024  # of a picture: far above any camera's, far below the smallest instance's memory
MP3 = "audio/mpeg"
MP4 = "video/mp4"
READ_WHOLE_BYTES = 4 * 1024 * 1024  # one request instead of two, for most pictures
V1 = "v1"  # the API version of endpoints that have none
MAX_SCHEMA_BYTES = 64 * 1024
VIDEO_PROMPT = (
    "These pictures are frames of one video, in order, each with its time before it. "
    "Describe what happens in the video for someone who cannot see it. Read out any text in it."
)


def accept_upload(services: Services, name: str) -> Job | None:
    """The job for an upload; None for an options file or a blob that is gone again."""
    upload = services.blobs.describe(UPLOADS, name)
    if upload is None or is_options_file(name):
        return None
    stored = find_or_create(services, upload)
    if stored.job.dispatched or stored.job.state is not State.QUEUED:
        return stored.job
    with services.span("accept", stored.job.job_id, {"bytes": upload.bytes}):
        return take_in(services, stored, upload)


def take_in(services: Services, stored: Stored, upload: Upload) -> Job:
    try:
        stored = services.jobs.replace(stored, prepare(services, stored.job, upload))
        return dispatch(services, stored)
    except StateConflict:
        return reload(services, stored.job.job_id)  # another delivery of this event, or a worker, was faster
    except VisiondropError as error:
        if error.retryable:
            raise
        return store_result(services, stored, jobs.fail(stored.job, error, now=services.now()))


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
    ready = services.media.prepare(file, model=target.model, options=options)
    normalized = store_pictures(services, job, ready)
    sound = store_sound(services, job, file) if wants_sound(services, options, ready) else ()
    mp4 = store_mp4(services, job, file, ready) if is_video and options.video == "index" else ()
    accept_ms = round((time.monotonic() - started) * 1000)
    return jobs.prepared(
        job,
        now=services.now(),
        source=describe_source(job.source, ready),
        options=options,
        normalized=normalized,
        media=(*store_poster(services, job, ready), *sound, *mp4),
        plan=ready.plan,
        source_partial=ready.partial,
        budget_folders=folders_with_budget(folders),
        answer_key=answer_key(
            options,
            model=target.model.name,
            api=f"{target.kind} {target.deployment} {target.api_version or V1}",
            pictures=[item.sha256 for item in (*normalized, *sound)],
        ),
        model=asked_model(target),
        estimate=estimate(services, target.model, options, normalized),
        timings=replace(job.timings, accept_ms=accept_ms),
    )


def asked_model(target: Target) -> AskedModel:
    return AskedModel(
        name=target.model.name,
        deployment=target.deployment,
        endpoint=target.kind,
        api=target.api_version or V1,
    )


def read_folders(services: Services, name: str) -> dict[str, bytes]:
    """The options files that apply to an upload, nearest first, with their text."""
    texts = {file: read_if_there(services, file) for file in options_files(name)}
    return {file: text for file, text in texts.items() if text is not None}


def read_options(services: Services, upload: Upload, folders: dict[str, bytes], *, is_video: bool) -> Options:
    """A video's many frames are looked at in low detail, unless its options say otherwise."""
    layers = [parse_metadata(upload.metadata, where=f"metadata of {upload.name}")]
    layers += [parse_options_file(text, where=name) for name, text in folders.items()]
    settings = services.settings
    defaults = Options(
        prompt=default_prompt(settings, is_video=is_video),
        model=settings.endpoint.deployment,
        detail="low" if is_video else settings.default_detail,
        max_output_tokens=settings.max_output_tokens,
    )
    options = effective(layers, defaults=defaults)
    return replace(options, schema=read_schema(services, options.schema))


def default_prompt(settings: Settings, *, is_video: bool) -> str:
    """The built-in prompt speaks of a picture; an operator's own prompt is taken for both."""
    return VIDEO_PROMPT if is_video and settings.default_prompt == DEFAULT_PROMPT else settings.default_prompt


def folders_with_budget(folders: dict[str, bytes]) -> tuple[str, ...]:
    """Each with its slash, "" for the root."""
    return tuple(
        name.removesuffix(OPTIONS_FILE) for name, text in folders.items() if parse_budget(text, where=name) is not None
    )


def read_if_there(services: Services, name: str) -> bytes | None:
    try:
        return services.blobs.read(UPLOADS, name)
    except NotFound:
        return None


def read_schema(services: Services, schema: dict[str, Any] | str | None) -> dict[str, Any] | None:
    """A schema given by name is a blob beside the uploads."""
    if schema is None or isinstance(schema, dict):
        return schema
    text = read_if_there(services, schema)
    if text is None:
        raise OptionsInvalid(f"schema names {schema!r}, which is not in {UPLOADS}", field="schema")
    if len(text) > MAX_SCHEMA_BYTES:
        raise OptionsInvalid(f"schema {schema!r} has more than {MAX_SCHEMA_BYTES} bytes", field="schema")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not is_plain_json(body):
        raise OptionsInvalid(f"schema {schema!r} is not a JSON object of at most {MOST_LEVELS} levels", field="schema")
    return body


def open_source(services: Services, upload: Upload) -> SourceFile:
    """Small files come whole; of large ones, a video's reader fetches only the parts that it needs."""
    if upload.bytes == 0:
        raise SourceRejected(f"{upload.name} is empty", code="empty", hint="Upload it again.")

    def fetch(at: int, size: int) -> bytes:
        part = (at, at + size - 1)
        return services.blobs.read(upload.container, upload.name, etag=upload.etag, part=part)

    if upload.bytes > READ_WHOLE_BYTES:
        return SourceFile(size=upload.bytes, fetch=fetch)
    data = services.blobs.read(upload.container, upload.name, etag=upload.etag)
    return SourceFile(size=len(data), fetch=lambda at, size: data[at : at + size])


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


EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}


def store_pictures(services: Services, job: Job, ready: Prepared) -> tuple[Normalized, ...]:
    return tuple(
        store_picture(services, f"{job.job_id}/{index:03}", picture) for index, picture in enumerate(ready.pictures)
    )


def store_poster(services: Services, job: Job, ready: Prepared) -> tuple[Normalized, ...]:
    if ready.poster is None:
        return ()
    return (replace(store_picture(services, f"{job.job_id}/poster", ready.poster), role="poster"),)


def wants_sound(services: Services, options: Options, ready: Prepared) -> bool:
    """The index listens for itself."""
    return ready.has_sound and services.transcriber is not None and options.video == "frames"


def store_sound(services: Services, job: Job, file: SourceFile) -> tuple[Normalized, ...]:
    """In pieces; each is transcribed by a call of its own."""
    stored = []
    for number, piece in enumerate(services.media.sound(file)):
        name = f"{job.job_id}/sound-{number:03}.mp3"
        services.blobs.write(NORMALIZED, name, piece.data, media_type=MP3, overwrite=True)
        stored.append(
            Normalized(
                name=name,
                media_type=MP3,
                width=0,
                height=0,
                bytes=len(piece.data),
                sha256=hashlib.sha256(piece.data).hexdigest(),
                at_s=piece.start_s,
                duration_s=piece.duration_s,
                role="sound",
            )
        )
    return tuple(stored)


def store_mp4(services: Services, job: Job, file: SourceFile, ready: Prepared) -> tuple[Normalized, ...]:
    """For the index, which takes MP4 and MOV only."""
    if ready.format in INDEX_FORMATS:
        return ()
    name = f"{job.job_id}/video.mp4"
    services.blobs.write_blocks(NORMALIZED, name, services.media.mp4(file), media_type=MP4)
    stored = services.blobs.describe(NORMALIZED, name)
    return (
        Normalized(
            name=name,
            media_type=MP4,
            width=ready.width,
            height=ready.height,
            bytes=stored.bytes if stored else 0,
            duration_s=ready.duration_s,
            role="video",
        ),
    )


def store_picture(services: Services, stem: str, picture: Rendered) -> Normalized:
    name = f"{stem}.{EXTENSIONS[picture.media_type]}"
    services.blobs.write(NORMALIZED, name, picture.data, media_type=picture.media_type, overwrite=True)
    return Normalized(
        name=name,
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        bytes=len(picture.data),
        sha256=hashlib.sha256(picture.data).hexdigest(),
        at_s=picture.at_s,
        frames_at_s=picture.frames_at_s,
    )


def estimate(
    services: Services,
    model: Model,
    options: Options,
    pictures: tuple[Normalized, ...],
    turns: tuple[Turn, ...] = (),
) -> Estimate:
    if model.image_rule is None:
        return Estimate(image_tokens=None, input_tokens=None, usd=None, max_usd=None)  # the reply's usage will say
    images = sum(
        image_tokens(model, width=picture.width, height=picture.height, detail=options.detail).tokens
        for picture in pictures
    )
    said = [options.prompt, options.system or "", *(part for turn in turns for part in (turn.prompt, turn.answer))]
    text = sum(text_tokens(part) for part in said)
    requests = calls(len(pictures), min(model.max_images, host_limits(services.settings.endpoint.kind).images))
    text *= requests
    usage = Usage(input_tokens=images + text, output_tokens=0, image_tokens=images)
    usd = price(services, model, usage)
    said_about_parts = (requests - 1) * options.max_output_tokens
    longest = replace(
        usage,
        input_tokens=usage.input_tokens + said_about_parts,
        output_tokens=said_about_parts + options.max_output_tokens,
    )
    max_usd = price(services, model, longest)
    return Estimate(image_tokens=images, input_tokens=images + text, usd=usd, max_usd=max_usd)


def price(services: Services, model: Model, usage: Usage) -> Decimal:
    return cost(model, usage, on=services.now().date(), scope=services.settings.price_scope).usd


def dispatch(services: Services, stored: Stored) -> Job:
    """The pointer goes out before the job is marked: a crash in between sends it twice, never not at all."""
    services.messages.send(AnalysisMessage(job_id=stored.job.job_id))
    job = services.jobs.replace(stored, replace(stored.job, dispatched=True)).job
    services.log("accepted", {"job_id": job.job_id, "kind": job.source.kind, "bytes": job.source.bytes})
    return job
