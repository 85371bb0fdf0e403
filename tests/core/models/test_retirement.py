"""End dates: every source's own, and what they make of a day."""

from __future__ import annotations

from datetime import date

import pytest

from shared.core.models.catalogue import MODELS, look_up_model
from shared.core.models.retirement import END_DATES, NONE_ANNOUNCED, retirement
from shared.core.models.sources import SOURCES

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("model", "host", "on", "state"),
    [
        ("gpt-4-turbo", "openai", TODAY, "retired"),
        ("gpt-4-turbo", "azure", TODAY, "no date known"),
        ("gpt-4o", "openai", TODAY, "ending"),
        ("gpt-4o", "openai", date(2027, 1, 14), "retired"),
        ("gpt-4o", "azure", TODAY, "disputed"),  # Microsoft 2026-10-01, the newer price list 2027-04-14
        ("o4-mini", "azure", TODAY, "retired"),  # an older edition of Microsoft's page said 2027: superseded
        ("gpt-5.6-sol", "azure", TODAY, "available"),
        ("gpt-6-luna", "offline", TODAY, "no date known"),
    ],
)
def test_states(model, host, on, state):
    """The state follows from the day and the dates of the current sources."""
    assert retirement(look_up_model(model), host=host, on=on).state == state


def test_all_dates_are_kept_newest_source_first():
    """Who said what, and as of when."""
    found = retirement(look_up_model("gpt-4o"), host="azure", on=TODAY)
    assert [(str(end.date), end.source, end.as_of) for end in found.dates] == [
        ("2027-04-14", "S5", "2026-11-21"),
        ("2026-10-01", "S6", "2026-07-07"),
        ("2027-10-01", "S6b", "2026-04-23"),
    ]


def test_every_date_is_of_a_known_model_and_source():
    """No row is orphaned by a renaming."""
    for end in END_DATES:
        assert look_up_model(end.model).name == end.model
        assert end.source in SOURCES


def test_every_model_has_an_end_date_or_is_said_to_have_none():
    """A new model's end cannot be forgotten: it has a row, or its name stands among those without a date."""
    dated = {end.model for end in END_DATES}

    assert dated | NONE_ANNOUNCED == {model.name for model in MODELS}
    assert dated.isdisjoint(NONE_ANNOUNCED)
