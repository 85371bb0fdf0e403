"""What OpenAI and Azure Global Standard charge, in USD per million tokens: dated rows, appended, never edited.

To add a price, add a row: model, scopes, first day (an announced price may begin later), input, output; `checked` where
the row alone was compared with its source; `cached` and `write` are for reading and writing the prompt cache, `batch`
is (input, output), `image` is for the editing models, `long` marks the long-context surcharge.
The sources print today's prices, not their first day. It is the model's release where no change is recorded (for names
without a date, and for transcription, as remembered, not sourced), and for o3 the remembered day of its price cut.
gpt-5.6-sol fell between 2026-08-21 and 2026-11-21; until the day it was first seen lower, the higher price stands.
S5 lists Azure's GPT-4 Turbo at 11 and 33; Microsoft's own price example says 10 and 30 (S18), which is used here.
Azure's data zones are in price_rows_zones.py; the ids of the sources are explained in sources.py.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from shared.core.money.price_row import checked_on, row, scaled
from shared.core.money.price_rows_zones import ZONE_ROWS
from shared.core.money.price_types import GLOBAL, LOCAL_SCOPES, OPENAI, OPENAI_REGIONAL, PriceRow, UnitPrice

LISTED = OPENAI + GLOBAL

LISTED_ROWS: tuple[PriceRow, ...] = (
    row("gpt-4-vision-preview", LISTED, "2023-11-06", "10", "30", source="S18"),
    row("gpt-4-turbo-2024-04-09", OPENAI, "2024-04-09", "10", "30", batch=("5", "15")),
    row("gpt-4-turbo-2024-04-09", GLOBAL, "2024-04-09", "10", "30", source="S18"),
    row("gpt-4.5-preview", OPENAI, "2025-02-27", "75", "150", cached="37.5", source="S19"),
    row("gpt-4.5-preview", GLOBAL, "2025-02-27", "75", "150", cached="37.5", batch=("37.5", "75")),
    row("gpt-4o-2024-05-13", LISTED, "2024-05-13", "5", "15", batch=("2.5", "7.5")),
    row("gpt-4o-2024-08-06", LISTED, "2024-08-06", "2.5", "10", cached="1.25", batch=("1.25", "5")),
    row("gpt-4o-2024-11-20", LISTED, "2024-11-20", "2.5", "10", cached="1.25", batch=("1.25", "5")),
    row("chatgpt-4o-latest", OPENAI, "2024-08-14", "5", "15", source="S19"),
    row("gpt-4o-mini-2024-07-18", LISTED, "2024-07-18", "0.15", "0.6", cached="0.075", batch=("0.075", "0.3")),
    row("gpt-4.1-2025-04-14", LISTED, "2025-04-14", "2", "8", cached="0.5", batch=("1", "4")),
    row("gpt-4.1-mini-2025-04-14", LISTED, "2025-04-14", "0.4", "1.6", cached="0.1", batch=("0.2", "0.8")),
    row("gpt-4.1-nano-2025-04-14", LISTED, "2025-04-14", "0.1", "0.4", cached="0.025", batch=("0.05", "0.2")),
    row("o1-2024-12-17", LISTED, "2024-12-17", "15", "60", cached="7.5", batch=("7.5", "30")),
    row("o1-pro-2025-03-19", OPENAI, "2025-03-19", "150", "600", batch=("75", "300")),
    row("o3-2025-04-16", LISTED, "2025-06-10", "2", "8", cached="0.5", batch=("1", "4")),
    row("o3-pro-2025-06-10", LISTED, "2025-06-10", "20", "80", batch=("10", "40")),
    row("o4-mini-2025-04-16", LISTED, "2025-04-16", "1.1", "4.4", cached="0.275", batch=("0.55", "2.2")),
    row("computer-use-preview", LISTED, "2025-03-11", "3", "12"),
    row("gpt-5-2025-08-07", LISTED, "2025-08-07", "1.25", "10", cached="0.125", batch=("0.625", "5")),
    row("gpt-5-mini-2025-08-07", LISTED, "2025-08-07", "0.25", "2", cached="0.025", batch=("0.125", "1")),
    row("gpt-5-nano-2025-08-07", LISTED, "2025-08-07", "0.05", "0.4", cached="0.005", batch=("0.025", "0.2")),
    row("gpt-5-chat-latest", LISTED, "2025-08-07", "1.25", "10", cached="0.125"),
    row("gpt-5-pro-2025-10-06", LISTED, "2025-10-06", "15", "120", batch=("7.5", "60")),
    row("gpt-5-codex", LISTED, "2025-09-23", "1.25", "10", cached="0.125"),
    row("gpt-5.1-2025-11-13", LISTED, "2025-11-13", "1.25", "10", cached="0.125", batch=("0.625", "5")),
    row("gpt-5.1-codex", LISTED, "2025-11-13", "1.25", "10", cached="0.125"),
    row("gpt-5.1-codex-mini", LISTED, "2025-11-13", "0.25", "2", cached="0.025"),
    row("gpt-5.1-codex-max", LISTED, "2025-12-04", "1.25", "10", cached="0.125"),
    row("gpt-5.2-2025-12-11", LISTED, "2025-12-11", "1.75", "14", cached="0.175", batch=("0.875", "7")),
    row("gpt-5.2-chat-latest", OPENAI, "2025-12-11", "1.75", "14", cached="0.175"),
    row("gpt-5.2-codex", LISTED, "2026-01-14", "1.75", "14", cached="0.175"),
    row("gpt-5.2-pro-2025-12-11", LISTED, "2025-12-11", "21", "168", batch=("10.5", "84")),
    row("gpt-5.3-codex", LISTED, "2026-02-24", "1.75", "14", cached="0.175"),
    row(
        "gpt-5.4-2026-03-05",
        LISTED,
        "2026-03-05",
        "2.5",
        "15",
        cached="0.25",
        batch=("1.25", "7.5"),
        long=True,
    ),
    row("gpt-5.4-mini-2026-03-17", LISTED, "2026-03-17", "0.75", "4.5", cached="0.075", batch=("0.375", "2.25")),
    row("gpt-5.4-nano-2026-03-17", LISTED, "2026-03-17", "0.2", "1.25", cached="0.02", batch=("0.1", "0.625")),
    row("gpt-5.4-pro-2026-03-05", OPENAI, "2026-03-05", "30", "180", batch=("15", "90"), long=True),
    row("gpt-5.4-pro-2026-03-05", GLOBAL, "2026-03-05", "30", "180", cached="3", batch=("15", "90"), long=True),
    row("gpt-5.5-2026-04-23", LISTED, "2026-04-23", "5", "30", cached="0.5", batch=("2.5", "15"), long=True),
    row("gpt-5.5-pro-2026-04-23", OPENAI, "2026-04-23", "30", "180", batch=("15", "90"), long=True),
    row("gpt-5.5-pro-2026-04-23", GLOBAL, "2026-04-23", "30", "180", cached="3", long=True),
    row("gpt-5.6-sol", OPENAI, "2026-11-21", "4", "20", cached="0.4", write="5", batch=("2", "10"), long=True),
    row("gpt-5.6-sol", GLOBAL, "2026-11-21", "4", "20", cached="0.4", write="5", long=True),
    row("gpt-5.6-terra", OPENAI, "2026-07-30", "2", "12", cached="0.2", write="2.5", batch=("1", "6"), long=True),
    row("gpt-5.6-terra", GLOBAL, "2026-07-30", "2", "12", cached="0.2", write="2.5", long=True),
    row(
        "gpt-5.6-luna",
        OPENAI,
        "2026-07-30",
        "0.2",
        "1.2",
        cached="0.02",
        write="0.25",
        batch=("0.1", "0.6"),
        long=True,
    ),
    row("gpt-5.6-luna", GLOBAL, "2026-07-30", "0.2", "1.2", cached="0.02", write="0.25", long=True),
    row("gpt-6-astra", OPENAI, "2026-09-03", "10", "50", cached="1", write="12.5", batch=("5", "25"), long=True),
    row("gpt-6-astra", GLOBAL, "2026-09-03", "10", "50", cached="1", write="12.5", long=True),
    row("gpt-6-sol", OPENAI, "2026-09-22", "2", "10", cached="0.2", write="2.5", batch=("1", "5"), long=True),
    row("gpt-6-sol", GLOBAL, "2026-09-22", "2", "10", cached="0.2", write="2.5", long=True),
    row(
        "gpt-6-luna",
        OPENAI,
        "2026-09-22",
        "0.1",
        "0.5",
        cached="0.01",
        write="0.125",
        batch=("0.05", "0.25"),
        long=True,
    ),
    row("gpt-6-luna", GLOBAL, "2026-09-22", "0.1", "0.5", cached="0.01", write="0.125", long=True),
    row("gpt-6.1-sol", OPENAI, "2026-09-29", "2", "10", cached="0.1", write="2.5", batch=("1", "5"), long=True),
    row("gpt-6.1-sol", GLOBAL, "2026-09-29", "2", "10", cached="0.1", write="2.5", long=True),
    row(
        "gpt-6.1-terra",
        OPENAI,
        "2026-11-21",
        "1",
        "5",
        cached="0.05",
        write="1.25",
        batch=("0.5", "2.5"),
        long=True,
    ),
    row("gpt-6.1-terra", GLOBAL, "2026-11-21", "1", "5", cached="0.05", write="1.25", long=True),
    row("gpt-6.2-sol", OPENAI, "2026-11-21", "2", "10", source="S16"),
    row("gpt-image-1", OPENAI, "2025-04-15", "5", None, cached="1.25", batch=("2.5", None), image="10"),
    row("gpt-image-1", GLOBAL, "2025-04-15", "5", None, cached="1.25", image="10"),
    row("gpt-image-1-mini", OPENAI, "2025-10-06", "2", None, cached="0.2", batch=("1", None), image="2.5"),
    row("gpt-image-1-mini", GLOBAL, "2025-10-06", "2", None, cached="0.2", image="2.5"),
    row("gpt-image-1.5", OPENAI, "2025-12-16", "5", "10", cached="1.25", batch=("2.5", "5"), image="8"),
    row("gpt-image-1.5", GLOBAL, "2025-12-16", "5", "10", cached="1.25", image="8"),
    row("gpt-image-2", OPENAI, "2026-04-21", "5", None, cached="1.25", batch=("2.5", None), image="8"),
    row("gpt-image-2", GLOBAL, "2026-04-21", "5", None, cached="1.25", image="8"),
    row("gpt-image-2.5-sunburst", OPENAI, "2026-09-08", "5", None, cached="1.25", batch=("2.5", None), image="8"),
    row("gpt-image-2.5-sunburst", GLOBAL, "2026-09-08", "5", None, cached="1.25", image="8"),
    # Price changes: the older price stays, so that a bill of that day stays what it was. S11 lists OpenAI's alone;
    # Azure Global has had the same price wherever S5 lists both.
    row("gpt-5.6-luna", LISTED, "2026-07-09", "1", "6", cached="0.1", write="1.25", source="S11"),
    row("gpt-5.6-terra", LISTED, "2026-07-09", "2.5", "15", cached="0.25", write="3.125", source="S11"),
    row("gpt-5.6-sol", LISTED, "2026-07-09", "5", "30", cached="0.5", write="6.25", source="S11"),
    # Nobody sends a bill for a model on your own machine: zero dollars, whatever it counts.
    row("local", LOCAL_SCOPES, "2023-01-01", "0", "0", cached="0", write="0", batch=("0", "0"), source="own machine"),
)

# OpenAI's uplift for processing in one region (S5): gpt-5.4 and later.
REGIONAL_MODELS = ("gpt-5.4", "gpt-5.5", "gpt-5.6", "gpt-6")
REGIONAL_ROWS = tuple(
    scaled(listed, "1.1", OPENAI_REGIONAL)
    for listed in LISTED_ROWS
    if listed.model.startswith(REGIONAL_MODELS) and listed.model != "gpt-6.2-sol" and "openai" in listed.scopes
)

PRICE_ROWS: tuple[PriceRow, ...] = LISTED_ROWS + ZONE_ROWS + REGIONAL_ROWS


def per(item: str, unit: str, usd: str, from_date: date, source: str, *, checked: str | None = None) -> UnitPrice:
    return UnitPrice(
        item=item, unit=unit, usd=Decimal(usd), from_date=from_date, checked=checked_on(source, checked), source=source
    )


# The video index ended with Azure's Video Retrieval on 2025-06-30; its prices stay for bills of the past.
UNIT_PRICES: tuple[UnitPrice, ...] = (
    per("video index", "minutes", "0.05", date(2023, 11, 6), "S18"),
    per("video index query", "queries", "0.00025", date(2023, 11, 6), "S18"),
    per("whisper", "minutes", "0.006", date(2023, 3, 1), "S5"),
    per("whisper-1", "minutes", "0.006", date(2023, 3, 1), "S5"),
    per("gpt-4o-transcribe", "minutes", "0.006", date(2025, 3, 20), "S5"),
    per("gpt-4o-transcribe-diarize", "minutes", "0.006", date(2025, 10, 15), "S5"),
    per("gpt-4o-mini-transcribe", "minutes", "0.003", date(2025, 3, 20), "S5"),
    per("gpt-transcribe", "minutes", "0.0045", date(2026, 11, 21), "S5"),
    # As for pictures: nobody sends a bill for a model on your own machine.
    per("local", "minutes", "0", date(2023, 1, 1), "own machine"),
)
TRANSCRIPTION_MODELS = tuple(
    dict.fromkeys(price.item for price in UNIT_PRICES if price.unit == "minutes" and price.item != "video index")
)
