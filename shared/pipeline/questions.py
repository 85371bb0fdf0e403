"""Questions that come by HTTP: about stored pictures, following an answer, or again with other options.

Each becomes a job like a dropped file's, so that it waits, retries, is paid and is stored in the same way. Its id
follows from what is asked: a request that is sent twice is one job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.core.ask.option_rows import OPTION_ROWS
from shared.core.ask.options import Options
from shared.core.ask.picture_limits import check_number
from shared.core.errors import NotFound, StateConflict
from shared.core.jobs.asked_jobs import asked_job_id, check_pictures_ready, origin_of, turns_after
from shared.core.jobs.job import Job, State
from shared.core.jobs.result import Origin, Plan
from shared.core.media.normalized import Normalized
from shared.pipeline.accept import CHOOSE, PREPARE, run
from shared.pipeline.accept_steps import asked_model, dispatch
from shared.pipeline.ask import compose, options_of, target_of, turns_of
from shared.pipeline.effective_options import Chosen, read_folders, read_options, with_changes
from shared.pipeline.look_up import look_up, look_up_job
from shared.pipeline.ports import Services
from shared.pipeline.records import load, reload
from shared.pipeline.reread import open_draft, prepared, same_upload, with_other_pictures
from shared.pipeline.spending.estimate import estimate
from shared.pipeline.video import is_asked_in_parts
from shared.pipeline.video_modes import work_of

Changes = Mapping[str, Any]
NEED_THE_UPLOAD = tuple(row.name for row in OPTION_ROWS if row.about in {"pictures", "video"})
"""Options that decide which pictures are made of an upload, and for which model."""
OPTIONS_AT_FAULT = frozenset({"options_invalid", "capability_missing"})
"""Why a job failed that would fail again with the same options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question that came by HTTP; `parent` is the first of the jobs that it is about."""

    parent: Job
    origin: Origin
    chosen: Chosen
    pictures: tuple[Normalized, ...]
    partial: bool
    key: str | None

    @property
    def options(self) -> Options:
        return self.chosen.options


def ask_about(services: Services, names: Sequence[str], changes: Changes, *, key: str | None) -> Job:
    """The job of one question about the pictures of several uploads, sent in the order of the names. Raises NotFound
    for an unknown name, StateConflict while pictures are prepared, and SourceRejected, OptionsInvalid or
    CapabilityMissing for what cannot be asked.
    """
    found = tuple(look_up(services, name) for name in dict.fromkeys(names))
    for job in found:
        check_pictures_ready(job)
    request = Request(
        parent=found[0],
        origin=origin_of("ask", found),
        chosen=with_changes(services, chosen_of(found[0]), changes),
        pictures=tuple(label(picture, job, found) for job in found for picture in job.normalized),
        partial=any(job.source_partial for job in found),
        key=key,
    )
    return submit_request(services, request)


def label(picture: Normalized, job: Job, found: Sequence[Job]) -> Normalized:
    """The picture, labelled with its upload's name where there are several uploads to tell apart."""
    return replace(picture, label=job.source.name) if len(found) > 1 else picture


def follow_up(services: Services, job_id: str, changes: Changes, *, key: str | None) -> Job:
    """The job of the next question in a conversation; the schema of the former answer does not hold for it. Raises
    NotFound for an unknown job, StateConflict while it has no answer, and SourceRejected, OptionsInvalid or
    CapabilityMissing for what cannot be asked.
    """
    parent = look_up_job(services, job_id)
    turns = turns_after(parent)
    check_pictures_ready(parent)
    request = Request(
        parent=parent,
        origin=origin_of("follow_up", (parent,), turns),
        chosen=with_changes(services, without_schema(chosen_of(parent)), changes),
        pictures=parent.normalized,
        partial=parent.source_partial,
        key=key,
    )
    return submit_request(services, request)


def rerun(services: Services, job_id: str, changes: Changes, *, key: str | None) -> Job:
    """The job of the same question with other options. Raises NotFound for an unknown job, StateConflict while pictures
    are prepared, and SourceRejected, OptionsInvalid or CapabilityMissing for what cannot be asked.

    A drop that failed because of its folder's options is asked with the options that hold now.
    """
    parent = look_up_job(services, job_id)
    if was_never_prepared(parent):
        return accept_anew(services, parent, changes, key=key)
    check_pictures_ready(parent)
    request = Request(
        parent=parent,
        origin=origin_of("rerun", (parent,), turns_of(parent)),
        chosen=with_changes(services, options_today(services, parent), changes),
        pictures=parent.normalized,
        partial=parent.source_partial,
        key=key,
    )
    return submit_request(services, request)


