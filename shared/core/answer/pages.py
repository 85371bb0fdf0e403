"""What was read, as one sequence of printed values with the words that each is made of: answers are held against it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from shared.core.answer.printed import Conventions, Printed
from shared.core.answer.printed_meanings import conventions_of, meant, same
from shared.core.answer.printed_values import printed_in
from shared.core.media.reading import Line, Reading, Word

WIDE_GAP = 1.0  # heights of a line: two words so far apart are two cells of a table


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Words of one line."""

    line: Line
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPlace:
    """A printed value and where it stands: in one piece, or in two where a hyphen at the end of a line parts it."""

    value: Printed
    picture: int
    pieces: tuple[Piece, ...]

    @property
    def rows(self) -> frozenset[tuple[int, int]]:
        return frozenset((self.picture, piece.line.row) for piece in self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All places in reading order, over all pictures. `shown` is how numbers and dates are written on them."""

    places: tuple[PrintedPlace, ...]
    shown: Conventions
    by_surface: dict[str, list[int]]
    by_meaning: dict[Decimal | date | str, list[int]]

    def like(self, value: Printed, said: Conventions) -> Iterator[int]:
        """The places of values that are the same as this one, in reading order."""
        found = {*self.by_surface.get(value.surface, ())}
        for meaning in meant(value, said):
            found.update(self.by_meaning.get(meaning, ()))
        return (at for at in sorted(found) if same(value, self.places[at].value, self.shown, said))


def page_of(readings: Sequence[Reading]) -> Page:
    """The page of numbered readings (reading.numbered)."""
    places = list(without_hyphens([place for reading in readings for place in places_of(reading)]))
    shown = conventions_of(place.value for place in places)
    by_surface: dict[str, list[int]] = defaultdict(list)
    by_meaning: dict[Decimal | date | str, list[int]] = defaultdict(list)
    for at, place in enumerate(places):
        by_surface[place.value.surface].append(at)
        for meaning in meant(place.value, shown):
            by_meaning[meaning].append(at)
            if place.value.is_bracketed and isinstance(meaning, Decimal):
                by_meaning[-meaning].append(at)
    return Page(places=tuple(places), shown=shown, by_surface=by_surface, by_meaning=by_meaning)


def places_of(reading: Reading) -> Iterator[PrintedPlace]:
    for line in reading.lines:
        words = line.words or (Word(text=line.text, polygon=line.polygon),)
        text, owners = spread(words)
        for value in printed_in(text):
            covered = words[owners[value.start] : owners[value.end - 1] + 1]
            yield PrintedPlace(value=value, picture=reading.picture, pieces=(Piece(line=line, words=covered),))


def spread(words: Sequence[Word]) -> tuple[str, list[int]]:
    """The line's text, two blanks for a wide gap, and for each character the word that it belongs to."""
    text, owners = "", list[int]()
    for index, word in enumerate(words):
        gap = "" if index == 0 else "  " if is_wide(words[index - 1], word) else " "
        text += gap + word.text
        owners += [index] * (len(gap) + len(word.text))
    return text, owners


def is_wide(left: Word, right: Word) -> bool:
    """Whether two neighbours stand further apart than their line is high; then their figures are two numbers."""
    height = distance(left.polygon[0], left.polygon[3])
    return distance(left.polygon[1], right.polygon[0]) > WIDE_GAP * height


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return math.dist(one, other)


def without_hyphens(places: Sequence[PrintedPlace]) -> Iterator[PrintedPlace]:
    """The places, words that a hyphen parts at the end of a line made whole."""
    waiting: PrintedPlace | None = None
    for place in places:
        if waiting is not None and goes_on_with(waiting, place):
            waiting = merged(waiting, place)
            continue
        if waiting is not None:
            yield waiting
        waiting = place
    if waiting is not None:
        yield waiting


def goes_on_with(first: PrintedPlace, second: PrintedPlace) -> bool:
    before, after = first.pieces[-1].line, second.pieces[0].line
    is_next = first.picture == second.picture and before.number + 1 == after.number
    are_words = first.value.kind == second.value.kind == "word"
    ends = first.pieces[-1].words[-1] is before.words[-1] if before.words else True
    parted = before.text.rstrip().endswith(("-", "\u00ad", "\u2010")) and after.text.lstrip()[:1].islower()
    return is_next and are_words and ends and parted and second.value.start == 0


def merged(first: PrintedPlace, second: PrintedPlace) -> PrintedPlace:
    value = replace(first.value, surface=first.value.surface + second.value.surface)
    return replace(first, value=value, pieces=(*first.pieces, *second.pieces))
