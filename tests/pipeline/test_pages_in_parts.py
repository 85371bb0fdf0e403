"""A page in parts through the whole pipeline: stored with places, told to the model, priced, asked about again."""

from __future__ import annotations

from shared.core.ask.parts import words_before
from shared.core.jobs.job import State
from shared.pipeline.questions import follow_up
from tests.pages import page_of_text
from tests.pictures import encoded
from tests.pipeline.test_videos import journal, spent

PAGE = encoded(page_of_text((1000, 5000), 16), "PNG")


def test_a_page_in_parts_is_one_question(world):
    """With the place in front of each part, and the price of all of them in the estimate."""
    job = world.answer("page.png", PAGE, detail="high", tiles="4")
    assert job.state is State.DONE
    assert [item.place.number for item in job.normalized] == [0, 1, 2, 3, 4]
    assert [entry["images"] for entry in journal(world)] == [5]
    assert words_before(job.normalized[1]) in job.reply.text
    assert job.estimate.usd <= job.cost.usd <= job.estimate.max_usd
    assert spent(world) == job.cost.usd


def test_parts_are_made_of_their_own_where_text_would_be_lost(world):
    """And not where the options say off: the note tells what is lost."""
    assert len(world.answer("page.png", PAGE, detail="high").normalized) > 2
    whole = world.answer("whole.png", PAGE, detail="high", tiles="off")
    assert len(whole.normalized) == 1
    assert any("text under 18 px will not be read" in step for step in whole.plan.steps)


def test_the_next_question_sees_the_parts_too(world):
    """They are the job's pictures."""
    first = world.answer("page.png", PAGE, detail="high", tiles="4")
    follow_up(world.services, first.job_id, {"prompt": "And the end?"}, key=None)
    done, _ = world.analyze_next()
    assert done.state is State.DONE
    assert [entry["images"] for entry in journal(world)][-1] == 5


def test_more_parts_than_fit_are_asked_about_in_turn(world):
    """Three pages of 17 pictures are 51, one more than a request takes."""
    page = page_of_text((1000, 5000), 16).convert("L")
    data = encoded(page, "TIFF", save_all=True, append_images=[page, page], compression="tiff_lzw")
    job = world.answer("pages.tif", data, detail="high", tiles="16", max_output_tokens="4000")
    assert job.state is State.DONE
    assert [entry["images"] for entry in journal(world)] == [25, 26, 0]
