"""The queue in simulated time: every message comes exactly when it is due, and nothing waits for a real clock."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.core.jobs.job import AnalysisMessage
from shared.pipeline.analyze import analyze
from shared.pipeline.ports import Peeked
from tests.pipeline.world import World

Entry = tuple[datetime, int, Callable[[], object]]


@dataclass
class Timeline:
    """The port `Messages`, and whatever else is to happen at a moment. One thing at a time, each taking no time."""

    world: World
    due: list[Entry] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.world.services = replace(self.world.services, messages=self)

    def check(self) -> None: ...

    def depth(self) -> int:
        return len(self.due)

    def peek(self) -> list[Peeked]:
        """What is due is done at once, so nothing ever waits for a worker."""
        return []

    def send(self, message: AnalysisMessage, *, delay_s: float = 0) -> None:
        self.at(self.now + timedelta(seconds=delay_s), lambda: analyze(self.world.services, message))

    @property
    def now(self) -> datetime:
        return self.world.clock[0]

    def at(self, moment: datetime, action: Callable[[], object]) -> None:
        heapq.heappush(self.due, (moment, next(self.numbers), action))

    def run(self, *, seconds: float) -> None:
        """All that is due within that time, in order."""
        end = self.now + timedelta(seconds=seconds)
        while self.due and self.due[0][0] <= end:
            moment, _, action = heapq.heappop(self.due)
            self.world.clock[0] = max(self.now, moment)
            action()
        self.world.clock[0] = end
