"""The rows of prices: dated, sourced, none forgotten in a zone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shared.core.models.catalogue import MODELS, look_up_model
from shared.core.models.sources import SOURCES
from shared.core.money.price_row import row, scaled
from shared.core.money.price_rows import PRICE_ROWS, UNIT_PRICES
from shared.core.money.price_rows_zones import NOT_SOLD_IN_ZONES
from shared.core.money.price_types import GLOBAL, SCOPES
from shared.core.money.prices import in_force, look_up_price

CHECKED = date(2026, 11, 21)


def test_every_model_has_a_price():
    """On the day from which the newest row holds: at OpenAI, or at zero on your own machine; 47 on Azure's list too."""
    last = max(row.from_date for row in PRICE_ROWS)
    rows = [look_up_price(model, on=last, scope="openai") for model in MODELS]

    assert len(rows) == len(MODELS)
    assert len({row.model for row in PRICE_ROWS if "global" in row.scopes}) >= 47


@pytest.mark.parametrize("row", PRICE_ROWS, ids=lambda row: f"{row.model} {row.scopes[0]} {row.from_date}")
def test_every_row_is_dated_sourced_and_of_a_known_model(row):
    """Checked since its source was written, which is listed, for scopes that exist."""
    assert look_up_model(row.model).name == row.model
    assert row.model == "local" or SOURCES[row.source].date <= row.checked.isoformat()
    assert set(row.scopes) <= set(SCOPES)
    assert row.batch_input is None or row.batch_input == row.input / 2 or row.batch_input == Decimal("0.083")
    assert row.cached_input is None or row.cached_input <= row.input


def test_no_two_rows_begin_on_the_same_day():
    """Else the bill would depend on their order."""
    keys = [(row.model, scope, row.from_date) for row in PRICE_ROWS for scope in row.scopes]
    units = [(price.item, price.from_date) for price in UNIT_PRICES]

    assert len(keys) == len(set(keys))
    assert len(units) == len(set(units))


@pytest.mark.parametrize("price", UNIT_PRICES, ids=lambda price: price.item)
def test_every_unit_price_is_sourced(price):
    """And checked since its source was written."""
    assert price.item == "local" or SOURCES[price.source].date <= price.checked.isoformat()


def test_a_row_has_what_its_source_prints_and_nothing_where_it_prints_none():
    """No batch price and no surcharge unless they are given; scaled, every price by the same factor."""
    plain = row("gpt-5", GLOBAL, "2026-01-01", "1.25", None)
    full = row("gpt-5", GLOBAL, "2026-01-01", "2", "8", cached="0.2", write="2.5", batch=("1", "4"), image="3")
    more = scaled(full, "1.1", ("data-zone-us",))

    assert prices_of(plain) == [Decimal("1.25"), None, None, None, None, None, None]
    assert prices_of(full) == [Decimal(price) for price in ("2", "8", "0.2", "2.5", "1", "4", "3")]
    assert prices_of(more)[:6] == [Decimal(price) for price in ("2.2", "8.8", "0.22", "2.75", "1.1", "4.4")]
    assert prices_of(scaled(plain, "1.1", ("data-zone-us",)))[1:6] == [None] * 5
    assert (plain.long_context_surcharge, more.scopes, full.scopes) == (False, ("data-zone-us",), GLOBAL)


def prices_of(row):
    return [
        *(row.input, row.output, row.cached_input, row.cache_write),
        *(row.batch_input, row.batch_output, row.image_input),
    ]


def test_an_announced_price_is_added_without_dating_the_others_anew():
    """A row that was checked alone has its own day; the others keep theirs, and its price holds from its first day."""
    announced = row("gpt-5.1-2025-11-13", GLOBAL, "2027-02-01", "1", "8", checked="2026-12-24")
    rows = [*(row for row in PRICE_ROWS if row.model == announced.model and "global" in row.scopes), announced]

    assert announced.checked == date(2026, 12, 24)
    assert {other.checked for other in rows[:-1]} == {CHECKED}
    assert in_force(rows, on=date(2027, 1, 31)) == rows[0]
    assert in_force(rows, on=date(2027, 2, 1)) == announced


ZONE_SCOPES = ("data-zone-us", "data-zone-eu", "data-zone-apac")


def zone_factor(model, scope):
    """1.10 up to gpt-5.6; from GPT-6 on 1.10 in the US and 1.20 elsewhere."""
    return Decimal("1.2" if model.startswith("gpt-6") and scope != "data-zone-us" else "1.1")


def zone_faults(rows):
    """Models, zones and days where a zone's price is not the published factor above the global price of that day.

    Looked at on each day from which one of the two holds, so that neither can be changed without the other.
    """
    for scope in ZONE_SCOPES:
        for model in {found.model for found in rows if scope in found.scopes}:
            zone = [row for row in rows if row.model == model and scope in row.scopes]
            listed = [row for row in rows if row.model == model and "global" in row.scopes]
            first = min(row.from_date for row in zone)
            for day in sorted({found.from_date for found in (*zone, *listed) if found.from_date >= first}):
                here, there = in_force(zone, on=day), in_force(listed, on=day)
                if there is None or here.input != there.input * zone_factor(model, scope):
                    yield model, scope, day


def test_azure_zones_cost_the_published_factor_more():
    """On every day that has a price: history is compared with the prices of its own day."""
    assert list(zone_faults(PRICE_ROWS)) == []


def test_a_global_price_without_its_zones_is_seen():
    """The check itself: a new global price, and nothing in the zones."""
    cheaper = row("gpt-5.1-2025-11-13", GLOBAL, "2027-02-01", "1", "8", checked="2026-12-24")
    in_zones = row("gpt-5.1-2025-11-13", ("data-zone-us", "data-zone-eu"), "2027-02-01", "1.1", "8.8")
    day = date(2027, 2, 1)

    assert sorted(zone_faults((*PRICE_ROWS, cheaper))) == [
        (cheaper.model, "data-zone-eu", day),
        (cheaper.model, "data-zone-us", day),
    ]
    assert list(zone_faults((*PRICE_ROWS, cheaper, in_zones))) == []


def test_every_model_of_the_global_list_is_in_the_zones_or_said_not_to_be():
    """So that a new model's zone prices cannot be forgotten."""
    listed = {row.model for row in PRICE_ROWS if "global" in row.scopes}
    for scope in ("data-zone-us", "data-zone-eu"):
        sold = {row.model for row in PRICE_ROWS if scope in row.scopes}
        assert sold | NOT_SOLD_IN_ZONES == listed
        assert sold.isdisjoint(NOT_SOLD_IN_ZONES)
