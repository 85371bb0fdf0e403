"""The steps of accepting a drop: each takes a draft and returns one that knows more. accept.py has their order."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from shared.core import limits
from shared.core.ask.options import Options
from shared.core.ask.payload import Target
from shared.core.errors import SourceRejected, StateConflict
from shared.core.jobs import job as jobs
from shared.core.jobs.job import AnalysisMessage, Job
from shared.core.jobs.result import AskedModel, Plan, Source
from shared.core.media.decode_limits import Load, check_source, unsupported
from shared.core.media.kinds import HEAD_BYTES, Kind, sniff
from shared.core.media.normalized import Normalized
from shared.pipeline.ask import options_of, target_of
from shared.pipeline.effective_options import folders_with_budget, read_folders, read_options, with_changes
from shared.pipeline.ports import Prepared, Services, SourceFile, Stored, Upload
from shared.pipeline.records import reload
from shared.pipeline.reuse import key_of
from shared.pipeline.spending.estimate import estimate
from shared.pipeline.stored_media import store_pictures, store_poster
from shared.pipeline.video_modes import video_actions, work_of

READ_WHOLE_BYTES = 4 * 1024 * 1024  # one request instead of two, for most pictures

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A drop on its way to a queued job: `job` is what has been learned so far, `stored` its row as it was read.

    `changes` are the options of a request that asks for the drop to be read again. `kind`, `target` and `ready` are
    None until a step has found them out.
    """

    stored: Stored
    upload: Upload
    file: SourceFile
    job: Job
    started_s: float  # of the monotonic clock
    changes: Mapping[str, Any] = field(default_factory=dict)
    folders: Mapping[str, bytes] = field(default_factory=dict)
    kind: Kind | None = None
    target: Target | None = None
    ready: Prepared | None = None

    @property
    def is_video(self) -> bool:
        return known(self.kind).kind == "video"

    @property
    def options(self) -> Options:
        return options_of(self.job)

    def learn(self, **facts: Any) -> Draft:
        return replace(self, job=replace(self.job, **facts))


def known(value: T | None) -> T:
    """The value, which a step before has set. Raises RuntimeError where it is missing: the steps are in a wrong
    order.
    """
    if value is None:
        raise RuntimeError("a step of accept ran before the step that finds out what it needs")
    return value


def sniff_kind(_: Services, draft: Draft) -> Draft:
    """The draft with the kind of file that its first bytes show; its name and its content type are not trusted."""
    return replace(draft, kind=sniff(draft.file.fetch(0, min(HEAD_BYTES, draft.file.size))))


def check_limits(_: Services, draft: Draft) -> Draft:
    """The same draft. Raises SourceRejected for what is neither picture nor video, or for too large a picture, before
    the rest is read.
    """
    kind = known(draft.kind)
    if kind.kind not in {"image", "video"}:
        raise unsupported(kind)
    if kind.kind == "image":
        check_source(Load(bytes=draft.file.size))
    return draft


def choose_options(services: Services, draft: Draft) -> Draft:
    """The draft with the options that hold for the file now, a request's changes included, and the deployment that they
    name.
    """
    folders = read_folders(services, draft.upload.name)
    chosen = read_options(services, draft.upload, folders, is_video=draft.is_video)
    chosen = with_changes(services, chosen, draft.changes)
    target = target_of(services.settings, chosen.options)
    return replace(draft, folders=folders, target=target).learn(
        options=chosen.options,
        default_deployment=chosen.default_deployment,
        budget_folders=folders_with_budget(folders),
        model=asked_model(target),
    )


def check_video_options(services: Services, draft: Draft) -> Draft:
    """The same draft. Raises CapabilityMissing where the video mode cannot do what the options ask."""
    if draft.is_video:
        video_actions(draft.options.video).check(services, draft.options, known(draft.target))
    return draft