def was_never_prepared(job: Job) -> bool:
    """Whether a drop failed before there were pictures of it: for wrong options, no decoder, or a broken file."""
    return job.origin is None and job.state is State.FAILED and not job.normalized


def accept_anew(services: Services, parent: Job, changes: Changes, *, key: str | None) -> Job:
    """The job of a drop that is read again with the options that hold now. Raises what is wrong with it, if something
    still is, and NotFound if that version of the upload is gone.
    """
    upload, origin, now = same_upload(services, parent), origin_of("rerun", (parent,)), services.now()
    if upload is None:
        hint = "Drop the file again: a new version has a job of its own."
        raise NotFound(f"the upload of job {parent.job_id} was deleted or replaced", hint=hint)
    job = Job(job_id="", state=State.QUEUED, source=parent.source, created=now, updated=now, origin=origin)
    draft = run(services, replace(open_draft(services, job, upload), changes=changes), CHOOSE)
    job_id = asked_job_id(origin, draft.options, key)
    return submit(services, job_id, lambda: prepared(services, draft.learn(job_id=job_id), PREPARE))


def chosen_of(job: Job) -> Chosen:
    """The options that a job was asked with."""
    return Chosen(options=options_of(job), default_deployment=job.default_deployment)


def without_schema(chosen: Chosen) -> Chosen:
    return replace(chosen, options=replace(chosen.options, schema=None))


def options_today(services: Services, parent: Job) -> Chosen:
    """The options that the job was asked with, or, if they were at fault, those that hold for its upload now."""
    at_fault = parent.origin is None and parent.error is not None and parent.error.code in OPTIONS_AT_FAULT
    upload = same_upload(services, parent) if at_fault else None
    if upload is None:
        return chosen_of(parent)
    folders = read_folders(services, upload.name)
    return read_options(services, upload, folders, is_video=parent.source.kind == "video")


def submit_request(services: Services, request: Request) -> Job:
    """The job of a request about pictures that are stored already."""
    job_id = asked_job_id(request.origin, request.options, request.key)
    return submit(services, job_id, lambda: make_job(services, request, job_id))


def submit(services: Services, job_id: str, make: Callable[[], Job]) -> Job:
    """The job of this id, which `make` makes unless it is there already, stored and put on the queue."""
    stored = services.jobs.load(job_id)
    if stored is None:
        stored = services.jobs.insert(make()) or load(services, job_id)
    if stored.job.dispatched or stored.job.state is not State.QUEUED:
        return stored.job
    services.jobs.publish(stored.job)
    try:
        return dispatch(services, stored)
    except StateConflict:
        return reload(services, job_id)  # a worker has it already, or the same request came twice at once


def make_job(services: Services, request: Request, job_id: str) -> Job:
    """The job of a request, with its estimate. Raises what can be known without paying, such as too many pictures or
    something that the model cannot do.
    """
    target = target_of(services.settings, request.options)
    now = services.now()
    job = Job(
        job_id=job_id,
        state=State.QUEUED,
        source=request.parent.source,
        options=request.options,
        default_deployment=request.chosen.default_deployment,
        normalized=request.pictures,
        media=request.parent.media,
        plan=Plan(steps=("sent the pictures that were prepared before",)),
        model=asked_model(target),
        created=now,
        updated=now,
        origin=request.origin,
        budget_folders=request.parent.budget_folders,
        source_partial=request.partial,
    )
    job = with_other_pictures(services, job, options_of(request.parent)) if needs_other_pictures(request) else job
    if not is_asked_in_parts(job):
        check_number(len(job.normalized), target)
        compose(services, job)
    work = work_of(services, job, request.parent)
    known = estimate(services, target.model, request.options, job.normalized, request.origin.turns, work)
    return replace(job, estimate=known)


def needs_other_pictures(request: Request) -> bool:
    """Whether the options need other pictures of the upload than were made. Only the job of a drop has the upload's
    bytes.
    """
    before, after = options_of(request.parent), request.options
    is_dropped = request.parent.origin is None
    return (
        request.origin.kind == "rerun"
        and is_dropped
        and any(getattr(before, name) != getattr(after, name) for name in NEED_THE_UPLOAD)
    )
