"""Videos by way of the index: submit, wait for it by delayed messages, ask; and search in what is there.

The service keeps the state: every turn asks it first, so a turn after a crash goes on where the last one was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.core.ask.options import Options
from shared.core.ask.payload import IndexedVideo, Target, build_payload
from shared.core.ask.question import Exchange, Question
from shared.core.ask.video_flow import (
    USE_FRAMES,
    Ask,
    FlowStep,
    FlowSubmit,
    GiveUp,
    IndexFlow,
    Moment,
    Search,
    Wait,
    check_search,
    flow_of,
    index_body,
    ingestion_body,
    next_step,
    parse_ingestion,
    parse_moments,
    search_body,
    wait_s,
)
from shared.core.errors import CapabilityMissing, ModelRefused, ModelUnavailable, VisiondropError
from shared.core.jobs.job import Job, job_id_of
from shared.core.jobs.result import Plan
from shared.core.money.prices import sum_costs
from shared.core.places import NORMALIZED
from shared.core.settings import Settings
from shared.pipeline.ask import Answered, Composed, ask, options_of, target_of, turns_of
from shared.pipeline.ports import Services, Stored, VideoIndexer
from shared.pipeline.records import keep_lease
from shared.pipeline.spending.bills import settle_fault
from shared.pipeline.spending.reservations import reserve, settle
from shared.pipeline.spending.video_bills import index_cost, query_cost

DEFAULT_INDEX = "visiondrop"
ADDRESS_FOR = timedelta(minutes=30)  # the index fetches the video as soon as it is submitted
MOST_MOMENTS = 20  # in a result, for the option `query`
INDEX_FORMATS = ("mp4", "mov")  # "Both MP4 and MOV file types are supported"
SOURCE = "https://example.blob.core.windows.net/uploads/video.mp4"  # stands in where only the question is checked


def check_index(services: Services, options: Options, target: Target) -> None:
    """Check that the options can be asked by way of the index. Raises CapabilityMissing, with a hint at frames, where
    they cannot.
    """
    indexer_of(services)
    flow = flow_of("0" * 32, index_name(services.settings), turns=0, since_s=0)
    build_payload(question(options, flow, SOURCE), target)


def answer_from_index(services: Services, stored: Stored) -> tuple[Stored, Answered]:
    """The job's row and the answer. Raises ModelUnavailable ("indexing") until the video is in the index, and
    ModelRefused if it cannot be indexed.
    """
    job, indexer = stored.job, indexer_of(services)
    flow, step = look(services, indexer, job, dropped_job_id(job))
    if isinstance(step, GiveUp) and job.job_id != flow.document_id:
        flow, step = look(services, indexer, job, job.job_id)  # asked again after a failure: another try
    if isinstance(step, FlowSubmit):
        submit(services, indexer, stored, flow)
        raise indexing(wait_s(0))
    if isinstance(step, Wait):
        raise indexing(step.seconds)
    if isinstance(step, GiveUp):
        raise ModelRefused(step.message, code=step.code, hint=USE_FRAMES)
    return ask_about_it(services, stored, flow, step)


def look(services: Services, indexer: VideoIndexer, job: Job, document_id: str) -> tuple[IndexFlow, FlowStep]:
    since_s = (services.now() - job.created).total_seconds()
    flow = flow_of(document_id, index_name(services.settings), turns=job.attempts, since_s=since_s)
    found = indexer.ingestion(flow.index_name, flow.ingestion_name)
    return flow, next_step(flow, None if found is None else parse_ingestion(found))


def dropped_job_id(job: Job) -> str:
    """The video's id in the index, the same for every job about it: it is indexed, and paid for, once."""
    return job_id_of(container=job.source.container, name=job.source.name, etag=job.source.etag)


def submit(services: Services, indexer: VideoIndexer, stored: Stored, flow: IndexFlow) -> None:
    """Put the video into the index. Raises BudgetExceeded, ModelUnavailable, ModelRefused or CapabilityMissing.

    The bill is on the job's row before the service is called, so that no crash loses it.
    """
    call_id = f"{stored.job.job_id}-index"
    indexer.ensure_index(flow.index_name, index_body())
    again = reserve(services, stored.job, call_id)
    bill = index_cost(services, stored.job.source.duration_s)
    job = replace(stored.job, cost=bill, earlier_usd=bill.usd)
    stored = services.jobs.replace(stored, job)
    try:
        url = read_address(services, job)
        indexer.ingest(flow.index_name, flow.ingestion_name, ingestion_body(flow, url=url, metadata=metadata(job)))
    except VisiondropError as error:
        settle_fault(services, job, error, call_id=call_id, again=again)
        services.jobs.replace(stored, replace(job, cost=None, earlier_usd=Decimal(0)))
        raise
    settle(services, job, call_id, bill.usd)


