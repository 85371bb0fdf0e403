"""What is printed, in pieces and as values: the types that the readers of dates, amounts and codes share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

PrintedKind = Literal["amount", "day", "phone", "code", "word"]

ATOM = re.compile(r"[0-9]++|[^\W\d_]++|\s++|.", re.DOTALL)

SAME_SIGNS = {
    0xAD: None,
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u2032\u00b4`"), "'"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How a text writes numbers and dates, as far as it shows; None: it does not."""

    decimal_mark: str | None = None
    day_first: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A value at `start` to `end` of a text: `surface` is its folded form, `meanings` what it may say.

    `currency` and `unit` are what stands beside a number, empty where nothing does. A number in brackets is an aside in
    a sentence and a debt in an account.
    """

    kind: PrintedKind
    start: int
    end: int
    surface: str
    meanings: frozenset[Decimal | date | str] = frozenset()
    currency: frozenset[str] = frozenset()
    unit: str = ""
    is_bracketed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """The smallest piece of a text: digits, letters, blanks, or one sign."""

    text: str
    start: int

    @property
    def is_digits(self) -> bool:
        return self.text[0] in "0123456789"

    @property
    def is_letters(self) -> bool:
        return self.text[0].isalpha()


Atoms = Sequence[Atom]

Parse = tuple[int, Printed]
"""How many atoms a value takes, and the value."""


def folded(text: str) -> str:
    """The text without case, accents, soft hyphens and the variants of quotes and dashes."""
    plain = unicodedata.normalize("NFKD", text.translate(SAME_SIGNS)).casefold()
    return "".join(character for character in plain if not unicodedata.combining(character))


def made(kind: PrintedKind, atoms: Atoms, meanings: Iterable[Decimal | date | str] = ()) -> Printed:
    text, start = joined(atoms), atoms[0].start
    return Printed(kind=kind, start=start, end=start + len(text), surface=folded(text), meanings=frozenset(meanings))


def joined(atoms: Atoms) -> str:
    return "".join(atom.text for atom in atoms)


def is_sign(atom: Atom) -> bool:
    return folded(atom.text) in {"-", "+"}


def text_at(atoms: Atoms, index: int) -> str:
    return atoms[index].text if index < len(atoms) else ""


def goes_on(atoms: Atoms, end: int) -> bool:
    """Whether letters or digits follow without a gap: what was read is only the beginning of something else."""
    return end < len(atoms) and (atoms[end].is_digits or atoms[end].is_letters)
