"""NCRONTAB schedules: `{second} {minute} {hour} {day} {month} {day of week}`, in UTC.

Unlike cron, seconds come first, and a day must fit both day fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.host.settings import FunctionFault

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
LONGEST_SEARCH_DAYS = 366 * 8 + 1  # from one 29 February to the next across a year like 2100


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleField:
    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        short = text.lower()[:3]
        value = self.words.index(short) + self.least if short in self.words else int(text)
        if not self.least <= value <= self.most:
            raise ValueError(text)
        return value

    def parse(self, text: str) -> tuple[int, ...]:
        return tuple(sorted({value for part in text.split(",") for value in self.part(part)}))

    def part(self, text: str) -> range:
        """The values of one part: `*`, `5`, `1-5`, each with `/step`; `5/10` counts from 5 to the end."""
        span, _, step = text.partition("/")
        first, _, last = span.partition("-")
        if first == "*":
            start, end = self.least, self.most
        else:
            start = self.number(first)
            end = self.number(last) if last else self.most if step else start
        return range(start, end + 1, int(step or 1))


FIELDS = (
    ScheduleField(name="second", least=0, most=59),
    ScheduleField(name="minute", least=0, most=59),
    ScheduleField(name="hour", least=0, most=23),
    ScheduleField(name="day", least=1, most=31),
    ScheduleField(name="month", least=1, most=12, words=MONTHS),
    ScheduleField(name="day of week", least=0, most=6, words=WEEKDAYS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def after(self, moment: datetime) -> datetime | None:
        """The first moment that fits, later than `moment`; None if none ever comes (31 April)."""
        earliest = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        for days in range(LONGEST_SEARCH_DAYS):
            midnight = earliest.replace(hour=0, minute=0, second=0) + timedelta(days=days)
            if self.fits_day(midnight):
                found = self.first_time(midnight, earliest)
                if found is not None:
                    return found
        return None

    def fits_day(self, day: datetime) -> bool:
        weekday = day.isoweekday() % 7
        return day.month in self.months and day.day in self.days and weekday in self.weekdays

    def first_time(self, midnight: datetime, earliest: datetime) -> datetime | None:
        for hour in self.hours:
            if midnight.replace(hour=hour, minute=59, second=59) < earliest:
                continue
            for minute in self.minutes:
                for second in self.seconds:
                    moment = midnight.replace(hour=hour, minute=minute, second=second)
                    if moment >= earliest:
                        return moment
        return None


def parse_schedule(text: str) -> Schedule:
    """The schedule in six fields; with five, the second is 0, as the host reads them. Raises FunctionFault."""
    parts = text.split()
    if len(parts) == len(FIELDS) - 1:
        parts.insert(0, "0")
    try:
        values = [field.parse(part) for field, part in zip(FIELDS, parts, strict=True)]
    except ValueError:
        values = []
    if not values or not all(values):
        raise FunctionFault(f"schedule {text!r} is not an NCRONTAB expression of six fields, seconds first")
    seconds, minutes, hours, days, months, weekdays = values
    return Schedule(seconds=seconds, minutes=minutes, hours=hours, days=days, months=months, weekdays=weekdays)
