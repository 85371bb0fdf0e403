"""One queue message: claim the job, ask its model, store the answer. What must wait comes back as a delayed message.

Nothing is paid twice knowingly: a job is asked only by the worker that holds its lease, and a result that is already
stored is taken over, not asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.core.errors import (
    BudgetExceeded,
    DecoderBusy,
    ModelUnavailable,
    OptionsUnreadable,
    ReplyMalformed,
    StateConflict,
    StorageUnavailable,
    VisiondropError,
)
from shared.core.jobs import job as jobs
from shared.core.jobs.job import TERMINAL, AnalysisMessage, Busy, Job, State, parse_message, wait_end
from shared.pipeline.accept import accept_again
from shared.pipeline.analyze_steps import (
    Turn,
    ask_model,
    count_lost_calls,
    end_row,
    follow_settings,
    read_stored_answer,
    reuse_answer,
    settle_bill,
    stand_in_line,
    store_document,
    tell_gate,
)
from shared.pipeline.ask import Answered
from shared.pipeline.ports import Services, Stored
from shared.pipeline.postpone import come_back, free_at, postpone
from shared.pipeline.records import find, load, reload, store_result
from shared.pipeline.spending.line import enter_line

TurnStep = Callable[[Services, Turn], Turn]

FIND_ANSWER: tuple[TurnStep, ...] = (
    read_stored_answer,
    count_lost_calls,
    follow_settings,
    reuse_answer,
    stand_in_line,
    ask_model,
)
"""How a claimed job gets its answer, in this order, until one of them has it. What is to be learned about a picture
before the question stands before `ask_model`; it stores what it has paid for.
"""

KEEP_ANSWER: tuple[TurnStep, ...] = (
    store_document,
    tell_gate,
    settle_bill,
    end_row,
)
"""What is done with the answer, in this order. What is worked out from it alone stands before `store_document`."""


def analyze_message(services: Services, body: bytes) -> Job | None:
    """The job of a message's body, as `analyze` gives it. Raises ValueError or TypeError for a body that is not a
    message: the host moves it to the poison queue.
    """
    return analyze(services, parse_message(body))


def analyze(services: Services, message: AnalysisMessage) -> Job | None:
    """The job as it stands after this turn; None when the message points at no job. Raises StorageUnavailable when
    nothing could be written: the host delivers the message again.
    """
    stored = find(services, message.job_id)
    if stored is None:
        services.log("orphan message", {"job_id": message.job_id})
        return None
    if stored.job.state in TERMINAL:
        return stored.job
    waits_until = wait_end(stored.job, now=services.now())
    if waits_until is not None:
        return come_back(services, message, stored.job, at=waits_until)
    if stored.job.options is None:  # it waited for the malware scanner before it was read
        return accept_again(services, stored)
    try:
        stored = services.jobs.replace(stored, claim(services, stored.job))
    except Busy as busy:
        return come_back(services, message, stored.job, at=busy.until)
    except StateConflict:
        return analyze(services, message)  # accept marked the job, or another worker took it, a moment ago: look again
    facts = {"attempt": stored.job.attempts, "queue_ms": first_wait_ms(stored.job)}
    services.log("claimed", {"job_id": stored.job.job_id, **facts})
    with services.span("analyze", stored.job.job_id, facts):
        return work(services, message, stored)


def first_wait_ms(job: Job) -> int | None:
    """How long the message waited, in milliseconds; None after the first turn, since later ones wait on purpose."""
    return job.timings.queue_ms if job.attempts == 1 else None


def claim(services: Services, job: Job) -> Job:
    return jobs.claim(job, owner=services.worker, now=services.now(), lease_s=services.settings.job_lease_s)


def work(services: Services, message: AnalysisMessage, stored: Stored) -> Job:
    """The claimed job after this worker's turn."""
    try:
        return take_turn(services, message, stored)
    except StateConflict:
        return hand_on(services, message, stored.job.job_id)
    except (StorageUnavailable, DecoderBusy) as error:
        return give_back(services, message, stored, error)


def give_back(
    services: Services, message: AnalysisMessage, stored: Stored, error: StorageUnavailable | DecoderBusy
) -> Job:
    """The job, waiting for storage or the decoder. This costs none of the deliveries that the host allows a message:
    however long storage is away, the job goes on afterwards. Its next turn counts what this one may have paid for, as
    after a crash.

    Raises the error when the job cannot be given back either: then the host delivers the message again.
    """
    try:
        return postpone(services, message, still_ours(services, stored, error), error)
    except StateConflict:
        return hand_on(services, message, stored.job.job_id)
    except StorageUnavailable:
        raise error from None


def take_turn(services: Services, message: AnalysisMessage, stored: Stored) -> Job:
    """The job after this turn: answered, parked for money, postponed, or failed for good. Raises StateConflict when
    another worker changed the row, and any error that the host is to retry.
    """
    try:
        return run(services, Turn(stored=stored)).job
    except StateConflict:
        raise
    except BudgetExceeded as error:
        return park(services, still_ours(services, stored, error), error)
    except (ModelUnavailable, OptionsUnreadable, ReplyMalformed) as error:
        return postpone(services, message, still_ours(services, stored, error), error)
    except VisiondropError as error:
        if error.retryable:
            raise
        stored = still_ours(services, stored, error)
        return store_result(services, stored, jobs.fail(stored.job, error, now=services.now()))


def hand_on(services: Services, message: AnalysisMessage, job_id: str) -> Job:
    """The job as another writer left it: either another worker went on with it, or our own write succeeded and
    storage's answer was lost.

    Nobody can tell which, so the pointer goes out again: one too many does no harm, one too few loses the job.
    """
    job = reload(services, job_id)
    if job.state in TERMINAL or job.state is State.PARKED:
        return job
    return come_back(services, message, job, at=free_at(services, job))


def still_ours(services: Services, stored: Stored, error: VisiondropError) -> Stored:
    """The job's row as it is now, with the calls that the error says may have been paid in vain, for the caller to
    write. Raises StateConflict if another turn has the job by now.

    A turn of several calls has renewed its lease and noted its bill on the way. The same worker may have taken the job
    again: its turns are told apart by their number.
    """
    newest = load(services, stored.job.job_id)
    if (newest.job.lease_owner, newest.job.attempts) != (services.worker, stored.job.attempts):
        raise StateConflict(f"another worker has taken job {newest.job.job_id}")
    return replace(newest, job=replace(newest.job, maybe_paid=newest.job.maybe_paid + error.lost_calls))


def run(
    services: Services, turn: Turn, find: Sequence[TurnStep] = FIND_ANSWER, keep: Sequence[TurnStep] = KEEP_ANSWER
) -> Turn:
    """The turn after its last step: steps of `find` until one has the answer, then all steps of `keep`."""
    for step in find:
        if turn.answered is None:
            turn = step(services, turn)
    for step in keep:
        turn = step(services, turn)
    return turn


def conclude(services: Services, stored: Stored, answered: Answered) -> Job:
    """The job after its answer was kept."""
    return run(services, Turn(stored=stored, answered=answered)).job


def park(services: Services, stored: Stored, error: BudgetExceeded) -> Job:
    """The job, parked until its budget has money. Its place in the line is written first: a job that is parked can
    always be found again.
    """
    job = jobs.park(stored.job, error, now=services.now())
    enter_line(services, job, error.scope)
    job = services.jobs.replace(stored, job).job
    services.log("parked", {"job_id": job.job_id, "scope": error.scope})
    return job
