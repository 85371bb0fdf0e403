"""Which requests are the same job, and how two jobs are compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.core import limits
from shared.core.answer.reply import Reply
from shared.core.ask.options import Options
from shared.core.ask.question import Exchange
from shared.core.errors import OptionsInvalid, SourceRejected, StateConflict
from shared.core.jobs.asked_jobs import FIGURES, asked_job_id, check_pictures_ready, compare, origin_of, turns_after
from shared.core.jobs.job import Job, State
from shared.core.jobs.result import Fault, Source
from shared.core.media.normalized import Normalized
from shared.core.models.tokens import Usage
from shared.core.money.prices import Cost

NOW = datetime(2026, 11, 21, tzinfo=UTC)
OPTIONS = Options(prompt="What?", model="eyes", detail="high", max_output_tokens=100)
JOB = Job(
    job_id="a" * 32,
    state=State.DONE,
    source=Source(container="uploads", name="a.jpg", etag="1", bytes=1),
    options=OPTIONS,
    created=NOW,
    updated=NOW,
    reply=Reply(text="A boat.", finish_reason="stop"),
)
OTHER = replace(JOB, job_id="b" * 32)
ORIGIN = origin_of("ask", (JOB,))

DIFFERENT = [
    (origin_of("rerun", (JOB,)), OPTIONS, None),
    (origin_of("ask", (OTHER,)), OPTIONS, None),
    (origin_of("ask", (JOB, OTHER)), OPTIONS, None),
    (origin_of("ask", (OTHER, JOB)), OPTIONS, None),
    (ORIGIN, replace(OPTIONS, prompt="Why?"), None),
    (ORIGIN, replace(OPTIONS, schema={"type": "object"}), None),
    (ORIGIN, OPTIONS, "key"),
]


def test_every_difference_is_another_job():
    """Kind, jobs and their order, each option and the key: all count; nothing else does."""
    ids = {asked_job_id(*row) for row in DIFFERENT}

    assert len(ids) == len(DIFFERENT)
    assert asked_job_id(ORIGIN, OPTIONS, None) not in ids
    assert asked_job_id(origin_of("ask", (replace(JOB, attempts=3),)), OPTIONS, None) == asked_job_id(
        ORIGIN, OPTIONS, None
    )


def test_the_conversation_grows_by_one_turn():
    """What was said before, then this question and its answer."""
    before = Exchange(prompt="First?", answer="Yes.")
    job = replace(JOB, origin=origin_of("follow_up", (OTHER,), (before,)))

    assert turns_after(job) == (before, Exchange(prompt="What?", answer="A boat."))


def test_a_conversation_may_be_as_long_as_its_limit():
    """The last turn that may follow, and none after it."""
    turns = (Exchange(prompt="?", answer="!"),) * (limits.FOLLOW_UP_TURNS.value - 1)

    assert (
        len(turns_after(replace(JOB, origin=origin_of("follow_up", (OTHER,), turns)))) == limits.FOLLOW_UP_TURNS.value
    )


LONG = origin_of("follow_up", (OTHER,), (Exchange(prompt="?", answer="!"),) * limits.FOLLOW_UP_TURNS.value)
UNANSWERED = [
    (replace(JOB, state=State.RUNNING), StateConflict),
    (replace(JOB, state=State.FAILED, reply=None), SourceRejected),
    (replace(JOB, reply=Reply(text="", finish_reason="stop")), SourceRejected),
    (replace(JOB, options=None), SourceRejected),
    (replace(JOB, origin=LONG), OptionsInvalid),
]


@pytest.mark.parametrize(("job", "error"), UNANSWERED)
def test_nothing_to_follow(job, error):
    """Not yet, never, or too long already."""
    with pytest.raises(error):
        turns_after(job)


@pytest.mark.parametrize(("state", "error"), [(State.QUEUED, StateConflict), (State.FAILED, SourceRejected)])
def test_no_pictures(state, error):
    """Not yet is another answer than never."""
    with pytest.raises(error):
        check_pictures_ready(replace(JOB, state=state))


def test_pictures_that_are_there_can_be_used_whatever_the_state():
    """Also those of a job that failed after they were prepared; without any, the error says why."""
    picture = Normalized(name="a/1.jpg", media_type="image/jpeg", width=4, height=3, bytes=9)
    fault = Fault(code="odd", message="It was odd.", hint="", retryable=False)

    check_pictures_ready(replace(JOB, state=State.FAILED, normalized=(picture,)))
    for error, code in ((fault, "odd"), (None, "empty")):
        with pytest.raises(SourceRejected, match=f"no pictures .{code}."):
            check_pictures_ready(replace(JOB, state=State.FAILED, error=error))


def test_differences_are_second_minus_first():
    """Figures that one of them lacks are null, options that are equal are left out."""
    usage, paid = (
        Usage(input_tokens=100, output_tokens=5),
        Cost(usd=Decimal("0.002"), prices_as_of=NOW.date(), breakdown=()),
    )
    dear = replace(OTHER, options=replace(OPTIONS, detail="low"), usage=usage, cost=paid)
    cheap = replace(dear, usage=replace(usage, input_tokens=40), cost=replace(paid, usd=Decimal("0.0005")))

    assert compare(dear, cheap) == {
        "options": {},
        "difference": {"usd": "-0.0015", "input_tokens": -60, "output_tokens": 0, "model_ms": None},
    }
    assert compare(JOB, dear)["options"] == {"detail": ["high", "low"]}
    assert compare(JOB, dear)["difference"] == compare(dear, JOB)["difference"] == dict.fromkeys(FIGURES)
    assert compare(JOB, replace(JOB, options=None))["options"]["detail"] == ["high", None]
