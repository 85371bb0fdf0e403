"""Jobs that wait for an operator or a user: what was wrong is mended, and they go on without another drop."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.core.jobs.job import State
from shared.pipeline.look_up import look_up, look_up_job
from shared.pipeline.questions import ask_about, rerun
from tests.pipeline.world import picture

HALF_WRITTEN = b"daily_budget_usd = 5\nprompt = 'ha"
COLOURS = ("teal", "navy", "maroon")
DEPLOYMENTS = {"eyes": "gpt-5.1", "old": "gpt-4o"}


@pytest.fixture
def misspelt(world):
    """The endpoint has `eyes` and `old`; the settings say `eye`."""
    world.endpoint.app.settings = replace(world.endpoint.app.settings, deployments=DEPLOYMENTS)
    name(world, "eye")
    return world


def name(world, deployment, **more):
    """Set AZURE_OPENAI_DEPLOYMENT, as an operator would."""
    models = {deployment: "gpt-5.1", "old": "gpt-4o", **more}
    world.set(endpoint=replace(world.services.settings.endpoint, deployment=deployment, models=models))


def wait_for_deployment(world, upload):
    world.drop(upload, picture())
    world.accept(upload)
    waiting, _ = world.analyze_next()
    assert (waiting.state, waiting.error.code) == (State.WAITING, "deployment_not_found")
    return waiting


def test_a_corrected_deployment_rescues_the_jobs_that_wait_for_it(misspelt):
    """It is resolved when a job is asked: the document names the deployment that answered."""
    waiting = wait_for_deployment(misspelt, "a.jpg")
    name(misspelt, "eyes")
    misspelt.finish_all()
    done = look_up_job(misspelt.services, waiting.job_id)

    assert (waiting.options.model, waiting.model.deployment) == ("eye", "eye")
    assert (done.state, done.options.model, done.model.deployment) == (State.DONE, "eyes", "eyes")
    assert done.answer_key not in {None, waiting.answer_key}


def test_another_model_behind_it_has_another_estimate(misspelt):
    """What is reserved is what the new model may cost."""
    waiting = wait_for_deployment(misspelt, "a.jpg")
    name(misspelt, "old")
    misspelt.finish_all()
    done = look_up_job(misspelt.services, waiting.job_id)

    assert (done.state, done.model.name) == (State.DONE, "gpt-4o-2024-08-06")
    assert done.estimate.max_usd != waiting.estimate.max_usd


def test_a_model_that_options_name_is_not_replaced(misspelt):
    """Whoever names a deployment means that one: it fails when the settings do not have it any more."""
    name(misspelt, "eyes", fast="gpt-5.1")
    misspelt.drop("a.jpg", picture(), model="fast")
    misspelt.accept("a.jpg")
    name(misspelt, "eyes")
    misspelt.finish_all()
    job = look_up(misspelt.services, "a.jpg")

    assert (job.state, job.error.code) == (State.FAILED, "options_invalid")
    assert "'fast' is not a deployment in the settings" in job.error.message


def test_a_name_that_is_also_the_default_is_still_a_name(misspelt):
    """In options it is meant; only what they leave open follows the settings."""
    misspelt.drop("a.jpg", picture(), model="eye")
    misspelt.accept("a.jpg")
    name(misspelt, "eyes")
    misspelt.finish_all()

    assert look_up(misspelt.services, "a.jpg").state is State.FAILED


def test_questions_about_it_follow_the_settings_too(misspelt):
    """Asked and run again while nothing had been answered yet."""
    waiting = wait_for_deployment(misspelt, "a.jpg")
    name(misspelt, "eyes")
    asked = ask_about(misspelt.services, ["a.jpg"], {"prompt": "Now?"}, key=None)
    again = rerun(misspelt.services, waiting.job_id, {"model": "old"}, key=None)

    assert (asked.options.model, asked.default_deployment) == ("eyes", True)
    assert (again.options.model, again.default_deployment) == ("old", False)


def test_an_answer_of_the_new_deployment_is_none_of_the_old(misspelt):
    """A key that a job has given up with its deployment stands for no answer of its new one."""
    wait_for_deployment(misspelt, "a.jpg")
    name(misspelt, "eyes")
    misspelt.finish_all()
    misspelt.endpoint.app.settings = replace(
        misspelt.endpoint.app.settings, deployments={**DEPLOYMENTS, "eye": "gpt-5.1"}
    )
    name(misspelt, "eye")
    other = misspelt.answer("b.jpg", picture())

    assert (other.state, other.reused_from, other.model.deployment) == (State.DONE, None, "eye")


def accepted_in_a_folder(world, number=3):
    """Jobs of a folder with a budget, accepted with good options."""
    world.drop("f/_vision.toml", b"daily_budget_usd = 5")
    names = [f"f/{index}.jpg" for index in range(number)]
    for upload, colour in zip(names, COLOURS, strict=False):
        world.drop(upload, picture(colour=colour))
        world.accept(upload)
    return names


BROKEN = {"half written": HALF_WRITTEN, "no budget": b"daily_budget_usd = 'much'", "too long": b"#" * 20_000}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken_options_make_queued_jobs_wait(world, body):
    """They were accepted with good ones. What they wait for is named, nothing is asked, they go on by themselves."""
    names = accepted_in_a_folder(world)
    world.drop("f/_vision.toml", body)
    waiting = [world.analyze_next()[0] for _ in names]
    calls = world.calls
    world.drop("f/_vision.toml", b"daily_budget_usd = 5")
    world.finish_all()

    assert {(job.state, job.error.code, job.error.retryable) for job in waiting} == {
        (State.WAITING, "options_invalid", True)
    }
    assert "f/_vision.toml" in waiting[0].error.message
    assert calls == 0
    assert {look_up(world.services, upload).state for upload in names} == {State.DONE}
    assert world.calls == len(names)


def test_they_look_again_within_five_minutes(world):
    """However long the file has been broken."""
    accepted_in_a_folder(world, number=1)
    world.drop("f/_vision.toml", HALF_WRITTEN)
    delays = [world.analyze_next()[1] for _ in range(12)]

    assert max(delays) == 300
    assert delays[1] <= 10


def test_a_job_that_waits_for_options_holds_up_no_other_folder(world):
    """Neither the gate's probe nor any money is kept, and who asks the same question asks it itself."""
    accepted_in_a_folder(world, number=1)
    world.drop("f/_vision.toml", HALF_WRITTEN)
    world.analyze_next()
    world.outbox.waiting.clear()
    others = [world.answer(name, picture(colour=colour)) for name, colour in (("g/a.jpg", "red"), ("g/b.jpg", "teal"))]

    assert [other.state for other in others] == [State.DONE] * 2
    assert all(other.cost.usd > Decimal(0) for other in others)


def test_a_budget_that_is_taken_out_holds_no_longer(world):
    """A deleted file is no limit, not a broken one."""
    names = accepted_in_a_folder(world, number=1)
    world.blobs.get_blob_client("uploads", "f/_vision.toml").delete_blob()
    world.finish_all()

    assert look_up(world.services, names[0]).state is State.DONE
