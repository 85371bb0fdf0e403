"""Uploads through the API: the job that the reply names exists, whatever happens to the file afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.core.errors import OptionsInvalid
from shared.core.jobs.job import State
from shared.core.jobs.result import Plan
from shared.pipeline.look_up import look_up, look_up_job
from shared.pipeline.sweep import sweep
from shared.pipeline.uploads import make_ticket, store_upload
from tests.pipeline.world import picture

A_QUARTER_HOUR_S = 16 * 60


def put(world, name, data, *, overwrite=True):
    return store_upload(world.services, name, data, metadata={}, overwrite=overwrite)


def test_the_job_is_there_before_the_event(world):
    """Whoever asks at once is told that it is queued, and the event goes on with this same job."""
    kept = put(world, "a.jpg", picture())
    at_once = look_up_job(world.services, kept.job_id)
    job = world.accept("a.jpg")
    world.finish_all()

    assert (at_once.state, job.job_id) == (State.QUEUED, kept.job_id)
    assert look_up(world.services, "a.jpg").state is State.DONE
    assert world.calls == 1


def test_a_version_that_is_replaced_before_its_event_ends_so(world):
    """Its job says what became of it at once, and the newer version is answered."""
    first = put(world, "a.jpg", picture(colour="red"))
    second = put(world, "a.jpg", picture(colour="blue"))
    replaced = look_up_job(world.services, first.job_id)
    for _ in range(2):  # both events come, and find the newer version
        world.accept("a.jpg")
    world.finish_all()

    assert (replaced.state, replaced.error.code) == (State.FAILED, "replaced")
    assert look_up(world.services, "a.jpg").job_id == second.job_id
    assert look_up_job(world.services, second.job_id).state is State.DONE
    assert world.calls == 1


class ReadMeanwhile:
    """The port `Jobs`: between our look at a job and what we do then, a worker writes down what it has read."""

    def __init__(self, jobs):
        self.jobs = jobs

    def __getattr__(self, name):
        return getattr(self.jobs, name)

    def load(self, job_id):
        stored = self.jobs.load(job_id)
        self.jobs.replace(stored, replace(stored.job, plan=Plan(steps=("read",))))
        return stored


def test_a_worker_that_has_read_the_old_version_keeps_its_job(world):
    """No document is written over its head: its answer would be paid for and lost."""
    first = put(world, "a.jpg", picture(colour="red"))
    jobs = world.services.jobs
    world.services = replace(world.services, jobs=ReadMeanwhile(jobs))
    put(world, "a.jpg", picture(colour="blue"))

    assert jobs.load(first.job_id).job.state is State.QUEUED
    assert world.services.blobs.describe("results", f"{first.job_id}.json") is None


@pytest.mark.parametrize(("change", "code"), [("replace", "replaced"), ("delete", "not_found")])
def test_a_version_that_is_gone_before_its_event_ends_with_the_sweep(world, change, code):
    """Also where it was replaced or deleted by other means than the API."""
    kept = put(world, "a.jpg", picture(colour="red"))
    if change == "replace":
        world.drop("a.jpg", picture(colour="blue"))
        world.accept("a.jpg")
        world.finish_all()
    else:
        world.blobs.get_blob_client("uploads", "a.jpg").delete_blob()
    world.pass_time(A_QUARTER_HOUR_S)
    sweep(world.services)
    job = look_up_job(world.services, kept.job_id)

    assert (job.state, job.error.code) == (State.FAILED, code)


def test_a_version_that_was_read_keeps_its_job(world):
    """A replaced file's answer is an answer."""
    first = put(world, "a.jpg", picture(colour="red"))
    world.accept("a.jpg")
    put(world, "a.jpg", picture(colour="blue"))
    world.finish_all()

    assert look_up_job(world.services, first.job_id).state is State.DONE


def test_an_event_that_never_comes_is_made_up_for(world):
    """The sweeper reads the upload of a job that waits for its event."""
    kept = put(world, "a.jpg", picture())
    world.pass_time(A_QUARTER_HOUR_S)
    sweep(world.services)
    world.finish_all()

    assert look_up_job(world.services, kept.job_id).state is State.DONE


def test_an_options_file_has_no_job_and_no_ticket(world):
    """It is checked when it comes through the API; by a ticket, anything could be put there."""
    kept = put(world, "f/_vision.toml", b'detail = "low"')
    with pytest.raises(OptionsInvalid) as refused:
        make_ticket(world.services, "f/g/_vision.toml")

    assert kept.job_id is None
    assert "PUT /api/uploads/f/g/_vision.toml" in refused.value.hint
