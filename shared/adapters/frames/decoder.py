"""Decodes moments of a video: a keyframe by seeking to it, any other by decoding on from the one before.

One packet and a drain per keyframe: asking the demuxer for decoded frames would read on to the next keyframe and cost
five times the bytes. Runs in the child process only.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import dropwhile

import av
from av.video.frame import VideoFrame

from shared.adapters.frames.facts import tick_s
from shared.adapters.frames.faults import DAMAGED_PACKET
from shared.adapters.frames.open import Video, rewind
from shared.adapters.frames.packets import packets_of
from shared.core.media.frame_choice import Flaw
from shared.core.media.frame_plan import Aim

DECODER_FRAMES = 3  # an index holds decoding times, up to this many frames before the picture's own
EPSILON_S = 0.001
FAR_S = 10.0  # most encoders set a keyframe more often
REACH_BACK_S = (1.0, 4.0, FAR_S, 30.0)
Timed = tuple[float, VideoFrame]
Seen = Callable[[Timed], None]


class Decoder:
    """Decodes moments of one video, in rising order where possible: going forward is decoding on, going back is a
    seek.

    `seen` gets every frame that is decoded, those on the way to a moment included.
    """

    def __init__(self, video: Video, deadline: float, seen: Seen | None = None) -> None:
        self.video = video
        self.deadline = deadline
        self.seen = seen
        self.forward: Iterator[Timed] | None = None
        self.current: Timed | None = None
        self.following: Timed | None = None

    def at(self, aim: Aim) -> Timed | None:
        """The frame at a moment; None where nothing can be decoded, or not in time."""
        if time.monotonic() > self.deadline:
            return None
        try:
            is_found_by_seeking = aim.keyframe and not self.video.seeks_anywhere
            return self.keyframe(aim.at_s) if is_found_by_seeking else self.exact(aim.at_s)
        except (av.FFmpegError, OSError):
            self.forward = None
            return None

    def why_not(self) -> Flaw:
        return "out of time" if time.monotonic() > self.deadline else "unreadable"

    def keyframe(self, at_s: float) -> Timed | None:
        video = self.video
        self.forward = None
        self.seek(at_s + self.lead_s(at_s))
        context = video.decoder
        for packet in packets_of(video.container, [video.stream]):
            if packet.size == 0:
                return None
            clock = packet.pts if packet.pts is not None else packet.dts
            if not packet.is_keyframe or (clock is not None and self.is_before(clock, at_s)):
                continue  # Windows Media and others seek to some keyframe before the one that is wanted
            frames = context.decode(packet) or context.decode(None)
            context.flush_buffers()
            if not frames:
                return None
            timed = (video.time_of(clock) if clock is not None else at_s), frames[0]
            if self.seen is not None:
                self.seen(timed)
            return timed
        return None

    def is_before(self, clock: int, at_s: float) -> bool:
        return self.video.time_of(clock) < at_s - DECODER_FRAMES * self.video.frame_s

    def lead_s(self, at_s: float) -> float:
        """How many seconds behind a keyframe to seek, so that neither it nor the next one is missed."""
        longest_s = DECODER_FRAMES * self.video.frame_s
        keys = self.video.info.keyframes_s
        later = bisect_right(keys, at_s + EPSILON_S)
        return min(longest_s, (keys[later] - at_s) / 2) if later < len(keys) else longest_s

    def exact(self, at_s: float) -> Timed | None:
        """The frame that is on screen at that second: the last one that begins before it, or the first."""
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
        """The frames from a place at or before that second. Streams of packets have no index: a seek may end anywhere,
        and the first picture after it may be too late.
        """
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

    def between(self, start_s: float, end_s: float) -> Iterator[Timed]:
        """The frames from one second to another, as far as they can be decoded in time."""
        try:
            if self.exact(start_s) is None:
                return
            while self.current is not None and self.forward is not None and time.monotonic() < self.deadline:
                yield self.current
                if self.following is None or self.following[0] > end_s:
                    return
                self.current, self.following = self.following, next(self.forward, None)
        except (av.FFmpegError, OSError):
            self.forward = None

    def is_past_the_end(self, at_s: float) -> bool:
        """Whether nothing is on screen then. The last frame of a whole video stays on screen; that of one cut off says
        nothing about what came after.
        """
        if self.current is None or self.following is not None or not self.video.info.truncated:
            return False
        return at_s > self.current[0] + DECODER_FRAMES * self.video.frame_s

    def may_skip_to(self, at_s: float) -> bool:
        """Whether seeking saves decoding frames that nobody needs: there is a keyframe in between.

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
        video.decoder.flush_buffers()
        if video.seeks_anywhere:  # so to well before the keyframe that is wanted
            keys = video.info.keyframes_s
            known = bisect_right(keys, at_s)
            at_s = keys[known - 1] - DECODER_FRAMES * video.frame_s if known else 0.0
        try:
            video.container.seek(max(0, video.ticks(at_s)), stream=video.stream)
        except av.FFmpegError:
            rewind(video.container, video.stream)  # no index: from the start

    def frames(self) -> Iterator[Timed]:
        """The frames from the place of the last seek on. Damaged packets are left out, as players do."""
        video, tick = self.video, tick_s(self.video.stream)
        last_s = 0.0
        packets = packets_of(video.container, [video.stream])
        if video.seeks_anywhere:
            packets = dropwhile(lambda packet: not packet.is_keyframe and packet.size > 0, packets)
        for packet in packets:
            try:
                decoded = video.decoder.decode(packet)
            except DAMAGED_PACKET:
                continue
            for frame in decoded:
                clock = frame.pts if frame.pts is not None else frame.dts
                last_s = max(0.0, clock * tick - video.start_s) if clock is not None else last_s + video.frame_s
                if self.seen is not None:
                    self.seen((last_s, frame))
                yield last_s, frame
