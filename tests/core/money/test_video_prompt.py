"""Microsoft's video price example of 2023-12, line by line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from shared.core.models.catalogue import look_up_model
from shared.core.money.prices import unit_cost
from shared.core.money.video_prompt import video_prompt_cost

DAY = date(2023, 12, 15)


def test_the_documented_example_is_reproduced_line_by_line():
    """3 minutes of video, 100 tokens each of prompt, transcript and answer: $0.03025, and 2,700 tokens are billed."""
    bill = video_prompt_cost(
        look_up_model("gpt-4-vision-preview"), prompt_tokens=100, transcript_tokens=100, output_tokens=100, on=DAY
    )
    text, search, query, frames, answer = bill.breakdown
    assert text.usd == Decimal("0.001")
    assert search.usd + query.usd == Decimal("0.00825")
    assert (frames.quantity, frames.usd) == (Decimal(20 * 85 + 100), Decimal("0.018"))
    assert answer.usd == Decimal("0.003")
    assert bill.usd == Decimal("0.03025")
    assert text.quantity + search.quantity + frames.quantity == 2700


def test_the_index_is_paid_once_and_apart():
    """$0.15 for three minutes; the first question therefore costs $0.18025."""
    index = unit_cost("video index", 3, on=DAY)
    assert index.usd == Decimal("0.15")
    assert index.usd + Decimal("0.03025") == Decimal("0.18025")
