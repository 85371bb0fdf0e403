"""Changing a row that others change too: read, decide, write over the version that was read, and again when somebody
was faster.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from shared.core.errors import StorageUnavailable
from shared.core.waits import backoff

T = TypeVar("T")

MOST_TRIES = 24
"""Each lost race means that somebody else's write went through. With the pauses below it is some 15 s in all: the
host delivers the message again, and half a minute is a tenth of a job's lease."""

RACE_FIRST_PAUSE_S = 0.05  # a read and a transaction take 20 to 30 ms in Azure
RACE_LONGEST_PAUSE_S = 2.0  # at a hundred losers a row has some 50 turns in that time


def until_written(attempt: Callable[[], T | None], *, what: str) -> T:
    """The first outcome of `attempt` that is not None; None says that another worker wrote first.

    The pause between two tries is a random part of a span that doubles, so that the more workers lose, the further
    apart they come back. Raises StorageUnavailable, naming `what`, after MOST_TRIES; and what `attempt` raises.
    """
    for tries in range(MOST_TRIES):
        outcome = attempt()
        if outcome is not None:
            return outcome
        longest_s = backoff(tries, first_s=RACE_FIRST_PAUSE_S, longest_s=RACE_LONGEST_PAUSE_S)
        time.sleep(random.uniform(0, longest_s))  # noqa: S311  # spreads load, protects nothing
    raise StorageUnavailable(f"{what} could not be written: other workers changed it {MOST_TRIES} times in a row")
