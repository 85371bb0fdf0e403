"""What a video may need before the one question about it: a transcript, and answers about parts if it has many frames.
A document with many pages, or a page in many parts, needs the latter too.

Each paid call is stored before the next is made, so that whatever stops a job, nothing is paid for twice knowingly.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.core import codec
from shared.core.ask.options import Options
from shared.core.ask.parts import Part, ask_part, ask_whole, split, timecode, transcript_of, with_transcript
from shared.core.ask.payload import Target, build_payload
from shared.core.ask.question import Question
from shared.core.errors import ModelRefused, NotFound
from shared.core.jobs.job import Job, why_withheld
from shared.core.jobs.result import Fault
from shared.core.media.normalized import Normalized
from shared.core.models.catalogue import host_limits
from shared.core.models.tokens import Usage
from shared.core.money.prices import Cost, sum_costs, sum_usages
from shared.core.places import NORMALIZED, RESULTS
from shared.pipeline.ask import (
    Answered,
    Composed,
    ask,
    guarded,
    options_of,
    paid_call,
    question_of,
    read_picture,
    read_reply,
    report_answered,
    target_of,
    turns_of,
)
from shared.pipeline.gatekeeper import report_success
from shared.pipeline.ports import Services, Stored
from shared.pipeline.records import hold_on, keep_lease, step_name
from shared.pipeline.spending.bills import bill_of, is_charged, is_unpriced, settle_reply
from shared.pipeline.spending.video_bills import transcript_name, transcription_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCall:
    """A call before the one for the answer, a transcription or a question about a part, as it is stored.

    `withheld` says why there is no answer in it; `lost_calls` is 1 where a filtered prompt is billed all the
    same, `unpriced` says that the call was made and that nobody knows what it cost.
    """

    text: str
    is_whole: bool = True
    usage: Usage | None = None
    cost: Cost | None = None
    model_ms: int = 0
    withheld: Fault | None = None
    lost_calls: int = 0
    unpriced: bool = False


def answer_from_frames(services: Services, stored: Stored) -> tuple[Stored, Answered]:
    """The job's row, and the answer from its pictures, asked in parts if they are many, with the cost of all calls
    before it. Raises ModelUnavailable, ModelRefused, ReplyMalformed or BudgetExceeded.
    """
    stored, question = before_the_answer(services, stored)
    stored = keep_lease(services, stored)
    before = stored.job
    answered = ask(services, before, question)
    return stored, replace(answered, job=add_earlier(before, answered.job))


def is_asked_in_parts(job: Job) -> bool:
    """Whether the job's pictures may be more than one request takes: those of one video, of the pages of one
    document or of the parts of one page.
    """
    is_one_file = job.origin is None or len(job.origin.jobs) <= 1
    return is_one_file and (
        job.source.kind == "video" or any(item.page is not None or item.place is not None for item in job.normalized)
    )


def before_the_answer(services: Services, stored: Stored) -> tuple[Stored, Composed]:
    """The job with the bill so far, and the question to ask in the end, after the sound was transcribed and each part
    was asked about.
    """
    options = options_of(stored.job)
    target = target_of(services.settings, options)
    parts = split(stored.job.normalized, room_of(target))
    heard: list[EarlierCall] = []
    for item in (one for one in stored.job.media if one.role == "sound"):
        stored = keep_lease(services, stored)
        heard.append(transcribe(services, stored.job, item))
        stored = services.jobs.replace(stored, note_earlier(stored.job, heard))
    transcript = "\n".join(one.text for one in heard if one.text)
    if len(parts) <= 1:
        question = question_of(services, stored.job, options)
        question = replace(question, prompt=with_transcript(question.prompt, transcript))
        return stored, composed(question, target, options)
    answers: list[EarlierCall] = []
    for part in parts:
        stored = keep_lease(services, stored)
        answers.append(answer_part(services, stored.job, part, target, transcript))
        stored = services.jobs.replace(stored, note_earlier(stored.job, [*heard, *answers]))
        check_answered(answers[-1], part)
    question = replace(
        question_of(services, replace(stored.job, normalized=()), options),
        prompt=ask_whole(options.prompt, parts, [answer.text for answer in answers]),
    )
    return stored, composed(question, target, options)


def composed(question: Question, target: Target, options: Options) -> Composed:
    payload = build_payload(question, target)
    return Composed(target=target, payload=payload, expects_json=options.schema is not None)


def transcribe(services: Services, job: Job, item: Normalized) -> EarlierCall:
    """The words in a piece of the sound, line by line with times, stored before anything else is paid for.

    A later question about the same video finds it where the job that the sound was made for has stored it.
    """
    stem = item.name.rpartition("/")[2].removesuffix(".mp3")
    call_id = f"{job.job_id}-{stem}"
    found = (
        read_earlier(services, step_name(call_id))
        or heard_before(services, job, item, call_id)
        or call_transcriber(services, job, item, call_id)
    )
    settle_reply(services, job, None, found.cost, call_id=call_id)
    return found


def heard_before(services: Services, job: Job, item: Normalized, call_id: str) -> EarlierCall | None:
    """The transcript that another job has already paid for, if there is a whole one; from now on it is stored as this
    job's too.
    """
    found = read_earlier(services, transcript_name(item))
    return keep(services, job, call_id, EarlierCall(text=found.text)) if found and found.is_whole else None


def call_transcriber(services: Services, job: Job, item: Normalized, call_id: str) -> EarlierCall:
    if services.transcriber is None:
        return keep(services, job, call_id, EarlierCall(text="", is_whole=False))  # switched off since it was accepted
    endpoint = f"{services.settings.endpoint.kind}-{services.settings.transcribe_deployment}"
    started = time.monotonic()
    mp3, transcriber = services.blobs.read(NORMALIZED, item.name), services.transcriber
    said, _ = guarded(services, job, endpoint, call_id, lambda: transcriber.transcribe(mp3))
    lines = [
        f"[{timecode((item.at_s or 0) + one.at_s)}] {' '.join(one.text.split())}" for one in said if one.text.strip()
    ]
    bill = transcription_cost(services, item)
    earlier = EarlierCall(
        text="\n".join(lines),
        cost=bill,
        unpriced=bill is None,
        model_ms=round((time.monotonic() - started) * 1000),
    )
    keep(services, job, call_id, earlier)
    report_success(services, endpoint)
    return earlier


def room_of(target: Target) -> int:
    return min(target.model.max_images, host_limits(target.kind).images)


def answer_part(services: Services, job: Job, part: Part, target: Target, transcript: str) -> EarlierCall:
    """The answer about one part: the stored one if an earlier turn has paid for it, else asked and stored, and only
    then entered as spent.
    """
    call_id = call_of(job, part)
    found = read_earlier(services, step_name(call_id))
    if found is None:
        return call_for_part(services, job, part, target, transcript)
    settle_reply(services, job, None, found.cost, call_id=call_id)
    return found


def call_of(job: Job, part: Part) -> str:
    return f"{job.job_id}-part-{part.number:03}"


def keep(services: Services, job: Job, call_id: str, earlier: EarlierCall) -> EarlierCall:
    """The same call, once it is stored."""
    body = json.dumps(codec.to_json(earlier), ensure_ascii=False).encode()
    name, kind = step_name(call_id), "application/json"
    hold_on(services, job, lambda: services.blobs.write(RESULTS, name, body, media_type=kind, overwrite=False))
    return earlier


def call_for_part(services: Services, job: Job, part: Part, target: Target, transcript: str) -> EarlierCall:
    started, call_id = time.monotonic(), call_of(job, part)
    payload = build_payload(part_question(services, job, part, transcript), target)
    call = paid_call(services, job, target, payload, call_id=call_id)
    reply = read_reply(services, job, call, expects_json=False)
    bill = bill_of(services, target.model, reply.usage)
    earlier = EarlierCall(
        text=reply.text or "",
        is_whole=reply.finish_reason == "stop",
        usage=reply.usage,
        cost=bill,
        model_ms=round((time.monotonic() - started) * 1000),
        withheld=why_withheld(reply),
        lost_calls=int(is_charged(services, reply)),
        unpriced=is_unpriced(reply, bill),
    )
    keep(services, job, call_id, earlier)
    report_answered(services, job, call)
    settle_reply(services, job, reply, earlier.cost, call_id=call_id)
    return earlier


def check_answered(earlier: EarlierCall, part: Part) -> None:
    """Check that the part was answered. Raises ModelRefused where its answer was withheld; what it cost is on the job's
    row by then.
    """
    if earlier.withheld is None:
        return
    message = f"{earlier.withheld.message} about part {part.number} of {part.of}"
    refused = ModelRefused(message, code=earlier.withheld.code, hint=earlier.withheld.hint)
    refused.lost_calls = earlier.lost_calls
    raise refused


def part_question(services: Services, job: Job, part: Part, transcript: str) -> Question:
    """The question about one part of the pictures. It is answered in plain text, whatever schema the last answer must
    fit.
    """
    options = options_of(job)
    prompt = with_transcript(ask_part(options.prompt, part), transcript_of(part, transcript))
    pictures = tuple(read_picture(services, item) for item in part.pictures)
    return Question.of(replace(options, prompt=prompt, schema=None), pictures=pictures, turns=turns_of(job))


def read_earlier(services: Services, name: str) -> EarlierCall | None:
    try:
        return codec.from_json(EarlierCall, json.loads(services.blobs.read(RESULTS, name)))
    except NotFound:
        return None


def note_earlier(job: Job, earlier: Sequence[EarlierCall]) -> Job:
    """The job with the cost of the earlier calls so far: one that fails later still shows it."""
    costs = [one.cost for one in earlier if one.cost is not None]
    usages = [one.usage for one in earlier if one.usage is not None]
    bill = sum_costs(*costs) if costs else None
    return replace(
        job,
        usage=sum_usages(*usages) if usages else None,
        cost=bill,
        earlier_usd=bill.usd if bill else job.earlier_usd,
        unpriced=sum(one.unpriced for one in earlier),
        source_partial=job.source_partial or not all(one.is_whole for one in earlier),
        timings=replace(job.timings, model_ms=sum(one.model_ms for one in earlier)),
    )


def add_earlier(before: Job, job: Job) -> Job:
    """The finished job with the tokens, dollars and milliseconds of the earlier calls added."""
    costs = [cost for cost in (before.cost, job.cost) if cost is not None]
    usages = [usage for usage in (before.usage, job.usage) if usage is not None]
    model_ms = (before.timings.model_ms or 0) + (job.timings.model_ms or 0)
    return replace(
        job,
        cost=sum_costs(*costs) if costs else None,
        usage=sum_usages(*usages) if usages else None,
        timings=replace(job.timings, model_ms=model_ms),
    )
