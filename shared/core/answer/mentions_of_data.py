"""What of an answer as data may stand on the page: each text and number as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from shared.core.answer.mentions import Mention, method_of, run_length
from shared.core.answer.pages import Page
from shared.core.answer.printed import Conventions, Printed
from shared.core.answer.printed_meanings import conventions_of
from shared.core.answer.printed_values import printed_in

LEAST_FUZZY = 8  # letters of a text that may differ from the page

FUZZY_SHARE = 0.9

MOST_FUZZY_WORDS = 12

MOST_LEAVES = 2_000  # of JSON; no schema for an answer comes near


def mentions_of_data(data: Any, page: Page) -> list[Mention]:
    """One mention for each text or number of the data that stands on the page as a whole."""
    leaves = list(leaves_of(data, ""))[:MOST_LEAVES]
    said = conventions_of(value for _, leaf in leaves if isinstance(leaf, str) for value in printed_in(leaf))
    return [mention for field, leaf in leaves if (mention := mention_of_leaf(field, leaf, page, said)) is not None]


def leaves_of(data: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """The texts and numbers of data with their JSON pointers (RFC 6901), in order."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from leaves_of(value, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from leaves_of(value, f"{pointer}/{index}")
    elif isinstance(data, str | int | float) and not isinstance(data, bool):
        yield pointer, data


def mention_of_leaf(field: str, leaf: str | float, page: Page, said: Conventions) -> Mention | None:
    values = tuple(printed_in(leaf)) if isinstance(leaf, str) else (number_of(leaf),)
    if not values:
        return None
    group = field.rpartition("/")[0]
    starts = [at for at in page.like(values[0], said) if run_length(values, 0, at, page, said) == len(values)]
    runs = tuple(tuple(range(start, start + len(values))) for start in starts)
    if runs:
        return Mention(values=values, runs=runs, method=method_of(values, runs, page), group=group, field=field)
    return fuzzy(values, group, field, page)


def number_of(number: float) -> Printed:
    text = str(number)
    return Printed(kind="amount", start=0, end=len(text), surface=text, meanings=frozenset({Decimal(text)}))


def fuzzy(values: tuple[Printed, ...], group: object, field: str, page: Page) -> Mention | None:
    """The mention of a long text without digits where the page has exactly one that differs by a misread letter or two;
    None otherwise.
    """
    surface = " ".join(value.surface for value in values)
    letters = sum(sign.isalpha() for sign in surface)
    if letters < LEAST_FUZZY or len(values) > MOST_FUZZY_WORDS or any(sign.isdigit() for sign in surface):
        return None
    letters_of = Counter(surface.replace(" ", ""))
    near = (window for window in windows(len(values), page) if may_be_like(letters_of, window, page))
    scored = [(likeness(surface, window_text(window, page)), window) for window in near]
    good = sorted((pair for pair in scored if pair[0] >= FUZZY_SHARE), reverse=True)
    if not good or (len(good) > 1 and not set(good[0][1]) & set(good[1][1])):
        return None
    score, window = good[0]
    return Mention(values=values, runs=(window,), method="fuzzy", group=group, field=field, score=round(score, 3))


def windows(length: int, page: Page) -> Iterator[tuple[int, ...]]:
    """Runs of as many words as the text has, or one more or fewer where blanks were misread; never with figures."""
    for size in {max(1, length - 1), length, length + 1}:
        for start in range(len(page.places) - size + 1):
            run = page.places[start : start + size]
            if all(place.value.kind == "word" and place.picture == run[0].picture for place in run):
                yield tuple(range(start, start + size))


def may_be_like(letters: Counter[str], window: Sequence[int], page: Page) -> bool:
    """Whether the letters, in any order, differ by so few that a closer look pays."""
    others = Counter(window_text(window, page).replace(" ", ""))
    most = (1 - FUZZY_SHARE) * max(letters.total(), others.total()) + 1e-9
    return max((letters - others).total(), (others - letters).total()) <= most


def window_text(window: Sequence[int], page: Page) -> str:
    return " ".join(page.places[at].value.surface for at in window)


def likeness(one: str, other: str) -> float:
    """How alike two texts are, 1 for the same letters: less for each that must be put in, taken out or changed; blanks
    do not count.
    """
    one, other = one.replace(" ", ""), other.replace(" ", "")
    return 1 - edits_between(one, other) / max(len(one), len(other))


def edits_between(one: str, other: str) -> int:
    """The number of letters to insert, delete or replace (Levenshtein distance) that make one text the other."""
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        above, row[0] = row[0], index
        for column, sign in enumerate(other, 1):
            above, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, above + (letter != sign))
    return row[-1]
