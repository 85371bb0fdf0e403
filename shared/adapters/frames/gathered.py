"""What has been gathered of a film so far: frames worth sending, and what was left out for which reason.

Of a run of frames that are nearly the same, the first is sent and, where it is not quite the same, the last: the final
state of a screen. Runs in the child process only.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from shared.adapters.frames.decoder import Timed
from shared.adapters.frames.draw import cell_size, draw, encode_frame
from shared.adapters.frames.measure import Measured, largest_change
from shared.adapters.frames.open import Video
from shared.adapters.pixels.encode import Encoded
from shared.core.media.frame_choice import STILL_BLOCK, Dropped, Flaw, Look, fault_of
from shared.core.media.frame_plan import Slot, VideoPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A frame worth sending at the size it is sent at: encoded at once, or drawn for a contact sheet.

    `wanted_s` is the middle of the slot it stands for.
    """

    wanted_s: float
    look: Look
    picture: Encoded | Image.Image


class Gathered:
    """The frames of a film so far that are worth sending. `poster` is the frame that shows most: the sharpest one."""

    def __init__(self, video: Video, plan: VideoPlan) -> None:
        self.video = video
        self.plan = plan
        self.shots: list[Shot] = []
        self.dropped: list[Dropped] = []
        self.poster: Timed | None = None
        self.poster_sharpness = -1.0
        self.latest: Measured | None = None
        self.again: tuple[Timed, Measured, Dropped] | None = None

    def fault_of(self, measured: Measured) -> Flaw | None:
        """Why the frame is not worth sending now; "duplicate" also for the very frame that has been sent; None if it
        is.
        """
        if any(measured.look.at_s == shot.look.at_s for shot in self.shots[-2:]):
            return "duplicate"
        change = 0.0 if self.latest is None else largest_change(measured, self.latest)
        return fault_of(measured.look, [shot.look for shot in self.shots], change)

    def add(self, timed: Timed, measured: Measured, wanted_s: float) -> None:
        self.end_run()
        self.put(timed, measured, wanted_s)
        self.latest = measured

    def put(self, timed: Timed, measured: Measured, wanted_s: float) -> None:
        self.shots.append(Shot(wanted_s=wanted_s, look=measured.look, picture=self.drawn(timed)))
        if measured.look.sharpness > self.poster_sharpness:
            self.poster, self.poster_sharpness = timed, measured.look.sharpness

    def repeat(self, timed: Timed, measured: Measured, wanted_s: float) -> None:
        """Remember a frame like the one that was added last, until the run of such frames ends."""
        like_s = self.shots[-1].look.at_s
        dropped = Dropped(at_s=wanted_s, reason="duplicate", like_s=like_s)
        is_still = self.latest is None or largest_change(measured, self.latest) < STILL_BLOCK
        if is_still or measured.look.at_s <= like_s:
            self.dropped.append(dropped)
            return
        if self.again is not None:
            self.dropped.append(self.again[2])
        self.again = (timed, measured, dropped)

    def end_run(self) -> None:
        if self.again is not None:
            timed, measured, dropped = self.again
            self.again = None
            self.put(timed, measured, dropped.at_s)

    def drawn(self, timed: Timed) -> Encoded | Image.Image:
        size = (self.plan.width, self.plan.height) if self.plan.sheet is None else cell_size(self.plan.sheet, self.plan)
        image = draw(timed[1], size, self.video.view)
        return encode_frame(image, self.plan) if self.plan.sheet is None else image

    def replace(self, index: int, timed: Timed, measured: Measured) -> None:
        """Let another frame of the same scene stand for the slot."""
        wanted_s = self.shots[index].wanted_s
        self.shots[index] = Shot(wanted_s=wanted_s, look=measured.look, picture=self.drawn(timed))

    def put_in_order(self) -> None:
        """Sort the frames by time; of two of the same moment, one stays."""
        by_time = {shot.look.at_s: shot for shot in self.shots}
        self.shots = [by_time[at_s] for at_s in sorted(by_time)]

    def keep_only(self, chosen: tuple[int, ...]) -> None:
        for index, shot in enumerate(self.shots):
            if index not in chosen:
                self.dropped.append(Dropped(at_s=shot.wanted_s, reason="not chosen"))
        self.shots = [self.shots[index] for index in chosen]


def middle(slot: Slot, plan: VideoPlan) -> float:
    return round((slot.start_s + min(slot.end_s, max(plan.duration_s, slot.start_s))) / 2, 3)
