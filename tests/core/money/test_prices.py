"""Money: dated rows, exact sums, and an error where a price is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.errors import PriceMissing
from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import Usage, image_tokens
from shared.core.money.price_rows import PRICE_ROWS, UNIT_PRICES
from shared.core.money.price_types import UnitPrice
from shared.core.money.prices import (
    Cost,
    ceiling_usd,
    cost,
    in_force,
    price_has_changed,
    sum_costs,
    sum_usages,
    unit_cost,
)

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
    assert bill("gpt-image-1", input_tokens=300, image_tokens=None).usd == Decimal("0.0015")


def test_a_cheaper_cache_is_not_assumed():
    """A model without a price for cached or written tokens charges them as input."""
    assert bill("gpt-4-turbo", input_tokens=100, cached_tokens=50, cache_write_tokens=50).usd == Decimal("0.001")


SPLITS = st.fixed_dictionaries(
    {name: st.integers(0, 400_000) for name in ("cached_tokens", "cache_write_tokens", "image_tokens")}
)


@given(
    row=st.sampled_from(PRICE_ROWS),
    used=st.tuples(st.integers(0, 400_000), st.integers(0, 200_000), st.integers(0, 200_000)),
    split=SPLITS,
    spare=st.tuples(st.integers(0, 300_000), st.integers(0, 100_000)),
)
def test_no_bill_is_above_its_ceiling(row, used, split, spare):
    """Of all models, scopes and days, however the endpoint splits the tokens, contradictions included."""
    read, written, thought = used
    usage = Usage(
        input_tokens=read, output_tokens=0 if row.output is None else written, reasoning_tokens=thought, **split
    )
    model, where = look_up_model(row.model), {"on": row.from_date, "scope": row.scopes[0]}
    bill = cost(model, usage, **where)
    most = ceiling_usd(
        model,
        input_tokens=read + spare[0],
        output_tokens=usage.output_tokens + (spare[1] if row.output else 0),
        **where,
    )

    assert bill.usd <= most
    assert sum(line.quantity for line in bill.breakdown if line.item != "output") == read
    assert all(line.quantity > 0 for line in bill.breakdown)


CEILINGS = [
    ("gpt-5.6-sol", {}, "0.007"),  # all of it written to the cache: 1.25 times the input price
    ("gpt-4o", {}, "0.0035"),
    ("gpt-4o", {"scope": "data-zone-us"}, "0.00385"),
    ("gpt-4o-2024-11-20", {"batch": True}, "0.00175"),
    ("gpt-image-1.5", {}, "0.009"),  # all of it pictures
    ("local", {}, "0"),
]


@pytest.mark.parametrize(("model", "where", "usd"), CEILINGS)
def test_a_ceiling_takes_the_dearest_price_of_all_input(model, where, usd):
    """A thousand tokens in, a hundred out."""
    most = ceiling_usd(look_up_model(model), input_tokens=1000, output_tokens=100, **{"on": TODAY, **where})

    assert most == Decimal(usd)


@pytest.mark.parametrize(("model", "where"), [("gpt-image-1", {}), ("gpt-5.6-sol", {"batch": True})])
def test_a_ceiling_without_a_price_is_none(model, where):
    """No price of output, or of batches: it is not taken for nothing."""
    with pytest.raises(PriceMissing):
        ceiling_usd(look_up_model(model), input_tokens=1, output_tokens=1, **{"on": TODAY, **where})
    assert ceiling_usd(look_up_model(model), input_tokens=0, output_tokens=0, **{"on": TODAY, **where}) == 0


@pytest.mark.parametrize(
    ("tokens", "charged"),
    [
        ({"cached_tokens": 1500}, {"cached input": 1000}),
        ({"cache_write_tokens": 1001}, {"cache write": 1000}),
        ({"cache_write_tokens": 800, "cached_tokens": 300}, {"cache write": 800, "cached input": 200}),
        ({"image_tokens": 5000}, {"input": 1000}),
        ({"cached_tokens": 999}, {"cached input": 999, "input": 1}),
    ],
)
def test_usage_that_contradicts_itself(tokens, charged):
    """1,000 tokens were read, whatever else is said: the dearer part is charged first, none is charged twice."""
    found = bill("gpt-5.6-sol", input_tokens=1000, **tokens)

    assert {line.item: int(line.quantity) for line in found.breakdown} == charged


@pytest.mark.parametrize("digits", [25, 40, 4300])
def test_a_count_of_any_length_is_priced_to_the_last_digit(digits):
    """28 digits, which Decimal keeps by itself, would lose some of it."""
    tokens = 10**digits - 1
    found = bill("gpt-5.1", input_tokens=tokens, output_tokens=1)
    both = sum_costs(found, found)

    assert (
        found.usd.as_integer_ratio()
        == (Fraction(tokens) * Fraction("1.25") / 10**6 + Fraction(10, 10**6)).as_integer_ratio()
    )
    assert (
        both.usd.as_integer_ratio()[0] * found.usd.as_integer_ratio()[1]
        == 2 * found.usd.as_integer_ratio()[0] * both.usd.as_integer_ratio()[1]
    )


def unit_price(day, usd="1"):
    return UnitPrice(item="x", unit="minutes", usd=Decimal(usd), from_date=day, checked=TODAY, source="S5")


OLD, NEW = unit_price(date(2025, 1, 1)), unit_price(date(2026, 1, 1), "2")


@pytest.mark.parametrize(
    ("on", "price"),
    [
        (date(2024, 12, 31), None),
        (date(2025, 1, 1), OLD),
        (date(2025, 12, 31), OLD),
        (date(2026, 1, 1), NEW),
        (date(2026, 1, 2), NEW),
    ],
)
@pytest.mark.parametrize("rows", [[OLD, NEW], [NEW, OLD]])
def test_the_newest_price_that_has_begun_holds(rows, on, price):
    """From its first day on, in whatever order the rows stand."""
    assert in_force(rows, on=on) == price


@pytest.mark.parametrize("price", UNIT_PRICES, ids=lambda price: price.item)
def test_a_unit_price_holds_from_its_first_day(price):
    """And not a day before."""
    assert unit_cost(price.item, 1, on=price.from_date).usd == price.usd
    with pytest.raises(PriceMissing):
        unit_cost(price.item, 1, on=price.from_date - timedelta(days=1))


def test_a_sum_is_as_old_as_its_oldest_price():
    """Two bills, priced from rows that were checked on different days."""
    costs = [
        Cost(usd=Decimal(1), prices_as_of=day, breakdown=()) for day in (TODAY, date(2026, 1, 1), date(2026, 5, 5))
    ]

    assert sum_costs(*costs) == Cost(usd=Decimal(3), prices_as_of=date(2026, 1, 1), breakdown=())


def test_one_token_is_charged():
    """Nothing is free because it is little."""
    assert [line.item for line in bill("gpt-5.1", input_tokens=1, output_tokens=1).breakdown] == ["input", "output"]
    assert bill("gpt-5.1").breakdown == ()


def test_usages_add_up():
    """Field by field; pictures are unknown only where no answer counted them."""
    one = Usage(
        input_tokens=9, output_tokens=8, cached_tokens=4, cache_write_tokens=3, image_tokens=2, reasoning_tokens=1
    )
    other = Usage(input_tokens=1, output_tokens=1)

    assert sum_usages(one, other) == replace(one, input_tokens=10, output_tokens=9)
    assert sum_usages(other, other).image_tokens is None


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
    assert ("Scopes with a price" in caught.value.hint) is ("scope" in given)  # only another scope may have one
    assert "price_rows" in caught.value.hint


def test_a_price_of_another_scope_is_named():
    """gpt-6.2-sol is sold by OpenAI alone, and the default scope is Azure's."""
    with pytest.raises(PriceMissing) as caught:
        bill("gpt-6.2-sol", input_tokens=10)
    assert caught.value.hint.endswith("Scopes with a price: openai.")


@pytest.mark.parametrize(("on", "changed"), [(8, False), (9, False), (20, False), (21, True), (22, True)])
def test_a_price_has_changed_from_the_day_of_its_new_row(on, changed):
    """gpt-5.6-sol costs less since 2026-11-21."""
    model, since = look_up_model("gpt-5.6-sol"), date(2026, 11, 8)
    assert price_has_changed(model, since=since, on=date(2026, 11, on), scope="global") is changed


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
