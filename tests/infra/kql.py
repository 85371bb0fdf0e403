"""The part of Kusto's query language that the alerts are written in, over rows in memory.

It stands in for Log Analytics, so that a test can say which rows raise an alert. Anything else than this part is an
error, never a silent nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Row = Mapping[str, Any]
TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*")|(?P<span>\d+[smhd]\b)|(?P<number>\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_]\w*)|(?P<sign>=~|==|!=|>=|<=|[><=(),.]))""",
    re.VERBOSE,
)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class NotUnderstood(Exception):
    """A query that uses more than is known here."""


def compare(ordered: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Kusto's comparison with nothing is not true."""
    return lambda one, two: one is not None and two is not None and ordered(one, two)


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": compare(lambda one, two: one == two),
    "!=": lambda one, two: one != two,
    "=~": compare(lambda one, two: one.lower() == two.lower()),
    ">": compare(lambda one, two: one > two),
    "<": compare(lambda one, two: one < two),
    "has": compare(lambda one, two: re.search(rf"(?i)(?<!\w){re.escape(two)}(?!\w)", one) is not None),
    "contains": compare(lambda one, two: two.lower() in one.lower()),
    "startswith": compare(lambda one, two: one.lower().startswith(two.lower())),
}


@dataclass(slots=True)
class Reader:
    """The tokens of one operator's arguments, and where it has come to. Evaluates while it reads, for one row."""

    tokens: Sequence[tuple[str, str]]
    row: Row
    rows: Sequence[Row]  # of a summarize
    now: datetime
    at: int = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> tuple[str, str]:
        if self.at >= len(self.tokens) or wanted not in {"", self.peek()}:
            raise NotUnderstood(f"expected {wanted or 'more'} at {self.peek()!r}")
        self.at += 1
        return self.tokens[self.at - 1]

    def condition(self) -> Any:
        found = self.conjunction()
        while self.peek() == "or":
            self.take()
            other = self.conjunction()  # read in any case
            found = bool(found) or bool(other)
        return found

    def conjunction(self) -> Any:
        found = self.comparison()
        while self.peek() == "and":
            self.take()
            other = self.comparison()  # as above
            found = bool(found) and bool(other)
        return found

    def comparison(self) -> Any:
        one = self.operand()
        if self.peek() in OPERATORS:
            return OPERATORS[self.take()[1]](one, self.operand())
        return one

    def operand(self) -> Any:
        kind, text = self.take()
        if kind == "text":
            return json.loads(text)
        if kind == "number":
            return float(text)
        if kind == "span":
            return timedelta(**{UNITS[text[-1]]: int(text[:-1])})
        if kind != "name":
            raise NotUnderstood(f"{text!r}")
        if self.peek() == "(":
            return self.called(text)
        found = {"true": True, "false": False}[text] if text in {"true", "false"} else self.column(text)
        while self.peek() == ".":
            self.take()
            found = (found or {}).get(self.take()[1])
        return found

    def column(self, name: str) -> Any:
        if name not in self.row:
            raise NotUnderstood(f"there is no column {name}")
        return self.row[name]

    def called(self, name: str) -> Any:
        if name in AGGREGATES:
            return self.aggregated(name)
        self.take("(")
        arguments = [self.condition()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.condition())
        self.take(")")
        if name == "ago":
            return self.now - arguments[0]
        if name not in FUNCTIONS:
            raise NotUnderstood(f"there is no function {name} here")
        return FUNCTIONS[name](*arguments)

    def aggregated(self, name: str) -> Any:
        """The arguments are read once for each row of the table."""
        start, found = self.at, []
        for row in self.rows or [{}]:
            each = Reader(self.tokens, row or Anything(), (), self.now, start)
            each.take("(")
            values = [each.condition()]
            while each.peek() == ",":
                each.take()
                values.append(each.condition())
            each.take(")")
            self.at = each.at
            found += [values] if self.rows else []
        return AGGREGATES[name](found)


class Anything(dict[str, Any]):
    """The row of an empty table: each column is there, and empty."""

    def __contains__(self, _name: object) -> bool:
        return True

    def __missing__(self, _name: str) -> None:
        return None


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "tostring": lambda value: "" if value is None else str(value),
    "todouble": lambda value: None if value is None else float(value),
    "toint": lambda value: None if value is None else int(value),
    "tobool": lambda value: None if value is None else bool(value),
    "parse_json": lambda text: None if text is None else json.loads(text),
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
}
AGGREGATES: Mapping[str, Callable[[list[list[Any]]], Any]] = {
    "max": lambda rows: max((row[0] for row in rows), default=None),
    "min": lambda rows: min((row[0] for row in rows), default=None),
    "maxif": lambda rows: max((row[0] for row in rows if row[1]), default=None),
}


def tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if match is None:
            raise NotUnderstood(text[at:])
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return found


def run(query: str, tables: Mapping[str, Sequence[Row]], *, now: datetime) -> list[Row]:
    """The rows that a query gives. Raises NotUnderstood for what is not known here, a column or a table included."""
    name, *steps = [part.strip() for part in re.split(r"\|(?=(?:[^\"]|\"(?:\\.|[^\"\\])*\")*$)", query)]
    if name not in tables:
        raise NotUnderstood(f"there is no table {name}")
    rows = list(tables[name])
    for step in steps:
        operator, _, rest = step.partition(" ")
        rows = apply(operator, tokens(rest), rows, now)
    return rows


def apply(operator: str, given: list[tuple[str, str]], rows: list[Row], now: datetime) -> list[Row]:
    if operator == "where":
        return [row for row in rows if Reader(given, row, (), now).condition()]
    if operator == "extend":
        return [{**row, **columns(given, row, (), now)} for row in rows]
    if operator == "summarize":
        return [columns(given, {}, rows, now)]
    raise NotUnderstood(f"there is no operator {operator} here")


def columns(given: list[tuple[str, str]], row: Row, rows: Sequence[Row], now: datetime) -> dict[str, Any]:
    reader = Reader(given, row, rows, now)
    found = {}
    while reader.at < len(given):
        name = reader.take()[1]
        reader.take("=")
        found[name] = reader.condition()
        if reader.peek():
            reader.take(",")
    return found
