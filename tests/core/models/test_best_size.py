"""The size to send: what the model sees anyway, or a little less where that pays."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.errors import SourceRejected
from shared.core.models.catalogue import MODELS, look_up_model
from shared.core.models.image_rules import PatchRule, TileRule
from shared.core.models.tokens import best_size, image_tokens

CHAT = [model for model in MODELS if isinstance(model.image_rule, TileRule | PatchRule)]
sides = st.integers(min_value=1, max_value=9000)
losses = st.sampled_from((Fraction(0), Fraction(6, 100), Fraction(14, 100), Fraction(1, 3)))


@pytest.mark.parametrize(
    ("model", "size", "sent", "tokens", "saved"),
    [
        ("gpt-4o", (513, 513), (512, 512), 255, 510),
        ("gpt-4o", (1025, 768), (1024, 767), 765, 340),
        ("gpt-4o", (1537, 768), (1536, 767), 1105, 340),
        ("gpt-4o", (1654, 2339), (724, 1024), 765, 340),  # an A4 scan at 200 dpi
        ("gpt-4o", (4032, 3024), (1024, 768), 765, 0),  # a phone's 12 megapixels: already the best shape
        ("gpt-4o", (3840, 2160), (1365, 768), 1105, 0),  # a column less would blur a quarter of each side
        ("gpt-4o", (1, 1), (1, 1), 255, 0),
        ("gpt-5.4", (1025, 1025), (1024, 1024), 1229, 78),
        ("gpt-5.4", (1920, 1080), (1920, 1080), 2448, 0),  # 4.5 % of the tokens is too little to resample a screen
        ("gpt-5.6-sol", (2560, 1440), (2048, 1152), 2765, 0),
        ("gpt-6-astra", (2560, 1440), (2104, 1184), 2931, 0),
    ],
)
def test_known_sizes(model, size, sent, tokens, saved):
    """The sizes of the facts table come out, with the saving against sending the original."""
    best = best_size(look_up_model(model), width=size[0], height=size[1], detail="high")
    assert (best.width, best.height, best.tokens, best.saved_tokens) == (*sent, tokens, saved)


@pytest.mark.parametrize(("max_loss", "tokens"), [(0, 1105), (0.06, 1105), (0.12, 765)])
def test_a_larger_stated_loss_buys_a_column(max_loss, tokens):
    """A 3:2 photo drops from six tiles to four for 11 % of each side, if that much may be lost."""
    best = best_size(look_up_model("gpt-4o"), width=6000, height=4000, detail="high", max_loss=max_loss)
    assert best.tokens == tokens
    assert best.scale >= 1 - max_loss


def test_pictures_to_edit_have_a_best_size_too():
    """gpt-image-1 tiles as well: one tile instead of four."""
    best = best_size(look_up_model("gpt-image-1"), width=510, height=513, detail="low")
    assert (best.width, best.height, best.tokens, best.saved_tokens) == (509, 512, 194, 129)
    square = best_size(look_up_model("gpt-image-1"), width=2924, height=2929, detail="high")  # input_fidelity=high
    assert (square.width, square.height, square.tokens, square.saved_tokens) == (512, 512, 4354, 2080)


@given(
    model=st.sampled_from(CHAT),
    width=sides,
    height=sides,
    detail=st.sampled_from(("auto", "low", "high")),
    max_loss=losses,
)
def test_the_best_size_is_smaller_cheaper_true_to_shape_and_final(model, width, height, detail, max_loss):
    """Never larger, never dearer, within the stated loss, the shape kept to the pixel, and its own best size."""
    try:
        asked = image_tokens(model, width=width, height=height, detail=detail)
    except SourceRejected:
        return
    best = best_size(model, width=width, height=height, detail=detail, max_loss=max_loss)
    assert 1 <= best.width <= asked.seen_width <= width
    assert 1 <= best.height <= asked.seen_height <= height
    assert best.tokens == image_tokens(model, width=best.width, height=best.height, detail=detail).tokens
    assert best.saved_tokens == asked.tokens - best.tokens >= 0
    assert 1 - max_loss <= best.scale <= 1
    off = min(
        abs(Fraction(best.width * height, width) - best.height), abs(Fraction(best.height * width, height) - best.width)
    )
    assert off < 2
    final = best_size(model, width=best.width, height=best.height, detail=detail, max_loss=max_loss)
    assert (final.width, final.height, final.saved_tokens) == (best.width, best.height, 0)
