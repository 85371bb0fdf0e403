"""What tokens cost: usage + day + scope -> dollars with a breakdown, exact in Decimal.

The prices are dated rows (price_rows.py, price_rows_zones.py); the day is always an argument, so that a bill of the
past can be repeated. A missing price is an error that names the row to add, never a zero.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from shared.core.errors import PriceMissing
from shared.core.models.model_types import Model
from shared.core.models.tokens import Usage
from shared.core.money.price_rows import PRICE_ROWS, UNIT_PRICES
from shared.core.money.price_types import LOCAL, Cost, CostLine, PriceRow, UnitPrice

__all__ = ["Cost", "CostLine", "PriceRow", "UnitPrice", "cost", "look_up_price", "sum_costs", "unit_cost"]

LONG_CONTEXT_TOKENS = 272_000  # above it the whole request pays more, cached tokens too (S5)
LONG_CONTEXT_INPUT = Decimal(2)
LONG_CONTEXT_OUTPUT = Decimal("1.5")
MILLION = 6  # digits


def cost(model: Model, usage: Usage, *, on: date, scope: str = "global", batch: bool = False) -> Cost:
    """What `usage` costs on that day. A batch pays the batch price for cached tokens too: no source says otherwise."""
    price = look_up_price(model, on=on, scope=scope)
    kind: Literal["standard", "batch"] = "batch" if batch else "standard"
    parts = _parts(price, usage)
    lines = tuple(
        CostLine(
            item=item,
            quantity=Decimal(tokens),
            unit="tokens",
            usd=(_usd_per_mtok(price, item, kind, usage) * tokens).scaleb(-MILLION),
        )
        for item, tokens in parts.items()
        if tokens > 0
    )
    return Cost(usd=sum((line.usd for line in lines), Decimal(0)), prices_as_of=price.checked, breakdown=lines)


def look_up_price(model: Model, *, on: date, scope: str) -> PriceRow:
    """The newest row of this model and scope that had begun by `on`."""
    begun = [row for row in PRICE_ROWS if row.model == model.name and row.from_date <= on]
    listed = [row for row in begun if {scope, *LOCAL} & set(row.scopes)]
    if not listed:
        elsewhere = dict.fromkeys(name for row in begun for name in row.scopes)
        raise _missing(model.name, scope, "price", on, elsewhere=", ".join(elsewhere))
    return max(listed, key=lambda row: row.from_date)


def unit_cost(item: str, quantity: Decimal | int, *, on: date) -> Cost:
    """What minutes of transcription or of video index, or index queries, cost on that day."""
    begun = [price for price in UNIT_PRICES if price.item == item and price.from_date <= on]
    if not begun:
        raise PriceMissing(
            f"no price is known for {item} on {on}",
            hint="Add its line to UNIT_PRICES in shared/core/money/price_rows.py.",
        )
    price = max(begun, key=lambda price: price.from_date)
    line = CostLine(item=item, quantity=Decimal(quantity), unit=price.unit, usd=price.usd * quantity)
    return Cost(usd=line.usd, prices_as_of=price.checked, breakdown=(line,))


def sum_costs(*costs: Cost) -> Cost:
    """One bill out of several; at least one."""
    return Cost(
        usd=sum((cost.usd for cost in costs), Decimal(0)),
        prices_as_of=min(cost.prices_as_of for cost in costs),
        breakdown=tuple(line for cost in costs for line in cost.breakdown),
    )


def _parts(price: PriceRow, usage: Usage) -> dict[str, int]:
    """Tokens by what they are charged as. Pictures are charged as input text, except where they have a price."""
    pictures = (usage.image_tokens or 0) if price.image_input is not None else 0
    return {
        "input": usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens - pictures,
        "cached input": usage.cached_tokens,
        "cache write": usage.cache_write_tokens,
        "image input": pictures,
        "output": usage.output_tokens,
    }


def _usd_per_mtok(price: PriceRow, item: str, kind: Literal["standard", "batch"], usage: Usage) -> Decimal:
    listed = {
        ("input", "standard"): price.input,
        ("cached input", "standard"): price.cached_input or price.input,
        ("cache write", "standard"): price.cache_write or price.input,
        ("image input", "standard"): price.image_input,
        ("output", "standard"): price.output,
        ("input", "batch"): price.batch_input,
        ("cached input", "batch"): price.batch_input,
        ("cache write", "batch"): price.batch_input,
        ("output", "batch"): price.batch_output,
    }.get((item, kind))
    if listed is None:
        raise _missing(price.model, "/".join(price.scopes), f"{kind} price for {item}", price.from_date)
    return listed * _surcharge(price, item, usage)


def _surcharge(price: PriceRow, item: str, usage: Usage) -> Decimal:
    if not price.long_context_surcharge or usage.input_tokens <= LONG_CONTEXT_TOKENS:
        return Decimal(1)
    return LONG_CONTEXT_OUTPUT if item == "output" else LONG_CONTEXT_INPUT


def _missing(model: str, scope: str, what: str, on: date, *, elsewhere: str = "") -> PriceMissing:
    add = f'Add row("{model}", …) for scope {scope} to shared/core/money/price_rows.py or price_rows_zones.py.'
    return PriceMissing(
        f"no {what} is known for {model} in scope {scope} on {on}",
        hint=f"{add} Scopes with a price: {elsewhere}." if elsewhere else add,
    )
