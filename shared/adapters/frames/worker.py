"""Frames of a video, decoded in a child process that sees nothing but the ranges it asks for.

`accept` uses this for every video. The child is killed when a video takes too much time or memory, and a child that
crashes takes nothing else with it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any

from shared.adapters.decoding.believed import believed
from shared.adapters.decoding.capped_child import CappedChild, unless_rejected
from shared.adapters.decoding.pictures import receive_pictures
from shared.adapters.decoding.wire import BLOCK_BYTES, Nonsense, receive_block, send
from shared.adapters.frames.wire import Ranges, Served, serve
from shared.core.codec import to_json
from shared.core.errors import DecoderBusy, VisiondropError
from shared.core.media.decode_limits import MEGABYTE, DecodeLimits
from shared.core.media.frame_choice import Coverage
from shared.core.media.frame_plan import Sampling, VideoInfo, VideoPlan, plan_video
from shared.core.media.picture import Picture, SoundPiece
from shared.core.models.catalogue import Detail, Model

VIDEO_LIMITS = DecodeLimits(max_pixels=36_000_000, max_decode_bytes=512 * MEGABYTE, max_seconds=150.0, wall_factor=1.0)
"""8K pictures; the time is for reading ranges too, and most of it for videos that have hardly any keyframes. It is also
that of the clock: the function has ten minutes for three such tasks."""
SOUND_BYTES = 256 * MEGABYTE  # of all pieces, which are in memory together: eighteen hours
FILM_BYTES = 1024 * MEGABYTE  # of an MP4, beside twice its source: what is encoded anew may grow


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledVideo:
    """A video's facts and the frames to send. `poster` shows the video where its frames are too small for people to
    look at.
    """

    info: VideoInfo
    plan: VideoPlan
    frames: tuple[Picture, ...]
    poster: Picture
    coverage: Coverage

    @property
    def partial(self) -> bool:
        """Whether some of the video could not be read, and the rest was used."""
        lost = {"unreadable", "out of time"}
        return self.info.truncated or any(one.reason in lost for one in self.coverage.dropped)


class FrameWorker(CappedChild):
    module = "shared.adapters.frames.child"

    def __init__(self, limits: DecodeLimits = VIDEO_LIMITS) -> None:
        super().__init__(limits)

    def sample(
        self,
        file: Ranges,
        *,
        model: Model,
        detail: Detail,
        frames: int | None = None,
        sampling: Sampling = "even",
        contact_sheet: bool = False,
        before: float = math.inf,
    ) -> SampledVideo:
        """The video's facts and the frames to send. Raises SourceRejected, with code "too_slow" past
        `limits.max_seconds`, DecoderBusy, or what reading the file raises.
        """
        with self.turn(before), self.running_child() as (requests, replies):
            served = Served(file)
            info = self.header(requests, replies, served)
            try:
                plan = plan_video(
                    info, model=model, detail=detail, frames=frames, sampling=sampling, contact_sheet=contact_sheet
                )
            except VisiondropError:
                send(requests, {"plan": None})
                raise
            send(requests, {"plan": to_json(plan)})
            reply = self.answer(requests, replies, served)
            *sent, poster = receive_pictures(replies, reply)
            return SampledVideo(
                info=info,
                plan=plan,
                frames=tuple(sent),
                poster=poster,
                coverage=believed(Coverage, reply.get("coverage")),
            )

    def inspect(self, file: Ranges) -> VideoInfo:
        """What the header says; only the first frame is decoded. Raises as `sample` does."""
        with self.lock, self.running_child() as (requests, replies):
            info = self.header(requests, replies, Served(file))
            send(requests, {"plan": None})
            return info

    def header(self, requests: IO[bytes], replies: IO[bytes], served: Served) -> VideoInfo:
        """What the header says; the child then waits for a plan."""
        send(requests, {"open": {"bytes": served.file.size, "limits": to_json(self.limits), "give": "frames"}})
        return believed(VideoInfo, self.answer(requests, replies, served).get("info"))

    def sound(self, file: Ranges, *, before: float = math.inf) -> list[SoundPiece]:
        """The sound track in pieces, in order; none where there is no sound or it is silent. Reads the whole file.
        Raises as `sample` does.
        """
        found: list[SoundPiece] = []
        with self.turn(before), self.running_child() as (requests, replies):
            send(requests, {"open": {"bytes": file.size, "limits": to_json(self.limits), "give": "sound"}})
            served, left = Served(file, whole=True), SOUND_BYTES
            while (facts := piece_of(self.answer(requests, replies, served))) is not None:
                piece = believed(SoundPiece, {**facts, "data": b""})
                data = receive_block(replies, limit=min(left, BLOCK_BYTES))
                left -= len(data)
                found += [replace(piece, data=data)] if data else []
        return found

    def mp4(self, file: Ranges, *, copied: frozenset[str], before: float = math.inf) -> Iterator[bytes]:
        """The video as MP4, in blocks of bytes as they are written; pictures in one of the codecs `copied` are not
        encoded again. Raises as `sample` does.

        Reads the whole file; the child is busy until the last block.
        """
        with self.turn(before), self.running_child() as (requests, replies):
            task = {"bytes": file.size, "limits": to_json(self.limits), "give": "mp4", "copied": sorted(copied)}
            send(requests, {"open": task})
            served, left = Served(file, whole=True), 2 * file.size + FILM_BYTES
            while piece_of(self.answer(requests, replies, served)) is not None:
                block = receive_block(replies, limit=min(left, BLOCK_BYTES))
                left -= len(block)
                yield block

    @contextmanager
    def turn(self, before: float) -> Iterator[None]:
        """A context in which the child is this video's alone. Raises DecoderBusy when that cannot be had before
        `before`, in seconds of the monotonic clock.
        """
        if not self.lock.acquire(timeout=min(max(0.0, before - time.monotonic()), threading.TIMEOUT_MAX)):
            raise DecoderBusy
        try:
            yield
        finally:
            self.lock.release()

    def answer(self, requests: IO[bytes], replies: IO[bytes], served: Served) -> dict[str, Any]:
        """The child's answer, after its reads were answered. A read that fails leaves the child in the middle of a
        question, so that child is stopped.
        """
        try:
            message = serve(requests, replies, served)
        except VisiondropError:
            self.stop()
            raise
        return unless_rejected(message)


def piece_of(message: dict[str, Any]) -> dict[str, Any] | None:
    """What a message says about the piece whose bytes follow it; None at the end. Raises Nonsense for anything else."""
    match message:
        case {"piece": None}:
            return None
        case {"piece": dict(facts)}:
            return facts
    raise Nonsense("it is neither a piece of sound nor the end")
