"""Frames of a film that are worth sending: one from every equal part, or from as many scenes as there is room for.

Which moments are looked at is planned (core/media/frame_plan.py), what is worth sending is decided by what was measured
(core/media/frame_choice.py, scenes.py). Here they are decoded, measured and drawn. Runs in the child process only.
"""

from __future__ import annotations

from typing import TypeGuard

from shared.adapters.frames.decoder import Decoder, Timed
from shared.adapters.frames.focus import Focus, Found
from shared.adapters.frames.gathered import Gathered, middle
from shared.adapters.frames.glances import Glances
from shared.adapters.frames.measure import measure
from shared.adapters.frames.open import Video
from shared.core.media.frame_choice import Dropped, may_be_blurred
from shared.core.media.frame_plan import CLOCK_S, Slot, VideoPlan, aims, scene_aims
from shared.core.media.scenes import FrameMoment, choose_moments


def sample(video: Video, plan: VideoPlan, *, deadline: float) -> Gathered:
    """The frames to send, at least one, whatever it looks like; `deadline` is in seconds of the monotonic clock."""
    gathered = Gathered(video, plan)
    if plan.sampling == "scenes":
        look_for_scenes(gathered, deadline)
    else:
        look_evenly(gathered, deadline)
    if not gathered.shots:
        first = (0.0, video.first)
        gathered.add(first, measure(first, video.view.ground), middle(plan.slots[0], plan))
    return gathered


def look_evenly(gathered: Gathered, deadline: float) -> None:
    focus = Focus(Decoder(gathered.video, deadline))
    for slot in gathered.plan.slots:
        look_into(slot, focus, gathered)
    gathered.end_run()


def look_into(slot: Slot, focus: Focus, gathered: Gathered) -> None:
    """Add the first good frame of a slot; else its sharpest blurred one; else a note why there is none."""
    wanted_s = middle(slot, gathered.plan)
    faults: list[Dropped] = []
    blurred: Found | None = None
    again: Found | None = None
    for aim in aims(slot, gathered.plan):
        timed = focus.decoder.at(aim)
        if not is_usable(timed, slot):
            faults.append(Dropped(at_s=wanted_s, reason=focus.decoder.why_not()))
            continue
        found = focus.sharpest_near(timed, slot)
        fault = gathered.fault_of(found[1])
        if fault is None:
            gathered.add(*found, wanted_s)
            return
        if fault == "blurred" and (blurred is None or found[1].look.sharpness > blurred[1].look.sharpness):
            blurred = found
        if fault == "duplicate" and (again is None or found[0][0] > again[0][0]):
            again = found
        faults.append(Dropped(at_s=wanted_s, reason=fault))
    if blurred is not None:
        gathered.add(*blurred, wanted_s)
    elif again is not None:
        gathered.repeat(*again, wanted_s)
    else:
        gathered.dropped.append(faults[0])


def is_usable(timed: Timed | None, slot: Slot) -> TypeGuard[Timed]:
    """Whether there is an undamaged frame and it is of the slot: it is a later one where nothing before could be
    decoded.
    """
    return timed is not None and not timed[1].is_corrupt and timed[0] < slot.end_s


def look_for_scenes(gathered: Gathered, deadline: float) -> None:
    """Look at more moments than frames are wanted, and take glances on the way; which of them are sent is chosen in the
    end.
    """
    plan, glances = gathered.plan, Glances(gathered.video.view.ground)
    decoder = Decoder(gathered.video, deadline, glances.see)
    for slot in plan.slots:
        for aim in scene_aims(slot, plan):
            timed = decoder.at(aim)
            for other in glances.take():
                offer(other, gathered)
            if is_usable(timed, slot):
                offer(timed, gathered)
            else:
                gathered.dropped.append(Dropped(at_s=middle(slot, plan), reason=decoder.why_not()))
    gathered.end_run()
    gathered.put_in_order()
    moments = [FrameMoment(at_s=shot.look.at_s, is_blurred=may_be_blurred(shot.look)) for shot in gathered.shots]
    gathered.keep_only(choose_moments(glances.in_order(), moments, plan.wanted))
    sharpen(gathered, Focus(Decoder(gathered.video, deadline)))


def offer(timed: Timed, gathered: Gathered) -> None:
    measured = measure(timed, gathered.video.view.ground)
    at_s = measured.look.at_s
    fault = gathered.fault_of(measured)
    if fault == "black":
        gathered.dropped.append(Dropped(at_s=at_s, reason=fault))
    elif fault == "duplicate":
        gathered.repeat(timed, measured, at_s)
    else:
        gathered.add(timed, measured, at_s)


def sharpen(gathered: Gathered, focus: Focus) -> None:
    """Replace blurred frames with a sharper neighbour that does not get past another frame."""
    times_s = [shot.look.at_s for shot in gathered.shots]
    edges_s = [float("-inf"), *times_s, float("inf")]
    for index, shot in enumerate(gathered.shots):
        found = focus.sharper(shot.look, edges_s[index] + CLOCK_S, edges_s[index + 2] - CLOCK_S)
        if found is not None:
            gathered.replace(index, *found)
