"""Reading a dropped file again, for a question that wants other pictures of it than were made when it came."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from shared.core import limits
from shared.core.ask.options import Options
from shared.core.jobs.job import Job
from shared.core.jobs.result import Plan
from shared.pipeline.accept import AcceptStep, begin, run
from shared.pipeline.accept_steps import (
    Draft,
    check_video_options,
    keep_film,
    keep_pictures,
    keep_poster,
    keep_sound,
    normalize,
    sniff_kind,
)
from shared.pipeline.ask import options_of, target_of
from shared.pipeline.malware import require_verdict
from shared.pipeline.ports import Services, Stored, Upload

NEW_PICTURES: tuple[AcceptStep, ...] = (sniff_kind, check_video_options, normalize, keep_pictures, keep_poster)


def same_upload(services: Services, job: Job) -> Upload | None:
    """The upload of a job; None if that version of it is not there any more."""
    upload = services.blobs.describe(job.source.container, job.source.name)
    return upload if upload is not None and upload.etag == job.source.etag else None


def with_other_pictures(services: Services, job: Job, before: Options) -> Job:
    """The job with pictures that fit its options, made from the upload. With the old ones if that version of the upload
    is gone. Raises SourceRejected for an upload that cannot be read.

    Sound and film are made anew only where films are looked at in another way than `before`.
    """
    upload, options = same_upload(services, job), options_of(job)
    if upload is None:
        steps = ("the upload is gone or was replaced: sent the pictures that were prepared before",)
        return replace(job, plan=Plan(steps=steps))
    same_mode = before.video == options.video
    kept = tuple(item for item in job.media if same_mode and item.role != "poster")
    draft = open_draft(services, replace(job, media=()), upload)
    draft = replace(draft, target=target_of(services.settings, options))
    made = prepared(services, draft, NEW_PICTURES if same_mode else (*NEW_PICTURES, keep_sound, keep_film))
    return replace(made, media=(*made.media, *kept))


def prepared(services: Services, draft: Draft, steps: Sequence[AcceptStep]) -> Job:
    """The job after these steps; what several of them read of a film is fetched once."""
    with services.media.kept(draft.file) as file:
        return run(services, replace(draft, file=file), steps).job


def open_draft(services: Services, job: Job, upload: Upload) -> Draft:
    """The draft of an upload that is read again, for a job without a row. Somebody waits for it, so it does not wait
    long for the decoder.

    Raises SourceRejected for an upload that a malware scanner has not found clean.
    """
    require_verdict(services, upload)
    draft = begin(services, Stored(job=job, version=""), upload)
    file = replace(draft.file, decode_before=time.monotonic() + limits.ASK_DECODE_S.value)
    return replace(draft, file=file)
