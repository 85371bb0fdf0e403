"""Documents through the whole pipeline: every page is asked about, in parts where they are many, or is named."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from shared.core.errors import CapabilityMissing
from shared.core.jobs.job import State
from shared.core.limits import DOCUMENT_PAGES
from shared.pipeline.questions import ask_about, follow_up
from tests.pdfs import leaflet
from tests.pictures import encoded
from tests.pipeline.test_videos import journal, spent


def fax(pages: int) -> bytes:
    """Each page has its number on it."""
    images = []
    for number in range(1, pages + 1):
        image = Image.new("1", (120, 80), 1)
        ImageDraw.Draw(image).text((10, 10), f"page {number}", fill=0)
        images.append(image)
    return encoded(images[0], "TIFF", save_all=True, append_images=images[1:], compression="group4")


DOCUMENTS = pytest.mark.parametrize(("name", "paged"), [("fax.tif", fax), ("leaflet.pdf", leaflet)])


@DOCUMENTS
def test_more_pages_than_fit_are_asked_in_parts(world, name, paged):
    """60 pages, of which a request takes 50: two of 30, and one that joins the answers; the bill has all three."""
    job = world.answer(name, paged(60), max_output_tokens="4000")

    assert (job.state, job.source_partial) == (State.DONE, False)
    assert [entry["images"] for entry in journal(world)] == [30, 30, 0]
    assert [item.page for item in job.normalized] == list(range(1, 61))
    assert job.estimate.usd <= job.cost.usd <= job.estimate.max_usd
    assert spent(world) == job.cost.usd


@DOCUMENTS
def test_few_pages_are_one_question(world, name, paged):
    """Each with its number in front."""
    job = world.answer(name, paged(3))
    assert [entry["images"] for entry in journal(world)] == [3]
    assert "Page 2" in job.reply.text


@DOCUMENTS
def test_pages_that_are_left_out_are_named(world, name, paged):
    """Beyond the limit the answer is partial; where the user has said how many, it is the one that was asked for."""
    count = DOCUMENT_PAGES.value + 2
    job = world.answer(f"long-{name}", paged(count), max_output_tokens="4000")
    assert job.state is State.PARTIAL
    assert any(step.startswith(f"2 of {count} pages were not looked at: ") for step in job.plan.steps)
    chosen = world.answer(f"few-{name}", paged(10), frames="3")
    assert chosen.state is State.DONE
    assert "7 of 10 pages were not looked at: 2-5, 7-9 (option frames)" in chosen.plan.steps


def test_the_next_question_about_a_long_document_is_asked_in_parts_too(world):
    """But not one about two documents at once, whose pages no request can hold."""
    first = world.answer("fax.tif", fax(60), max_output_tokens="4000")
    world.answer("other.tif", fax(2))
    follow_up(world.services, first.job_id, {"prompt": "And the fee?"}, key=None)
    done, _ = world.analyze_next()
    assert done.state is State.DONE
    assert [entry["images"] for entry in journal(world)][-3:] == [30, 30, 0]
    with pytest.raises(CapabilityMissing, match="62 pictures in one request"):
        ask_about(world.services, ["fax.tif", "other.tif"], {"prompt": "Which?"}, key=None)
