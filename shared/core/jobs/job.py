"""The life of a job. Everything that changes a job's state is in this file, and TRANSITIONS is the whole of it.

    queued ──▶ running ──▶ done | partial | failed
      │         │  ▲
      │         ▼  │
      │       waiting | parked       (a delayed queue message brings it back)
      └──▶ failed                    (rejected before anything was asked)

A worker owns a running job by a lease. A job whose lease has run out may be claimed again: that is how a crash heals.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from shared.core import codec, limits
from shared.core.answer.reply import Reply
from shared.core.ask.options import Options
from shared.core.errors import DecoderBusy, NotFound, SourceRejected, StateConflict, VisiondropError
from shared.core.jobs.result import SCHEMA_VERSION, AskedModel, Fault, Origin, Plan, Source, Timings
from shared.core.media.normalized import Normalized
from shared.core.models.tokens import Usage
from shared.core.money.estimate import Estimate
from shared.core.money.prices import Cost

ID_CHARACTERS = 32
LEASE_CLOCK_SKEW = timedelta(minutes=5)  # more than the clocks of well-kept machines differ by
STUCK_AFTER = timedelta(minutes=15)  # beyond the host's own 10 minutes after which a lost message comes back


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PARKED = "parked"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"


TERMINAL = frozenset({State.DONE, State.PARTIAL, State.FAILED})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.QUEUED, State.RUNNING, State.FAILED}),
    State.RUNNING: frozenset({State.RUNNING, State.WAITING, State.PARKED, State.DONE, State.PARTIAL, State.FAILED}),
    State.WAITING: frozenset({State.RUNNING, State.FAILED}),
    State.PARKED: frozenset({State.RUNNING, State.FAILED}),
    State.DONE: frozenset(),
    State.PARTIAL: frozenset(),
    State.FAILED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A step in a job's history, with its time (UTC)."""

    at: datetime
    state: str
    code: str | None = None


class Busy(StateConflict):
    """The error that another worker holds the job until `until`; the message must come back after that."""

    def __init__(self, job_id: str, until: datetime) -> None:
        super().__init__(f"job {job_id} is being worked on until {until.isoformat()}")
        self.until = until


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One question about one upload. CONTROL_FIELDS steer the work and are not part of the document.

    `media` is stored beside the pictures: a video's poster, its MP4, its sound. `earlier_usd` is how much of the cost
    was for calls before the answer: a long video's parts, its transcript. `default_deployment`: its options name no
    model, so it asks the deployment that the settings name when it is asked. `reused_from` is the job whose answer this
    is; `maybe_paid` counts calls whose outcome nobody knows, `unpriced` those that were answered without usage or have
    no price, `broken_off` the turns after which another worker had to take the job, `failed_alone` the calls that
    failed while the endpoint answered others. `turns_elsewhere`: its row leaves out a long conversation, which the
    document of the job that it goes on from has.
    """

    schema_version: int = SCHEMA_VERSION
    job_id: str
    state: State
    source: Source
    options: Options | None = None
    normalized: tuple[Normalized, ...] = ()
    media: tuple[Normalized, ...] = ()
    plan: Plan | None = None
    reply: Reply | None = None
    model: AskedModel | None = None
    usage: Usage | None = None
    estimate: Estimate | None = None
    cost: Cost | None = None
    error: Fault | None = None
    attempts: int = 0
    created: datetime
    updated: datetime
    finished: datetime | None = None
    timings: Timings = field(default_factory=Timings)
    origin: Origin | None = None
    reused_from: str | None = None
    maybe_paid: int = 0
    unpriced: int = 0
    earlier_usd: Decimal = Decimal(0)
    history: tuple[Event, ...] = ()
    budget_folders: tuple[str, ...] = ()
    budget_day: date | None = None
    answer_key: str | None = None
    default_deployment: bool = False
    source_partial: bool = False
    dispatched: bool = False
    broken_off: int = 0
    failed_alone: int = 0
    turns_elsewhere: bool = False
    lease_owner: str | None = None
    lease_until: datetime | None = None
    not_before: datetime | None = None


CONTROL_FIELDS = (
    "default_deployment",
    "source_partial",
    "dispatched",
    "broken_off",
    "failed_alone",
    "turns_elsewhere",
    "lease_owner",
    "lease_until",
    "not_before",
    "budget_folders",
    "budget_day",
    "answer_key",
)
REDELIVERED = "redelivered"
OUR_FAULTS = frozenset({"storage_unavailable", "decoder_busy"})
"""Why a job is given back without its calls having been accounted for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisMessage:
    """The queue message: the id of a job, never its content. `due` is the time (UTC) from which it may be taken, as its
    sender knew it.
    """

    schema_version: int = SCHEMA_VERSION
    job_id: str
    due: datetime | None = None


JOB_ID_FORM = re.compile(rf"[0-9a-f]{{{ID_CHARACTERS}}}")


