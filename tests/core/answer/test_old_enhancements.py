"""The documents' shape of grounding, for old readers."""

from __future__ import annotations

from shared.core.answer.alignment import align
from shared.core.answer.old_enhancements import grounding_of
from shared.core.media.reading import Thing
from tests.core.answer.made_pages import box, page


def corners(right: float, bottom: float):
    """Four points from the upper left corner of the picture, clockwise."""
    return [{"x": x, "y": y} for x, y in ((0.0, 0.0), (right, 0.0), (right, bottom), (0.0, bottom))]


def test_the_answer_is_one_line_with_spans():
    """Lower-cased text, code points, four corners with x and y; two things of one name share a box."""
    dogs = [Thing(name="dog", polygon=box(at, 0, at + 80, 100)) for at in (0, 160)]
    answer = "🐕 Two dogs at Corner Bakery"
    regions = (
        *align(answer, None, [page("CORNER BAKERY", things=dogs)]),
        *align("", {"x": "bakery"}, [page("bakery")]),
    )

    (line,) = grounding_of(answer, regions)["grounding"]["lines"]

    assert line == {
        "text": answer,
        "spans": [
            {
                "text": "dogs",
                "offset": 6,
                "length": 4,
                "polygon": corners(0.3, 0.1),
            },
            {
                "text": "corner bakery",
                "offset": 14,
                "length": 13,
                "polygon": [
                    {"x": 0.0, "y": 0.0},
                    {"x": 0.1625, "y": 0.0},
                    {"x": 0.1625, "y": 0.02},
                    {"x": 0.0, "y": 0.02},
                ],
            },
        ],
    }


def test_an_answer_without_places_has_no_spans():
    """The block is there all the same: it was asked for."""
    assert grounding_of("No.", ()) == {"grounding": {"lines": [{"text": "No.", "spans": []}], "status": "Success"}}
