"""What Azure charges in data zones and other bounded scopes: dated rows as in price_rows.py, all from S5.

Data zones are 1.10 times the global price up to gpt-5.6; from GPT-6 on 1.10 in the US, 1.20 in the EU and APAC.
The rows keep the rounding of Azure's price list ($0.083 for 0.0825). Regional Standard has no row: no source lists it.
"""

from __future__ import annotations

from shared.core.money.price_row import row
from shared.core.money.price_types import US_GOV, ZONE_APAC, ZONE_EU, ZONE_US, PriceRow

ZONES = ZONE_US + ZONE_EU

ZONE_ROWS: tuple[PriceRow, ...] = (
    row("gpt-4o-2024-05-13", ZONES, "2024-05-13", "5.5", "16.5", batch=("2.75", "8.25")),
    row("gpt-4o-2024-08-06", ZONES, "2024-08-06", "2.75", "11", cached="1.375", batch=("1.375", "5.5")),
    row("gpt-4o-2024-11-20", ZONES, "2024-11-20", "2.75", "11", cached="1.375", write="1.38", batch=("1.375", "5.5")),
    row("gpt-4o-mini-2024-07-18", ZONES, "2024-07-18", "0.165", "0.66", cached="0.083", batch=("0.083", None)),
    row("gpt-4.1-2025-04-14", ZONES, "2025-04-14", "2.2", "8.8", cached="0.55", batch=("1.1", "4.4")),
    row("gpt-4.1-mini-2025-04-14", ZONES, "2025-04-14", "0.44", "1.76", cached="0.11", batch=("0.22", "0.88")),
    row("gpt-4.1-nano-2025-04-14", ZONES, "2025-04-14", "0.11", "0.44", cached="0.028", batch=("0.055", "0.22")),
    row("o1-2024-12-17", ZONES, "2024-12-17", "16.5", "66", cached="8.25", batch=("8.25", "33")),
    row("o3-2025-04-16", ZONES, "2025-06-10", "2.2", "8.8", cached="0.55", batch=("1.1", "4.4")),
    row("o4-mini-2025-04-16", ZONES, "2025-04-16", "1.21", "4.84", cached="0.303", batch=("0.605", "2.42")),
    row("computer-use-preview", ZONES, "2025-03-11", "3.3", "13.2"),
    row("gpt-5-2025-08-07", ZONES, "2025-08-07", "1.375", "11", cached="0.1375", batch=("0.6875", "5.5")),
    row("gpt-5-mini-2025-08-07", ZONES, "2025-08-07", "0.275", "2.2", cached="0.0275", batch=("0.1375", "1.1")),
    row("gpt-5-nano-2025-08-07", ZONES, "2025-08-07", "0.055", "0.44", cached="0.0055", batch=("0.0275", "0.22")),
    row("gpt-5-pro-2025-10-06", ZONES, "2025-10-06", "16.5", "132", batch=("8.25", "66")),
    row("gpt-5-codex", ZONES, "2025-09-23", "1.375", "11", cached="0.138"),
    row("gpt-5.1-2025-11-13", ZONES, "2025-11-13", "1.375", "11", cached="0.1375", batch=("0.6875", "5.5")),
    row("gpt-5.1-2025-11-13", US_GOV, "2025-11-13", "1.71875", "13.75", cached="0.171875"),
    row("gpt-5.1-codex", ZONES, "2025-11-13", "1.375", "11", cached="0.1375"),
    row("gpt-5.1-codex-mini", ZONES, "2025-11-13", "0.275", "2.2", cached="0.0275"),
    row("gpt-5.1-codex-max", ZONES, "2025-12-04", "1.375", "11", cached="0.1375"),
    row("gpt-5.2-2025-12-11", ZONES, "2025-12-11", "1.925", "15.4", cached="0.1925", batch=("0.9625", "7.7")),
    row("gpt-5.2-codex", ZONES, "2026-01-14", "1.925", "15.4", cached="0.1925"),
    row("gpt-5.2-pro-2025-12-11", ZONES, "2025-12-11", "23.1", "184.8", batch=("11.55", "92.4")),
    row("gpt-5.3-codex", ZONES, "2026-02-24", "1.925", "15.4", cached="0.1925"),
    row(
        "gpt-5.4-2026-03-05",
        ZONES,
        "2026-03-05",
        "2.75",
        "16.5",
        cached="0.275",
        batch=("1.375", "8.25"),
        long=True,
    ),
    row("gpt-5.4-mini-2026-03-17", ZONES, "2026-03-17", "0.825", "4.95", cached="0.0825", batch=("0.4125", "2.475")),
    row("gpt-5.4-nano-2026-03-17", ZONES, "2026-03-17", "0.22", "1.375", cached="0.022", batch=("0.11", "0.6875")),
    row("gpt-5.4-pro-2026-03-05", ZONES, "2026-03-05", "33", "198", batch=("16.5", "99"), long=True),
    row(
        "gpt-5.5-2026-04-23",
        ZONES,
        "2026-04-23",
        "5.5",
        "33",
        cached="0.55",
        batch=("2.75", "16.5"),
        long=True,
    ),
    row("gpt-5.6-sol", ZONES, "2026-11-21", "4.4", "22", cached="0.44", write="5.5", long=True),
    row("gpt-5.6-terra", ZONES, "2026-07-30", "2.2", "13.2", cached="0.22", write="2.75", long=True),
    row("gpt-5.6-luna", ZONES, "2026-07-30", "0.22", "1.32", cached="0.022", write="0.275", long=True),
    row("gpt-6-astra", ZONE_US, "2026-09-03", "11", "55", cached="1.1", write="13.75", long=True),
    row("gpt-6-astra", ZONE_EU, "2026-09-03", "12", "60", cached="1.2", write="15", long=True),
    row("gpt-6-sol", ZONE_US, "2026-09-22", "2.2", "11", cached="0.22", write="2.75", long=True),
    row("gpt-6-sol", ZONE_EU, "2026-09-22", "2.4", "12", cached="0.24", write="3", long=True),
    row("gpt-6-luna", ZONE_US, "2026-09-22", "0.11", "0.55", cached="0.011", write="0.1375", long=True),
    row("gpt-6-luna", ZONE_EU, "2026-09-22", "0.12", "0.6", cached="0.012", write="0.15", long=True),
    row("gpt-6.1-sol", ZONE_US, "2026-09-29", "2.2", "11", cached="0.11", write="2.75", long=True),
    row("gpt-6.1-sol", ZONE_EU + ZONE_APAC, "2026-09-29", "2.4", "12", cached="0.12", write="3", long=True),
    row("gpt-6.1-terra", ZONE_US, "2026-11-21", "1.1", "5.5", cached="0.055", write="1.375", long=True),
    row("gpt-6.1-terra", ZONE_EU + ZONE_APAC, "2026-11-21", "1.2", "6", cached="0.06", write="1.5", long=True),
)

NOT_SOLD_IN_ZONES = frozenset(
    {
        *("gpt-4-vision-preview", "gpt-4-turbo-2024-04-09", "gpt-4.5-preview", "o3-pro-2025-06-10"),
        *("gpt-5-chat-latest", "gpt-5.5-pro-2026-04-23"),
        *("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "gpt-image-2.5-sunburst"),
    }
)
"""Models that S5 lists for Azure Global and for no data zone. Every other model with a global price has a row above."""