def parse_message(body: bytes) -> AnalysisMessage:
    """The pointer in a queue message. Raises ValueError or TypeError for any other content: another shape, an id that
    no job can have, JSON that is nested too deeply.
    """
    try:
        message = codec.from_json(AnalysisMessage, json.loads(body))
    except (KeyError, RecursionError) as fault:
        raise ValueError("the message does not point at a job") from fault
    job_id: object = message.job_id  # the codec takes any JSON for a text
    if not isinstance(job_id, str) or not JOB_ID_FORM.fullmatch(job_id):
        raise ValueError("the message has an id that no job can have")
    return message


FREE: dict[str, Any] = {"lease_owner": None, "lease_until": None, "not_before": None, "budget_day": None}
"""A job that nobody works on. Its next turn reserves money on the day of that turn."""


def job_id_of(*, container: str, name: str, etag: str) -> str:
    """The id of a drop's job: a hash of where the blob is and which version of it. The same drop delivered twice is the
    same job.
    """
    return hashlib.sha256(f"{container}/{name}\n{etag}".encode()).hexdigest()[:ID_CHARACTERS]


def new_job(source: Source, *, now: datetime) -> Job:
    job_id = job_id_of(container=source.container, name=source.name, etag=source.etag)
    return Job(job_id=job_id, state=State.QUEUED, source=source, created=now, updated=now)


def move(job: Job, state: State, *, now: datetime, **changes: Any) -> Job:
    """The job in another state; no other function changes a state. Raises StateConflict for a transition that the table
    does not have.
    """
    if state not in TRANSITIONS[job.state]:
        raise StateConflict(f"job {job.job_id} is {job.state}, it cannot become {state}")
    error: Fault | None = changes.get("error")
    event = Event(at=now, state=state.value, code=error.code if error else None)
    return replace(
        job, state=state, updated=now, history=(*job.history, event)[-limits.HISTORY_EVENTS.value :], **changes
    )


def prepared(job: Job, *, now: datetime, **learned: Any) -> Job:
    """The job with what accept has learned about the upload; it stays queued."""
    return move(job, State.QUEUED, now=now, **learned)


def claim(job: Job, *, owner: str, now: datetime, lease_s: float) -> Job:
    """The running job, owned by this worker for `lease_s` seconds. Raises Busy while another worker's lease holds."""
    free_at = lease_end(job, now=now, lease_s=lease_s)
    if free_at is not None:
        raise Busy(job.job_id, free_at)
    until = now + timedelta(seconds=lease_s)
    first_wait_ms = job.timings.queue_ms or milliseconds(now - job.updated)
    timings = replace(job.timings, queue_ms=first_wait_ms)
    return move(
        job,
        State.RUNNING,
        now=now,
        lease_owner=owner,
        lease_until=until,
        not_before=None,
        attempts=job.attempts + 1,
        broken_off=job.broken_off + (job.state is State.RUNNING),
        budget_day=job.budget_day or now.date(),
        timings=timings,
        error=None,
    )


def lease_end(job: Job, *, now: datetime, lease_s: float) -> datetime | None:
    """The time until which another worker holds the job; None when nobody does.

    A lease that ends later than one taken now would was written by a wrong clock. It is not believed: otherwise a
    worker whose clock is a day ahead, and which dies, would hold its jobs for a day.
    """
    until = job.lease_until
    if job.state is not State.RUNNING or until is None or until <= now:
        return None
    return None if until > now + timedelta(seconds=lease_s) + LEASE_CLOCK_SKEW else until


def wait_end(job: Job, *, now: datetime) -> datetime | None:
    """The time until which the job waits for its endpoint; None when it need not wait.

    A wait that was written by a worker whose clock is ahead is not believed: the job's message comes when it was due,
    and is right.
    """
    if job.not_before is None or job.not_before <= now or is_from_the_future(job, now=now):
        return None
    return job.not_before


def is_from_the_future(job: Job, *, now: datetime) -> bool:
    """Whether the row was last written by a worker whose clock is ahead of this one's."""
    return job.updated > now + LEASE_CLOCK_SKEW


def hurried(job: Job, *, now: datetime) -> Job:
    """The waiting job, free to be tried now."""
    return replace(job, updated=now, not_before=now)


def redelivered(job: Job, *, now: datetime) -> Job:
    """The job with a note that the host gave up on its message and that a new one is sent."""
    event = Event(at=now, state=job.state.value, code=REDELIVERED)
    return replace(job, updated=now, history=(*job.history, event)[-limits.HISTORY_EVENTS.value :])


def hindered(job: Job, error: DecoderBusy, *, now: datetime) -> Job:
    """The job with a note that its file could not be decoded, perhaps for another cause than the file."""
    event = Event(at=now, state=job.state.value, code=error.code)
    return replace(job, updated=now, history=(*job.history, event)[-limits.HISTORY_EVENTS.value :])


def verdict(job: Job, error: DecoderBusy) -> SourceRejected | None:
    """What the file is rejected with when this has happened to it before; None the first time, or if it is never the
    file's fault.
    """
    before = any(event.code == error.code for event in job.history)
    return error.verdict if before else None


