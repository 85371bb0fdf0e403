"""The list of jobs: what one line of it holds, which lines a filter lets through, and where a page goes on.

The adapter keeps one Item per job in the order of the list; pipeline/listing.py reads pages of it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from shared.core import codec
from shared.core.errors import OptionsInvalid
from shared.core.jobs.job import TERMINAL, Job, State

PREVIEW_CHARACTERS = 160
LAST_MONTH = 999_999  # year and month as a number are subtracted from it, so that newer sorts first
LAST_MS = 10**14  # the same for milliseconds; beyond the year 5000
CHECK_CHARACTERS = 12
PENDING = frozenset(State) - TERMINAL
POSITION = re.compile(r"(?P<partition>list-\d{6})/(?P<row>\d{14}-[0-9a-f]{32})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One job in the list. `picture` is its first blob in the container `normalized`."""

    job_id: str
    name: str
    state: State
    kind: str | None = None
    created: datetime
    updated: datetime
    finished: datetime | None = None
    width: int | None = None
    height: int | None = None
    pictures: int = 0
    model: str | None = None
    deployment: str | None = None
    detail: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    usd: Decimal | None = None
    estimate_usd: Decimal | None = None
    total_ms: int | None = None
    error_code: str | None = None
    text: str | None = None
    origin: str | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The place of a job in the list: partitions are months, newest first, and rows are times, newest first."""

    partition: str
    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    prefix: str = ""
    text: str = ""
    states: frozenset[State] = frozenset()
    kind: str | None = None
    since: datetime | None = None

    @property
    def selective(self) -> bool:
        """Whether a job may be left out between two that fit; `since` only ends the list."""
        return bool(self.prefix or self.text or self.states or self.kind)

    def may_fit(self, item: Item) -> bool:
        """Whether the job can fit, judged by what never changes in it."""
        return item.name.startswith(self.prefix)

    def fit(self, item: Item) -> bool:
        return (
            self.may_fit(item)
            and (not self.states or item.state in self.states)
            and (self.kind is None or item.kind == self.kind)
            and self.text.lower() in f"{item.name}\n{item.text or ''}".lower()
        )


def summarise(job: Job) -> Item:
    """The job's line in the list: the first of its answer's text, its tokens, dollars and times."""
    sent, asked, usage = job.normalized, job.model, job.usage
    return Item(
        job_id=job.job_id,
        name=job.source.name,
        state=job.state,
        kind=job.source.kind,
        created=job.created,
        updated=job.updated,
        finished=job.finished,
        width=job.source.width,
        height=job.source.height,
        pictures=len(sent),
        model=asked.name if asked else None,
        deployment=asked.deployment if asked else None,
        detail=job.options.detail if job.options else None,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        usd=job.cost.usd if job.cost else None,
        estimate_usd=job.estimate.usd if job.estimate else None,
        total_ms=job.timings.total_ms,
        error_code=job.error.code if job.error else None,
        text=(job.reply.text or "")[:PREVIEW_CHARACTERS] if job.reply else None,
        origin=job.origin.kind if job.origin else None,
        picture=sent[0].name if sent else None,
    )


def position_of(item: Item) -> Position:
    """The job's place in the list. It depends only on what never changes, so a job keeps its place."""
    created = item.created.astimezone(UTC)
    month = LAST_MONTH - (created.year * 100 + created.month)
    return Position(partition=f"list-{month:06}", row=f"{inverted(created)}-{item.job_id}")


def inverted(moment: datetime) -> str:
    return f"{LAST_MS - int(moment.timestamp() * 1000):014}"


def encode_cursor(position: Position, filters: Filters) -> str:
    """The cursor that goes on after a position, for the same filters only. Its check catches mistakes; there is nothing
    in it to keep secret.
    """
    place = f"{position.partition}/{position.row}"
    return base64.urlsafe_b64encode(f"{place}/{check_of(place, filters)}".encode()).decode().rstrip("=")


def decode_cursor(text: str, filters: Filters) -> Position:
    """The position in a cursor. Raises OptionsInvalid for a cursor that this API did not issue, or issued for other
    filters.
    """
    hint = "Use the cursor of the former page unchanged, with the same filters; or start without one."
    try:
        padded = text + "=" * (-len(text) % 4)
        place, _, check = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").rpartition("/")
    except (binascii.Error, ValueError):
        raise OptionsInvalid("this cursor was not issued by this API", field="cursor", hint=hint) from None
    found = POSITION.fullmatch(place)
    if found is None or check != check_of(place, filters):
        raise OptionsInvalid("the cursor does not belong to this list", field="cursor", hint=hint)
    return Position(partition=found["partition"], row=found["row"])


def check_of(place: str, filters: Filters) -> str:
    chosen = [filters.prefix, filters.text, sorted(filters.states), filters.kind, codec.to_json(filters.since)]
    text = json.dumps([place, chosen])
    return hashlib.sha256(text.encode()).hexdigest()[:CHECK_CHARACTERS]
