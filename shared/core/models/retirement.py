"""When a model ends, on which host and who said so: sources disagree, so every date is kept with its source.

The date of a source (sources.py) is its as-of: Microsoft's schedule of 2026-07 is older than the price file of
2026-11, which agrees with what users list from their own resources. Nobody knows better, so nothing is resolved here:
`retirement()` reports what the sources make of a given day, and says `disputed` where they differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.core.models.model_types import Host, Model
from shared.core.models.sources import SOURCES

Lifecycle = Literal["available", "ending", "disputed", "retired", "no date known"]
NOTICE_DAYS = 90  # `ending` from here on: time to move a deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDate:
    model: str
    host: Host
    date: date
    source: str

    @property
    def as_of(self) -> str:
        return SOURCES[self.source].date


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """When a model ends on a host, as far as sources say; `dates` has the newest source first."""

    state: Lifecycle
    dates: tuple[EndDate, ...]


def retirement(model: Model, *, host: Host, on: date) -> Retirement:
    """The dates on which a model ends. `disputed`: some current sources say that it has ended by `on`, and others that
    it has not.
    """
    dates = [end for end in END_DATES if end.model == model.name and end.host == host]
    dates.sort(key=lambda end: end.as_of, reverse=True)
    said = {end.source for end in dates}
    current = [end for end in dates if SOURCES[end.source].superseded_by not in said]
    return Retirement(state=_state([(end.date - on).days for end in current]), dates=tuple(dates))


def _state(days_left: list[int]) -> Lifecycle:
    if not days_left:
        return "no date known"
    if max(days_left) <= 0:
        return "retired"
    if min(days_left) <= 0:
        return "disputed"
    return "ending" if min(days_left) <= NOTICE_DAYS else "available"


def ends(
    model: str, *, openai: dict[str, str] | None = None, azure: dict[str, str] | None = None
) -> tuple[EndDate, ...]:
    said: tuple[tuple[Host, dict[str, str]], ...] = (("openai", openai or {}), ("azure", azure or {}))
    return tuple(
        EndDate(model=model, host=host, date=date.fromisoformat(day), source=source)
        for host, days in said
        for source, day in days.items()
    )


END_DATES: tuple[EndDate, ...] = (
    # Azure began to upgrade vision-preview in place on the first date; the Vision enhancements ended with it.
    *ends("gpt-4-vision-preview", openai={"S21": "2024-12-06"}, azure={"S15": "2025-01-27", "S21": "2025-05-01"}),
    *ends("gpt-4-turbo-2024-04-09", openai={"S7": "2026-10-23"}),
    *ends("gpt-4.5-preview", azure={"S14": "2025-07-14", "S5": "2025-07-14"}),
    *ends(
        "gpt-4o-2024-05-13",
        openai={"S7": "2026-10-23"},
        azure={"S6b": "2027-03-31", "S6": "2026-10-01", "S5": "2026-12-09"},
    ),
    *ends(
        "gpt-4o-2024-08-06",
        openai={"S7": "2027-01-14"},
        azure={"S6b": "2027-10-01", "S6": "2026-10-01", "S5": "2027-04-14"},
    ),
    *ends(
        "gpt-4o-2024-11-20",
        openai={"S7": "2027-01-14"},
        azure={"S6b": "2026-10-01", "S6": "2026-10-01", "S5": "2027-04-14"},
    ),
    *ends("chatgpt-4o-latest", openai={"S20": "2026-02-17"}),
    *ends(
        "gpt-4o-mini-2024-07-18",
        openai={"S7": "2027-01-14"},
        azure={"S6b": "2027-10-01", "S6": "2026-10-01", "S5": "2027-04-14"},
    ),
    *ends(
        "gpt-4.1-2025-04-14",
        openai={"S7": "2027-01-14"},
        azure={"S6b": "2027-10-14", "S6": "2026-10-14", "S5": "2027-04-14"},
    ),
    *ends("gpt-4.1-mini-2025-04-14", openai={"S7": "2027-01-14"}, azure={"S6": "2026-10-14", "S5": "2027-04-14"}),
    *ends("gpt-4.1-nano-2025-04-14", openai={"S7": "2026-10-23"}, azure={"S6": "2026-10-14", "S5": "2027-04-14"}),
    *ends(
        "o1-2024-12-17",
        openai={"S7": "2026-10-23"},
        azure={"S6b": "2026-07-15", "S6": "2026-09-16", "S5": "2026-11-19"},
    ),
    *ends("o1-pro-2025-03-19", openai={"S7": "2026-10-23"}, azure={"S6": "2026-09-18"}),
    *ends("o3-2025-04-16", openai={"S7": "2026-12-11"}, azure={"S6": "2026-10-16", "S5": "2026-11-19"}),
    *ends("o3-pro-2025-06-10", openai={"S7": "2026-12-11"}, azure={"S6": "2026-12-10", "S5": "2026-11-19"}),
    *ends(
        "o4-mini-2025-04-16",
        openai={"S7": "2026-10-23"},
        azure={"S6b": "2027-10-16", "S6": "2026-10-16", "S5": "2026-11-19"},
    ),
    *ends("computer-use-preview", openai={"S5": "2026-07-23"}),
    *ends("gpt-5-2025-08-07", openai={"S7": "2026-12-11"}, azure={"S6": "2027-02-06", "S5": "2027-02-09"}),
    *ends("gpt-5-mini-2025-08-07", openai={"S7": "2026-12-11"}, azure={"S6": "2027-02-06", "S5": "2027-02-09"}),
    *ends("gpt-5-nano-2025-08-07", openai={"S7": "2026-12-11"}, azure={"S6": "2027-02-06", "S5": "2027-02-09"}),
    *ends("gpt-5-chat-latest", openai={"S5": "2026-07-23"}, azure={"S6": "2026-06-29", "S5": "2026-06-29"}),
    *ends("gpt-5-pro-2025-10-06", openai={"S7": "2026-12-11"}, azure={"S6": "2027-04-07", "S5": "2027-04-07"}),
    *ends("gpt-5-codex", openai={"S5": "2026-07-23"}, azure={"S6": "2027-03-17", "S5": "2027-03-17"}),
    *ends("gpt-5.1-2025-11-13", openai={"S7": "2027-04-01"}, azure={"S6": "2027-05-15", "S5": "2027-05-15"}),
    *ends("gpt-5.1-codex", openai={"S5": "2026-07-23"}, azure={"S6": "2027-05-15", "S5": "2027-05-15"}),
    *ends("gpt-5.1-codex-mini", openai={"S5": "2026-07-23"}, azure={"S6": "2027-05-15", "S5": "2027-05-15"}),
    *ends("gpt-5.1-codex-max", openai={"S5": "2026-07-23"}, azure={"S6": "2026-12-05", "S5": "2027-05-18"}),
    *ends("gpt-5.2-2025-12-11", azure={"S6": "2026-12-12", "S5": "2027-06-08"}),
    *ends("gpt-5.2-chat-latest", openai={"S5": "2026-08-10"}, azure={"S6": "2026-06-29"}),
    *ends("gpt-5.2-codex", openai={"S5": "2026-07-23"}, azure={"S6": "2027-01-14", "S5": "2027-07-13"}),
    *ends("gpt-5.3-codex", openai={"S7": "2027-04-01"}, azure={"S6": "2027-02-25", "S5": "2027-08-24"}),
    *ends("gpt-5.4-2026-03-05", azure={"S6": "2027-03-05", "S5": "2027-09-02"}),
    *ends("gpt-5.4-mini-2026-03-17", azure={"S6": "2027-03-18", "S5": "2027-09-21"}),
    *ends("gpt-5.4-nano-2026-03-17", openai={"S7": "2027-04-01"}, azure={"S6": "2027-03-18", "S5": "2027-09-21"}),
    *ends("gpt-5.4-pro-2026-03-05", azure={"S6": "2027-03-06", "S5": "2027-09-07"}),
    *ends("gpt-5.5-2026-04-23", azure={"S6": "2027-04-23", "S5": "2027-10-26"}),
    *ends("gpt-5.6-sol", azure={"S5": "2028-01-11"}),
    *ends("gpt-5.6-terra", azure={"S5": "2028-01-11"}),
    *ends("gpt-5.6-luna", azure={"S5": "2028-01-11"}),
    *ends("gpt-6-astra", azure={"S5": "2028-01-11"}),
    *ends("gpt-6-sol", azure={"S5": "2028-03-11"}),
    *ends("gpt-6-luna", azure={"S5": "2028-03-11"}),
    *ends("gpt-6.1-sol", azure={"S5": "2028-03-11"}),
    *ends("gpt-image-1", openai={"S7": "2026-10-23"}, azure={"S6": "2026-10-23", "S5": "2026-10-23"}),
    *ends("gpt-image-1-mini", openai={"S7": "2026-12-01"}, azure={"S6": "2027-04-07", "S5": "2027-04-07"}),
    *ends("gpt-image-1.5", openai={"S7": "2026-12-01"}, azure={"S6": "2026-12-16", "S5": "2026-12-16"}),
    *ends("gpt-image-2", azure={"S6": "2027-04-21", "S5": "2027-10-21"}),
    *ends("gpt-image-2.5-sunburst", azure={"S5": "2027-09-09"}),
)

NONE_ANNOUNCED = frozenset(
    {"gpt-5.2-pro-2025-12-11", "gpt-5.5-pro-2026-04-23", "gpt-6.1-terra", "gpt-6.2-sol", "local"}
)
"""Models for which no source had a date on 2026-11-21; a model of one's own ends when its owner says so. Every other
model has a row above: a new one gets a row there, or its name here."""
