"""The service's rate limits: tokens over the last 60 s, requests over the last 10 s. The clock is an argument."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass
from typing import Literal

TOKEN_WINDOW_S = 60.0
# Azure looks at requests in short windows, so that a minute's worth in one burst is throttled.
REQUEST_WINDOW_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RateVerdict:
    """Whether a request is admitted. `retry_after_s` is None if it is; `headers` say what is left."""

    headers: dict[str, str]
    retry_after_s: float | None = None
    unit: Literal["token", "call"] = "token"


class Window:
    """What was admitted in the last seconds, against a capacity."""

    def __init__(self, capacity: int, seconds: float) -> None:
        self.capacity = capacity
        self.seconds = seconds
        self.entries: deque[tuple[float, int]] = deque()

    def used(self, now: float) -> int:
        while self.entries and self.entries[0][0] + self.seconds <= now:
            self.entries.popleft()
        return sum(amount for _, amount in self.entries)

    def wait_s(self, amount: int, now: float) -> float:
        """Seconds until so much fits; a full window for what never does, as the service answers then too."""
        excess = self.used(now) + amount - self.capacity
        if excess <= 0:
            return 0.0
        for admitted_at, held in self.entries:
            excess -= held
            if excess <= 0:
                return admitted_at + self.seconds - now
        return self.seconds


class RateLimiter:
    """The rate limits of one deployment; None means no limit, and no headers about it. Threads may share it."""

    def __init__(self, *, tokens_per_minute: int | None = None, requests_per_minute: int | None = None) -> None:
        self.tokens_per_minute = tokens_per_minute
        self.requests_per_minute = requests_per_minute
        self.tokens = Window(tokens_per_minute, TOKEN_WINDOW_S) if tokens_per_minute else None
        burst = math.ceil((requests_per_minute or 0) * REQUEST_WINDOW_S / 60)
        self.requests = Window(burst, REQUEST_WINDOW_S) if requests_per_minute else None
        self.lock = threading.Lock()

    def admit(self, tokens: int, *, now: float) -> RateVerdict:
        with self.lock:
            token_wait = self.tokens.wait_s(tokens, now) if self.tokens else 0.0
            call_wait = self.requests.wait_s(1, now) if self.requests else 0.0
            if token_wait or call_wait:
                unit: Literal["token", "call"] = "token" if token_wait >= call_wait else "call"
                return RateVerdict(headers=self.headers(now), retry_after_s=max(token_wait, call_wait), unit=unit)
            for window, amount in ((self.tokens, tokens), (self.requests, 1)):
                if window:
                    window.entries.append((now, amount))
            return RateVerdict(headers=self.headers(now))

    def headers(self, now: float) -> dict[str, str]:
        headers: dict[str, str] = {}
        limits = (
            ("tokens", self.tokens, self.tokens_per_minute),
            ("requests", self.requests, self.requests_per_minute),
        )
        for name, window, per_minute in limits:
            if window:
                headers[f"x-ratelimit-limit-{name}"] = str(per_minute)
                headers[f"x-ratelimit-remaining-{name}"] = str(window.capacity - window.used(now))
        return headers
