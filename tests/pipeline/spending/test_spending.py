"""Each answer is counted once in its day's spending, whatever is repeated, lost or done at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shared.core.errors import OptionsInvalid, StateConflict
from shared.core.jobs.spending import Spending
from shared.pipeline.spending.costs import costs
from tests.pipeline.world import picture

DAY = date(2026, 11, 21)
LINE = Spending(day=DAY, model="m", answers=1, input_tokens=10, output_tokens=2, usd=Decimal("0.000123"))


def spent(world):
    return costs(world.services, first=DAY, last=DAY)[2]


def test_an_answer_is_counted_with_its_estimate(world):
    """Tokens and dollars as in its document."""
    job = world.answer("a.jpg", picture())
    (line,) = spent(world)

    assert (line.model, line.answers, line.usd) == (job.model.name, 1, job.cost.usd)
    assert (line.input_tokens, line.output_tokens) == (job.usage.input_tokens, job.usage.output_tokens)
    assert (line.estimate_usd, line.max_usd) == (job.estimate.usd, job.estimate.max_usd)


def test_a_refused_file_costs_nothing(world):
    """No model was asked."""
    world.answer("broken.jpg", b"no picture")

    assert spent(world) == ()


def test_counting_again_changes_nothing(world):
    """A crash between counting and the job's row repeats the counting."""
    for _ in range(3):
        world.services.costs.count("a" * 32, LINE)

    assert spent(world) == (LINE,)


def test_a_lost_race_does_not_count_twice(world):
    """Two workers that both believe to hold the job: one ends it, the other is refused, and it is counted once."""
    world.drop("a.jpg", picture())
    job = world.accept("a.jpg")
    early = world.services.jobs.load(job.job_id)
    done, _ = world.analyze_next()
    with pytest.raises(StateConflict):
        world.services.jobs.replace(early, done)
    (line,) = spent(world)

    assert (line.answers, line.usd) == (1, done.cost.usd)


def test_many_at_once_are_all_counted(world):
    """Jobs that end together do not overwrite each other's sums."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda index: world.services.costs.count(f"{index:032x}", LINE), range(60)))
    (line,) = spent(world)

    assert (line.answers, line.input_tokens, line.usd) == (60, 600, 60 * LINE.usd)


def test_models_have_lines_of_their_own(world):
    """Sorted by day, then by model."""
    for index, model in enumerate(("b", "a", "b")):
        world.services.costs.count(f"{index:032x}", replace(LINE, model=model))

    assert [(line.model, line.answers) for line in spent(world)] == [("a", 1), ("b", 2)]


SPANS = [(date(2026, 11, 22), DAY), (date(2025, 11, 20), DAY), (date.min, DAY)]


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_wrong_spans(world, first, last):
    """The wrong way round, or more days than anybody should read at once."""
    with pytest.raises(OptionsInvalid):
        costs(world.services, first=first, last=last)


def test_the_usual_span_is_thirty_days(world):
    """Up to today."""
    first, last, _ = costs(world.services, first=None, last=None)

    assert (first, last) == (date(2026, 10, 23), DAY)


def test_the_first_day_of_all(world):
    """Nothing overflows at the end of the calendar."""
    assert costs(world.services, first=None, last=date.min)[1] == date.min
