"""Dates as they are printed, in figures or in words, in four languages."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from shared.core.answer.printed import Atom, Atoms, Parse, folded, goes_on, joined, made

MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "januar februar marz april mai juni juli august september oktober november dezember",
        "jan feb mrz apr mai jun jul aug sept okt nov dez",
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
        "janv fevr mars avr mai juin juil aout sept oct nov dec",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "ene feb mar abr may jun jul ago sept oct nov dic",
    )
    for number, name in enumerate(names.split(), 1)
}
"""English, German, French and Spanish, without accents."""

SHORT_YEAR, LONG_YEAR = 2, 4

CENTURY = 2000

DAY_PARTS = ("day", "month", "year")

DATE_ATOMS = 5  # atoms of a date in figures, with the signs between them

WIDEST_GAP = 5  # characters between the parts of a date in words: "th of "


def day_in_figures(atoms: Atoms) -> Parse | None:
    """A date in three numbers with the same sign between them, such as 2026-11-28, 28.11.2026, 28/11/26 or 11/28/2026;
    None for anything else.
    """
    run = atoms[:DATE_ATOMS]
    if len(run) < DATE_ATOMS or not all(atom.is_digits for atom in run[::2]) or run[1].text != run[3].text:
        return None
    if run[1].text not in "-/." or goes_on(atoms, DATE_ATOMS):
        return None
    days = days_meant(run[0].text, run[2].text, run[4].text)
    return (DATE_ATOMS, made("day", run, days)) if days else None


def days_meant(first: str, second: str, third: str) -> list[date]:
    if len(first) == LONG_YEAR:
        return dates((first, second, third))
    if max(len(first), len(second)) > SHORT_YEAR or len(third) not in {SHORT_YEAR, LONG_YEAR}:
        return []
    return dates((third, second, first), (third, first, second))


def dates(*readings: tuple[str, str, str]) -> list[date]:
    """The days that these years, months and days name, without those that the calendar does not have."""
    found = []
    for year, month, day in readings:
        whole = int(year) if len(year) == LONG_YEAR else CENTURY + int(year)
        try:
            found.append(date(whole, int(month), int(day)))
        except ValueError:
            continue
    return found


def day_in_words(atoms: Atoms) -> Parse | None:
    """A date with its month in words, such as 28. November 2026, 28 Nov 2026 or Nov 28th 2026; None for anything
    else.
    """
    places = [index for index, atom in enumerate(atoms) if is_part_of_date(atom)][:3]
    if len(places) != len(DAY_PARTS) or places[0] or any(is_wide(atoms, *pair) for pair in pairwise(places)):
        return None
    first, second, year = (atoms[index].text for index in places)
    month, day = (second, first) if first.isdecimal() else (first, second)
    number = MONTHS.get(folded(month))
    if number is None or not day.isdecimal() or len(day) > SHORT_YEAR or len(year) != LONG_YEAR:
        return None
    taken = places[2] + 1
    days = dates((year, str(number), day))
    return (taken, made("day", atoms[:taken], days)) if days else None


def is_part_of_date(atom: Atom) -> bool:
    return atom.is_digits or (atom.is_letters and folded(atom.text) not in {"st", "nd", "rd", "th", "de", "of"})


def is_wide(atoms: Atoms, start: int, end: int) -> bool:
    """Whether more stands between two parts of a date than blanks, a point, a comma, a hyphen and a suffix."""
    between = joined(atoms[start + 1 : end])
    return len(between) > WIDEST_GAP or any(sign not in " \u00a0.,-" and not sign.isalpha() for sign in between)
