"""How long to wait: growing waits have an end, and what a server asks for is read in all its spellings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.core.waits import backoff, parse_retry_after, to_retry_after

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


GROWING = [
    *((-1, 2.0, 5.0), (0, 2.0, 5.0), (1, 2.0, 10.0), (4, 2.0, 80.0)),
    *((5, 2.0, 100.0), (10**9, 2.0, 100.0), (2, 1.5, 11.25)),
]


@pytest.mark.parametrize(("tries", "factor", "expected"), GROWING)
def test_waits_grow_to_a_limit(tries, factor, expected):
    """The first wait, then so many times as long each time, never above the longest."""
    assert backoff(tries, first_s=5.0, longest_s=100.0, factor=factor) == expected


ASKED = [
    ({}, None),
    ({"Retry-After": "7"}, 7.0),
    ({"retry-after": " 2.5 "}, 2.5),
    ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
    ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
    ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30.0),
    ({"retry-after": "Sat, 21 Nov 2026 12:00:30 -0000"}, 30.0),
    ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
    ({"retry-after": "-5"}, None),
    ({"retry-after": "9" * 400}, None),
    ({"retry-after": "٣"}, None),
]


@pytest.mark.parametrize(("headers", "seconds"), ASKED, ids=str)
def test_what_a_server_asks_for(headers, seconds):
    """Milliseconds first, then seconds or a date; what is none of them counts as not said."""
    assert parse_retry_after(headers, now=NOW) == seconds


def test_a_date_needs_a_clock():
    """Without the time of day it says nothing."""
    assert parse_retry_after({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, now=None) is None


@pytest.mark.parametrize(("seconds", "header"), [(0.0, "1"), (0.2, "1"), (1.0, "1"), (1.01, "2"), (59.5, "60")])
def test_a_header_has_whole_seconds(seconds, header):
    """Rounded up, so that nobody comes too early."""
    assert to_retry_after(seconds) == header
