"""The lines of parked jobs: none falls out of its line, none stops those who could go on.

Each case is a moment at which a worker, the sweeper and an operator meet.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from azure.data.tables import UpdateMode

from shared.adapters.storage.job_table import partition_of
from shared.core import limits
from shared.core.jobs import job as jobs
from shared.core.jobs.job import AnalysisMessage, State
from shared.core.money.budget import to_nano
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Allowance
from shared.pipeline.spending.line import enter_line
from shared.pipeline.sweep import sweep
from tests.pipeline.world import World, picture

LEASE_S = limits.JOB_LEASE_S.value

ONE_DAY_S = timedelta(days=1).total_seconds()


def release(services):
    return sweep(services)["released"]


def ask_for(world: World, name: str, colour: str) -> str:
    world.drop(name, picture(colour=colour))
    world.pass_time(1)
    return world.accept(name).job_id


def price_of_one(world: World) -> Any:
    ask_for(world, "probe.jpg", "white")
    job: Any = look_up(world.services, "probe.jpg")
    world.outbox.waiting.clear()
    world.services.jobs.close(job.job_id)  # or the sweeper would find out that its message is lost
    return job.estimate.max_usd


def state(world: World, name: str) -> State:
    return look_up(world.services, name).state


class Meanwhile:
    """A port that lets something else happen just before or after its method `name`, once."""

    def __init__(self, port, name, *, before=None, after=None):
        self.port, self.name, self.before, self.after = port, name, before, after

    def __getattr__(self, name):
        method = getattr(self.port, name)
        if name != self.name:
            return method

        def call(*args, **named):
            before, self.before = self.before, None
            if before:
                before()
            result = method(*args, **named)
            after, self.after = self.after, None
            if after:
                after()
            return result

        return call


def test_a_sweep_while_a_job_enters_its_line_leaves_its_place(world):
    """The place is there, the row does not say parked yet: the sweeper must not take it for an old one."""
    price = price_of_one(world)
    world.set(daily_budget_usd=price / 2)
    whole = world.services
    ask_for(world, "a.jpg", "red")
    world.services = replace(whole, ledger=Meanwhile(whole.ledger, "park", after=lambda: release(whole)))
    world.finish_all()
    world.services = whole
    parked = state(world, "a.jpg")
    world.set(daily_budget_usd=price)
    woken = release(world.services)
    world.finish_all()

    assert (parked, woken, state(world, "a.jpg")) == (State.PARKED, 1, State.DONE)


def test_a_job_that_is_parked_again_at_once_keeps_its_new_place(world):
    """Woken, refused and back in line before the sweeper has taken its old place away."""
    price = price_of_one(world)
    world.set(daily_budget_usd=price / 2)
    ask_for(world, "a.jpg", "red")
    world.finish_all()
    world.set(daily_budget_usd=price)
    poor = world.services

    def turn_without_money() -> None:
        world.set(daily_budget_usd=price / 2)
        world.finish_all()

    world.services = replace(poor, ledger=Meanwhile(poor.ledger, "unpark", before=turn_without_money))
    release(world.services)
    again = state(world, "a.jpg")
    world.set(daily_budget_usd=price)
    woken = release(world.services)
    world.finish_all()

    assert (again, woken, state(world, "a.jpg")) == (State.PARKED, 1, State.DONE)


@pytest.mark.parametrize("folder", ["", "team/"])
def test_what_can_never_fit_stops_nobody(world, folder):
    """One drop that costs more than a whole day's budget waits for a raise; all others go by."""
    price = price_of_one(world)
    if folder:
        world.drop("team/_vision.toml", f"daily_budget_usd = {price * 3 / 2}".encode())
    else:
        world.set(daily_budget_usd=price * 3 / 2)
    world.drop(f"{folder}huge.jpg", picture(colour="red"), max_output_tokens="9000")
    world.accept(f"{folder}huge.jpg")
    world.finish_all()
    ask_for(world, f"{folder}small.jpg", "green")
    world.finish_all()
    before = state(world, f"{folder}huge.jpg"), state(world, f"{folder}small.jpg")
    world.pass_time(ONE_DAY_S)
    woken = release(world.services)

    assert (before, woken) == ((State.PARKED, State.DONE), 0)


