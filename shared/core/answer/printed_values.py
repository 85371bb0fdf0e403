"""A text as a sequence of printed values: dates, phone numbers, codes, amounts and words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shared.core.answer.printed import ATOM, Atom, Atoms, Parse, Printed, folded, goes_on, is_sign, joined, made
from shared.core.answer.printed_amounts import (
    CURRENCIES,
    THOUSANDS,
    amount,
    end_of_number,
    is_measure,
    numbers_meant,
    with_neighbours,
)
from shared.core.answer.printed_dates import day_in_figures, day_in_words

JOINTS = frozenset("-/._")

TIGHT_JOINTS = frozenset(":,")

LONGEST_VALUE = 14  # atoms: a phone number in groups of two

SHORTEST_PHONE = 7


def printed_in(text: str) -> list[Printed]:
    """The values and words of a text in order, each number with the currency and unit beside it."""
    atoms = [Atom(text=match[0], start=match.start()) for match in ATOM.finditer(text)]
    return list(values_of(atoms))


def values_of(atoms: Atoms) -> Iterator[Printed]:
    at = 0
    while at < len(atoms):
        if at and is_sign(atoms[at]) and goes_on(atoms, at - 1):
            at += 1  # a hyphen: a range, a compound, no sign of the number behind it
            continue
        taken, value = first_that_fits(atoms, at)
        if value is not None:
            yield value
        at += taken


def first_that_fits(atoms: Atoms, at: int) -> tuple[int, Printed | None]:
    window = atoms[at : at + LONGEST_VALUE]
    for reader in READERS:
        if (parse := reader(window)) is not None and parse[0]:
            taken, value = parse
            return taken, with_neighbours(value, atoms, at, at + taken) if value.kind == "amount" else value
    return 1, None


def phone(atoms: Atoms) -> Parse | None:
    """A phone number, such as +43 1 234-56 78 or 0664 123 45 67: groups of digits behind a plus or a zero; None for
    anything else.
    """
    start = 1 if atoms[0].text == "+" else 0
    if len(atoms) <= start or not atoms[start].is_digits or not (start or atoms[0].text[0] == "0"):
        return None
    end = start + 1
    while end + 1 < len(atoms) and atoms[end].text in {" ", "-", "/"} and atoms[end + 1].is_digits:
        end += 2
    digits = "".join(atom.text for atom in atoms[:end] if atom.is_digits)
    if end - start < THOUSANDS or len(digits) < SHORTEST_PHONE or goes_on(atoms, end):
        return None
    return end, made("phone", atoms[:end], {digits.lstrip("0")})


def code(atoms: Atoms) -> Parse | None:
    """A code, such as INV-2034, A4, 3F7, 12:30, 5-7 or 1.2.3: digits in one piece with letters or signs; None for an
    amount and for anything else.
    """
    end = 0
    while end < len(atoms) and is_part(atoms, end):
        end += 1
    while end and atoms[end - 1].text in JOINTS:
        end -= 1
    run = atoms[:end]
    if not any(atom.is_digits for atom in run) or is_measured(run):
        return None
    return end, made("code", run)


def is_part(atoms: Atoms, index: int) -> bool:
    """Whether the piece may be part of a code: letters, digits, and signs between them; a colon or comma only between
    digits.
    """
    atom = atoms[index]
    if atom.is_digits or atom.is_letters:
        return True
    is_between = index > 0 and index + 1 < len(atoms) and atoms[index - 1].is_digits and atoms[index + 1].is_digits
    return is_between if atom.text in TIGHT_JOINTS else index > 0 and atom.text in JOINTS


def is_measured(run: Atoms) -> bool:
    """Whether it is a number alone, or with its currency or unit right behind or before it: 7.80, 500g, EUR7.80."""
    first = 1 if folded(run[0].text) in CURRENCIES else 0
    number = run[first : len(run) - is_measure(run[-1])]
    return bool(number) and end_of_number(number, 0) == len(number) and bool(numbers_meant(joined(number)))


def word(atoms: Atoms) -> Parse | None:
    """A word, with apostrophes and hyphens inside; None for anything else."""
    if not atoms[0].is_letters:
        return None
    end = 1
    while end + 1 < len(atoms) and folded(atoms[end].text) in {"'", "-", ""} and atoms[end + 1].is_letters:
        end += 2
    return end, made("word", atoms[:end])


READERS: tuple[Callable[[Atoms], Parse | None], ...] = (day_in_figures, day_in_words, phone, code, amount, word)
"""Tried in this order: a date is no code, a phone number no amount."""
