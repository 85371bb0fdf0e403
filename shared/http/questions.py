"""Asking over HTTP: unpacks the question, has it made a job, and answers with the job as it stands or has ended."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import azure.functions as func

from shared.core import limits
from shared.core.ask.fields import Fields, list_of
from shared.core.ask.option_rows import FILE_OPTIONS, OPTION_ROWS
from shared.core.errors import OptionsInvalid
from shared.core.jobs.asked_jobs import compare
from shared.core.jobs.job import Job, document
from shared.http.lookup import answer, ended
from shared.http.replies import respond_later, to_cacheable_json
from shared.http.requests import ID, NAME_FIELD, check_parameters, job_id_of, read_fields, whole
from shared.pipeline import questions
from shared.pipeline.look_up import look_up_job
from shared.pipeline.ports import Services

IDEMPOTENCY_KEY = re.compile(rf"[\x21-\x7e]{{1,{limits.IDEMPOTENCY_KEY_CHARACTERS.value}}}")
ASK_FIELDS: Fields = {
    "sources": list_of(
        NAME_FIELD, most=limits.ASKED_JOBS.value, expected=f"a list of 1 to {limits.ASKED_JOBS.value} names of uploads"
    ),
    "job_id": ID,
    **{row.name: row.field for row in OPTION_ROWS if row.later},
}
RERUN_FIELDS: Fields = FILE_OPTIONS

SubmitQuestion = Callable[[Services, dict[str, Any], str | None], Job]


async def ask(request: func.HttpRequest) -> func.HttpResponse:
    return await submit(request, ASK_FIELDS, ("prompt",), ask_or_follow)


def ask_or_follow(services: Services, asked: dict[str, Any], key: str | None) -> Job:
    names, job_id = asked.pop("sources", None), asked.pop("job_id", None)
    if (names is None) == (job_id is None):
        hint = "Give sources to ask about uploads, or job_id to go on with an answer."
        raise OptionsInvalid("the body has neither or both of sources and job_id", field="sources", hint=hint)
    if job_id is not None:
        return questions.follow_up(services, job_id, asked, key=key)
    return questions.ask_about(services, names, asked, key=key)


async def rerun(request: func.HttpRequest) -> func.HttpResponse:
    def again(services: Services, changes: dict[str, Any], key: str | None) -> Job:
        return questions.rerun(services, job_id_of(request), changes, key=key)

    return await submit(request, RERUN_FIELDS, (), again)


async def submit(
    request: func.HttpRequest, fields: Fields, required: tuple[str, ...], make: SubmitQuestion
) -> func.HttpResponse:
    """A reply with the job that `make` makes of the body: as it is, or as it has ended within the seconds of `wait`."""

    async def use_case(services: Services) -> func.HttpResponse:
        check_parameters(request, ("wait",))
        wait_s = whole(request, "wait", default=0, least=0, most=limits.HTTP_WAIT_S.value)
        asked, key = read_fields(request, fields, required), idempotency_key(request)
        job = await asyncio.to_thread(make, services, asked, key)
        if wait_s:
            job = await ended(lambda: look_up_job(services, job.job_id), wait_s=wait_s)
        return answer(request, job, now=services.now(), headers={"Location": f"/api/jobs/{job.job_id}"})

    return await respond_later(use_case)


def idempotency_key(request: func.HttpRequest) -> str | None:
    key: str | None = request.headers.get("idempotency-key")
    if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
        hint = "Give 1 to 200 printable ASCII characters without spaces, such as a UUID."
        raise OptionsInvalid("the header Idempotency-Key cannot be used", field="Idempotency-Key", hint=hint)
    return key


def compare_jobs(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    check_parameters(request, ())
    ids = (job_id_of(request), job_id_of(request, "other_id"))
    one, other = (look_up_job(services, job_id) for job_id in ids)
    body = {"jobs": [document(one), document(other)], **compare(one, other)}
    return to_cacheable_json(request, 200, body)
