"""Jobs that nobody dropped: asked about stored pictures, following an answer, or again with other options."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

from shared.core import codec, limits
from shared.core.ask.options import Options
from shared.core.ask.question import Exchange
from shared.core.errors import OptionsInvalid, SourceRejected, StateConflict
from shared.core.jobs.job import ID_CHARACTERS, TERMINAL, Job
from shared.core.jobs.result import Origin, OriginJob


def asked_job_id(origin: Origin, options: Options, key: str | None) -> str:
    """The id of a job that was asked for by HTTP. The same request sent twice has the same id; `key` tells apart two
    requests that are meant to be two.
    """
    jobs = [asked.job_id for asked in origin.jobs]
    text = json.dumps(["asked", origin.kind, jobs, codec.to_json(options), key], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:ID_CHARACTERS]


def check_pictures_ready(job: Job) -> None:
    """Check that the job's pictures can be used. Raises StateConflict while they are being prepared, SourceRejected
    when there will never be any.
    """
    if job.normalized:
        return
    if job.state not in TERMINAL:
        raise StateConflict(f"the pictures of job {job.job_id} are not ready yet")
    code = job.error.code if job.error else "empty"
    raise SourceRejected(
        f"job {job.job_id} has no pictures ({code})", code="no_pictures", hint="Drop a file that can be read."
    )


def origin_of(kind: str, jobs: tuple[Job, ...], turns: tuple[Exchange, ...] = ()) -> Origin:
    """Where a new job comes from. A job that was asked for itself stands for the uploads that it was about."""
    named = tuple(OriginJob(job_id=job.job_id, name=job.source.name) for job in jobs)
    return codec.from_json(Origin, {"kind": kind, "jobs": codec.to_json(named), "turns": codec.to_json(turns)})


def turns_after(job: Job) -> tuple[Exchange, ...]:
    """The conversation so far, with this job's own question and answer. Raises StateConflict while there is no answer,
    SourceRejected or OptionsInvalid when it cannot be followed.
    """
    if job.state not in TERMINAL:
        raise StateConflict(f"job {job.job_id} has no answer yet")
    if job.options is None or job.reply is None or not job.reply.text:
        raise SourceRejected(
            f"job {job.job_id} has no answer to follow", code="no_answer", hint="Run it again with POST jobs/…/rerun."
        )
    before = job.origin.turns if job.origin else ()
    if len(before) >= limits.FOLLOW_UP_TURNS.value:
        raise OptionsInvalid(
            f"this conversation has {len(before)} turns", field="job_id", hint="Begin a new one with POST ask."
        )
    return (*before, Exchange(prompt=job.options.prompt, answer=job.reply.text))


def compare(one: Job, other: Job) -> dict[str, Any]:
    """The options that differ, and the second job's figures minus the first's; None where one of them has no figure."""
    options = [codec.to_json(job.options) if job.options else {} for job in (one, other)]
    names = [*dict.fromkeys([*options[0], *options[1]])]
    return {
        "options": {
            name: [found.get(name) for found in options]
            for name in names
            if options[0].get(name) != options[1].get(name)
        },
        "difference": {
            name: codec.to_json(None if first is None or second is None else second - first)
            for name, first, second in zip(FIGURES, figures(one), figures(other), strict=True)
        },
    }


FIGURES = ("usd", "input_tokens", "output_tokens", "model_ms")


def figures(job: Job) -> tuple[Decimal | None, int | None, int | None, int | None]:
    usage = job.usage
    return (
        job.cost.usd if job.cost else None,
        usage.input_tokens if usage else None,
        usage.output_tokens if usage else None,
        job.timings.model_ms,
    )
