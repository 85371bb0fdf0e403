"""Decodes the planned moments of a video: a keyframe by seeking to it, any other by decoding on from the one before.

One packet and a drain per keyframe: asking the demuxer for decoded frames would read on to the next keyframe and cost
five times the bytes. Runs in the child process only.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import dropwhile

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from shared.adapters.frames.draw import cell_size, draw, encode_frame, measure
from shared.adapters.frames.facts import tick_s
from shared.adapters.frames.faults import DAMAGED_PACKET
from shared.adapters.frames.open import Video, rewind
from shared.adapters.pixels.encode import Encoded
from shared.core.media.frame_choice import Dropped, Fault, Look, choose_scenes, fault_of
from shared.core.media.frame_plan import Aim, Slot, VideoPlan, aims

DECODER_FRAMES = 3  # an index holds decoding times, up to this many frames before the picture's own
EPSILON_S = 0.001
FAR_S = 10.0  # most encoders set a keyframe more often
REACH_BACK_S = (1.0, 4.0, FAR_S, 30.0)
Timed = tuple[float, VideoFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A frame worth sending at the size it is sent at: encoded at once, or drawn for a contact sheet.

    `wanted_s` is the middle of the slot it stands for.
    """

    wanted_s: float
    look: Look
    picture: Encoded | Image.Image


@dataclass(slots=True, kw_only=True)
class Samples:
    """`poster` is the frame that shows most: the sharpest one."""

    shots: list[Shot] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    poster: Timed | None = None
    poster_sharpness: float = -1.0

    @property
    def looks(self) -> list[Look]:
        return [shot.look for shot in self.shots]


class Decoder:
    """Moments of one video, in rising order where possible: going forward is decoding on, going back is a seek."""

    def __init__(self, video: Video, deadline: float) -> None:
        self.video = video
        self.deadline = deadline
        self.forward: Iterator[Timed] | None = None
        self.current: Timed | None = None
        self.following: Timed | None = None

    def at(self, aim: Aim) -> Timed | None:
        """None where nothing can be decoded, or no more in time."""
        if time.monotonic() > self.deadline:
            return None
        try:
            is_found_by_seeking = aim.keyframe and not self.video.seeks_anywhere
            return self.keyframe(aim.at_s) if is_found_by_seeking else self.exact(aim.at_s)
        except (av.FFmpegError, OSError):
            self.forward = None
            return None

    def why_not(self) -> Fault:
        return "out of time" if time.monotonic() > self.deadline else "unreadable"

    def keyframe(self, at_s: float) -> Timed | None:
        video = self.video
        self.forward = None
        self.seek(at_s + self.lead_s(at_s))
        context = video.stream.codec_context
        for packet in video.container.demux(video.stream):
            if packet.size == 0:
                return None
            clock = packet.pts if packet.pts is not None else packet.dts
            if not packet.is_keyframe or (clock is not None and self.is_before(clock, at_s)):
                continue  # Windows Media and others seek to some keyframe before the one that is wanted
            frames = packet.decode() or context.decode(None)
            context.flush_buffers()
            if not frames:
                return None
            return (video.time_of(clock) if clock is not None else at_s), frames[0]
        return None

    def is_before(self, clock: int, at_s: float) -> bool:
        return self.video.time_of(clock) < at_s - DECODER_FRAMES * self.video.frame_s

    def lead_s(self, at_s: float) -> float:
        """How far behind a keyframe to seek, so that neither it nor the next one is missed."""
        longest_s = DECODER_FRAMES * self.video.frame_s
        keys = self.video.info.keyframes_s
        later = bisect_right(keys, at_s + EPSILON_S)
        return min(longest_s, (keys[later] - at_s) / 2) if later < len(keys) else longest_s

    def exact(self, at_s: float) -> Timed | None:
        """The frame that is on screen then: the last one that begins before, or the first."""
        if self.forward is None or self.current is None or at_s < self.current[0] or self.may_skip_to(at_s):
            forward = self.start_before(at_s)
        else:
            forward = self.forward
        while self.following is not None and self.following[0] <= at_s:
            if time.monotonic() > self.deadline:
                return None
            self.current, self.following = self.following, next(forward, None)
        return None if self.is_past_the_end(at_s) else self.current

    def start_before(self, at_s: float) -> Iterator[Timed]:
        """Streams of packets have no index: a seek ends anywhere, and the first picture after it may come too late."""
        for back_s in self.reach_back_s():
            if back_s and back_s >= at_s:
                rewind(self.video.container, self.video.stream)
            else:
                self.seek(at_s - back_s)
            forward = self.forward = self.frames()
            self.current, self.following = next(forward, None), next(forward, None)
            is_early_enough = self.current is not None and self.current[0] <= at_s
            if is_early_enough or back_s >= at_s or time.monotonic() > self.deadline:
                break
        return forward

    def reach_back_s(self) -> tuple[float, ...]:
        if self.video.is_intra_only:
            return (0.0, 2 * self.video.frame_s, *REACH_BACK_S)
        return REACH_BACK_S if self.video.is_packet_stream else (0.0, *REACH_BACK_S)

    def is_past_the_end(self, at_s: float) -> bool:
        """The last frame of a whole video stays on screen; that of one cut off says nothing about what came after."""
        if self.current is None or self.following is not None or not self.video.info.truncated:
            return False
        return at_s > self.current[0] + DECODER_FRAMES * self.video.frame_s

    def may_skip_to(self, at_s: float) -> bool:
        """With a keyframe in between, seeking saves decoding frames that nobody needs.

        Not all are known where the index is read bit by bit, as that of a fragmented MP4.
        """
        if self.following is None:
            return False
        if self.video.is_intra_only:
            return at_s > self.following[0] + self.video.frame_s
        keys = self.video.info.keyframes_s
        far_s = at_s - max(self.following[0], keys[-1] if keys else 0.0)
        return bisect_right(keys, at_s) > bisect_right(keys, self.following[0]) or far_s > FAR_S

    def seek(self, at_s: float) -> None:
        video = self.video
        video.stream.codec_context.flush_buffers()
        if video.seeks_anywhere:  # so to well before the keyframe that is wanted
            keys = video.info.keyframes_s
            known = bisect_right(keys, at_s)
            at_s = keys[known - 1] - DECODER_FRAMES * video.frame_s if known else 0.0
        try:
            video.container.seek(max(0, video.ticks(at_s)), stream=video.stream)
        except av.FFmpegError:
            rewind(video.container, video.stream)  # no index: from the start

    def frames(self) -> Iterator[Timed]:
        """From the place of the last seek on. Damaged packets are left out, as players do."""
        video, tick = self.video, tick_s(self.video.stream)
        last_s = 0.0
        packets: Iterator[Packet[VideoStream]] = video.container.demux(video.stream)
        if video.seeks_anywhere:
            packets = dropwhile(lambda packet: not packet.is_keyframe and packet.size > 0, packets)
        for packet in packets:
            try:
                decoded = packet.decode()
            except DAMAGED_PACKET:
                continue
            for frame in decoded:
                clock = frame.pts if frame.pts is not None else frame.dts
                last_s = max(0.0, clock * tick - video.start_s) if clock is not None else last_s + video.frame_s
                yield last_s, frame


