"""Ids and names in an answer: lines and things that it cites (L12, O3), and things that it calls by their name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from shared.core.answer.printed import Printed, folded
from shared.core.answer.printed_values import printed_in
from shared.core.answer.regions import Region, Span
from shared.core.media.reading import Line, Reading, Thing

CITATION = re.compile(r"(?<![A-Za-z0-9])([LO])([0-9]{1,4})(?![A-Za-z0-9])")


def cited(text: str, readings: Sequence[Reading]) -> Iterator[Region]:
    """The lines and things whose ids the answer names: L12, O3."""
    lines: dict[int, tuple[Reading, Line | Thing]] = {
        line.number: (reading, line) for reading in readings for line in reading.lines
    }
    things: dict[int, tuple[Reading, Line | Thing]] = {
        thing.number: (reading, thing) for reading in readings for thing in reading.things
    }
    for match in CITATION.finditer(text):
        named = lines if match[1] == "L" else things
        if (found := named.get(int(match[2]))) is not None:
            span = Span(offset=match.start(), length=match.end() - match.start())
            yield region_of_id(*found, span)


def region_of_id(reading: Reading, found: Line | Thing, span: Span) -> Region:
    is_line = isinstance(found, Line)
    return Region(
        text=found.text if isinstance(found, Line) else found.name,
        kind="ocr" if is_line else "object",
        polygon=found.polygon,
        picture=reading.picture,
        span=span,
        method="id",
        engine=reading.engine,
        score=found.score,
    )


def things_named(text: str, readings: Sequence[Reading]) -> Iterator[Region]:
    """The things that the answer names in words, each instance of one name; singular and plural are one name."""
    by_name: dict[str, list[tuple[Reading, Thing]]] = defaultdict(list)
    for reading in readings:
        for thing in reading.things:
            by_name[singular(folded(thing.name))].append((reading, thing))
    longest = max((len(name.split()) for name in by_name), default=0)
    words = [value for value in printed_in(text) if value.kind == "word"]
    at = 0
    while at < len(words):
        taken = named_at(words, at, longest, by_name)
        for reading, thing in by_name[name_of(words[at : at + taken])] if taken else ():
            span = Span(offset=words[at].start, length=words[at + taken - 1].end - words[at].start)
            yield replace(region_of_id(reading, thing, span), method="exact", text=text[span.offset :][: span.length])
        at += taken or 1


def named_at(words: Sequence[Printed], at: int, longest: int, names: dict[str, Any]) -> int:
    """How many words from here on are the name of a thing, the longest name first; 0 for none."""
    sizes = range(min(longest, len(words) - at), 0, -1)
    return next((size for size in sizes if name_of(words[at : at + size]) in names), 0)


def name_of(words: Iterable[Printed]) -> str:
    return singular(" ".join(word.surface for word in words))


def singular(name: str) -> str:
    """The name without a plural ending. Both sides of a comparison are cut in this way."""
    for ending, instead in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("sses", "ss")):
        if name.endswith(ending):
            return name.removesuffix(ending) + instead
    return name.removesuffix("s") if not name.endswith("ss") else name
