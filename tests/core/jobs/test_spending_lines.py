"""What a finished job adds to the sums of its day and model, and how two such lines add up."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from shared.core.answer.reply import Reply
from shared.core.jobs.job import Job, State
from shared.core.jobs.result import AskedModel, Source
from shared.core.jobs.spending import Spending, add, spending_of
from shared.core.models.tokens import Usage
from shared.core.money.estimate import Estimate
from shared.core.money.prices import Cost

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
JOB = Job(
    job_id="a" * 32,
    state=State.DONE,
    source=Source(container="uploads", name="a.jpg", etag="1", bytes=1),
    model=AskedModel(name="gpt-5", deployment="eyes", endpoint="https://x.example", api="v1"),
    reply=Reply(text="A boat.", finish_reason="stop"),
    usage=Usage(input_tokens=100, output_tokens=20, cached_tokens=5),
    cost=Cost(usd=Decimal("0.003"), prices_as_of=NOW.date(), breakdown=()),
    estimate=Estimate(image_tokens=90, input_tokens=95, usd=Decimal("0.002"), max_usd=Decimal("0.01")),
    created=NOW,
    updated=NOW,
    finished=NOW,
)
LINE = Spending(
    day=NOW.date(),
    model="gpt-5",
    answers=1,
    input_tokens=100,
    output_tokens=20,
    cached_tokens=5,
    usd=Decimal("0.003"),
    estimate_usd=Decimal("0.002"),
    max_usd=Decimal("0.01"),
)
FILTERED = Reply(text="", finish_reason="content_filter", prompt_filtered=True)
UNKNOWN = {"usage": None, "cost": None}
NO_TOKENS = {"input_tokens": 0, "output_tokens": 0, "cached_tokens": 0}
NO_ESTIMATE = {"estimate_usd": Decimal(0), "max_usd": Decimal(0)}
NO_ANSWER = {"answers": 0, **NO_ESTIMATE}

LINES = [
    ({}, {}),
    ({"finished": None}, None),
    ({"model": None}, None),
    ({"reply": None, **UNKNOWN}, None),
    ({"reply": FILTERED, **UNKNOWN}, None),
    ({"reply": None}, NO_ANSWER),
    ({"reply": FILTERED}, NO_ANSWER),
    ({"reply": None, "usage": None}, {**NO_ANSWER, **NO_TOKENS}),
    ({"reply": None, "cost": None}, {**NO_ANSWER, "usd": Decimal(0)}),
    ({"reused_from": "b" * 32}, NO_ESTIMATE),
    ({"estimate": None}, NO_ESTIMATE),
    (UNKNOWN, {**NO_TOKENS, "usd": Decimal(0)}),
    (
        {"reply": None, **UNKNOWN, "maybe_paid": 1},
        {**NO_ANSWER, **NO_TOKENS, "usd": Decimal(0), "maybe_paid": 1, "maybe_usd": Decimal("0.01")},
    ),
    ({"maybe_paid": 2, "unpriced": 3}, {"maybe_paid": 2, "unpriced": 3, "maybe_usd": Decimal("0.05")}),
    ({"finished": NOW.astimezone(timezone(timedelta(hours=9)))}, {}),
    ({"finished": NOW + timedelta(hours=1)}, {"day": date(2026, 11, 22)}),
]


@pytest.mark.parametrize(("change", "expected"), LINES, ids=str)
def test_what_a_job_adds_to_its_day(change, expected):
    """What was paid counts with and without an answer; what nobody knows is bounded by the estimate's most."""
    spent = spending_of(replace(JOB, **change))

    assert spent == (None if expected is None else replace(LINE, **expected))


def test_two_lines_add_up():
    """Each figure for itself; the day and the model stay."""
    one = Spending(
        day=NOW.date(),
        model="gpt-5",
        answers=1,
        input_tokens=2,
        output_tokens=3,
        cached_tokens=4,
        usd=Decimal("0.1"),
        estimate_usd=Decimal("0.2"),
        max_usd=Decimal("0.3"),
        maybe_paid=5,
        unpriced=6,
        maybe_usd=Decimal("0.4"),
    )
    total = add(one, add(one, one))

    for field in fields(Spending):
        figure = getattr(one, field.name)
        assert getattr(total, field.name) == (figure if field.name in {"day", "model"} else 3 * figure), field.name
    assert add(one, Spending(day=NOW.date(), model="gpt-5")) == one
