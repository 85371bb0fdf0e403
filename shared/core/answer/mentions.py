"""What of an answer in words may stand on the page: runs of values, as far as they say something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.core.answer.function_words import FUNCTION_WORDS
from shared.core.answer.pages import Page
from shared.core.answer.printed import Conventions, Printed
from shared.core.answer.printed_meanings import conventions_of, same
from shared.core.answer.printed_values import printed_in
from shared.core.answer.regions import Method

LEAST_LETTERS = 4  # of a single word that is looked for

LEAST_LETTERS_OF_RUN = 6  # of several words together

LEAST_FIGURES = 2  # of a whole number that is looked for by itself

CLAUSE_ENDS = frozenset(",;\n|") | {". ", "! ", "? "}

CONJUNCTIONS = frozenset(["and", "und", "et", "y", "e", "o", "or", "oder", "ou", "u"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Values of the answer and the runs of places where they may stand; `group` is the clause or object they are in."""

    values: tuple[Printed, ...]
    runs: tuple[tuple[int, ...], ...]
    method: Method
    group: object
    field: str | None = None
    score: float | None = None
    chosen: tuple[int, ...] | None = None


def mentions_of_text(text: str, page: Page) -> list[Mention]:
    """The longest runs of values that stand on the page in the same order, as far as they say something."""
    values = printed_in(text)
    said = conventions_of(values)
    clauses = list(clauses_of(values, text))
    found: list[Mention] = []
    at = 0
    while at < len(values):
        mention = longest_run(values, at, clauses[at], page, said)
        if mention is not None:
            found.append(mention)
        at += len(mention.values) if mention else 1
    return found


def clauses_of(values: Sequence[Printed], text: str) -> Iterator[int]:
    """For each value the number of its clause: what stands in one belongs together."""
    clause, end = 0, 0
    for value in values:
        between = text[end : value.start]
        clause += any(sign in between for sign in CLAUSE_ENDS) or value.surface in CONJUNCTIONS
        end = value.end
        yield clause


def longest_run(values: Sequence[Printed], at: int, clause: int, page: Page, said: Conventions) -> Mention | None:
    """The values from `at` on that stand on the page together, as many as possible; None for what says nothing."""
    lengths = {start: run_length(values, at, start, page, said) for start in page.like(values[at], said)}
    longest = max(lengths.values(), default=0)
    run = tuple(values[at : at + longest])
    starts = [start for start, length in lengths.items() if length == longest]
    if not run or not is_telling(run, places=len(starts)):
        return None
    runs = tuple(tuple(range(start, start + longest)) for start in starts)
    return Mention(values=run, runs=runs, method=method_of(run, runs, page), group=clause)


def run_length(values: Sequence[Printed], at: int, start: int, page: Page, said: Conventions) -> int:
    length = 0
    while at + length < len(values) and start + length < len(page.places):
        place = page.places[start + length]
        if place.picture != page.places[start].picture or not same(values[at + length], place.value, page.shown, said):
            break
        length += 1
    return length


def method_of(run: Sequence[Printed], runs: Sequence[tuple[int, ...]], page: Page) -> Method:
    """How the values and their places are alike: exact where one place has the very letters and figures; typed where a
    number or date is written otherwise.
    """
    surfaces = [value.surface for value in run]
    return "exact" if any([page.places[at].value.surface for at in one] == surfaces for one in runs) else "typed"


def is_telling(run: Sequence[Printed], *, places: int) -> bool:
    """Whether the values are evidence: figures, several words that mean something, or one that stands in one place."""
    if any(is_figure(value) for value in run):
        return True
    words = [value.surface for value in run if value.kind == "word" and value.surface not in FUNCTION_WORDS]
    letters = sum(map(len, words))
    if len(run) > 1:
        return bool(words) and letters >= LEAST_LETTERS_OF_RUN
    return letters >= LEAST_LETTERS and places == 1


def is_figure(value: Printed) -> bool:
    figures = sum(sign.isdigit() for sign in value.surface)
    if value.kind == "amount":
        return figures >= LEAST_FIGURES or bool(value.currency) or value.unit == "%"
    return value.kind in {"day", "phone", "code"} and figures >= LEAST_FIGURES
