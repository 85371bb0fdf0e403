"""Glances at every frame that is decoded on the way, and the frames just after a cut that no look was planned for.

Runs in the child process only.
"""

from __future__ import annotations

from shared.adapters.frames.decoder import Timed
from shared.adapters.frames.measure import glance
from shared.core.media.scenes import NEAR_S, Glance, distance, odds_of, usual_of_near

EVERY_S = 0.08
AFTER_CUT_S = 0.25  # past what an encoder smears over it
MOST_WAITING = 3  # frames in memory
PLAIN_CUT = 0.5
REMEMBERED = 12
FEWEST_USUAL = 5


class Glances:
    """Collects a glance at every decoded frame. `waiting` has frames of scenes that have just begun; whoever takes them
    empties it.
    """

    def __init__(self, ground: int | None) -> None:
        self.ground = ground
        self.found: dict[int, Glance] = {}
        self.waiting: list[Timed] = []
        self.before: Glance | None = None
        self.usual: list[float] = []
        self.due_s: float | None = None

    def see(self, timed: Timed) -> None:
        """Take a glance at a frame; called for each decoded one."""
        place = int(timed[0] / EVERY_S)
        if place in self.found:
            return
        seen = self.found[place] = glance(timed, self.ground)
        before, self.before = self.before, seen
        if before is None or not 0 < seen.at_s - before.at_s <= NEAR_S:
            self.due_s = None
            return
        apart = distance(before, seen)
        if len(self.usual) >= FEWEST_USUAL and odds_of(apart, usual_of_near(self.usual)) >= PLAIN_CUT:
            self.due_s = seen.at_s + AFTER_CUT_S
        elif self.due_s is not None and seen.at_s >= self.due_s:
            self.waiting = [*self.waiting[1 - MOST_WAITING :], timed]
            self.due_s = None
        self.usual = [*self.usual[1 - REMEMBERED :], apart]

    def take(self) -> list[Timed]:
        taken, self.waiting = self.waiting, []
        return taken

    def in_order(self) -> list[Glance]:
        return sorted(self.found.values(), key=lambda one: one.at_s)
