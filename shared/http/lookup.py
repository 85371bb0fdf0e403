"""Looking up: a job's document by name or id, at once or as soon as it has ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

import azure.functions as func

from shared.core import limits
from shared.core.errors import NotFound
from shared.core.jobs.job import TERMINAL, Job, document
from shared.core.waits import backoff, to_retry_after
from shared.http.lists import list_results
from shared.http.replies import RETRY_AFTER_S, respond, respond_later, to_cacheable_json
from shared.http.requests import check_parameters, job_id_of, name_of, one_name_of, whole
from shared.pipeline.look_up import look_up, look_up_job
from shared.pipeline.ports import Services

LOOKUP_FIRST_PAUSE_S = 0.1
LOOKUP_LONGEST_PAUSE_S = 1.0

Find = Callable[[], Job]


async def results(request: func.HttpRequest) -> func.HttpResponse:
    """A list of jobs, or with `name` that upload's job. One function has both, since a catch-all route also takes the
    empty name.
    """
    if name_of(request):
        return await by_name(request)
    return await respond(lambda services: list_results(services, request))


async def by_name(request: func.HttpRequest) -> func.HttpResponse:
    async def use_case(services: Services) -> func.HttpResponse:
        check_parameters(request, ("name", "wait"))
        name = one_name_of(request)
        return await found(request, services, lambda: look_up(services, name))

    return await respond_later(use_case)


async def by_id(request: func.HttpRequest) -> func.HttpResponse:
    async def use_case(services: Services) -> func.HttpResponse:
        check_parameters(request, ("wait",))
        job_id = job_id_of(request)
        return await found(request, services, lambda: look_up_job(services, job_id))

    return await respond_later(use_case)


async def found(request: func.HttpRequest, services: Services, find: Find) -> func.HttpResponse:
    wait_s = whole(request, "wait", default=0, least=0, most=limits.HTTP_WAIT_S.value)
    job = await ended(find, wait_s=wait_s)
    return answer(request, job, now=services.now())


async def ended(find: Find, *, wait_s: float) -> Job:
    """The job once it has ended, or as it is after `wait_s` seconds. Raises NotFound for a name that is still unknown
    then: an upload is noticed a moment after it was stored.

    It sleeps on the worker's event loop, not in one of its few threads; each look takes a thread for as long as storage
    takes.
    """
    deadline, looks = time.monotonic() + wait_s, 0
    while True:
        pause_s = backoff(looks, first_s=LOOKUP_FIRST_PAUSE_S, longest_s=LOOKUP_LONGEST_PAUSE_S, factor=1.5)
        is_last = time.monotonic() + pause_s > deadline
        try:
            job = await asyncio.to_thread(find)
        except NotFound:
            if is_last:
                raise
        else:
            if is_last or job.state in TERMINAL:
                return job
        await asyncio.sleep(pause_s)
        looks += 1


def answer(
    request: func.HttpRequest, job: Job, *, now: datetime, headers: dict[str, str] | None = None
) -> func.HttpResponse:
    """The job's document: 200 when the job has ended, 202 with Retry-After while it has not."""
    if job.state in TERMINAL:
        return to_cacheable_json(request, 200, document(job), headers)
    return to_cacheable_json(
        request, 202, document(job), {"Retry-After": to_retry_after(look_again_s(job, now)), **(headers or {})}
    )


def look_again_s(job: Job, now: datetime) -> float:
    """Seconds until it is worth asking again: until a waiting job's own time, else RETRY_AFTER_S."""
    if job.not_before is None or job.not_before <= now:
        return RETRY_AFTER_S
    return (job.not_before - now).total_seconds()
