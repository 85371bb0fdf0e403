"""What a text has printed in it, and which of two values are the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.answer.printed import Conventions
from shared.core.answer.printed_meanings import conventions_of, same
from shared.core.answer.printed_values import printed_in

VALUES = [
    ("19% tax", [("amount", "19"), ("word", "tax")]),
    ("Total $1,234.56", [("word", "total"), ("amount", "1,234.56")]),
    ("1 234,56 €", [("amount", "1 234,56")]),
    ("am 3. März 2026", [("word", "am"), ("day", "3. marz 2026")]),
    ("Nov 28th, 2026", [("day", "nov 28th, 2026")]),
    ("28.11.2026 12:30", [("day", "28.11.2026"), ("code", "12:30")]),
    ("2026-11-28", [("day", "2026-11-28")]),
    ("31.02.2026", [("code", "31.02.2026")]),
    ("INV-2034 A4", [("code", "inv-2034"), ("code", "a4")]),
    ("+43 1 234-56 78", [("phone", "+43 1 234-56 78")]),
    ("1.2.3 7/8 5-7", [("code", "1.2.3"), ("code", "7/8"), ("code", "5-7")]),
    (
        "19 % and 5.00- (7.80) -3",
        [("amount", "19"), ("word", "and"), *(("amount", text) for text in ("5.00-", "7.80", "-3"))],
    ),
    ("7.80  500", [("amount", "7.80"), ("amount", "500")]),
    ("500g EUR7.80", [("amount", "500"), ("word", "g"), ("word", "eur"), ("amount", "7.80")]),
    ("total:7.80, ende.", [("word", "total"), ("amount", "7.80"), ("word", "ende")]),
    ("l\u2019infor\u00admation", [("word", "l'information")]),
    ("9" * 40, []),
    ("", []),
]


@pytest.mark.parametrize(("text", "values"), VALUES, ids=[row[0][:20] for row in VALUES])
def test_a_text_is_read_as_values(text, values):
    """Dates before codes, codes before numbers; currencies, units and signs go with their number."""
    found = [(value.kind, value.surface) for value in printed_in(text)]

    assert found == values or (not values and all(kind != "amount" for kind, _ in found))


SAME = [
    ("1234.56", "$1,234.56", "typed"),
    ("1,234.56", "1.234,56", "typed"),
    ("1234,56 €", "EUR 1 234,56", "typed"),
    ("7.80", "7.80", "exact"),
    ("7.8", "7.80", "typed"),
    ("$7.80", "7.80", "exact"),
    ("2026-11-28", "28.11.2026", "typed"),
    ("November 28, 2026", "28 Nov 2026", "typed"),
    ("2026-03-15", "15/03/26", "typed"),
    ("0664 123 4567", "+43 664 1234567", None),  # another country may have the number too
    ("0664 123 4567", "0664/123-45-67", "typed"),
    ("-5.00", "5.00-", "typed"),
    ("-5.00", "(5.00)", "typed"),
    ("(5.00)", "5.00", "exact"),
    ("Café", "CAFE", "exact"),
    ("$1,234.56", "$1,284.56", None),
    ("$7.80", "€7.80", None),
    ("USD 7.80", "EUR 7.80", None),
    ("500 g", "500 ml", None),
    ("19", "19 %", None),
    ("5.00", "-5.00", None),
    ("1234", "1.234", None),  # or one and something
    ("2026-03-04", "03/04/2026", None),  # or the third of April
    ("12:30", "12:35", None),
    ("INV-2034", "INV-2043", None),
    ("Kasse", "Klasse", None),
]


@pytest.mark.parametrize(("answer", "page", "method"), SAME)
def test_what_is_the_same(answer, page, method):
    """By the letters, or by what both mean; what could mean something else is not."""
    one, other = printed_in(answer)[0], printed_in(page)[0]
    one = next((value for value in printed_in(answer) if value.kind != "word"), one)
    other = next((value for value in printed_in(page) if value.kind != "word"), other)

    assert same(one, other, Conventions(), Conventions()) == method


SHOWN = [
    ("1234", "1.234", "3,50 und 1.234", "typed"),
    ("1234", "1.234", "3.50 and 1.234", None),
    ("2026-04-03", "03/04/2026", "03/04/2026 to 25/04/2026", "typed"),
    ("2026-03-04", "03/04/2026", "03/04/2026 to 04/25/2026", "typed"),
    ("2026-03-04", "03/04/2026", "03/04/2026, 25/04/2026, 04/25/2026", None),
]


@pytest.mark.parametrize(("answer", "printed", "page", "method"), SHOWN)
def test_a_page_shows_how_it_writes(answer, printed, page, method):
    """A value with one meaning tells how the others are meant; values that contradict each other tell nothing."""
    values = printed_in(page)
    other = next(value for value in values if value.surface == printed)

    assert same(printed_in(answer)[0], other, conventions_of(values), Conventions()) == method


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    """Values come in order, do not overlap, and each has the place it says."""
    values = printed_in(text)

    assert all(one.end <= other.start for one, other in pairwise(values))
    assert all(0 <= value.start < value.end <= len(text) for value in values)
