"""Money: dated rows, exact sums, and an error where a price is missing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shared.core.errors import PriceMissing
from shared.core.models.catalogue import MODELS, look_up_model
from shared.core.models.sources import SOURCES
from shared.core.models.tokens import Usage, image_tokens
from shared.core.money.price_rows import PRICE_ROWS, UNIT_PRICES
from shared.core.money.price_types import SCOPES
from shared.core.money.prices import cost, look_up_price, unit_cost

TODAY = date(2026, 11, 21)


def bill(model, *, on=TODAY, scope="global", batch=False, **tokens):
    usage = Usage(**{"input_tokens": 0, "output_tokens": 0, **tokens})
    return cost(look_up_model(model), usage, on=on, scope=scope, batch=batch)


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("gpt-4-turbo", "0.007650"),
        ("gpt-4o", "0.0019125"),
        ("gpt-4o-mini", "0.00382515"),
        ("gpt-4.1-mini", "0.0006636"),
        ("o4-mini", "0.0019382"),
        ("gpt-5", "0.0007875"),
        ("gpt-5-mini", "0.00030725"),
        ("gpt-5.4", "0.0030725"),
        ("gpt-5.6-luna", "0.0002458"),
        ("gpt-6-astra", "0.012290"),
    ],
)
def test_a_1024_square_costs_what_the_table_says(model, usd):
    """To the last digit: nothing is rounded."""
    tokens = image_tokens(look_up_model(model), width=1024, height=1024, detail="high").tokens
    assert bill(model, input_tokens=tokens).usd == Decimal(usd)


@pytest.mark.parametrize(
    ("model", "scope", "usd"),
    [
        ("gpt-4o", "global", "12.5"),
        ("gpt-4o", "openai", "12.5"),
        ("gpt-4o", "data-zone-us", "13.75"),
        ("gpt-4o", "data-zone-eu", "13.75"),
        ("gpt-6.1-sol", "global", "12"),
        ("gpt-6.1-sol", "data-zone-us", "13.2"),
        ("gpt-6.1-sol", "data-zone-eu", "14.4"),
        ("gpt-6.1-sol", "data-zone-apac", "14.4"),
        ("gpt-5.1", "us-gov", "15.46875"),
        ("gpt-5.4", "openai-regional", "19.25"),
        ("local", "global", "0"),
        ("local", "local", "0"),
    ],
)
def test_scopes(model, scope, usd):
    """A million tokens in and a million out, in four requests of a quarter below the long-context limit."""
    quarter = bill(model, scope=scope, input_tokens=250_000, output_tokens=250_000)
    assert 4 * quarter.usd == Decimal(usd)


@pytest.mark.parametrize(
    ("model", "on", "usd"),
    [
        ("gpt-5.6-luna", date(2026, 7, 29), "7"),
        ("gpt-5.6-luna", date(2026, 7, 30), "1.4"),
        ("gpt-5.6-terra", date(2026, 7, 29), "17.5"),
        ("gpt-5.6-terra", date(2026, 7, 30), "14"),
        ("gpt-5.6-sol", date(2026, 8, 21), "35"),
        ("gpt-5.6-sol", TODAY, "24"),
    ],
)
@pytest.mark.parametrize("scope", ["openai", "global"])
def test_a_bill_of_the_past_keeps_the_price_of_its_day(model, on, usd, scope):
    """The three price changes of 2026."""
    quarter = bill(model, on=on, scope=scope, input_tokens=250_000, output_tokens=250_000)
    assert 4 * quarter.usd == Decimal(usd)


def test_the_breakdown_adds_up_and_names_what_was_charged():
    """Fresh, cached and written input and output, each at its own price."""
    charged = bill("gpt-5.6-sol", input_tokens=1000, cached_tokens=300, cache_write_tokens=200, output_tokens=50)
    lines = {line.item: (int(line.quantity), line.unit, line.usd) for line in charged.breakdown}
    assert lines == {
        "input": (500, "tokens", Decimal("0.002")),
        "cached input": (300, "tokens", Decimal("0.00012")),
        "cache write": (200, "tokens", Decimal("0.001")),
        "output": (50, "tokens", Decimal("0.001")),
    }
    assert charged.usd == Decimal("0.00412")
    assert charged.prices_as_of == TODAY


@pytest.mark.parametrize(
    ("model", "tokens", "usd"),
    [
        ("gpt-5.4", {"input_tokens": 272_000, "output_tokens": 1000}, "0.695"),
        ("gpt-5.4", {"input_tokens": 272_001, "output_tokens": 1000}, "1.382505"),
        ("gpt-5.6-sol", {"input_tokens": 300_000, "cached_tokens": 300_000}, "0.24"),
        ("gpt-4.1", {"input_tokens": 300_000, "output_tokens": 1000}, "0.608"),  # no surcharge
    ],
)
def test_long_requests_pay_double_for_input_and_half_more_for_output(model, tokens, usd):
    """The whole request does, from the first token above 272,000 on."""
    assert bill(model, **tokens).usd == Decimal(usd)


def test_a_batch_costs_half():
    """Cached tokens too pay the batch price: the cautious reading, as no source prices them apart."""
    half = bill("gpt-4o", batch=True, input_tokens=1000, cached_tokens=400, output_tokens=100)
    assert half.usd == Decimal("0.00125") + Decimal("0.0005")


def test_editing_models_price_pictures_apart():
    """gpt-image-1 takes $10 for picture tokens and $5 for text."""
    assert bill("gpt-image-1", input_tokens=300, image_tokens=200).usd == Decimal("0.0025")


def test_a_cheaper_cache_is_not_assumed():
    """A model without a price for cached or written tokens charges them as input."""
    assert bill("gpt-4-turbo", input_tokens=100, cached_tokens=50, cache_write_tokens=50).usd == Decimal("0.001")


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("gpt-6.2-sol", {"scope": "global"}),
        ("gpt-5.4", {"scope": "data-zone-apac"}),
        ("gpt-5.4", {"on": date(2026, 3, 4)}),
        ("gpt-5.6-sol", {"batch": True}),
        ("gpt-image-1", {"output_tokens": 5}),
    ],
)
def test_a_missing_price_names_the_row_to_add(model, given):
    """Wrong scope, too early, no batch price, no output price: never zero."""
    with pytest.raises(PriceMissing) as caught:
        bill(model, **{"input_tokens": 10, **given})
    assert f'row("{look_up_model(model).name}"' in caught.value.hint
    assert "price_rows" in caught.value.hint


def test_a_price_of_another_scope_is_named():
    """gpt-6.2-sol is sold by OpenAI alone, and the default scope is Azure's."""
    with pytest.raises(PriceMissing) as caught:
        bill("gpt-6.2-sol", input_tokens=10)
    assert caught.value.hint.endswith("Scopes with a price: openai.")