def test_a_folder_s_broken_options_stop_no_other_line(world):
    """Its jobs keep their places until its file is mended; the sweeper goes on with everybody else."""
    price = price_of_one(world)
    world.drop("team/_vision.toml", f"daily_budget_usd = {price / 2}".encode())
    ask_for(world, "team/a.jpg", "red")
    world.finish_all()
    world.set(daily_budget_usd=price / 2)
    ask_for(world, "b.jpg", "green")
    world.finish_all()
    world.drop("team/_vision.toml", b"daily_budget_usd = = 7")
    world.set(daily_budget_usd=price * 2)
    swept = sweep(world.services)
    world.finish_all()
    meanwhile = state(world, "team/a.jpg"), state(world, "b.jpg")
    world.drop("team/_vision.toml", f"daily_budget_usd = {price}".encode())
    sweep(world.services)
    world.finish_all()

    assert (swept["released"], swept["failed"], meanwhile) == (1, 1, (State.PARKED, State.DONE))
    assert state(world, "team/a.jpg") is State.DONE


def test_a_budget_that_is_taken_away_releases_its_line(world):
    """No budget in the folder's file any more, or no file."""
    price = price_of_one(world)
    world.drop("team/_vision.toml", f"daily_budget_usd = {price / 2}".encode())
    ask_for(world, "team/a.jpg", "red")
    world.finish_all()
    world.blobs.get_blob_client("uploads", "team/_vision.toml").delete_blob()
    woken = release(world.services)
    world.finish_all()

    assert (woken, state(world, "team/a.jpg")) == (1, State.DONE)


def test_a_place_whose_job_ended_is_cleared(world):
    """Its worker died between the place and the row, and the next one had the money."""
    world.set(daily_budget_usd=Decimal(1))
    job = world.answer("a.jpg", picture())
    enter_line(world.services, job, "all")
    release(world.services)

    assert list(world.services.ledger.lines()) == []


def test_places_of_deleted_jobs_are_cleared(world):
    """Nobody will ever come for them."""
    world.set(daily_budget_usd=Decimal(1))
    job = replace(world.answer("a.jpg", picture()), job_id="0" * 32)
    enter_line(world.services, job, "all")
    release(world.services)

    assert list(world.services.ledger.lines()) == []


def test_one_broken_job_does_not_stop_the_sweeper(world):
    """The others are woken, and the sweep says that something failed."""
    stuck = [ask_for(world, f"{colour}.jpg", colour) for colour in ("red", "green", "blue")]
    world.outbox.waiting.clear()
    world.pass_time(jobs.STUCK_AFTER.total_seconds() + LEASE_S)
    broken = min(stuck)
    row = {"PartitionKey": partition_of(broken), "RowKey": broken, "job0": "{"}
    world.services.jobs.table.upsert_entity(row, mode=UpdateMode.MERGE)
    swept = sweep(world.services)
    woken = {message.job_id for message, _ in world.outbox.waiting}

    assert (swept["woken"], swept["failed"], woken) == (2, 1, set(stuck) - {broken})


def test_parked_jobs_do_not_make_a_healthy_backlog_look_lost(world):
    """They have no message; all others have theirs, however long it takes."""
    price = price_of_one(world)
    world.outbox.waiting = [(AnalysisMessage(job_id=look_up(world.services, "probe.jpg").job_id), 0)]
    backlog = world.outbox.waiting
    world.outbox.waiting = []
    world.set(daily_budget_usd=price / 2)
    for index, colour in enumerate(("red", "green", "blue")):
        ask_for(world, f"{index}.jpg", colour)
    world.finish_all()
    world.outbox.waiting = backlog
    world.pass_time(jobs.STUCK_AFTER.total_seconds() * 4)

    assert sweep(world.services)["woken"] == 0


def test_a_squeeze_by_many_workers(world):
    """All at once, money for a few: never more than the budget, the others in line, and all answered after a raise."""
    price = price_of_one(world)
    budget = price * 3
    world.set(daily_budget_usd=budget)
    ids = [ask_for(world, f"{index}.jpg", f"#{index * 20:02x}4080") for index in range(7)]
    world.outbox.waiting.clear()
    with ThreadPoolExecutor(7) as workers:
        list(workers.map(world.analyze, ids))
    world.finish_all()
    squeezed = [world.services.jobs.load(job_id).job.state for job_id in ids]
    totals = world.services.ledger.totals(world.clock[0].date(), Allowance(scope="all", limit=None))
    world.set(daily_budget_usd=price * 100)
    released = release(world.services)
    world.finish_all()

    assert set(squeezed) == {State.DONE, State.PARKED}
    assert totals.spent <= to_nano(budget)
    assert (totals.reserved, released) == (0, squeezed.count(State.PARKED))
    assert {world.services.jobs.load(job_id).job.state for job_id in ids} == {State.DONE}
    assert world.calls == len(ids)
