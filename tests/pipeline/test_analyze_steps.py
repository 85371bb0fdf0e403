"""The steps of a turn: their order, each by itself, and room for more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.core.jobs.job import State
from shared.core.jobs.result import Plan
from shared.pipeline.analyze import FIND_ANSWER, KEEP_ANSWER, claim, run
from shared.pipeline.analyze_steps import Turn, read_stored_answer, reuse_answer, store_document
from shared.pipeline.look_up import look_up
from tests.pipeline.world import picture


def claimed(world, name="a.jpg", data=None):
    """A turn at a drop that is ready to be asked about."""
    world.drop(name, picture() if data is None else data)
    stored = world.services.jobs.load(world.accept(name).job_id)
    return Turn(stored=world.services.jobs.replace(stored, claim(world.services, stored.job)))


def test_the_order_of_the_steps():
    """What costs nothing may answer first; the document comes before everything else that is written."""
    assert [step.__name__ for step in FIND_ANSWER] == [
        "read_stored_answer",
        "count_lost_calls",
        "follow_settings",
        "reuse_answer",
        "stand_in_line",
        "ask_model",
    ]
    assert [step.__name__ for step in KEEP_ANSWER] == ["store_document", "tell_gate", "settle_bill", "end_row"]


def test_a_turn_ends_the_job(world):
    """From the claim to the row: document, bill and state."""
    turn = run(world.services, claimed(world))

    assert (turn.job.state, look_up(world.services, "a.jpg").state, world.calls) == (State.DONE, State.DONE, 1)


@pytest.mark.parametrize("step", KEEP_ANSWER, ids=lambda step: step.__name__)
def test_nothing_is_kept_without_an_answer(world, step):
    """A wrong order is a fault of ours, never a document without an answer."""
    with pytest.raises(RuntimeError, match="ran before the steps that find it"):
        step(world.services, claimed(world))


def test_a_first_turn_reads_no_document(world):
    """Only who comes after another turn looks for what that has left."""
    turn = claimed(world)
    assert read_stored_answer(replace(world.services, blobs=None), turn) is turn


def test_a_stored_answer_ends_the_search(world):
    """The steps after it are not taken: the model is not asked, and nobody stands in line."""
    first = store_document(world.services, run(world.services, claimed(world), keep=()))
    second = replace(first.stored, job=replace(first.job, attempts=2))
    found = run(world.services, Turn(stored=second), keep=())

    assert world.calls == 1
    assert found.answer.job.reply == first.answer.job.reply


def test_the_same_question_is_answered_for_nothing(world):
    """By a step that others could stand before or behind."""
    run(world.services, claimed(world))
    turn = reuse_answer(world.services, claimed(world, "b.jpg"))

    assert turn.answer.call is None
    assert turn.answer.job.reused_from == world.services.jobs.newest("a.jpg")


def test_a_step_is_put_in_by_one_line(world):
    """Before the question, which then sees what it has learned; and on the answer, before it is stored."""
    seen: list[str] = []

    def learn(_: Any, turn: Turn) -> Turn:
        seen.append("learned")
        job = replace(turn.job, plan=Plan(steps=("looked at twice",)))
        return replace(turn, stored=replace(turn.stored, job=job))

    def align(_: Any, turn: Turn) -> Turn:
        seen.append("aligned")
        assert turn.answer.kept is None
        return turn

    find = (*FIND_ANSWER[:-1], learn, FIND_ANSWER[-1])
    turn = run(world.services, claimed(world), find, (align, *KEEP_ANSWER))

    assert seen == ["learned", "aligned"]
    assert turn.job.plan == Plan(steps=("looked at twice",))
    assert look_up(world.services, "a.jpg").plan == turn.job.plan


def test_another_workers_document_stays(world):
    """Who was slower ends the row with the answer that is stored, and settles the bill of its own call."""
    turn = claimed(world)
    other = run(world.services, turn, keep=KEEP_ANSWER[:1])
    late = run(world.services, turn, keep=KEEP_ANSWER[:1])

    assert world.calls == 2
    assert late.answer.kept is not None
    assert late.answer.kept.reply == other.answer.job.reply
    assert late.answer.job.cost is not None
    assert late.answer.kept.state is State.DONE
