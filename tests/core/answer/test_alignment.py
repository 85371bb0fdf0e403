"""Spans of answers and the places of the same words: which get a box, which of several, and which get none."""

from __future__ import annotations

import pytest

from shared.core.answer.alignment import align
from shared.core.media.reading import Line, Reading, Thing, numbered
from tests.core.answer.made_pages import box, line_of, page, rows_of

RECEIPT = page(
    "CORNER BAKERY",
    "28.11.2026 12:30",
    ("2 x Rye bread", "7.80"),
    ("1 x Apple cake", "4.50"),
    ("3 x Coffee", "4.50"),
    ("TOTAL", "$1,234.56"),
    "Invoice INV-2034, call 0664 123 4567 for infor-",
    "mation, or come by: Marktgasse 12.",
    ("VAT 19 %", "1.48"),
    "All prices with tax. All cakes are fresh.",
)


def found(answer, *, data=None, readings=(RECEIPT,)):
    """(words of the answer or field, text, row, method) of every region."""
    return [(region.field or region.text, rows_of(region), region.method) for region in align(answer, data, readings)]


ANSWERS = [
    ("From Corner Bakery.", [("Corner Bakery", 0, "exact")]),
    ("It is dated 2026-11-28.", [("2026-11-28", 1, "typed")]),
    ("The total is 1234.56.", [("total", 5, "exact"), ("1234.56", 5, "typed")]),
    ("Rye bread costs 7.80.", [("Rye bread", 2, "exact"), ("7.80", 2, "exact")]),
    (
        "Apple cake 4.50, coffee 4.50",
        [("Apple cake", 3, "exact"), ("4.50", 3, "exact"), ("coffee", 4, "exact"), ("4.50", 4, "exact")],
    ),
    ("4.50 for coffee", [("4.50", 4, "exact"), ("coffee", 4, "exact")]),
    ("4.50 and 4.50", [("4.50", 3, "exact"), ("4.50", 4, "exact")]),
    ("It says 4.50.", []),
    ("Call 0664/123-45-67.", [("Call 0664/123-45-67", 6, "typed")]),
    ("Any information", [("information", 6, "exact"), ("information", 7, "exact")]),
    ("Invoice INV-2034", [("Invoice INV-2034", 6, "exact")]),
    ("VAT is 19 %", [("19 %", 8, "exact")]),
    ("VAT is 19", []),
    ("The receipt shows a bakery of the city and text that says more.", [("bakery", 0, "exact")]),
    ("All", []),
    ("€1,234.56", []),
    ("", []),
]


@pytest.mark.parametrize(("answer", "regions"), ANSWERS, ids=[row[0][:40] for row in ANSWERS])
def test_words_of_an_answer_find_their_places(answer, regions):
    """What stands once is found; what stands twice by its neighbours or its order; what may be another is not."""
    assert found(answer) == regions


def test_a_span_is_a_part_of_the_answer():
    """Offsets count code points, so that an emoji before it is one."""
    answer = "🧾 Ärger bei Corner Bakery!"
    (region,) = align(answer, None, [RECEIPT])

    assert answer[region.span.offset :][: region.span.length] == region.text == "Corner Bakery"
    assert (region.engine, region.kind, region.score) == ("made", "ocr", 0.9)


FIELDS = {
    "shop": "Corner Bakery",
    "date": "2026-11-28",
    "items": [
        {"name": "Rye bread", "price": 7.8, "count": 2},
        {"name": "Apple cake", "price": 4.5, "count": 1},
        {"name": "Coffee", "price": 4.5, "count": 3},
    ],
    "total": 1234.56,
    "paid": True,
    "note": None,
    "a/b~c": "Marktgasse",
}


def test_each_field_of_data_finds_its_place():
    """Texts as a whole, numbers and dates by what they mean, equal ones by the row of their object."""
    places = {field: row for field, row, _ in found("", data=FIELDS)}

    assert places == {
        "/shop": 0,
        "/date": 1,
        **{f"/items/{item}/{name}": 2 + item for item in range(3) for name in ("name", "price", "count")},
        "/total": 5,
        "/a~1b~0c": 7,
    }


NO_FIELDS = [
    {"note": " - "},
    {"debt": -7.8},
    {"total": 1284.56},
    {"date": "2026-11-29"},
    {"shop": "Corner Brewery"},
    {"price": 4.5},
    {"tax": 19},
    {"street": "Marktgasse 13"},
]


@pytest.mark.parametrize("data", NO_FIELDS, ids=str)
def test_a_field_that_is_not_on_the_page_has_no_place(data):
    """Nor one that is there twice, with nothing to tell which is meant."""
    assert found("", data=data) == []


