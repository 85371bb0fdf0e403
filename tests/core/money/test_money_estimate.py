"""The one estimate: what is in it, and that the most bounds what is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.errors import PriceMissing
from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import Usage, text_tokens
from shared.core.money.estimate import EstimateSubject, Shown, Work, count, estimate, even_slices, requests
from shared.core.money.prices import cost

DAY = date(2026, 11, 28)
MODEL = look_up_model("gpt-5.6-sol")
PLAIN = EstimateSubject(
    model=MODEL,
    detail="high",
    max_output_tokens=100,
    texts=("What is in this picture?",),
    pictures=(Shown(width=640, height=480),),
    room=50,
    on=DAY,
    scope="global",
)
WORDS = text_tokens(PLAIN.texts[0])


def estimated(asked: EstimateSubject) -> Any:
    """Figures that are known, all of them."""
    return estimate(asked)


def counted(asked: EstimateSubject) -> Any:
    return count(asked)


def test_a_plain_question():
    """640x480 are 300 patches of 32, 1.2 tokens each; $4 a million for what is sent."""
    found = estimated(PLAIN)

    assert (found.image_tokens, found.input_tokens) == (360, 360 + WORDS)
    assert found.usd == Decimal(4 * (360 + WORDS)).scaleb(-6)
    assert found.max_usd == Decimal(5 * (360 + 24 + 100) + 20 * 100).scaleb(-6)  # bytes, all of it written to the cache


def test_words_before_a_picture_and_what_was_heard_are_in_the_least():
    """Whatever is sure to be sent or done: here a name before the picture, and sound that was transcribed."""
    named = (Shown(width=640, height=480, words_before="Frame at 00:01.0"),)
    found = estimated(replace(PLAIN, pictures=named, work=Work(transcription_usd=Decimal("0.001"))))

    assert found.input_tokens == 360 + WORDS + text_tokens("Frame at 00:01.0")
    assert found.usd == Decimal(4 * found.input_tokens).scaleb(-6) + Decimal("0.001")


def test_a_question_without_a_picture():
    """24 bytes of text, 100 around them, and the answer."""
    found = estimated(replace(PLAIN, pictures=()))

    assert (found.image_tokens, found.input_tokens) == (0, WORDS)
    assert found.max_usd == Decimal(5 * (24 + 100) + 20 * 100).scaleb(-6)


INDEXED = [
    (Work(indexed_s=180.0), "0.16825", "0.19725"),
    (Work(indexed_s=180.0, is_in_index=True), "0.01825", "0.04725"),
    (Work(indexed_s=180.0, is_in_index=True, finds_moments=True), "0.0185", "0.0475"),
    (Work(indexed_s=180.0, finds_moments=True), "0.1685", "0.1975"),
]


@pytest.mark.parametrize(("work", "least", "most"), INDEXED)
def test_a_video_that_the_index_looks_at(work, least, most):
    """Three minutes at $0.05 and searches at $0.00025; text and frames that are read at $10 a million tokens.

    At most the text is read twice, with 700 tokens to find the frames and 10 a second of speech, and 100 are written.
    """
    model = look_up_model("gpt-4-vision-preview")
    asked = replace(PLAIN, model=model, texts=("a" * 400,), pictures=(), work=work, on=date(2023, 12, 15))
    found = estimated(asked)

    assert (found.image_tokens, found.input_tokens) == (1700, 1800)
    assert (found.usd, found.max_usd) == (Decimal(least), Decimal(most))


MORE = {
    "a system message": {"texts": (*PLAIN.texts, "You are brief.")},
    "what was said before": {"texts": (*PLAIN.texts, "Before?", "It was so.")},
    "a schema": {"schema": '{"type": "object"}'},
    "another picture": {"pictures": (*PLAIN.pictures, Shown(width=32, height=32))},
    "words before a picture": {"pictures": (Shown(width=640, height=480, words_before="Frame at 00:01.0"),)},
    "a longer answer": {"max_output_tokens": 101},
    "a transcript": {"work": Work(sound_s=5.0)},
    "a transcription": {"work": Work(transcription_usd=Decimal("0.001"))},
    "pictures in two parts": {"pictures": PLAIN.pictures * 3, "room": 2},
}


@pytest.mark.parametrize("change", MORE.values(), ids=MORE)
def test_everything_that_is_sent_raises_the_ceiling(change):
    """Nothing is forgotten; and the least is never above the most."""
    found = estimated(replace(PLAIN, **change))

    assert found.max_usd > estimated(PLAIN).max_usd
    assert found.usd <= found.max_usd


def test_parts_repeat_the_question_and_are_joined():
    """Three pictures of which two fit: two requests about parts, and one about their answers."""
    found = estimated(replace(PLAIN, pictures=PLAIN.pictures * 3, room=2))

    assert [len(shown) for shown in requests(replace(PLAIN, pictures=PLAIN.pictures * 3, room=2))] == [1, 2, 0]
    assert found.input_tokens == 3 * 360 + 3 * WORDS


def test_long_requests_are_surcharged_and_several_short_ones_are_not():
    """272,000 tokens are the limit of one request, not of all together."""
    many = replace(PLAIN, pictures=(Shown(width=2048, height=2048),) * 100, texts=())
    once, in_parts = estimated(replace(many, room=100)), estimated(replace(many, room=50))

    assert once.image_tokens == in_parts.image_tokens > 272_000
    assert once.usd == 2 * in_parts.usd


def test_a_model_whose_pictures_nobody_can_count():
    """Nothing is known before the reply."""
    unknown = estimated(replace(PLAIN, model=look_up_model("local")))

    assert (unknown.image_tokens, unknown.input_tokens, unknown.usd, unknown.max_usd) == (None,) * 4


def test_without_a_price_the_tokens_are_known():
    """The same as with one."""
    unsold = replace(PLAIN, scope="us-gov")
    with pytest.raises(PriceMissing):
        estimated(unsold)

    assert replace(estimated(PLAIN), usd=None, max_usd=None) == count(unsold)


@given(
    words=st.text(max_size=40),
    pictures=st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), min_size=1, max_size=12),
    room=st.integers(1, 12),
    written=st.integers(1, 5000),
)
def test_the_most_bounds_every_request(words, pictures, room, written):
    """Each request with as many tokens as its texts have bytes, all written to the cache, and its answer in full."""
    shown = tuple(Shown(width=width, height=height, words_before=words) for width, height in pictures)
    asked = replace(PLAIN, texts=(words,), pictures=shown, room=room, max_output_tokens=written)
    parts = requests(asked)
    bills = []
    for part in parts:
        images = counted(replace(asked, pictures=part, room=max(1, len(part)))).image_tokens if part else 0
        joined = 0 if part or len(parts) == 1 else written * (len(parts) - 1)
        read = images + len(words.encode()) * (1 + len(part)) + joined
        usage = Usage(input_tokens=read, output_tokens=written, cache_write_tokens=read)
        bills.append(cost(MODEL, usage, on=DAY).usd)

    assert sum(bills) <= estimated(asked).max_usd


@given(st.lists(st.integers(), max_size=60), st.integers(1, 20))
def test_slices_are_few_and_even(items, room):
    """All items in order, none over the limit, lengths within one of each other; one slice of nothing."""
    slices = even_slices(items, room)
    sizes = [len(part) for part in slices]

    assert [item for part in slices for item in part] == items
    assert max(sizes) <= room
    assert max(sizes) - min(sizes) <= 1
    assert len(slices) == max(1, -(-len(items) // room))
