"""The shape of a price row and of a bill. Dollars are Decimal, tokens are counts; price_rows.py holds the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

NO_USD = Decimal(0)

OPENAI = ("openai",)
OPENAI_REGIONAL = ("openai-regional",)  # OpenAI's own US or EU processing
GLOBAL = ("global",)  # Azure Global Standard and Global Batch
ZONE_US = ("data-zone-us",)
ZONE_EU = ("data-zone-eu",)
ZONE_APAC = ("data-zone-apac",)
US_GOV = ("us-gov",)
LOCAL_SCOPES = ("local",)
SCOPES = (*OPENAI, *OPENAI_REGIONAL, *GLOBAL, *ZONE_US, *ZONE_EU, *ZONE_APAC, *US_GOV, *LOCAL_SCOPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """Prices in USD per million tokens in these scopes from a day on, until a later row begins. None: no price
    published.

    With the surcharge, a request of more than 272,000 input tokens pays 2 times for input and 1.5 times for output.
    """

    model: str
    scopes: tuple[str, ...]
    from_date: date
    checked: date
    source: str
    input: Decimal
    output: Decimal | None
    cached_input: Decimal | None
    cache_write: Decimal | None
    batch_input: Decimal | None
    batch_output: Decimal | None
    long_context_surcharge: bool
    image_input: Decimal | None  # only the image-editing models price pictures apart from text


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPrice:
    """USD per unit of something that is not a token."""

    item: str
    unit: str
    usd: Decimal
    from_date: date
    checked: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    item: str
    quantity: Decimal
    unit: str
    usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A bill in dollars with its lines. `prices_as_of` is the day on which its oldest price was last checked against
    the source.
    """

    usd: Decimal
    prices_as_of: date
    breakdown: tuple[CostLine, ...]
