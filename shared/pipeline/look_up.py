"""Reading back: the newest job for an upload, or a job by id, as the result document."""

from __future__ import annotations

from typing import Any

from shared.core.errors import NotFound
from shared.core.job import TERMINAL, Job, document
from shared.pipeline.ports import UPLOADS, Services
from shared.pipeline.records import load, read_result


def look_up(services: Services, name: str) -> Job:
    """Raises NotFound for a name that was never dropped."""
    job_id = services.jobs.newest(name)
    if job_id is None:
        raise NotFound(f"no upload named {name!r} is known", hint=f"Drop it into the container {UPLOADS!r} first.")
    return look_up_job(services, job_id)


def look_up_job(services: Services, job_id: str) -> Job:
    """The stored result where the job has ended, the row's knowledge while it has not."""
    job = load(services, job_id).job
    if job.state not in TERMINAL:
        return job
    return read_result(services, job_id) or job


def answer(job: Job) -> tuple[int, dict[str, Any]]:
    """HTTP status and document: 200 when the job has ended, 202 while it has not."""
    return (200 if job.state in TERMINAL else 202), document(job)
