"""The offline estimate of text tokens against real counts of o200k_base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.models.tokens import text_tokens

SAMPLES = json.loads((Path(__file__).parents[2] / "golden" / "text_tokens.json").read_text("utf-8"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["sample"])
def test_the_estimate_is_within_a_third_of_the_count(sample):
    """21 languages, code, data: the samples it was tuned on, so this guards against drift and proves no accuracy."""
    assert 0.7 <= text_tokens(sample["text"]) / sample["o200k_base"] <= 1.35


def test_the_estimate_leans_high():
    """On average it is above the count, and at most a tenth."""
    ratios = [text_tokens(sample["text"]) / sample["o200k_base"] for sample in SAMPLES]
    assert 1.0 <= sum(ratios) / len(ratios) <= 1.1


def test_no_text_costs_nothing():
    """The empty prompt."""
    assert text_tokens("") == 0


@given(st.text())
def test_any_text_has_an_estimate_between_zero_and_its_bytes(text):
    """No tokenizer of bytes can need more tokens than bytes; nothing is ever negative or crashes."""
    assert 0 <= text_tokens(text) <= max(4, 2 * len(text.encode("utf-8", "surrogatepass")))


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1))
def test_chinese_is_never_far_below_one_token_per_character(text):
    """The most common trap of estimates that divide characters by four."""
    assert text_tokens(text) >= 0.9 * len(text)
