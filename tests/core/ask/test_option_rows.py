"""One row per option: what is derived from it is complete, and an option that belongs to the question is asked."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.core.ask.option_rows import FILE_OPTIONS, OPTION_ROWS, OPTIONS, VideoMode
from shared.core.ask.options import Options
from shared.core.ask.payload import Picture, Question, Target, build_payload
from shared.core.models.catalogue import look_up_model

README = Path(__file__).parents[3] / "README.md"
ASKED = Options(prompt="What is it?", model="eyes", detail="low", max_output_tokens=100)
TARGET = Target(
    kind="azure",
    base_url="https://example.openai.azure.com",
    deployment="eyes",
    model=look_up_model("gpt-4-vision-preview"),
    api_version="2023-12-01-preview",
    vision_endpoint="https://example.cognitiveservices.azure.com",
    vision_key="made-up",
)
NEW_MODEL = replace(TARGET, model=look_up_model("gpt-5.1"), api_version=None)
PICTURE = Picture(data=b"\xff\xd8\xff", media_type="image/jpeg", width=8, height=8)
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}

OTHER_VALUES: dict[str, Any] = {
    "prompt": "Where is it?",
    "system": "Be brief.",
    "model": "other eyes",
    "detail": "high",
    "max_output_tokens": 7,
    "schema": SCHEMA,
    "ocr": True,
    "grounding": True,
    "video": VideoMode.INDEX,
    "frames": 3,
    "sampling": "scenes",
    "contact_sheet": True,
    "tiles": 4,
    "camera_id": "yard",
    "recorded_at": "2026-01-31T08:00:00Z",
    "query": "a red car",
    "reuse": False,
    "daily_budget_usd": Decimal("2.50"),
}
"""Another value than the usual one, for every option."""

ASKED_ELSEWHERE = {
    "model": "the target, not the question",
    "video": "it decides which flow asks",
    "query": "a search of its own in the video's index",
}
"""Options of the question that the Question itself does not carry, and what carries them."""


def test_every_row_has_a_value_here():
    """A new option is tried by the tests below too."""
    assert OTHER_VALUES.keys() == OPTIONS.keys()


def test_the_options_are_the_rows():
    """The options of a job are what the rows allow for a file, in their order."""
    assert [field.name for field in dataclasses.fields(Options)] == list(FILE_OPTIONS)


@pytest.mark.parametrize("row", OPTION_ROWS, ids=lambda row: row.name)
def test_a_row_takes_its_values_only(row):
    """The value here passes and is kept as it is; one of another kind is refused, so no check is empty."""
    assert row.field.check(OTHER_VALUES[row.name])
    assert row.field.keep(OTHER_VALUES[row.name]) == OTHER_VALUES[row.name]
    assert not row.field.check([])
    assert row.sentence


IN_THE_QUESTION = [row.name for row in OPTION_ROWS if row.in_key and row.name not in ASKED_ELSEWHERE]


@pytest.mark.parametrize("name", IN_THE_QUESTION)
def test_an_option_of_the_question_is_asked(name):
    """Another value makes another request: the one builder of questions has forgotten no option."""
    target = NEW_MODEL if name == "schema" else TARGET
    other = replace(ASKED, **{name: OTHER_VALUES[name]})

    asked, asked_otherwise = (Question.of(options, pictures=(PICTURE,)) for options in (ASKED, other))

    assert build_payload(asked, target) != build_payload(asked_otherwise, target)


def test_what_is_asked_elsewhere_is_an_option_of_the_question():
    """The exceptions above are no list of things forgotten."""
    assert {name for name in ASKED_ELSEWHERE if not OPTIONS[name].in_key} == set()


NOT_IN_THE_QUESTION = [row.name for row in OPTION_ROWS if not row.in_key and row.holder == "file"]


@pytest.mark.parametrize("name", NOT_IN_THE_QUESTION)
def test_an_option_beside_the_question_is_not_asked(name):
    """What the answer's key leaves out changes no request either."""
    other = replace(ASKED, **{name: OTHER_VALUES[name]})

    assert Question.of(ASKED) == Question.of(other)


def line_of(row):
    return f"| `{row.name}` | {row.field.expected} | {row.sentence} |"


def test_the_readme_lists_every_option():
    """Name, values and sentence as the row has them, in the rows' order, and no option that does not exist."""
    text = README.read_text()
    start = text.index("| option | takes | means |\n|---|---|---|\n")
    table = text[start:].split("\n\n", 1)[0].splitlines()[2:]

    assert table == [line_of(row) for row in OPTION_ROWS]
