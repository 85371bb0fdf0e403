"""What tokens cost: usage + day + scope -> dollars with a breakdown, exact in Decimal.

The prices are dated rows (price_rows.py, price_rows_zones.py); the day is always an argument, so that a bill of the
past can be repeated. A missing price is an error that names the row to add, never a zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal, TypeVar

from shared.core.errors import PriceMissing
from shared.core.models.model_types import Model
from shared.core.models.tokens import Usage
from shared.core.money.exact import exactly
from shared.core.money.price_rows import PRICE_ROWS, UNIT_PRICES
from shared.core.money.price_types import LOCAL_SCOPES, Cost, CostLine, PriceRow, UnitPrice

__all__ = [
    "Cost",
    "CostLine",
    "PriceRow",
    "UnitPrice",
    "ceiling_usd",
    "cost",
    "look_up_price",
    "price_has_changed",
    "sum_costs",
    "sum_usages",
    "unit_cost",
]

PriceKind = Literal["standard", "batch"]
Dated = TypeVar("Dated", PriceRow, UnitPrice)

LONG_CONTEXT_TOKENS = 272_000  # above it the whole request pays more, cached tokens too (S5)
LONG_CONTEXT_INPUT = Decimal(2)
LONG_CONTEXT_OUTPUT = Decimal("1.5")
MILLION = 6  # digits


@exactly
def cost(model: Model, usage: Usage, *, on: date, scope: str = "global", batch: bool = False) -> Cost:
    """The bill in dollars for `usage` on that day, with its lines. Raises PriceMissing.

    A batch pays the batch price for cached tokens too: no source says otherwise.
    """
    price = look_up_price(model, on=on, scope=scope)
    kind: PriceKind = "batch" if batch else "standard"
    lines = tuple(
        CostLine(
            item=item,
            quantity=Decimal(tokens),
            unit="tokens",
            usd=(_usd_per_mtok(price, item, kind, usage.input_tokens) * tokens).scaleb(-MILLION),
        )
        for item, tokens in _parts(price, usage).items()
        if tokens > 0
    )
    return Cost(usd=sum((line.usd for line in lines), Decimal(0)), prices_as_of=price.checked, breakdown=lines)


@exactly
def ceiling_usd(
    model: Model, *, input_tokens: int, output_tokens: int, on: date, scope: str = "global", batch: bool = False
) -> Decimal:
    """The most dollars that so many tokens can cost on that day, however the endpoint splits them. Raises
    PriceMissing.

    Every input token is taken at the dearest price that one can have: some models charge more than the input price for
    what is written to the cache. Output includes reasoning, so a limit on the output bounds both.
    """
    price = look_up_price(model, on=on, scope=scope)
    kind: PriceKind = "batch" if batch else "standard"
    kinds_of_input = ("input", *_dear_parts(price)) if input_tokens else ()
    dearest = max((_usd_per_mtok(price, item, kind, input_tokens) for item in kinds_of_input), default=Decimal(0))
    written = _usd_per_mtok(price, "output", kind, input_tokens) * output_tokens if output_tokens else Decimal(0)
    return (dearest * input_tokens + written).scaleb(-MILLION)


def look_up_price(model: Model, *, on: date, scope: str) -> PriceRow:
    """The newest row of this model and scope that had begun by `on`. Raises PriceMissing."""
    known = [row for row in PRICE_ROWS if row.model == model.name]
    price = in_force([row for row in known if {scope, *LOCAL_SCOPES} & set(row.scopes)], on=on)
    if price is None:
        elsewhere = dict.fromkeys(name for row in known if row.from_date <= on for name in row.scopes)
        raise _missing(model.name, scope, "price", on, elsewhere=", ".join(elsewhere))
    return price


def price_has_changed(model: Model, *, since: date, on: date, scope: str) -> bool:
    """Whether the price on that day is another than on an earlier one. Raises PriceMissing for a day without a
    price.
    """
    return look_up_price(model, on=since, scope=scope) != look_up_price(model, on=on, scope=scope)


def in_force(prices: Iterable[Dated], *, on: date) -> Dated | None:
    """The price that held on that day: the newest of those that had begun; None where none had."""
    return max((price for price in prices if price.from_date <= on), key=lambda price: price.from_date, default=None)


@exactly
def unit_cost(item: str, quantity: Decimal | int, *, on: date) -> Cost:
    """The dollars for minutes of transcription or of video index, or for index queries, on that day. Raises
    PriceMissing.
    """
    price = in_force([price for price in UNIT_PRICES if price.item == item], on=on)
    if price is None:
        raise PriceMissing(
            f"no price is known for {item} on {on}",
            hint="Add its line to UNIT_PRICES in shared/core/money/price_rows.py.",
        )
    line = CostLine(item=item, quantity=Decimal(quantity), unit=price.unit, usd=price.usd * quantity)
    return Cost(usd=line.usd, prices_as_of=price.checked, breakdown=(line,))


@exactly
def sum_costs(*costs: Cost) -> Cost:
    """One bill in dollars out of several; at least one must be given."""
    return Cost(
        usd=sum((cost.usd for cost in costs), Decimal(0)),
        prices_as_of=min(cost.prices_as_of for cost in costs),
        breakdown=tuple(line for cost in costs for line in cost.breakdown),
    )


def sum_usages(*usages: Usage) -> Usage:
    """The tokens of several answers together; those of pictures are None where no answer counted them."""
    pictures = [usage.image_tokens for usage in usages if usage.image_tokens is not None]
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in usages),
        image_tokens=sum(pictures) if pictures else None,
        reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
    )


def _parts(price: PriceRow, usage: Usage) -> dict[str, int]:
    """Tokens by what they are charged as; together they are as many as the answer had.

    Where the counts contradict each other, such as more cached tokens than input, the total holds: the dearer parts are
    charged first, and the others get what is left.
    """
    said = {
        "cached input": usage.cached_tokens,
        "cache write": usage.cache_write_tokens,
        "image input": usage.image_tokens or 0,
    }
    left, charged = usage.input_tokens, dict.fromkeys(said, 0)
    for item in _dear_parts(price):
        charged[item] = min(said[item], left)
        left -= charged[item]
    return {"input": left, **charged, "output": usage.output_tokens}


def _dear_parts(price: PriceRow) -> list[str]:
    """The kinds of input that may have a price of their own, the dearest first.

    Pictures are charged as input text, except where they have a price: then that row charges no picture as text.
    """
    listed = {
        "cached input": price.cached_input or price.input,
        "cache write": price.cache_write or price.input,
        **({} if price.image_input is None else {"image input": price.image_input}),
    }
    return sorted(listed, key=lambda item: listed[item], reverse=True)


def _usd_per_mtok(price: PriceRow, item: str, kind: PriceKind, input_tokens: int) -> Decimal:
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
    return listed * _surcharge(price, item, input_tokens)


def _surcharge(price: PriceRow, item: str, input_tokens: int) -> Decimal:
    if not price.long_context_surcharge or input_tokens <= LONG_CONTEXT_TOKENS:
        return Decimal(1)
    return LONG_CONTEXT_OUTPUT if item == "output" else LONG_CONTEXT_INPUT


def _missing(model: str, scope: str, what: str, on: date, *, elsewhere: str = "") -> PriceMissing:
    add = f'Add row("{model}", …) for scope {scope} to shared/core/money/price_rows.py or price_rows_zones.py.'
    return PriceMissing(
        f"no {what} is known for {model} in scope {scope} on {on}",
        hint=f"{add} Scopes with a price: {elsewhere}." if elsewhere else add,
    )
