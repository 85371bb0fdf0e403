"""Listens to every log record of the test run: keys, signatures, prompts and answers must be in none of them.

The levels are production's: INFO, with the SDKs as quiet as wiring.py makes them.
"""

from __future__ import annotations

import logging
import re
from typing import Self

from local.azurite import ACCOUNT_KEY
from local.chat_standin.describe import OFFLINE_MARK
from shared.core.settings import DEFAULT_PROMPT
from shared.wiring import quiet_sdk_logs

FORBIDDEN = {
    "the storage account's key": re.escape(ACCOUNT_KEY),
    "a storage account's key": r"AccountKey=[^;\s*]{8}",
    "a signature of a SAS": r"(?i)\bsig=[a-z0-9%+/=_-]{8}",
    "a made-up key of a test": r"made-up-[a-z-]*key|sk-[A-Za-z0-9]{8}",
    "a token": r"(?i)\bbearer\s+[a-z0-9._-]{12}",
    "a prompt": re.escape(DEFAULT_PROMPT[:40]),
    "an answer": re.escape(OFFLINE_MARK),
}


def found_in(text: str) -> list[str]:
    """What kinds of secret a text holds; never the secret itself."""
    return [kind for kind, pattern in FORBIDDEN.items() if re.search(pattern, text)]


class LogWatch(logging.Handler):
    """On the root logger for the whole run. `leaks` has the logger's name and what it told."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records = 0
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records += 1
        self.leaks += [f"{record.name} logged {kind}" for kind in found_in(self.format(record))]

    def take(self) -> list[str]:
        leaks, self.leaks = self.leaks, []
        return leaks

    def __enter__(self) -> Self:
        quiet_sdk_logs()
        self.level_before = logging.root.level
        logging.root.setLevel(logging.INFO)
        logging.root.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.root.removeHandler(self)
        logging.root.setLevel(self.level_before)
