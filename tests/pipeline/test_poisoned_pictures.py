"""Pictures that always break the endpoint, and replies that ask for absurd waits, hold up nobody else for long."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.core import limits
from shared.core.jobs.job import State
from shared.pipeline.look_up import look_up
from tests.pipeline.timeline import Timeline
from tests.pipeline.world import picture

pytestmark = pytest.mark.usefixtures("invariants")

EVERY_S = 20
GOOD_DROPS = 16
MANY = 30


def colours():
    """A picture of its own for each drop, so that no answer is used again."""
    return (f"#{number:06x}" for number in range(0x204060, 0xFFFFFF, 0x010305))


def drop_now(world, name, colour, **metadata):
    world.drop(name, picture(size=(64, 48), colour=colour), **metadata)
    world.accept(name)


@pytest.fixture
def timeline(world):
    dice = random.Random(7)  # noqa: S311  # spreads waits, repeatably
    world.services = replace(world.services, jitter=dice.random)
    world.endpoint.app.script = replace(world.endpoint.app.script, markers=True)
    return Timeline(world)


def drop_good_ones(world, timeline, colour, *, number=GOOD_DROPS):
    """One every so often; how long each took is read afterwards."""
    names = [f"good-{index}.png" for index in range(number)]
    for index, name in enumerate(names):
        at = timeline.now + timedelta(seconds=EVERY_S * index + 1)
        timeline.at(at, lambda name=name: drop_now(world, name, next(colour)))
    return names


def took_s(world, names):
    jobs: list[Any] = [look_up(world.services, name) for name in names]
    assert {job.state for job in jobs} == {State.DONE}
    return [(job.finished - job.created).total_seconds() for job in jobs]


def test_poisoned_pictures_hold_up_no_good_one(world, timeline):
    """Thirty at once, a good one every 20 s beside them: a moment in the median, half a minute at most. Each bad one
    ends, after some failures of its own.
    """
    colour = colours()
    bad = [f"bad-{index}.png" for index in range(MANY)]
    for name in bad:
        drop_now(world, name, next(colour), prompt="[[status status=500]]")
    good = drop_good_ones(world, timeline, colour)
    timeline.run(seconds=EVERY_S * GOOD_DROPS + 300)
    waits = took_s(world, good)
    ends = [look_up(world.services, name) for name in bad]

    assert statistics.median(waits) < 5
    assert max(waits) <= 30
    assert {job.state for job in ends} == {State.FAILED}
    assert {job.attempts - sum(event.code == "paused" for event in job.history) for job in ends} <= {5, 6, 7}


def test_a_reply_that_says_a_day_holds_up_nobody_for_more_than_minutes(world, timeline):
    """The others look again by then; the job that was told so waits for as long as it was told."""
    colour = colours()
    drop_now(world, "told.png", next(colour), prompt="[[429 retry_after=86400]]")
    good = drop_good_ones(world, timeline, colour, number=8)
    timeline.run(seconds=EVERY_S * 8 + 200)
    told: Any = world.services.jobs.load(look_up(world.services, "told.png").job_id).job

    assert max(took_s(world, good)) <= limits.THROTTLE_PAUSE_S.value
    assert statistics.median(took_s(world, good)) < 5
    assert (told.state, told.error.code) == (State.WAITING, "throttled")
    assert (told.not_before - told.created).total_seconds() >= 86_400


def test_jobs_that_are_throttled_for_a_day_each_time_do_not_take_turns_in_shutting_the_gate(world, timeline):
    """Six calls that are too large for the deployment's limit: each is told so, and the good ones go on between."""
    colour = colours()
    for index in range(6):
        drop_now(world, f"large-{index}.png", next(colour), prompt="[[429 retry_after=86400]]")
    good = drop_good_ones(world, timeline, colour, number=8)
    timeline.run(seconds=EVERY_S * 8 + 400)
    waits = took_s(world, good)

    assert statistics.median(waits) < 5
    assert max(waits) <= limits.THROTTLE_PAUSE_S.value


def test_a_dead_endpoint_is_not_asked_by_every_job_again_and_again(world, timeline):
    """Twelve jobs, ten minutes of 500 for all: calls stay far below one per job and minute, and all are answered."""
    world.script(*[{"do": "status", "status": 500, "times": 1}] * 10_000)
    colour = colours()
    names = [f"{index}.png" for index in range(12)]
    for name in names:
        drop_now(world, name, next(colour))
    timeline.run(seconds=600)
    calls = world.calls
    world.script()
    timeline.run(seconds=3600)

    assert calls < 4 * len(names)
    assert {look_up(world.services, name).state for name in names} == {State.DONE}