@pytest.mark.parametrize(
    ("item", "quantity", "usd"),
    [("video index", 3, "0.15"), ("video index query", 1, "0.00025"), ("whisper", Decimal("2.5"), "0.015")],
)
def test_units_other_than_tokens(item, quantity, usd):
    """Minutes of index and transcription, and index queries."""
    charged = unit_cost(item, quantity, on=TODAY)
    assert charged.usd == Decimal(usd)
    assert charged.breakdown[0].quantity == quantity


def test_an_unknown_unit_price_names_the_table_to_extend():
    """Never zero."""
    with pytest.raises(PriceMissing) as caught:
        unit_cost("telepathy", 1, on=TODAY)
    assert "UNIT_PRICES" in caught.value.hint


def test_every_model_has_a_price_today():
    """At OpenAI, or at zero on your own machine; 47 of them on Azure's global list too."""
    rows = [look_up_price(model, on=TODAY, scope="openai") for model in MODELS]
    assert len(rows) == 53
    assert len({row.model for row in PRICE_ROWS if "global" in row.scopes}) >= 47


@pytest.mark.parametrize("row", PRICE_ROWS, ids=lambda row: f"{row.model} {row.scopes[0]} {row.from_date}")
def test_every_row_is_dated_sourced_and_of_a_known_model(row):
    """Checked on or after its first day, by a source that is listed, for scopes that exist."""
    assert look_up_model(row.model).name == row.model
    assert row.from_date <= row.checked
    assert row.source in SOURCES or row.model == "local"
    assert set(row.scopes) <= set(SCOPES)
    assert row.batch_input is None or row.batch_input == row.input / 2 or row.batch_input == Decimal("0.083")
    assert row.cached_input is None or row.cached_input <= row.input


def test_no_two_rows_begin_on_the_same_day():
    """Else the bill would depend on their order."""
    keys = [(row.model, scope, row.from_date) for row in PRICE_ROWS for scope in row.scopes]
    assert len(keys) == len(set(keys))
    assert all(price.from_date <= price.checked and price.source in SOURCES for price in UNIT_PRICES)


def test_azure_zones_cost_the_published_factor_more():
    """1.10 up to gpt-5.6; from GPT-6 on 1.10 in the US and 1.20 elsewhere."""
    for row in PRICE_ROWS:
        if not row.scopes[0].startswith("data-zone"):
            continue
        listed = look_up_price(look_up_model(row.model), on=TODAY, scope="global")
        factor = "1.2" if row.model.startswith("gpt-6") and "data-zone-us" not in row.scopes else "1.1"
        assert row.input == listed.input * Decimal(factor), row.model