def is_hopeless(job: Job) -> bool:
    """Whether the job is to be given up: its message was sent again, or its work broke off, as often as the limits
    allow.
    """
    anew = sum(event.code == REDELIVERED for event in job.history)
    return anew >= limits.REDELIVERIES.value or job.broken_off + (job.state is State.RUNNING) >= limits.CRASHES.value


def follows_a_crash(job: Job) -> bool:
    """Whether the turn before this one broke off, or was given back for a fault of our own: then a call may be open."""
    if len(job.history) < 2:  # noqa: PLR2004  # this turn and the one before
        return False
    before, this = job.history[-2:]
    broke_off = before.state == State.RUNNING or before.code in OUR_FAULTS
    return broke_off and this.state == State.RUNNING


def is_stuck(job: Job, *, now: datetime, waiting_since: datetime | None = None) -> bool:
    """Whether the job's message is lost: nobody works on it, nothing is awaited, and its message should have come long
    ago.

    `waiting_since` is when the oldest message on the queue was due: a message that was due later may only not have had
    its turn. What was written by a wrong clock is looked at again.
    """
    if job.state in TERMINAL or job.state is State.PARKED:
        return False
    if is_from_the_future(job, now=now):
        return True
    due = max(moment for moment in (job.updated, job.lease_until, job.not_before) if moment is not None)
    return due + STUCK_AFTER <= (now if waiting_since is None else min(now, waiting_since))


def wait(job: Job, error: VisiondropError, *, until: datetime, now: datetime) -> Job:
    """The job, given back until the endpoint can answer; the error says what it waits for."""
    return move(job, State.WAITING, now=now, error=Fault.of(error), **(FREE | {"not_before": until}))


def park(job: Job, error: VisiondropError, *, now: datetime) -> Job:
    """The job, given back until there is money; the sweeper brings parked jobs back in order."""
    return move(job, State.PARKED, now=now, error=Fault.of(error), **FREE)


def renew(job: Job, *, owner: str, now: datetime, lease_s: float) -> Job:
    """The job with a full lease again. Raises StateConflict for a worker that does not hold it any more."""
    if job.lease_owner != owner:
        raise StateConflict(f"another worker has taken job {job.job_id}")
    return replace(job, lease_until=now + timedelta(seconds=lease_s))


def finish(job: Job, reply: Reply, *, now: datetime, model_ms: int, **learned: Any) -> Job:
    """The ended job with its answer: `partial` when cut or when the file was only partly readable, `failed` when
    withheld.
    """
    learned["timings"] = replace(job.timings, model_ms=model_ms)
    withheld = why_withheld(reply)
    if withheld is not None:
        return end(job, State.FAILED, now=now, reply=reply, error=withheld, **learned)
    whole = reply.finish_reason == "stop" and not job.source_partial
    return end(job, State.DONE if whole else State.PARTIAL, now=now, reply=reply, **learned)


def why_withheld(reply: Reply) -> Fault | None:
    """The fault that a reply without an answer stands for: filtered, refused, or a tool call; None for an answer."""
    if reply.finish_reason == "content_filter":
        hint = "Change the picture or the prompt, or ask for another content filter on the deployment."
        return Fault(
            code="content_filter", message="the content filter withheld the answer", hint=hint, retryable=False
        )
    if reply.finish_reason == "tool_call":
        message = "the model answered with a tool call, although it was offered no tools"
        hint = "Ask again with reuse = false, or use another deployment."
        return Fault(code="tool_call", message=message, hint=hint, retryable=False)
    if reply.refusal:
        hint = "Ask differently; the refusal itself is in reply.refusal."
        return Fault(code="refusal", message="the model refused to answer", hint=hint, retryable=False)
    return None


def fail(job: Job, error: VisiondropError, *, now: datetime, **learned: Any) -> Job:
    return end(job, State.FAILED, now=now, error=Fault.of(error), **learned)


def end(job: Job, state: State, *, now: datetime, **learned: Any) -> Job:
    timings = replace(learned.pop("timings", job.timings), total_ms=milliseconds(now - job.created))
    return move(job, state, now=now, finished=now, timings=timings, **FREE, **learned)


def milliseconds(span: timedelta) -> int:
    return max(0, round(span / timedelta(milliseconds=1)))


def document(job: Job) -> dict[str, Any]:
    """The result document (docs/http.md): the job without the fields that only steer the work."""
    body: dict[str, Any] = codec.to_json(job)
    return {name: value for name, value in body.items() if name not in CONTROL_FIELDS}


def from_document(body: dict[str, Any]) -> Job:
    """The job in a stored result document. Raises NotFound when the JSON is not a job of a version that this program
    knows.
    """
    try:
        return codec.from_json(Job, body)
    except (KeyError, TypeError, ValueError) as fault:
        raise NotFound(f"the stored job cannot be read ({type(fault).__name__})") from fault
