"""A job as a table row: no property above 64 KiB of UTF-16, no row above 1 MiB, whatever the answer is written in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.adapters.storage.job_table import from_row, to_row
from shared.core import limits
from shared.core.answer.reply import Reply
from shared.core.ask.options import Options
from shared.core.ask.question import Exchange
from shared.core.jobs.job import Event, new_job
from shared.core.jobs.result import Fault, Origin, OriginJob, Source
from shared.core.media.normalized import Normalized

JOB = new_job(Source(container="uploads", name="a.jpg", etag="1", bytes=9), now=datetime(2026, 11, 21, tzinfo=UTC))
TEXTS = {
    "letters": "a" * 100_000,
    "Han": "\u4e2d" * 100_000,
    "emoji": "\U0001f9ff" * 100_000,
    "too long": "a" * 600_000,
}


CONVERSATIONS = [(10, 60_000), (20, 30_000), (2, 400_000), (20, 500_000)]


@pytest.mark.parametrize(("turns", "characters"), CONVERSATIONS)
def test_any_conversation_fits(turns, characters):
    """What does not fit stays in the document of the job that it goes on from; a short one stands in the row."""
    said = tuple(Exchange(prompt="And?", answer="x" * characters) for _ in range(turns))
    origin = Origin(kind="follow_up", jobs=(OriginJob(job_id="0" * 32, name="a.jpg"),), turns=said)
    job = replace(JOB, origin=origin)
    short = replace(JOB, origin=replace(origin, turns=said[:1])) if characters < 100_000 else JOB
    row = to_row(job)
    size = sum(len(value.encode("utf-16-le")) for value in row.values() if isinstance(value, str))

    assert size <= 1024 * 1024 - 64 * 1024
    assert from_row(row) == replace(job, origin=replace(origin, turns=()), turns_elsewhere=True)
    assert from_row(to_row(short)) == short


def test_the_largest_job_there_can_be_fits():
    """Every field at its limit, with what cannot be left out: pictures, prompt, schema, history, an error."""
    picture = Normalized(
        name="j/" + "9" * 40,
        media_type="image/jpeg",
        width=5,
        height=4,
        bytes=3,
        at_s=1.5,
        sha256="f" * 64,
        label="\U0001f9ff" * 200,
    )
    options = Options(
        prompt="\u4e2d" * limits.PROMPT_CHARACTERS.value,
        system="\u4e2d" * limits.PROMPT_CHARACTERS.value,
        model="m" * 64,
        detail="low",
        max_output_tokens=limits.OUTPUT_TOKENS.value,
        schema={"x": "y" * limits.SCHEMA_BYTES.value},
    )
    event = Event(at=JOB.created, state="waiting", code="deployment_not_found")
    fault = Fault(code="c", message="m" * 2000, hint="h" * 500, retryable=True)
    job = replace(
        JOB,
        normalized=(picture,) * limits.VIDEO_FRAMES.value,
        options=options,
        history=(event,) * limits.HISTORY_EVENTS.value,
        error=fault,
    )
    row = to_row(job)
    size = sum(len(value.encode("utf-16-le")) for value in row.values() if isinstance(value, str))

    assert size <= 1024 * 1024 - 64 * 1024
    assert from_row(row) == job


@pytest.mark.parametrize("name", TEXTS)
def test_any_answer_fits(name):
    """What does not fit stays in the result document; the row never fails over it."""
    job = replace(JOB, reply=Reply(text=TEXTS[name], finish_reason="stop"))
    row = to_row(job)
    sizes = [len(value.encode("utf-16-le")) for value in row.values() if isinstance(value, str)]

    assert max(sizes) <= 64 * 1024
    assert sum(sizes) <= 1024 * 1024 - 64 * 1024
    assert from_row(row) == (job if name != "too long" else JOB)