def test_a_misread_letter_is_forgiven_in_long_texts_without_digits():
    """The score says how like they are; of two that are alike none is taken."""
    street = page("Bürgermeisterstrasse", "other words")
    twice = page("Marktgasse links", "Marktgasse linke")

    (region,) = align("", {"street": "Buergermeisterstrasse"}, [street])
    assert (region.method, region.text, region.score) == ("fuzzy", "Bürgermeisterstrasse", 0.952)
    assert align("", {"street": "Marktgasse linkz"}, [twice]) == ()
    assert align("", {"street": "Markt"}, [street]) == ()
    (glued,) = align("", {"street": "Marktgasse linksaussen"}, [page("Marktgasse links aussen")])
    assert (glued.method, glued.text, glued.score) == ("fuzzy", "Marktgasse links aussen", 1.0)


def test_ids_point_at_lines_and_things():
    """L3 is the third line, O1 the first thing; an id that was not given is only a word."""
    laptop = Thing(name="Laptop", polygon=box(0, 300, 100, 400), score=0.8)
    reading = page("one line here", "two lines here", "three lines here", things=[laptop])

    regions = align("See L3, O1 and L9.", None, [reading])

    assert [(one.text, one.kind, one.method) for one in regions] == [
        ("three lines here", "ocr", "id"),
        ("Laptop", "object", "id"),
    ]


def test_things_are_found_by_their_names():
    """One region for each instance, whether the answer has the singular or the plural."""
    things = [
        Thing(name=name, polygon=box(at, 0, at + 50, 50))
        for name, at in (("Dog", 0), ("dog", 60), ("traffic light", 200))
    ]
    reading = page(things=things)

    regions = align("Two dogs wait at the traffic light; no cat.", None, [reading])

    assert [(one.text, one.kind, round(one.polygon[0][0] * 800)) for one in regions] == [
        ("dogs", "object", 0),
        ("dogs", "object", 60),
        ("traffic light", "object", 200),
    ]


NAMES = [
    ("Glasses", "glasses"),
    ("city", "cities"),
    ("box", "boxes"),
    ("bus", "bus"),
    ("grass", "grass"),
    ("cup", "cups"),
]


@pytest.mark.parametrize(("name", "said"), NAMES)
def test_a_plural_is_the_same_thing(name, said):
    """By the usual endings of English, which detectors speak."""
    reading = page(things=[Thing(name=name, polygon=box(0, 0, 50, 50))])

    assert [one.text for one in align(f"Here: {said}.", None, [reading])] == [said]


def test_a_number_in_brackets_may_be_a_debt():
    """An account prints -5.00 as (5.00); an answer may say either."""
    account = page("Balance (5.00)")

    assert found("", data={"balance": -5}, readings=[account]) == [("/balance", 0, "typed")]
    assert found("", data={"balance": 5}, readings=[account]) == [("/balance", 0, "typed")]


def test_pictures_are_told_apart():
    """The region says in which of the pictures it lies."""
    first, second = (page("only here", picture=0), page("somewhere else", picture=1))
    readings = numbered([first, second])

    assert [one.picture for one in align("somewhere else", None, readings)] == [1]


def test_a_line_without_words_is_used_whole():
    """Places inside it would be guessed by counting letters."""
    line = line_of("the whole sign says Bäckerei", row=0, split=False)
    reading = numbered([Reading(picture=0, engine="made", width=800, height=1000, lines=(line,))])[0]

    (region,) = align("Bäckerei", None, [reading])

    assert region.polygon == line.polygon


def lying(right: float, top: float):
    """The polygon of text that runs downwards."""
    return ((right, top), (right, top + 0.1), (right - 0.05, top + 0.1), (right - 0.05, top))


def test_rows_are_found_on_a_turned_page():
    """A table that lies on its side still has its cells in rows."""
    cells = [("Coffee", 0, 0), ("4.50", 0, 400), ("Cake", 1, 0), ("4.50", 1, 400)]
    lines = tuple(
        Line(
            text=text,
            polygon=(
                (x0 := 0.5 - row * 0.1, y0 := along / 1000),
                (x0, y0 + 0.1),
                (x0 - 0.05, y0 + 0.1),
                (x0 - 0.05, y0),
            ),
        )
        for text, row, along in cells
    )
    reading = numbered([Reading(picture=0, engine="made", width=1000, height=1000, lines=lines)])[0]

    assert [line.row for line in reading.lines] == [0, 0, 1, 1]
    assert [line.text for line in reading.lines] == ["Coffee", "4.50", "Cake", "4.50"]


PRINTED = ("$1,234.56", "7.80", "28.11.2026", "12:30", "INV-2034", "0664 123 4567", "1.48", "19 %")
NEAR_MISSES = [
    (text, f"{text[:at]}{(int(sign) + step) % 10}{text[at + 1 :]}")
    for text in PRINTED
    for at, sign in enumerate(text)
    if sign.isdigit()
    for step in (1, 3, 5, 7, 8, 9)
]


@pytest.mark.parametrize(("printed", "said"), NEAR_MISSES)
def test_a_wrong_digit_never_gets_a_box(printed, said):
    """Neither as a word of a sentence nor as a field: nothing of the value that it was made of is pointed at."""
    right = {rows_of(one) for one in align(printed, None, [RECEIPT])}
    wrong = [*align(f"It says {said} there.", None, [RECEIPT]), *align("", {"value": said}, [RECEIPT])]

    assert right
    assert wrong == []