def normalize(services: Services, draft: Draft) -> Draft:
    """The draft with the pictures to send. Raises SourceRejected for a file that cannot be used, or DecoderBusy."""
    model = known(draft.target).model
    with services.room.hold(0 if draft.is_video else draft.file.size):  # of a film, parts are read
        ready = services.media.prepare(draft.file, is_video=draft.is_video, model=model, options=draft.options)
    draft = replace(draft, ready=ready)
    return draft.learn(source=describe_source(draft.job.source, ready), plan=ready.plan, source_partial=ready.partial)


def keep_pictures(services: Services, draft: Draft) -> Draft:
    return draft.learn(normalized=store_pictures(services, draft.job, known(draft.ready)))


def keep_poster(services: Services, draft: Draft) -> Draft:
    return with_media(draft, store_poster(services, draft.job, known(draft.ready)))


def keep_sound(services: Services, draft: Draft) -> Draft:
    """The draft with a video's sound stored for transcription. Sound that cannot be read makes the result partial: it
    is answered without a transcript.
    """
    if not draft.is_video:
        return draft
    make_sound = video_actions(draft.options.video).sound
    sound, why_none = make_sound(services, draft.job, draft.file, known(draft.ready))
    draft = with_media(draft, sound, why_none)
    return draft.learn(source_partial=True) if why_none else draft


def keep_film(services: Services, draft: Draft) -> Draft:
    """The draft with the video stored as MP4, where the video index or a browser needs one."""
    if not draft.is_video:
        return draft
    make_film = video_actions(draft.options.video).film
    return with_media(draft, *make_film(services, draft.job, draft.file, known(draft.ready)))


def with_media(draft: Draft, items: tuple[Normalized, ...], why_none: str | None = None) -> Draft:
    plan = draft.job.plan or Plan()
    steps = (*plan.steps, why_none) if why_none else plan.steps
    return draft.learn(media=(*draft.job.media, *items), plan=replace(plan, steps=steps))


def make_key(services: Services, draft: Draft) -> Draft:
    """The draft with the key of its question: the same question about the same pixels has the same key."""
    return draft.learn(answer_key=key_of(services.settings, draft.job, known(draft.target)))


def estimate_cost(services: Services, draft: Draft) -> Draft:
    """The draft with what its answer will cost, and the most that it can cost, in dollars."""
    job, model = draft.job, known(draft.target).model
    work = work_of(services, job)
    return draft.learn(estimate=estimate(services, model, draft.options, job.normalized, work=work))


def record(services: Services, draft: Draft) -> Draft:
    """The draft with its job's row written. Raises StateConflict if the row was changed meanwhile."""
    accept_ms = round((time.monotonic() - draft.started_s) * 1000)
    timings = replace(draft.job.timings, accept_ms=accept_ms)
    job = jobs.prepared(draft.job, now=services.now(), timings=timings)
    stored = services.jobs.replace(draft.stored, job)
    return replace(draft, stored=stored, job=stored.job)


def send_pointer(services: Services, draft: Draft) -> Draft:
    return replace(draft, job=dispatch(services, draft.stored))


# What questions by HTTP share with a drop


def open_source(services: Services, upload: Upload) -> SourceFile:
    """The upload's bytes: small files are read whole, large ones in the parts that are asked for. Raises SourceRejected
    for an empty file.
    """
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
    """The source with what the decoder has found out: sizes in pixels, seconds, format and codec."""
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


def asked_model(target: Target) -> AskedModel:
    return AskedModel(
        name=target.model.name,
        deployment=target.deployment,
        endpoint=target.kind,
        api=target.api,
    )


def dispatch(services: Services, stored: Stored) -> Job:
    """The job after its pointer was sent. The pointer is sent before the job is marked: a crash in between sends it
    twice, never not at all.
    """
    services.messages.send(AnalysisMessage(job_id=stored.job.job_id))
    try:
        job = services.jobs.replace(stored, replace(stored.job, dispatched=True)).job
    except StateConflict:
        return reload(services, stored.job.job_id)  # a worker has taken it already
    services.log("accepted", {"job_id": job.job_id, "kind": job.source.kind, "bytes": job.source.bytes})
    return job
