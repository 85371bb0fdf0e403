"""Long videos in parts: nothing is lost between them, and each hears what was said in it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.ask.parts import (
    ask_part,
    ask_whole,
    split,
    timecode,
    transcript_of,
    with_transcript,
    words_before,
)
from shared.core.media.normalized import Normalized


def frame(at_s, *more):
    times = (at_s, *more) if more else ()
    return Normalized(name=f"{at_s}", media_type="image/jpeg", width=1, height=1, bytes=1, at_s=at_s, frames_at_s=times)


@given(st.integers(1, 500), st.integers(1, 60))
def test_parts_are_few_and_even(count, room):
    """All pictures in order, none over the limit, lengths within one of each other."""
    pictures = [frame(float(number)) for number in range(count)]
    parts = split(pictures, room)
    sizes = [len(part.pictures) for part in parts]

    assert [picture for part in parts for picture in part.pictures] == pictures
    assert max(sizes) <= room
    assert max(sizes) - min(sizes) <= 1
    assert len(parts) == -(-count // room)
    assert parts[0].from_s == 0.0
    assert all(one.until_s == other.from_s for one, other in pairwise(parts))


@given(st.lists(st.floats(0, 3000), max_size=40), st.integers(1, 12))
def test_every_line_is_heard_in_exactly_one_part(moments, count):
    """Also what is said before the first frame, between parts, and after the last frame."""
    parts = split([frame(10.0 + 20 * number) for number in range(count)], 3)
    lines = [f"[{timecode(at_s)}] line {number}" for number, at_s in enumerate(sorted(moments))]
    heard = [line for part in parts for line in transcript_of(part, "\n".join(lines)).splitlines()]

    assert heard == lines


def test_questions_say_what_they_are_about():
    """The part's number and span, and in the end every answer in order."""
    parts = split([frame(0.0), frame(61.25), frame(120.0, 125.0, 3600.0)], 1)

    assert "part 2 of 3 of one video, from 01:01.2 to 01:01.2" in ask_part("What?", parts[1])
    assert parts[2].span == "02:00.0 to 60:00.0"
    whole = ask_whole("What?", parts, ["a", "b", "c"])
    assert whole.index("a\n") < whole.index("b\n") < whole.rindex("c")
    assert "Question: What?" in whole


STILL = replace(frame(0.0), at_s=None)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (STILL, ""),
        (replace(STILL, label="a b.jpg"), 'File "a b.jpg"'),
        (frame(61.25), "Frame at 01:01.2"),
        (frame(0.0, 2.5), "Frames at 00:00.0, 00:02.5, in reading order"),
        (replace(frame(1.0), label="a.mp4"), 'File "a.mp4": Frame at 00:01.0'),
    ],
)
def test_words_before_a_picture(picture, words):
    """Whose it is, where there are several, and when it was."""
    assert words_before(picture) == words


SAID = "\n\nWhat is said in the video, with times:\n[00:00.0] hi"


@pytest.mark.parametrize(("transcript", "prompt"), [("", "Q"), ("[00:00.0] hi", f"Q{SAID}")])
def test_a_transcript_follows_the_prompt(transcript, prompt):
    """Silent videos get the prompt alone."""
    assert with_transcript("Q", transcript) == prompt


def test_parts_of_a_document_are_told_by_their_pages():
    """Not by times, which it has none of."""
    pages = [Normalized(name=f"{n}", media_type="image/png", width=1, height=1, bytes=1, page=n) for n in range(1, 8)]
    parts = split(pages, 4)

    assert "part 2 of 2 of one document, from page 4 to page 7" in ask_part("What?", parts[1])
    assert "with page numbers" in ask_part("What?", parts[1])
    assert ask_whole("What?", parts, ["one", "two"]).startswith("A document was looked at in 2 parts.")
    assert "Part 1, page 1 to page 3:\none" in ask_whole("What?", parts, ["one", "two"])
    assert words_before(pages[2]) == "Page 3"
    assert words_before(replace(pages[2], label="a.tif")) == 'File "a.tif": Page 3'
