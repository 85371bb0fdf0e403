"""The sharpest frame around a moment, where the one of the moment itself may be out of focus or in motion.

Only such frames cost more decoding: a frame tells by itself that it may be (acuity), its neighbours tell whether it is.
Runs in the child process only.
"""

from __future__ import annotations

from shared.adapters.frames.decoder import Decoder, Timed
from shared.adapters.frames.measure import Measured, measure
from shared.core.media.frame_choice import Look, is_sharper_of_scene, may_be_blurred
from shared.core.media.frame_plan import Slot

NEAR_S = 0.5
EVERY_S = 0.06  # motion and focus do not change faster
ENOUGH_IN_VAIN = 4  # times in a row: the film is soft, all of it

Found = tuple[Timed, Measured]


class Focus:
    """Finds sharper frames in one film. `vain` counts searches that found none."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.vain = 0

    def sharpest_near(self, timed: Timed, slot: Slot) -> Found:
        """The frame itself, or a much sharper one of the slot."""
        measured = measure(timed, self.decoder.video.view.ground)
        return self.sharper(measured.look, slot.start_s, slot.end_s) or (timed, measured)

    def sharper(self, look: Look, start_s: float, end_s: float) -> Found | None:
        """A much sharper frame of the same scene within half a second; None where there is none, or the frame is surely
        in focus.
        """
        if not may_be_blurred(look) or self.vain >= ENOUGH_IN_VAIN:
            return None
        after = (look.at_s, min(look.at_s + NEAR_S, end_s - EVERY_S))
        before = (max(look.at_s - NEAR_S, start_s), look.at_s)
        found = self.best_within(*after, look) or self.best_within(*before, look)
        self.vain = 0 if found else self.vain + 1
        return found

    def best_within(self, start_s: float, end_s: float, look: Look) -> Found | None:
        """The first frame in focus, else the sharpest."""
        best: Found | None = None
        last_s = float("-inf")
        for timed in self.decoder.between(start_s, end_s):
            if timed[0] < last_s + EVERY_S or timed[1].is_corrupt:
                continue
            last_s = timed[0]
            found = (timed, measure(timed, self.decoder.video.view.ground))
            if not is_sharper_of_scene(found[1].look, look):
                continue
            if not may_be_blurred(found[1].look):
                return found
            if best is None or found[1].look.sharpness > best[1].look.sharpness:
                best = found
        return best