def indexing(seconds: float) -> ModelUnavailable:
    hint = "Nothing to do: the question is asked when the video is in the index."
    return ModelUnavailable("the video is being indexed", code="indexing", retry_after_s=seconds, hint=hint)


def ask_about_it(services: Services, stored: Stored, flow: IndexFlow, _: Ask) -> tuple[Stored, Answered]:
    stored = keep_lease(services, stored)
    options = options_of(stored.job)
    target = target_of(services.settings, options)
    asked = question(options, flow, read_address(services, stored.job), turns_of(stored.job))
    composed = Composed(target=target, payload=build_payload(asked, target), expects_json=options.schema is not None)
    moments = [] if options.query is None else find_moments(services, stored.job, flow, options.query)
    answered = ask(services, stored.job, composed)
    job = answered.job
    if options.query is not None:
        plan = job.plan or Plan()
        job = replace(job, plan=replace(plan, facts={**(plan.facts or {}), "moments": moments}))
    costs = [stored.job.cost, query_cost(services, options), job.cost]
    return stored, replace(answered, job=replace(job, cost=sum_costs(*(one for one in costs if one is not None))))


def find_moments(services: Services, job: Job, flow: IndexFlow, text: str) -> list[dict[str, Any]]:
    """The moments of this video that fit the text, at most MOST_MOMENTS. The index cannot filter by document: filtering
    by name and folder leaves only versions of this upload.
    """
    folder, _, name = job.source.name.rpartition("/")
    search = Search(text=text, name=name, folder=folder or None, top=MOST_MOMENTS, dedup=False)
    found = parse_moments(indexer_of(services).search(flow.index_name, search_body(search)))
    return [facts_of(moment) for moment in found if moment.document_id == flow.document_id]


def question(options: Options, flow: IndexFlow, url: str, turns: tuple[Exchange, ...] = ()) -> Question:
    """The question about the whole video, which the service reads from this address."""
    video = IndexedVideo(index_name=flow.index_name, document_id=flow.document_id, video_url=url)
    return Question.of(options, video_index=video, turns=turns)


def read_address(services: Services, job: Job) -> str:
    """A URL with which the index can read the upload, or the MP4 that was made of it, for half an hour."""
    now = services.now()
    made = next((item.name for item in job.media if item.role == "video"), None)
    container, name = (NORMALIZED, made) if made else (job.source.container, job.source.name)
    return services.blobs.read_address(container, name, now=now, expires=now + ADDRESS_FOR)


def metadata(job: Job) -> dict[str, str]:
    """The fields by which searches can be narrowed, from the upload's name and its options."""
    options = options_of(job)
    folder, _, name = job.source.name.rpartition("/")
    recorded = datetime.fromisoformat(options.recorded_at).astimezone(UTC) if options.recorded_at else job.created
    camera = {"cameraid": options.camera_id} if options.camera_id else {}
    return {"name": name, "folder": folder, "timestamp": recorded.strftime("%Y-%m-%d %H:%M:%S"), **camera}


def index_name(settings: Settings) -> str:
    return settings.video_index_name or DEFAULT_INDEX


def indexer_of(services: Services) -> VideoIndexer:
    if services.video_index is None:
        raise CapabilityMissing("there is no video index: AZURE_VISION_ENDPOINT is not set", hint=USE_FRAMES)
    return services.video_index


# Search


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A moment of a video that fits a search; `name` is its upload's, None for a video that was not dropped here."""

    name: str | None
    moment: Moment


def search_videos(services: Services, search: Search) -> list[Hit]:
    check_search(search)
    indexer = indexer_of(services)
    moments = parse_moments(indexer.search(index_name(services.settings), search_body(search)))
    names: dict[str, str | None] = {}
    for moment in moments:
        if moment.document_id not in names:
            stored = services.jobs.load(moment.document_id)
            names[moment.document_id] = stored.job.source.name if stored else None
    return [Hit(name=names[moment.document_id], moment=moment) for moment in moments]


def to_document(hit: Hit) -> dict[str, Any]:
    return {"name": hit.name, "job_id": hit.moment.document_id, **facts_of(hit.moment)}


def facts_of(moment: Moment) -> dict[str, Any]:
    return {
        "start_s": moment.start_s,
        "end_s": moment.end_s,
        "best_s": moment.best_s,
        "relevance": moment.relevance,
        "kind": moment.kind,
    }
