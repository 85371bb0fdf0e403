"""One throttled or dead endpoint does not make every job find out for itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core import limits
from shared.core.answer.gate import FAILURES_TO_SHUT, GATE_FIRST_PAUSE_S, Gate
from shared.core.errors import ModelUnavailable, OptionsInvalid, StorageUnavailable
from shared.core.jobs.job import Event, State
from shared.core.settings import Settings
from shared.pipeline.gatekeeper import turn
from shared.pipeline.look_up import look_up
from shared.pipeline.postpone import JOB_FIRST_WAIT_S, times, wait_s
from shared.wiring import build
from tests.pipeline.world import picture

pytestmark = pytest.mark.usefixtures("invariants")

DOWN = ModelUnavailable("down", code="server_error")
COLOURS = [f"#{index:02x}8040" for index in range(0, 250, 10)]


def drop_many(world, count):
    names = [f"{index}.jpg" for index in range(count)]
    for name, colour in zip(names, COLOURS, strict=False):
        world.drop(name, picture(colour=colour))
        world.accept(name)
    return names


def test_a_throttled_call_pauses_the_others(world):
    """The first is told to wait a minute; the others wait without asking."""
    world.script({"do": "throttle", "retry_after_s": 60, "times": 1})
    names = drop_many(world, 5)
    for message in [message for message, _ in world.outbox.waiting]:
        world.analyze(message.job_id)
    codes = [look_up(world.services, name).error.code for name in names]

    assert codes == ["throttled", *["paused"] * 4]
    assert world.calls == 1


def test_a_dead_endpoint_is_left_alone_until_it_is_back(world):
    """After five failures of different jobs nobody asks; then one probes; then all are answered."""
    world.script(*[{"do": "unauthorized", "times": 1}] * FAILURES_TO_SHUT)
    names = drop_many(world, 12)
    for message in [message for message, _ in world.outbox.waiting]:
        world.analyze(message.job_id)
    calls_while_down = world.calls
    world.outbox.waiting = world.outbox.waiting[12:]
    world.finish_all()

    assert calls_while_down == FAILURES_TO_SHUT
    assert {look_up(world.services, name).state for name in names} == {State.DONE}
    assert world.calls == FAILURES_TO_SHUT + len(names)


def test_the_history_tells_what_happened(world):
    """Each state with its time and, where it waited, why."""
    world.script({"do": "throttle", "retry_after_s": 60, "times": 1})
    world.answer("a.jpg", picture())
    world.finish_all()
    history = look_up(world.services, "a.jpg").history

    assert [(event.state, event.code) for event in history] == [
        ("queued", None),
        ("running", None),
        ("waiting", "throttled"),
        ("running", None),
        ("done", None),
    ]


def bring_down(world):
    """The first jobs find the endpoint dead; afterwards its pause is over."""
    world.script(*[{"do": "unauthorized", "times": 1}] * FAILURES_TO_SHUT)
    drop_many(world, FAILURES_TO_SHUT)
    for message in [message for message, _ in world.outbox.waiting]:
        world.analyze(message.job_id)
    world.pass_time(GATE_FIRST_PAUSE_S)


def turn_of(world, name, **metadata):
    world.drop(name, picture(colour="white"), **metadata)
    return world.analyze(world.accept(name).job_id)


def test_a_probe_without_money_gives_way(world):
    """The job that was let through is parked; the next one may ask at once."""
    world.drop("poor/_vision.toml", b"daily_budget_usd = 0.000001")
    bring_down(world)
    parked = turn_of(world, "poor/a.jpg")
    done = turn_of(world, "b.jpg", prompt="Another question")

    assert (parked.state, done.state) == (State.PARKED, State.DONE)


class Fails:
    """A port of which one method fails."""

    def __init__(self, port, method, fault):
        self.port, self.method, self.fault = port, method, fault

    def __getattr__(self, name):
        if name == self.method:
            raise self.fault
        return getattr(self.port, name)


NO_CALLS = [
    ("ledger", "reserve", StorageUnavailable("the ledger was too busy")),
    ("ledger", "reserve", OptionsInvalid("a broken _vision.toml", field="daily_budget_usd")),
    ("ledger", "reserve", ZeroDivisionError()),
    ("ledger", "reserve", KeyboardInterrupt()),
]


@pytest.mark.parametrize(("port", "method", "fault"), NO_CALLS, ids=str)
def test_a_probe_that_never_asked_gives_way(world, port, method, fault):
    """Whatever came between the gate and the call, the next job may probe at once."""
    bring_down(world)
    world.outbox.waiting.clear()
    whole = world.services
    world.services = replace(whole, **{port: Fails(getattr(whole, port), method, fault)})
    with suppress(StorageUnavailable, ZeroDivisionError, KeyboardInterrupt):
        turn_of(world, "a.jpg")
    gate, _ = whole.gates.load("azure-eyes")
    world.services = whole
    done = turn_of(world, "b.jpg", prompt="Another question")

    assert (gate.probe_until, gate.failures) == (None, FAILURES_TO_SHUT)
    assert done.state is State.DONE


def test_a_probe_of_others_is_not_given_back(world):
    """A job that came while the gate was open and then has no money leaves a later probe alone."""
    probe_until = world.clock[0] + timedelta(seconds=99)
    shut = Gate(failures=FAILURES_TO_SHUT, shut_until=world.clock[0], probe_until=probe_until)
    world.drop("a.jpg", picture())
    job = world.accept("a.jpg")
    with turn(world.services, "azure-eyes", job):
        world.services.gates.change("azure-eyes", lambda _: shut)

    assert world.services.gates.load("azure-eyes")[0].probe_until == probe_until


def test_an_answer_is_kept_when_the_gate_cannot_be_told(world):
    """The gate learns of the next call; the answer is paid."""
    world.drop("a.jpg", picture())
    job_id = world.accept("a.jpg").job_id
    whole = world.services

    class Deaf:
        def __init__(self):
            self.asked = False

        def change(self, endpoint, step):
            if self.asked:
                raise StorageUnavailable("the tables are away")
            self.asked = True
            return whole.gates.change(endpoint, step)

    world.services = replace(whole, gates=Deaf())

    assert world.analyze(job_id).state is State.DONE


def test_a_model_with_a_slash_in_its_name_is_asked(world, storage):
    """vLLM, LM Studio, OpenRouter and Together name models OWNER/NAME."""
    environ = {
        "AzureWebJobsStorage": storage,
        "OPENAI_BASE_URL": f"{world.endpoint.base_url}/openai/v1",
        "OPENAI_MODEL": "Qwen/Qwen2.5-VL-7B-Instruct",
        "VISION_MODEL": "gpt-5.1",
    }
    whole = world.services
    world.services = replace(
        build(Settings.from_environ(environ)), messages=world.outbox, media=whole.media, now=whole.now
    )
    job = world.answer("a.jpg", picture())

    assert (job.error, job.state, world.calls) == (None, State.DONE, 1)


def test_a_refusal_shows_that_the_endpoint_is_back(world):
    """Bad news about one picture, good news about the endpoint."""
    bring_down(world)
    world.script({"do": "context_length", "times": 1})
    refused = turn_of(world, "a.jpg")
    done = turn_of(world, "b.jpg", prompt="Another question")

    assert (refused.error.code, done.state) == ("context_length", State.DONE)


def test_waits_grow_with_the_fault_not_with_the_turns(world):
    """The first fault after many turns of waiting for other things is a short wait; a long row of faults an hour."""
    world.script({"do": "status", "status": 503, "every": 1})
    world.drop("a.jpg", picture())
    job_id = world.accept("a.jpg").job_id
    stored = world.services.jobs.load(job_id)
    world.services.jobs.replace(stored, replace(stored.job, attempts=5000))
    job = world.analyze(job_id)
    faults = tuple(Event(at=world.clock[0], state="waiting", code="server_error") for _ in range(45))
    long_since = replace(job, history=faults)

    assert (job.not_before - world.clock[0]).total_seconds() == JOB_FIRST_WAIT_S
    assert wait_s(world.services, DOWN, times(long_since, "server_error")) == limits.JOB_WAIT_S.value