def sample(video: Video, plan: VideoPlan, *, deadline: float) -> Samples:
    """At least one frame, whatever it looks like; `deadline` is on the monotonic clock."""
    samples, decoder = Samples(), Decoder(video, deadline)
    for slot in plan.slots:
        look_into(slot, plan, decoder, samples)
    if not samples.shots:
        samples.shots.append(shot_of((0.0, video.first), measure(video.first, 0.0), plan.slots[0], plan, video))
    if plan.sampling == "scenes" and len(samples.shots) > plan.wanted:
        leave_out(samples, choose_scenes(samples.looks, plan.wanted))
    return samples


def look_into(slot: Slot, plan: VideoPlan, decoder: Decoder, samples: Samples) -> None:
    """The first good frame of a slot; else its sharpest blurred one; else a note why there is none."""
    faults: list[Dropped] = []
    blurred: Shot | None = None
    for aim in aims(slot, plan):
        timed = decoder.at(aim)
        if timed is None or timed[1].is_corrupt or timed[0] >= slot.end_s:  # nothing before that could be decoded
            faults.append(Dropped(at_s=middle(slot, plan), reason=decoder.why_not()))
            continue
        look = measure(timed[1], timed[0])
        fault = repeated(look, samples) or fault_of(look, samples.looks)
        if fault is None:
            add(samples, shot_of(timed, look, slot, plan, decoder.video), timed)
            return
        if fault == "blurred" and (blurred is None or look.sharpness > blurred.look.sharpness):
            blurred = shot_of(timed, look, slot, plan, decoder.video)
        like_s = samples.shots[-1].look.at_s if fault == "duplicate" else None
        faults.append(Dropped(at_s=middle(slot, plan), reason=fault, like_s=like_s))
    if blurred is not None:
        samples.shots.append(blurred)
    else:
        samples.dropped.append(faults[0])


def repeated(look: Look, samples: Samples) -> Fault | None:
    """The very frame that has been sent: a video with fewer frames than slots."""
    return "duplicate" if any(look.at_s == shot.look.at_s for shot in samples.shots[-2:]) else None


def add(samples: Samples, shot: Shot, timed: Timed) -> None:
    samples.shots.append(shot)
    if shot.look.sharpness > samples.poster_sharpness:
        samples.poster, samples.poster_sharpness = timed, shot.look.sharpness


def shot_of(timed: Timed, look: Look, slot: Slot, plan: VideoPlan, video: Video) -> Shot:
    size = (plan.width, plan.height) if plan.sheet is None else cell_size(plan.sheet, plan)
    image = draw(timed[1], size, video.view)
    picture: Encoded | Image.Image = image
    if plan.sheet is None:
        picture = encode_frame(image, plan)
    return Shot(wanted_s=middle(slot, plan), look=look, picture=picture)


def middle(slot: Slot, plan: VideoPlan) -> float:
    return round((slot.start_s + min(slot.end_s, max(plan.duration_s, slot.start_s))) / 2, 3)


def leave_out(samples: Samples, chosen: tuple[int, ...]) -> None:
    for index, shot in enumerate(samples.shots):
        if index not in chosen:
            samples.dropped.append(Dropped(at_s=shot.wanted_s, reason="not chosen"))
    samples.shots = [samples.shots[index] for index in chosen]
