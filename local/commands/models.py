"""`./visiondrop models`: what is known about each model: picture rule, price, limits, end dates. Offline."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from local.days import day
from local.table import table
from shared.core.errors import PriceMissing
from shared.core.models.catalogue import MODELS, Model, host_limits
from shared.core.models.image_rules import EditRule, ImageRule, PatchLimit, PatchRule, TileRule
from shared.core.models.retirement import retirement
from shared.core.money.price_types import SCOPES
from shared.core.money.prices import PriceRow, look_up_price

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from shared.core.models.catalogue import Host

SUMMARY = "rule, price, limits and end dates of every model known"
HEADINGS = ("model", "pictures", "by", "usd in", "usd out", "window", "output", "api", "openai ends", "azure ends")
HOSTS: tuple[Host, ...] = ("openai", "azure")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="only models whose name or alias contains one of these"
    )
    parser.add_argument("--scope", choices=SCOPES, default="global", help="whose prices; default: global (Azure)")
    parser.add_argument("--on", type=day, metavar="DATE", help="default: today")
    parser.add_argument("--json", action="store_true", help="rows for a program")


def run(arguments: Namespace) -> int:
    on = arguments.on or datetime.now(tz=UTC).date()
    chosen = [model for model in MODELS if is_wanted(model, arguments.names)]
    if not chosen:
        print(f"visiondrop models: no name contains {' or '.join(arguments.names)}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps([to_json(model, arguments.scope, on) for model in chosen], indent=2))
        return 0
    print(table(HEADINGS, (cells(model, arguments.scope, on) for model in chosen), right=HEADINGS[3:7]))
    print(
        f"\nUSD per million tokens, {arguments.scope}, on {on}. Dates conflict between sources: --json names them all."
    )
    return 0


def is_wanted(model: Model, names: list[str]) -> bool:
    return not names or any(part.lower() in name for part in names for name in (model.name, *model.aliases))


def price_on(model: Model, scope: str, on: date) -> PriceRow | None:
    try:
        return look_up_price(model, on=on, scope=scope)
    except PriceMissing:
        return None


def cells(model: Model, scope: str, on: date) -> tuple[str, ...]:
    price = price_on(model, scope, on)
    usd_in = "-" if price is None else str(price.input)
    usd_out = "-" if price is None or price.output is None else str(price.output)
    limits = (count(model.max_input_tokens), count(model.max_output_tokens))
    ends = (ending(model, host, on) for host in HOSTS)
    return (model.name, pictures(model), model.image_rule_status, usd_in, usd_out, *limits, api(model), *ends)


def pictures(model: Model) -> str:
    match model.image_rule:
        case TileRule() as rule:
            return f"{rule.base} + {rule.tile} a tile"
        case EditRule() as rule:
            return f"{rule.tiles.base} + {rule.tiles.tile} a tile (edits)"
        case PatchRule() as rule:
            limits = "/".join(bound(limit) for limit in (rule.low, rule.high, rule.original))
            return f"{float(rule.multiplier):g} a patch, {limits}, auto {rule.auto}"
        case None:
            return "unknown"


def bound(limit: PatchLimit | None) -> str:
    if limit is None:
        return "-"
    return f"{limit.max_side}px" if limit.max_patches is None else str(limit.max_patches)


def count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def api(model: Model) -> str:
    if model.chat_completions:
        return "chat"
    return "responses" if model.responses_api else "images"


def ending(model: Model, host: Host, on: date) -> str:
    found = retirement(model, host=host, on=on)
    return f"{found.dates[0].date} {found.state}" if found.dates else "-"


def to_json(model: Model, scope: str, on: date) -> dict[str, Any]:
    price = price_on(model, scope, on)
    return {
        "name": model.name,
        "aliases": model.aliases,
        "image_rule": pictures(model),
        "image_rule_numbers": rule_json(model.image_rule),
        "image_rule_status": model.image_rule_status,
        "image_rule_sources": model.image_rule_sources,
        "api": api(model),
        "max_input_tokens": model.max_input_tokens,
        "max_output_tokens": model.max_output_tokens,
        "max_images": model.max_images,
        "max_image_bytes": model.max_image_bytes,
        "image_formats": model.image_formats,
        "host_limits": {host: asdict(host_limits(host)) for host in HOSTS},
        "token_limit_field": model.token_limit_field,
        "azure_default_max_tokens": model.azure_default_max_tokens,
        "temperature": model.temperature,
        "temperature_with_effort_none": model.temperature_with_effort_none,
        "reasoning_efforts": model.reasoning_efforts,
        "default_effort": model.default_effort,
        "system_role": model.system_role,
        "json_schema": model.json_schema,
        "json_mode_with_images": model.json_mode_with_images,
        "enhancements": model.enhancements,
        "price": None if price is None else price_json(price, scope),
        "retirement": {host: retirement_json(model, host, on) for host in HOSTS},
    }


def rule_json(rule: ImageRule | None) -> dict[str, Any] | None:
    """The constants behind `image_rule`; `high_extra` is (square, other shapes), a `max_patches` of null means no
    limit.
    """
    match rule:
        case TileRule():
            return {"kind": "tile", **asdict(rule)}
        case EditRule():
            return {"kind": "edit", **asdict(rule)}
        case PatchRule():
            return {"kind": "patch", **asdict(rule), "multiplier": f"{float(rule.multiplier):g}"}
        case None:
            return None


def price_json(price: PriceRow, scope: str) -> dict[str, Any]:
    """The prices in USD per million tokens, as strings."""
    columns = ("input", "cached_input", "cache_write", "output", "batch_input", "batch_output", "image_input")
    prices = {column: getattr(price, column) for column in columns}
    return {
        "scope": scope,
        **{f"{column}_usd_per_mtok": None if usd is None else str(usd) for column, usd in prices.items()},
        "long_context_surcharge": price.long_context_surcharge,
        "from_date": str(price.from_date),
        "checked": str(price.checked),
        "source": price.source,
    }


def retirement_json(model: Model, host: Host, on: date) -> dict[str, Any]:
    found = retirement(model, host=host, on=on)
    dates = [{"date": str(end.date), "source": end.source, "as_of": end.as_of} for end in found.dates]
    return {"state": found.state, "dates": dates}
