"""What was asked of the stand-in: sizes, hashes, counts and status, never a prompt, an answer or an image."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One request and its answer. `fault` is empty for an honest answer; `client_retry` is what the SDK says about its
    own retries.
    """

    method: str
    path: str
    api_version: str
    deployment: str
    status: int
    error_code: str | None = None
    fault: str = ""
    request_bytes: int
    request_sha256: str
    images: int = 0
    image_sha256: tuple[str, ...] = ()
    image_sizes: tuple[tuple[int, int], ...] = ()
    details: tuple[str, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    finish_reason: str = ""
    client_retry: int = 0
    work_ms: float = 0.0


class Journal:
    """The last requests, and a count of all. Threads may share it."""

    def __init__(self) -> None:
        self.entries: deque[JournalEntry] = deque(maxlen=MAX_ENTRIES)
        self.requests = 0
        self.lock = threading.Lock()

    def add(self, entry: JournalEntry) -> None:
        with self.lock:
            self.requests += 1
            self.entries.append(entry)

    def clear(self) -> None:
        with self.lock:
            self.requests = 0
            self.entries.clear()

    def to_document(self) -> dict[str, Any]:
        with self.lock:
            return {"requests": self.requests, "entries": [asdict(entry) for entry in self.entries]}
