"""Where the words of an answer stand in the pictures: spans of the answer with the place of the same words there.

A box is evidence or it is absent. Words are compared without case, accents and hyphens at the ends of lines; numbers,
dates and phone numbers by what they mean, and only where both have one meaning (printed_meanings.py); long texts
without digits may differ by a misread letter. What stands in several places gets the place beside its neighbours, or
the places in order where the answer has as many; what is still undecided gets none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.core.answer.mentions import Mention, mentions_of_text
from shared.core.answer.mentions_of_data import mentions_of_data
from shared.core.answer.named_things import cited, things_named
from shared.core.answer.pages import Page, PrintedPlace, page_of
from shared.core.answer.printed import Printed
from shared.core.answer.regions import Region, Span
from shared.core.media.reading import Line, Reading, around


def align(text: str, data: Any, readings: Sequence[Reading]) -> tuple[Region, ...]:
    """The regions of an answer: of each field if it has data, else of its words; then of ids and of things it names."""
    page, engines = page_of(readings), {reading.picture: reading.engine for reading in readings}
    mentions = mentions_of_data(data, page) if isinstance(data, dict | list) else mentions_of_text(text, page)
    found = [region for mention in decide(mentions, page) for region in regions_of(mention, page, text, engines)]
    if not isinstance(data, dict | list):
        found += [*cited(text, readings), *things_named(text, readings)]
    return tuple(found)


def decide(mentions: Sequence[Mention], page: Page) -> list[Mention]:
    """The mentions whose place is known: the only one, the one beside its neighbours, or the next in order."""
    decided = [replace(one, chosen=one.runs[0]) if len(one.runs) == 1 else one for one in mentions]
    while True:
        nearer = [beside(one, decided, page) if one.chosen is None else one for one in decided]
        if nearer == decided:
            break
        decided = nearer
    return [one for one in in_order(decided) if one.chosen is not None]


def beside(mention: Mention, others: Sequence[Mention], page: Page) -> Mention:
    """The mention in the only row of its places where another mention of its clause or object stands."""
    rows = {
        row
        for other in others
        if other.chosen is not None and other.group == mention.group
        for at in other.chosen
        for row in page.places[at].rows
    }
    near = [run for run in mention.runs if any(page.places[at].rows & rows for at in run)]
    return replace(mention, chosen=near[0]) if len(near) == 1 else mention


def in_order(mentions: Sequence[Mention]) -> list[Mention]:
    """Repeated mentions take the places in order where all of them, and only they, are still to be had."""
    waiting: dict[tuple[tuple[int, ...], ...], list[int]] = defaultdict(list)
    for index, one in enumerate(mentions):
        if one.chosen is None:
            waiting[one.runs].append(index)
    taken = {one.chosen for one in mentions if one.chosen is not None}
    found = list(mentions)
    for runs, indices in waiting.items():
        free = [run for run in runs if run not in taken]
        if len(free) == len(indices):
            for index, run in zip(indices, free, strict=True):
                found[index] = replace(mentions[index], chosen=run)
    return found


def regions_of(mention: Mention, page: Page, text: str, engines: Mapping[int, str]) -> Iterator[Region]:
    """One region for each line that the mention covers, with the part of the answer that stands there."""
    for picture, line, values in by_line(mention, page):
        pieces = [piece for place, _ in values for piece in place.pieces if piece.line is line]
        words = [word for piece in pieces for word in piece.words]
        yield Region(
            text=spoken(values, text) if mention.field is None else " ".join(word.text for word in words),
            kind="ocr",
            polygon=around(words),
            picture=picture,
            span=span_of(values) if mention.field is None else None,
            field=mention.field,
            method=mention.method,
            engine=engines[picture],
            score=line.score if mention.score is None else mention.score,
        )


Placed = tuple[PrintedPlace, Printed | None]


def by_line(mention: Mention, page: Page) -> Iterator[tuple[int, Line, list[Placed]]]:
    """The lines of a mention in order, each with its places and their values of the answer."""
    values: Sequence[Printed | None] = mention.values
    chosen = mention.chosen or ()
    if len(values) != len(chosen):
        values = [None] * len(chosen)
    lines: dict[tuple[int, int], tuple[int, Line, list[Placed]]] = {}
    for at, value in zip(chosen, values, strict=True):
        place = page.places[at]
        for piece in place.pieces:
            row = lines.setdefault((place.picture, piece.line.number), (place.picture, piece.line, []))
            row[2].append((place, value))
    yield from lines.values()


def span_of(values: Sequence[Placed]) -> Span:
    spoken_values = [value for _, value in values if value is not None]
    return Span(offset=spoken_values[0].start, length=spoken_values[-1].end - spoken_values[0].start)


def spoken(values: Sequence[Placed], text: str) -> str:
    span = span_of(values)
    return text[span.offset : span.offset + span.length]
