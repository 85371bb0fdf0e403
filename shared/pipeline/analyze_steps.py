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
    """A worker's turn at a claimed job: `stored` is the job's row as last written, `answered` is None until a step has
    the answer.
    """

    stored: Stored
    answered: Answered | None = None

    @property
    def job(self) -> Job:
        return self.stored.job

    @property
    def answer(self) -> Answered:
        """The answer. Raises RuntimeError where no step before has found one."""
        if self.answered is None:
            raise RuntimeError("a step of analyze that needs an answer ran before the steps that find it")
        return self.answered


# Until one of them has the answer


def read_stored_answer(services: Services, turn: Turn) -> Turn:
    """The turn with the answer that an earlier turn stored before it died, if there is one: it is not asked for
    again.
    """
    done = read_result(services, turn.job.job_id) if turn.job.attempts > 1 else None
    return turn if done is None else replace(turn, answered=Answered(job=done))


def count_lost_calls(services: Services, turn: Turn) -> Turn:
    """The turn after the calls that a worker was making when it died were entered as perhaps paid."""
    return replace(turn, stored=write_off(services, turn.stored)) if follows_a_crash(turn.job) else turn


def follow_settings(services: Services, turn: Turn) -> Turn:
    """The turn with the deployment and the prices that the settings name now, where the options name no deployment."""
    return replace(turn, stored=at_new_prices(services, on_default_deployment(services, turn.stored)))


def reuse_answer(services: Services, turn: Turn) -> Turn:
    """The turn with another job's answer to the same question, if there is one. Raises ModelUnavailable while another
    job is asking it.
    """
    free = reused(services, turn.job)
    return turn if free is None else replace(turn, answered=Answered(job=free))


def stand_in_line(services: Services, turn: Turn) -> Turn:
    """The same turn. Raises BudgetExceeded while jobs that came earlier wait for the same money."""
    wait_in_line(services, turn.job)
    return turn


def ask_model(services: Services, turn: Turn) -> Turn:
    """The turn with the model's answer, paid for by this job. The call is made under a full lease; its money is
    reserved between the endpoint's gate and the call.

    Raises ModelUnavailable, ModelRefused, ReplyMalformed or BudgetExceeded.
    """
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
    """The turn with its result document stored, before anything else can go wrong with an answer that was paid for.

    The bill is that of this answer, also where another worker's document was there before.
    """
    answered = turn.answer
    final = hold_on(services, turn.job, lambda: write_result(services, answered.job))
    return replace(turn, answered=replace(answered, kept=final))


def tell_gate(services: Services, turn: Turn) -> Turn:
    """The same turn; the gate has learned that the endpoint answers, and what it says about its limits."""
    if turn.answer.call is not None:
        report_answered(services, turn.job, turn.answer.call)
    return turn


def settle_bill(services: Services, turn: Turn) -> Turn:
    """The same turn; the answer's own bill is entered in the budgets. Calls before it were settled when they were
    made.
    """
    job = turn.answer.job
    settle_reply(services, turn.job, job.reply, bill_without_earlier(turn.job, job), call_id=job.job_id)
    return turn


def end_row(services: Services, turn: Turn) -> Turn:
    """The turn with its job's row ended as its document says. The row is written last."""
    final = end_job(services, turn.stored, turn.answer.kept or turn.answer.job)
    return replace(turn, stored=replace(turn.stored, job=final))
