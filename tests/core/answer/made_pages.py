"""Pages made of words at known places, as an engine would read them."""

from __future__ import annotations

from shared.core.media.reading import Line, Reading, Word, numbered

WIDTH, HEIGHT = 800, 1000
CHARACTER, ROW, TALL = 10, 30, 20


def box(left: float, top: float, right: float, bottom: float):
    """A polygon in fractions from pixels."""
    return (
        (left / WIDTH, top / HEIGHT),
        (right / WIDTH, top / HEIGHT),
        (right / WIDTH, bottom / HEIGHT),
        (left / WIDTH, bottom / HEIGHT),
    )


def line_of(text: str, *, row: int, column: int = 0, split: bool = True) -> Line:
    """A line whose characters are all equally wide; two blanks make a wide gap."""
    top, words, at = row * ROW, [], 0
    for word in text.split(" "):
        if word:
            left = (column + at) * CHARACTER
            words.append(Word(text=word, polygon=box(left, top, left + len(word) * CHARACTER, top + TALL)))
        at += len(word) + 1
    polygon = box(column * CHARACTER, top, (column + len(text)) * CHARACTER, top + TALL)
    return Line(text=" ".join(text.split()), polygon=polygon, words=tuple(words) if split else (), score=0.9)


def page(*rows: str | tuple[str, ...], things=(), picture: int = 0) -> Reading:
    """A reading with a row for each text; a tuple is a row of cells that the engine gives as lines of their own."""
    lines = []
    for number, row in enumerate(rows):
        cells = (row,) if isinstance(row, str) else row
        lines += [line_of(cell, row=number, column=index * 26) for index, cell in enumerate(cells)]
    return numbered(
        [Reading(picture=picture, engine="made", width=WIDTH, height=HEIGHT, lines=tuple(lines), things=tuple(things))]
    )[0]


def rows_of(region) -> int:
    """The row of the made page in which a region lies."""
    return round(float(region.polygon[0][1]) * HEIGHT / ROW)
