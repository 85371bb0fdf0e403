"""What an endpoint's headers say is left, in every spelling that was seen, and how long that is to be waited for."""

from __future__ import annotations

import pytest

from shared.core.answer.rate_limits import RateLimits, parse_rate_limits, refill_s, slow_down_s

PLENTY = RateLimits(remaining_requests=100, remaining_tokens=100_000)

HEADERS = [
    ({}, (None, None, None, None)),
    ({"x-ratelimit-remaining-requests": "12", "x-ratelimit-remaining-tokens": "0"}, (12, 0, None, None)),
    ({"X-RateLimit-Reset-Requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, (None, None, 1.0, 360.0)),
    ({"x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "1h2m3.5s"}, (None, None, 0.12, 3723.5)),
    ({"x-ratelimit-reset-requests": "42", "x-ratelimit-reset-tokens": "soon"}, (None, None, 42.0, None)),
    ({"x-ratelimit-reset-requests": "1d1h", "x-ratelimit-reset-tokens": "500µs"}, (None, None, 90_000.0, 0.0005)),
    ({"x-ratelimit-reset-requests": "1" * 5000 + "x", "x-ratelimit-reset-tokens": "1s1"}, (None, None, None, None)),
    ({"x-ratelimit-remaining-requests": "-1", "x-ratelimit-remaining-tokens": "many"}, (None, None, None, None)),
    ({"x-rate-limit-reset-tokens": "55", "x-ratelimit-remaining-requests": "9"}, (9, None, None, 55.0)),
    ({"X-Rate-Limit-Remaining-Tokens": "0", "x-rate-limit-reset-requests": "3"}, (None, 0, 3.0, None)),
    ({"ratelimit-remaining-tokens": "0", "ratelimit-reset-tokens": " 8 "}, (None, 0, None, 8.0)),
    ({"x-ratelimit-reset-tokens": "7", "x-rate-limit-reset-tokens": "55"}, (None, None, None, 7.0)),
]


@pytest.mark.parametrize(("headers", "expected"), HEADERS, ids=str)
def test_headers_are_read(headers, expected):
    """All spellings of names and time spans; what cannot be read counts as not said."""
    left = parse_rate_limits(headers)

    assert expected == (left.remaining_requests, left.remaining_tokens, left.reset_requests_s, left.reset_tokens_s)


SLOW_DOWNS = [
    (RateLimits(), 0),
    (PLENTY, 0),
    (RateLimits(remaining_requests=1, reset_requests_s=6.0), 0),
    (RateLimits(remaining_requests=0, reset_requests_s=6.0), 6),
    (RateLimits(remaining_requests=0), 1),
    (RateLimits(remaining_tokens=499, reset_tokens_s=2.5), 2.5),
    (RateLimits(remaining_tokens=499), 1),
    (RateLimits(remaining_tokens=500), 0),
    (RateLimits(remaining_requests=0, reset_requests_s=1, remaining_tokens=0, reset_tokens_s=30), 30),
    (RateLimits(remaining_requests=0, reset_requests_s=30, remaining_tokens=0, reset_tokens_s=1), 30),
    (RateLimits(remaining_tokens=0, reset_tokens_s=86_400), 60),
]


@pytest.mark.parametrize(("left", "seconds"), SLOW_DOWNS, ids=str)
def test_how_long_until_the_next_call_fits(left, seconds):
    """A call of 500 tokens: the longer of two resets, of the limits that it would hit."""
    assert slow_down_s(left, next_tokens=500) == seconds


REFILLS = [
    (RateLimits(), None),
    (RateLimits(remaining_requests=0, reset_requests_s=3.0, remaining_tokens=0, reset_tokens_s=20.0), 20.0),
    (RateLimits(remaining_requests=0, reset_requests_s=30.0, remaining_tokens=0, reset_tokens_s=20.0), 30.0),
    (RateLimits(remaining_requests=0, reset_requests_s=3.0, remaining_tokens=9, reset_tokens_s=20.0), 3.0),
    (RateLimits(remaining_requests=0, reset_requests_s=3.0, reset_tokens_s=20.0), 3.0),
    (RateLimits(remaining_requests=1, reset_requests_s=3.0, remaining_tokens=9, reset_tokens_s=20.0), None),
    (RateLimits(remaining_requests=9, reset_requests_s=3.0, reset_tokens_s=55.0), 55.0),
    (RateLimits(reset_requests_s=3.0, reset_tokens_s=55.0), 55.0),
    (RateLimits(remaining_tokens=0), None),
    (RateLimits(reset_tokens_s=0.0), None),
]


@pytest.mark.parametrize(("left", "seconds"), REFILLS, ids=str)
def test_when_a_throttled_endpoint_has_room_again(left, seconds):
    """When what is used up is full; where nobody says what is, when that is full of which nothing is said."""
    assert refill_s(left) == seconds
