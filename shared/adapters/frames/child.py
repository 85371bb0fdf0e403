"""The process that decodes videos: frames/worker.py starts it, answers its reads, and may kill it.

It has no keys, no address of the video and a cap on its memory. One request per video: `open` is answered by `info`,
then `plan` by `pictures` (the poster last); told to give sound or MP4, it answers with pieces
of that. Questions for ranges of the file come in between.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

import av
from PIL import Image

from shared.adapters.decoding.pictures import send_pictures
from shared.adapters.decoding.wire import receive, send
from shared.adapters.frames.draw import compose, draw, encode_frame
from shared.adapters.frames.faults import decoder_errors
from shared.adapters.frames.gathered import Gathered, Shot
from shared.adapters.frames.mp4 import write_mp4
from shared.adapters.frames.open import Video, open_video, rewind
from shared.adapters.frames.sample import sample
from shared.adapters.frames.sound import pieces
from shared.adapters.frames.wire import RemoteFile
from shared.adapters.pixels.child import cap_memory
from shared.adapters.pixels.encode import Encoded
from shared.core.codec import from_json, to_json
from shared.core.errors import SourceRejected
from shared.core.media.decode_limits import DecodeLimits
from shared.core.media.frame_choice import coverage
from shared.core.media.frame_plan import Sheet, VideoInfo, VideoPlan
from shared.core.media.picture import Picture
from shared.core.models.image_grid import Size

MOST_KEYFRAMES = 100_000  # some 2 MB of a message; of a film of half an hour in which every picture is one
SOFT_SHARE = 0.6  # of the time allowed: then what there is is sent


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    while True:
        try:
            task = receive(requests)["open"]
        except EOFError:
            return
        limits = from_json(DecodeLimits, task["limits"])
        file = RemoteFile(requests, replies, task["bytes"], whole=task["give"] != "frames")
        deadline = time.monotonic() + limits.max_seconds * SOFT_SHARE
        try:
            with open_video(file, limits) as video:
                if task["give"] == "sound":
                    answer_sound(video, replies)
                elif task["give"] == "mp4":
                    answer_mp4(video, frozenset(task["copied"]), replies)
                else:
                    send(replies, {"info": to_json(thinned(video.info))})
                    answer_plan(video, deadline, requests, replies)
        except SourceRejected as error:
            send(replies, {"rejected": {"message": error.message, "code": error.code, "hint": error.hint}})


def thinned(info: VideoInfo) -> VideoInfo:
    """The facts with every second or third keyframe only, where there are too many for a message: any part of them will
    do.
    """
    step = -(-len(info.keyframes_s) // MOST_KEYFRAMES)
    return info if step <= 1 else replace(info, keyframes_s=info.keyframes_s[::step])


def answer_plan(video: Video, deadline: float, requests: IO[bytes], replies: IO[bytes]) -> None:
    """Send the planned pictures. A null plan means that the video was refused for what its header says."""
    body = receive(requests)["plan"]
    if body is None:
        return
    plan = from_json(VideoPlan, body)
    with decoder_errors(video.info.kind):
        samples = sample(video, plan, deadline=deadline)
        pictures = (*render(samples, plan), poster_of(video, samples, plan))
    report = coverage(plan, [(shot.wanted_s, shot.look.at_s) for shot in samples.shots], samples.dropped)
    send_pictures(replies, pictures, coverage=to_json(report))


def answer_sound(video: Video, replies: IO[bytes]) -> None:
    """Send one message per piece of sound, and one without a piece at the end."""
    with decoder_errors(video.info.kind):
        rewind(video.container, video.stream)
        for piece in pieces(video.container):
            facts = {"start_s": piece.start_s, "duration_s": piece.duration_s}
            send(replies, {"piece": facts}, [piece.data])
    send(replies, {"piece": None})


class Sink(io.RawIOBase):
    """A file for the muxer: what it writes goes to the parent at once."""

    def __init__(self, replies: IO[bytes]) -> None:
        self.replies = replies

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        send(self.replies, {"piece": {}}, [bytes(data)])
        return len(data)


def answer_mp4(video: Video, copied: frozenset[str], replies: IO[bytes]) -> None:
    """Send one message per block of the MP4, and one without a block at the end."""
    with decoder_errors(video.info.kind):
        rewind(video.container, video.stream)
        write_mp4(video.container, video.stream, Sink(replies), turn=int(video.first.rotation), copied=copied)
    send(replies, {"piece": None})


def render(samples: Gathered, plan: VideoPlan) -> Iterator[Picture]:
    if plan.sheet is None:
        yield from (single(shot, (plan.width, plan.height)) for shot in samples.shots)
        return
    for start in range(0, len(samples.shots), plan.sheet.cells):
        yield sheet_of(samples.shots[start : start + plan.sheet.cells], plan.sheet, plan)


def single(shot: Shot, size: Size) -> Picture:
    encoded = shot.picture
    if not isinstance(encoded, Encoded):
        raise TypeError("a frame that is sent alone is encoded when it is drawn")
    return picture_of(encoded, size, (shot.look.at_s,))


def sheet_of(shots: list[Shot], sheet: Sheet, plan: VideoPlan) -> Picture:
    page = compose([shot.picture for shot in shots if isinstance(shot.picture, Image.Image)], sheet)
    encoded = encode_frame(page, plan)
    return picture_of(encoded, page.size, tuple(shot.look.at_s for shot in shots))


def poster_of(video: Video, samples: Gathered, plan: VideoPlan) -> Picture:
    at_s, frame = samples.poster or (0.0, video.first)
    image = draw(frame, plan.poster, video.view)
    encoded = encode_frame(image, plan)
    return picture_of(encoded, plan.poster, (round(at_s, 3),))


def picture_of(encoded: Encoded, size: Size, times_s: tuple[float, ...]) -> Picture:
    return Picture(
        data=encoded.data,
        media_type=encoded.media_type,
        width=size[0],
        height=size[1],
        at_s=times_s[0],
        frames_at_s=times_s if len(times_s) > 1 else (),
        encoding=encoded.how,
    )


def main(max_decode_bytes: str) -> None:
    """Serve the parent. Decoders that print would break the protocol: the protocol gets stdout, they get stderr."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    av.logging.set_level(None)
    cap_memory(int(max_decode_bytes))
    send(replies, {"ready": True})
    serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    main(sys.argv[1])
