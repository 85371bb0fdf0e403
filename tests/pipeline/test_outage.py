"""One throttled or dead endpoint does not make every job find out for itself."""

from __future__ import annotations

from shared.core.gate import FAILURES_TO_SHUT
from shared.core.job import State
from shared.pipeline.look_up import look_up
from tests.pipeline.world import picture

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
    """After five failures nobody asks; then one probes; then all are answered."""
    world.script(*[{"do": "status", "status": 500, "times": 1}] * FAILURES_TO_SHUT)
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
