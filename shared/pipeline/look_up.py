"""Reading back: the newest job for an upload, or a job by id.

The job's row holds all that its result document holds: the document is written first and the row from it.
"""

from __future__ import annotations

from shared.core.errors import NotFound
from shared.core.jobs.job import TERMINAL, Job
from shared.core.places import UPLOADS
from shared.pipeline.ports import Services
from shared.pipeline.records import load, read_result


def look_up(services: Services, name: str) -> Job:
    """The newest job for an upload of this name. Raises NotFound for a name that was never dropped."""
    job_id = services.jobs.newest(name)
    if job_id is None:
        raise NotFound(f"no upload named {name!r} is known", hint=hint_about(name))
    return look_up_job(services, job_id)


def hint_about(name: str) -> str:
    """What to try when a name is not known: a slash that was encoded twice, or capitals."""
    if "%2f" in name.lower():
        return "In a path, %2F stands for these three characters: write / as it is, or give the name as ?name=."
    return f"Drop it into the container {UPLOADS!r} first. Names are compared exactly, capitals too."


def look_up_job(services: Services, job_id: str) -> Job:
    """The job with its answer, which is only in the result document where it is very long (job_table.py). Raises
    NotFound.
    """
    job = load(services, job_id).job
    if job.state in TERMINAL and job.reply is None and job.error is None:
        return read_result(services, job_id) or job
    return job
