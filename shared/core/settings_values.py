"""One setting's text into its value: each function raises ValueError with what was expected instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeVar, get_args
from urllib.parse import urlsplit

from shared.core.models.catalogue import Detail
from shared.core.money.price_rows import TRANSCRIPTION_MODELS
from shared.core.money.price_types import SCOPES

T = TypeVar("T")

Destination = Literal["none", "console", "azure"]

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Reader:
    """The variables of a mapping, with the faults found so far; an empty variable counts as absent."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []

    def text(self, name: str) -> str | None:
        return self.environ.get(name, "").strip() or None

    def required(self, name: str, purpose: str) -> str:
        value = self.text(name)
        if value is None:
            self.faults.append(f"{name} is missing: {purpose}")
        return value or ""

    def value(self, name: str, parse: Callable[[str], T], *, default: T) -> T:
        text = self.text(name)
        if text is None:
            return default
        try:
            return parse(text)
        except ValueError as fault:
            shown = text.partition("?")[0]  # a query may hold a SAS or a key
            self.faults.append(f"{name} has value {shown!r}: {fault}")
            return default

    def url(self, name: str) -> str | None:
        return self.value(name, parse_url, default=None)


def parse_destination(text: str) -> Destination:
    if text == "console":
        return "console"
    if text == "none":
        return "none"
    raise ValueError("expected console or none")


def parse_pairs(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not separator or not name.strip() or not value.strip() for name, separator, value in pairs):
        raise ValueError("expected deployment=model, deployment=model")
    return {name.strip(): value.strip() for name, _, value in pairs}


def parse_transcription(text: str) -> tuple[str | None, str | None]:
    """The deployment and the model behind it: "ears=whisper", or a model's own name for both. Raises ValueError for a
    model without a price.
    """
    deployment, separator, model = (part.strip() for part in text.partition("="))
    model = model if separator else deployment
    if not deployment or model not in TRANSCRIPTION_MODELS:
        known = ", ".join(TRANSCRIPTION_MODELS)
        raise ValueError(
            f"expected a deployment and its model, such as {deployment or 'ears'}=whisper; models: {known}"
        )
    return deployment, model


def parse_price_scope(text: str) -> str:
    if text not in SCOPES:
        raise ValueError(f"expected one of {', '.join(SCOPES)}")
    return text


def parse_detail(text: str) -> Detail:
    for detail in get_args(Detail):
        if text.lower() == detail:
            return detail  # type: ignore[no-any-return]  # get_args gives the literal's values as Any
    raise ValueError(f"expected one of {', '.join(get_args(Detail))}")


def parse_count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError("expected a whole number above 0")
    return int(text)


def parse_flag(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError("expected true or false")
    return text.lower() == "true"


def parse_usd(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("expected an amount in US dollars, such as 5.00") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("expected an amount of 0 or more")
    return amount


def parse_url(text: str) -> str:
    """The address. Raises ValueError for plain http to another machine: keys and pictures travel there."""
    parts = urlsplit(text)
    if parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS:
        return text.rstrip("/")
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("expected an https:// address (http:// only for this machine)")
    return text.rstrip("/")
