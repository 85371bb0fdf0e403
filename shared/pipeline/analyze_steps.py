"""The steps of a worker's turn at a claimed job: each takes the turn and returns it further on. analyze.py has their
order.

A step that pays for something stores what it has got before the next step begins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.core.jobs.job import Job, follows_a_crash
from shared.pipeline.ask import Answered, ask, compose, report_answered
from shared.pipeline.default_deployment import on_default_deployment
from shared.pipeline.new_prices import at_new_prices
from shared.pipeline.ports import Services, Stored
from shared.pipeline.records import end_job, hold_on, keep_lease, read_result, write_result
from shared.pipeline.reuse import reused
from shared.pipeline.spending.bills import bill_without_earlier, settle_reply
from shared.pipeline.spending.line import wait_in_line
from shared.pipeline.spending.reservations import write_off
from shared.pipeline.video import answer_from_frames, is_asked_in_parts
from shared.pipeline.video_modes import answer_video


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """`stored` is the job's row as this worker last wrote it; `answered` is None until a step has the answer."""

    stored: Stored
    answered: Answered | None = None

    @property
    def job(self) -> Job:
        return self.stored.job

    @property
    def answer(self) -> Answered:
        """Raises RuntimeError where no step before has found an answer."""
        if self.answered is None:
            raise RuntimeError("a step of analyze needs an answer, and no step before it has one")
        return self.answered


# Until one of them has the answer


def read_stored_answer(services: Services, turn: Turn) -> Turn:
    """An earlier turn may have stored the answer and then died: it is not asked for again."""
    done = read_result(services, turn.job.job_id) if turn.job.attempts > 1 else None
    return turn if done is None else replace(turn, answered=Answered(job=done))


def count_lost_calls(services: Services, turn: Turn) -> Turn:
    """What a worker was paying for when it died is entered as perhaps paid."""
    return replace(turn, stored=write_off(services, turn.stored)) if follows_a_crash(turn.job) else turn


def follow_settings(services: Services, turn: Turn) -> Turn:
    """A job whose options name no deployment asks the one that the settings name by now, at the prices of now."""
    return replace(turn, stored=at_new_prices(services, on_default_deployment(services, turn.stored)))


def reuse_answer(services: Services, turn: Turn) -> Turn:
    """Somebody else's answer to the same question. Raises ModelUnavailable while that is still awaited."""
    free = reused(services, turn.job)
    return turn if free is None else replace(turn, answered=Answered(job=free))


def stand_in_line(services: Services, turn: Turn) -> Turn:
    """Raises BudgetExceeded while others, who came before, wait for the same money."""
    wait_in_line(services, turn.job)
    return turn


def ask_model(services: Services, turn: Turn) -> Turn:
    """A call of our own, under a full lease; its money is reserved between the endpoint's gate and the call."""
    if turn.job.source.kind == "video":
        stored, answered = answer_video(services, turn.stored)
        return replace(turn, stored=stored, answered=answered)
    if is_asked_in_parts(turn.job):
        stored, answered = answer_from_frames(services, turn.stored)
        return replace(turn, stored=stored, answered=answered)
    question = compose(services, turn.job)
    stored = keep_lease(services, turn.stored)
    return replace(turn, stored=stored, answered=ask(services, stored.job, question))


# With the answer in hand: whatever breaks in between, the next turn finds the document and goes on from there


def store_document(services: Services, turn: Turn) -> Turn:
    """The result, first of all: nothing stands between an answer that was paid for and its document.

    The bill is that of this answer, also where another worker's document was there before.
    """
    answered = turn.answer
    final = hold_on(services, turn.job, lambda: write_result(services, answered.job))
    return replace(turn, answered=replace(answered, kept=final))


def tell_gate(services: Services, turn: Turn) -> Turn:
    """The endpoint answers, and this is what it says about its limits."""
    if turn.answer.call is not None:
        report_answered(services, turn.job, turn.answer.call)
    return turn


def settle_bill(services: Services, turn: Turn) -> Turn:
    """The answer's own bill is entered: calls before it were settled when they were made."""
    job = turn.answer.job
    settle_reply(services, turn.job, job.reply, bill_without_earlier(turn.job, job), call_id=job.job_id)
    return turn


def end_row(services: Services, turn: Turn) -> Turn:
    """The row says last that the job has ended, as its document has it."""
    final = end_job(services, turn.stored, turn.answer.kept or turn.answer.job)
    return replace(turn, stored=replace(turn.stored, job=final))
