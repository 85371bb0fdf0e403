"""A job as a table row: no property above 64 KiB of UTF-16, no row above 1 MiB, whatever the answer is written in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.adapters.storage.job_table import from_row, to_row
from shared.core.answer.reply import Reply
from shared.core.jobs.job import new_job
from shared.core.jobs.result import Source

JOB = new_job(Source(container="uploads", name="a.jpg", etag="1", bytes=9), now=datetime(2026, 11, 21, tzinfo=UTC))
TEXTS = {
    "letters": "a" * 100_000,
    "Han": "\u4e2d" * 100_000,
    "emoji": "\U0001f9ff" * 100_000,
    "too long": "a" * 600_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_any_answer_fits(name):
    """What does not fit stays in the result document; the row never fails over it."""
    job = replace(JOB, reply=Reply(text=TEXTS[name], finish_reason="stop"))
    row = to_row(job)
    sizes = [len(value.encode("utf-16-le")) for value in row.values() if isinstance(value, str)]

    assert max(sizes) <= 64 * 1024
    assert sum(sizes) <= 1024 * 1024 - 64 * 1024
    assert from_row(row) == (job if name != "too long" else JOB)
