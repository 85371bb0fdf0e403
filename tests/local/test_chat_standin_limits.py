"""Rate limits of the chat stand-in: the windows as arithmetic, then over the wire."""

from __future__ import annotations

import openai
import pytest
from openai import AzureOpenAI

from local.chat_standin import ChatStandIn
from local.chat_standin.limits import RateLimiter

# (limits, requests as (second, tokens), wait answered to each; None is admitted)
WINDOWS = {
    "no limits": ({}, [(0, 10**9)] * 3, [None] * 3),
    "tokens of a minute": ({"tokens_per_minute": 1000}, [(0, 400), (5, 400), (10, 400)], [None, None, 50]),
    "tokens come back after 60 s": ({"tokens_per_minute": 1000}, [(0, 400), (5, 600), (60, 400)], [None, None, None]),
    "two entries must leave": ({"tokens_per_minute": 1000}, [(0, 300), (7, 300), (10, 900)], [None, None, 57]),
    "more than fits ever": ({"tokens_per_minute": 1000}, [(0, 1001)], [60]),
    "requests in 10 s": ({"requests_per_minute": 12}, [(0, 1), (1, 1), (4, 1)], [None, None, 6]),
    "requests come back after 10 s": ({"requests_per_minute": 12}, [(0, 1), (1, 1), (10, 1)], [None, None, None]),
    "a refused one costs nothing": ({"tokens_per_minute": 1000}, [(0, 900), (1, 200), (2, 100)], [None, 59, None]),
    "at least one request": ({"requests_per_minute": 1}, [(0, 1), (1, 1)], [None, 9]),
}


@pytest.mark.parametrize(("limits", "requests", "waits"), WINDOWS.values(), ids=WINDOWS)
def test_windows(limits, requests, waits):
    """Tokens over 60 s, requests over 10 s; the wait is until enough of the window has passed."""
    rates = RateLimiter(**limits)
    assert [rates.admit(tokens, now=second).retry_after_s for second, tokens in requests] == waits


def test_headers_tell_what_is_left():
    """Limit per minute and what remains in the window; none without a limit."""
    rates = RateLimiter(tokens_per_minute=1000, requests_per_minute=12)
    assert rates.admit(300, now=0).headers == {
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "700",
        "x-ratelimit-limit-requests": "12",
        "x-ratelimit-remaining-requests": "1",
    }
    assert RateLimiter().admit(1, now=0).headers == {}


LIMITED = {
    "tokens": ({"tokens_per_minute": 1000}, "token rate limit", "x-ratelimit-remaining-tokens"),
    "requests": ({"requests_per_minute": 12}, "call rate limit", "x-ratelimit-remaining-requests"),
}


@pytest.mark.parametrize(("limits", "says", "header"), LIMITED.values(), ids=LIMITED)
def test_third_call_is_throttled(limits, says, header, data_url, ask):
    """Two calls of 255 + 200 tokens fit into 1000, two calls fit into ten seconds; the third must wait."""
    with ChatStandIn(model="gpt-4o", **limits) as server:
        sdk = AzureOpenAI(azure_endpoint=server.base_url, api_key="any", api_version="2024-10-21", max_retries=0)
        with sdk as client:
            for _ in range(2):
                raw = client.chat.completions.with_raw_response.create(
                    model="eyes", messages=ask(data_url()), max_tokens=200
                )
                assert header in raw.headers
            with pytest.raises(openai.RateLimitError, match=says) as raised:
                client.chat.completions.create(model="eyes", messages=ask(data_url()), max_tokens=200)
        headers = raised.value.response.headers
        assert 0 < int(headers["retry-after-ms"]) <= 1000 * int(headers["retry-after"]) <= 60_000
