"""How a price row is written down: prices are strings, so that what the source prints is what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from shared.core.money.price_types import PriceRow

CHECKED = {
    "S5": "2026-11-21",
    "S11": "2026-11-21",
    "S16": "2026-11-21",
    "S18": "2026-11-21",
    "S19": "2026-11-21",
    "own machine": "2026-11-21",
}
"""The day on which the prices of a source were last compared with it. A row that was checked alone says so itself:
a price can be added, also one that is announced and has not begun, without claiming that all others were checked."""


def row(  # noqa: PLR0913 - a row has this many columns, and most are left out
    model: str,
    scopes: tuple[str, ...],
    from_date: str,
    input: str,  # noqa: A002 - the field's word for this price
    output: str | None,
    *,
    cached: str | None = None,
    write: str | None = None,
    batch: tuple[str | None, str | None] = (None, None),
    long: bool = False,
    image: str | None = None,
    source: str = "S5",
    checked: str | None = None,
) -> PriceRow:
    """A dated price row in USD per million tokens, from prices as their source prints them; `checked` None is the day
    on which all rows were checked.
    """
    return PriceRow(
        model=model,
        scopes=scopes,
        from_date=date.fromisoformat(from_date),
        checked=checked_on(source, checked),
        source=source,
        input=Decimal(input),
        output=usd(output),
        cached_input=usd(cached),
        cache_write=usd(write),
        batch_input=usd(batch[0]),
        batch_output=usd(batch[1]),
        long_context_surcharge=long,
        image_input=usd(image),
    )


def checked_on(source: str, own: str | None = None) -> date:
    return date.fromisoformat(own or CHECKED[source])


def usd(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def scaled(base: PriceRow, factor: str, scopes: tuple[str, ...]) -> PriceRow:
    """The same prices times a published factor, for other scopes."""

    def times(price: Decimal | None) -> Decimal | None:
        return None if price is None else price * Decimal(factor)

    return replace(
        base,
        scopes=scopes,
        input=base.input * Decimal(factor),
        output=times(base.output),
        cached_input=times(base.cached_input),
        cache_write=times(base.cache_write),
        batch_input=times(base.batch_input),
        batch_output=times(base.batch_output),
    )
