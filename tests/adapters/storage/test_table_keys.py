"""Whatever a deployment, a model, a folder or a stranger's message is called, storage takes it as a key.

Each adapter's public methods are called with each odd text, over real tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableClient
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.storage.azure_storage import key_of, storage_faults
from shared.adapters.storage.cost_table import CostTable
from shared.adapters.storage.job_table import JobTable
from shared.adapters.storage.ledger import Ledger
from shared.adapters.storage.shared_state import Answers, Gates
from shared.core.answer.gate import Gate
from shared.core.errors import StorageRefused
from shared.core.jobs.job import State, new_job
from shared.core.jobs.listing import summarise
from shared.core.jobs.result import Origin, OriginJob, Source
from shared.core.jobs.spending import Spending
from shared.core.places import JOBS, LEDGER
from shared.pipeline.ports import Allowance, Grant

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = date(2026, 11, 21)
FORBIDDEN = "/\\#?"
CONTROLS = [chr(code) for code in (0, 9, 10, 13, 0x1F, 0x7F, 0x80, 0x9F)]
ODD = [
    *(f"Qwen{character}Qwen2.5-VL" for character in (*FORBIDDEN, *CONTROLS)),
    *("%2F", "a'b", 'a"b', "a&b+c=d;e", "~", "azure~0", "..", ".", " ", "", "Größe", "\U0001f9ff\u4e2d", "x" * 5000),
    *("llama3.2-vision:11b", "azure-eyes", "gpt-5.1"),
]
LONGEST_KEY_BYTES = 1024  # of UTF-16, the service's limit


@pytest.fixture
def table(storage) -> Iterator[TableClient]:
    with TableClient.from_connection_string(storage, JOBS) as client:
        yield client


@pytest.mark.parametrize("text", ["azure-eyes", "gpt-5.1", "0123456789abcdef" * 2, "llama3.2-vision:11b", "alert-50"])
def test_plain_names_are_their_own_keys(text):
    """So rows of before this function are found."""
    assert key_of(text) == text


@given(st.text())
def test_any_text_becomes_a_key(text):
    """None that storage refuses, and none that is too long with what stands before it."""
    key = key_of(text)

    assert not set(key) & set(FORBIDDEN)
    assert all(character.isprintable() and character.isascii() for character in key)
    assert 0 < len(key.encode("utf-16-le")) <= LONGEST_KEY_BYTES / 2


@given(st.text(), st.text())
def test_no_two_texts_share_a_key(one, other):
    """Neither two odd ones, nor an odd one and the plain text that its key is."""
    assert (key_of(one) == key_of(other)) is (one == other)
    assert key_of(key_of(one)) == key_of(one) or "~" in key_of(one)


def test_a_key_shows_what_it_is_for():
    """An operator who looks into the table can tell the rows apart."""
    assert key_of("azure-Qwen/Qwen2.5-VL-7B-Instruct").startswith("azure-Qwen_Qwen2.5-VL-7B-Instruct~")


def test_gates_take_any_deployment(table):
    """The name of an endpoint's deployment is the operator's, and vLLM's have slashes."""
    gates = Gates(table)
    for number, name in enumerate(ODD):
        gate = Gate(failures=number + 1, reason="server_error")
        before, after = gates.change(name, partial(lambda gate, _: gate, gate))

        assert (before, after, gates.load(name)[0]) == (Gate(), gate, gate)
        assert not gates.store(name, gate, None)


def test_answers_take_any_key(table):
    """Keys are hashes today; nothing rests on that."""
    answers = Answers(table)
    for text in ODD:
        assert answers.claim(text, "a") == "a"
        assert answers.claim(text, "b") == "a"
        assert answers.take_over(text, from_job_id="a", job_id="c")
        assert answers.owner(text) == "c"


def test_jobs_take_any_id_and_name(table):
    """An id may come from a message that somebody else has written, a name is a user's."""
    jobs = JobTable(table)
    for text in ODD:
        source = Source(container="uploads", name=text, etag="1", bytes=1)
        job = replace(new_job(source, now=NOW), job_id=text)
        asked = replace(job, origin=Origin(kind="ask", jobs=(OriginJob(job_id=text, name=text),)))

        assert jobs.load(text) is None
        stored: Any = jobs.insert(job)
        assert jobs.insert(job) is None
        jobs.publish(job)
        jobs.publish(asked)
        assert (jobs.load(text), jobs.newest(text)) == (stored, text)
        assert set(jobs.related(text)) == {text}
        ended = jobs.replace(stored, replace(job, state=State.FAILED, finished=NOW))
        assert jobs.load(text) == ended
        jobs.close(text)
    assert jobs.open_jobs(first="", most=100) == []
    listed = jobs.list.page(after=None, most=1000)
    assert {item.job_id for item in listed} == set(ODD)
    jobs.list.put(summarise(job))


def test_costs_take_any_model_and_job(table):
    """A model's name is a setting where the endpoint is no Azure."""
    costs = CostTable(table)
    for text in ODD:
        spending = Spending(day=DAY, model=text, answers=1)
        costs.count(text, spending)
        costs.count(text, spending)
    found = [spending.model for spending in costs.day(DAY)]

    assert sorted(found) == sorted(ODD)


def test_the_ledger_takes_any_call_scope_and_place(storage):
    """A folder may be called anything, and is a budget's scope."""
    with TableClient.from_connection_string(storage, LEDGER) as client:
        ledger = Ledger(client)
        for text in ODD:
            allowance = Allowance(scope=f"folder /{text}", limit=10)
            granted = ledger.reserve(DAY, allowance, text, 10)
            ledger.begin(DAY, allowance.scope, text)
            opened = ledger.open_calls(DAY, allowance.scope, text)
            ledger.park(allowance.scope, text, "job", 3)
            (place,) = ledger.parked(allowance.scope, limit=None, most=2)
            ledger.unpark(allowance.scope, place)

            assert (granted, list(opened)) == (Grant.GRANTED, [text])
            assert ledger.settle(DAY, allowance.scope, text, 4)
            assert ledger.totals(DAY, allowance).spent == 4
            assert ledger.lost_calls(DAY, allowance.scope) == 0
            assert [ledger.note_once(DAY, allowance.scope, text) for _ in range(2)] == [True, False]
            assert ledger.parked(allowance.scope, limit=None, most=2) == []
        assert list(ledger.lines()) == []


@pytest.mark.parametrize("status", [400, 413])
def test_what_storage_will_never_take_is_no_outage(status):
    """It is a final error with its own code: the same again would be refused again."""
    with pytest.raises(StorageRefused) as caught, storage_faults("job 1"):
        raise refusal(status)

    assert (caught.value.code, caught.value.retryable) == ("storage_refused", False)
    assert caught.value.message == f"job 1: storage refused it ({status} EntityTooLarge)"


def refusal(status):
    error: Any = HttpResponseError("secret words")
    error.status_code = status
    error.error_code = "EntityTooLarge"
    return error


def test_a_row_that_is_too_large_is_refused_for_good(table):
    """By the emulator with a 413 or a 400, as by the service."""
    jobs = JobTable(table)
    job = new_job(Source(container="uploads", name="x" * 3_000_000, etag="1", bytes=1), now=NOW)

    with pytest.raises(StorageRefused):
        jobs.insert(job)
