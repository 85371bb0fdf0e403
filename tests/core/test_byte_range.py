"""Which part of a file a Range header means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.byte_range import parse_range
from shared.core.errors import RangeInvalid

RANGES = [
    (None, 10, None),
    ("", 10, None),
    ("bytes=0-0", 10, (0, 0)),
    ("bytes=0-9", 10, (0, 9)),
    ("bytes=0-99", 10, (0, 9)),
    ("bytes=9-", 10, (9, 9)),
    ("bytes=-3", 10, (7, 9)),
    ("bytes=-30", 10, (0, 9)),
    (" Bytes = 2-4 ", 10, (2, 4)),
    ("bytes=4-2", 10, None),
    ("bytes=-", 10, None),
    ("bytes=1-2,4-5", 10, None),
    ("items=1-2", 10, None),
    ("bytes=1-2x", 10, None),
    ("bytes=" + "9" * 40 + "-", 10, None),
]


@pytest.mark.parametrize(("header", "total", "expected"), RANGES)
def test_ranges(header, total, expected):
    """First and last byte, or the whole file for what is no single range."""
    assert parse_range(header, total) == expected


@pytest.mark.parametrize(
    ("header", "total"), [("bytes=10-", 10), ("bytes=10-12", 10), ("bytes=0-", 0), ("bytes=-0", 10)]
)
def test_nothing_there(header, total):
    """A range behind the end is refused with the length."""
    with pytest.raises(RangeInvalid) as refused:
        parse_range(header, total)

    assert refused.value.total_bytes == total


@given(st.text(alphabet="bytes=0123456789-, ", max_size=30), st.integers(0, 1000))
def test_a_range_lies_within_the_file(header, total):
    """Whatever the header: refused, ignored, or a part that is there."""
    try:
        found = parse_range(header, total)
    except RangeInvalid:
        return
    assert found is None or 0 <= found[0] <= found[1] < total
