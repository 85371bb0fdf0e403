"""Numbers as they are printed, with their marks, signs, currencies and units."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from shared.core.answer.printed import Atom, Atoms, Parse, Printed, folded, goes_on, is_sign, joined, made, text_at

DOLLARS = frozenset({"usd", "cad", "aud", "nzd", "hkd", "sgd", "mxn"})

CODES = tuple("usd cad aud nzd hkd sgd mxn eur gbp jpy cny chf sek nok dkk pln czk huf inr brl".split())  # noqa: SIM905 - a list of words

CURRENCIES: dict[str, frozenset[str]] = {
    **{code: frozenset({code}) for code in CODES},
    **{name: frozenset({"eur"}) for name in ("€", "euro", "euros")},
    "$": DOLLARS,
    "£": frozenset({"gbp"}),
    "¥": frozenset({"jpy", "cny"}),
    "fr": frozenset({"chf"}),
    "kr": frozenset({"sek", "nok", "dkk"}),
}

UNITS = frozenset(
    "g kg mg t lb lbs oz ml cl dl l gal mm cm m km in ft mi s sec min h hrs "  # noqa: SIM905 - as above
    "kwh wh kw w v a hz °c °f c f st stk pcs".split()
)

MEASURES = UNITS | CURRENCIES.keys()

MARKS = ".,"

SPACES = frozenset(" \u00a0\u202f")

THOUSANDS = 3

LONGEST_NUMBER = 30  # digits: more are no amount, and Decimal would round them


def is_measure(atom: Atom) -> bool:
    return atom.is_letters and folded(atom.text) in MEASURES


def amount(atoms: Atoms) -> Parse | None:
    """A number with its sign, such as -1,234.56, 5.00-, 1 234,56, 19 % or 7.80; None for anything else, and for more
    digits than LONGEST_NUMBER.
    """
    start = 1 if is_sign(atoms[0]) else 0
    end = end_of_number(atoms, start)
    meanings = numbers_meant(joined(atoms[start:end])) if end > start else set()
    if not meanings or (goes_on(atoms, end) and not is_measure(atoms[end])):
        return None
    is_trailed = not start and folded(text_at(atoms, end)) == "-" and not goes_on(atoms, end + 1)
    is_negative = is_trailed or folded(atoms[0].text) == "-"
    taken = end + is_trailed
    value = made("amount", atoms[:taken], {-number for number in meanings} if is_negative else meanings)
    percent = end_of_percent(atoms, taken)
    if not percent:
        return taken, value
    return percent, replace(value, unit="%", end=value.start + len(joined(atoms[:percent])))


def end_of_number(atoms: Atoms, start: int) -> int:
    """Behind the digits, with groups of three behind blanks or apostrophes, and points and commas between digits."""
    if start >= len(atoms) or not atoms[start].is_digits:
        return start
    end = start + 1
    while end + 1 < len(atoms) and atoms[end + 1].is_digits and joins(atoms, start, end):
        end += 2
    return end


def joins(atoms: Atoms, start: int, index: int) -> bool:
    """Whether the sign at `index` stands inside the number: a point, a comma, or a blank before a group of three.

    Behind a point or a comma no blank follows: 7.80 500 are two numbers.
    """
    if atoms[index].text in MARKS:
        return True
    is_blank = atoms[index].text in SPACES or folded(atoms[index].text) == "'"
    groups = [atom.text for atom in atoms[start + 2 : index + 2 : 2]]
    is_grouped = all(len(group) == THOUSANDS for group in groups) and len(atoms[start].text) <= THOUSANDS
    return is_blank and is_grouped and not any(atom.text in MARKS for atom in atoms[start:index])


def end_of_percent(atoms: Atoms, end: int) -> int:
    if text_at(atoms, end) == "%":
        return end + 1
    return end + 2 if text_at(atoms, end) in SPACES and text_at(atoms, end + 1) == "%" else 0


def numbers_meant(text: str) -> set[Decimal]:
    """Every number that the text may mean: with a point or a comma as decimal mark, and the other for thousands."""
    plain = "".join(sign for sign in folded(text) if sign in f"0123456789{MARKS}")
    if sum(sign.isdigit() for sign in plain) > LONGEST_NUMBER:
        return set()
    return {number for mark in MARKS if (number := number_with(plain, mark)) is not None}


def number_with(text: str, mark: str) -> Decimal | None:
    """The number if `mark` is the decimal mark; None where the text cannot be one then."""
    whole, _, part = text.partition(mark)
    if mark in part or any(sign in part for sign in MARKS):
        return None
    other = "," if mark == "." else "."
    groups = whole.split(other)
    is_grouped = all(len(group) == THOUSANDS for group in groups[1:]) and 1 <= len(groups[0]) <= THOUSANDS
    if len(groups) > 1 and (not is_grouped or groups[0].startswith("0")):
        return None
    return Decimal(f"{''.join(groups)}.{part or 0}")


def with_neighbours(value: Printed, atoms: Atoms, start: int, end: int) -> Printed:
    """The number with the currency and unit that stand next to it, a blank between them at most."""
    before, after = neighbour(atoms, start - 1, -1), neighbour(atoms, end, 1)
    currency = CURRENCIES.get(after) or CURRENCIES.get(before) or frozenset()
    unit = value.unit or (after if after in UNITS else "")
    is_bracketed = start > 0 and atoms[start - 1].text == "(" and text_at(atoms, end) == ")"
    return replace(value, currency=currency, unit=unit, is_bracketed=is_bracketed)


def neighbour(atoms: Atoms, index: int, step: int) -> str:
    if 0 <= index < len(atoms) and atoms[index].text in SPACES:
        index += step
    if not 0 <= index < len(atoms):
        return ""
    degree = "°" if atoms[index].text == "°" and index + 1 < len(atoms) else ""
    return folded(f"{degree}{atoms[index + 1].text}") if degree else folded(atoms[index].text)
