"""Opens a video and reads what its header says: size upright, length, keyframes. The first frame must decode.

Runs in the child process only (frames/child.py): what FFmpeg's demuxers make of a broken file is not for the app's own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import av
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from shared.adapters.frames.draw import View
from shared.adapters.frames.facts import (
    PACKET_STREAMS,
    UploadFacts,
    describe,
    needs_scan,
    rate_of,
    scan,
    stream_start_s,
    tick_s,
)
from shared.adapters.frames.faults import DAMAGED_PACKET, NothingDecodes, decoder_errors
from shared.adapters.frames.packets import packets_of
from shared.adapters.frames.tracks import picture_track
from shared.adapters.frames.transparency import decoder_of, ground_of
from shared.core.errors import SourceRejected
from shared.core.media.decode_limits import DecodeLimits, Load, check_source
from shared.core.media.frame_plan import VideoInfo
from shared.core.media.kinds import HEAD_BYTES, sniff
from shared.core.media.length import announced_bytes

# The demuxer is named, so that no other (playlists, scripts) ever looks at a stranger's bytes.
DEMUXERS = {
    "mp4": "mov",
    "mov": "mov",
    "3gp": "mov",
    "mkv": "matroska",
    "webm": "matroska",
    "avi": "avi",
    "ts": "mpegts",
    "mpeg": "mpeg",
    "m2v": "mpegvideo",
    "asf": "asf",
    "flv": "flv",
    "ogv": "ogg",
    "mxf": "mxf",
    "dv": "dv",
}
MOST_EMPTY = 60  # frames at a film's beginning that show nothing
READ_BYTES = 32 * 1024
ROUNDING = 0.01  # ticks


@dataclass(slots=True, kw_only=True)
class Video:
    """An open video. Times are in seconds from its first picture."""

    container: InputContainer
    stream: VideoStream
    decoder: VideoCodecContext
    info: VideoInfo
    start_s: float
    frame_s: float
    first: VideoFrame
    view: View

    @property
    def seeks_anywhere(self) -> bool:
        """Whether a seek may end anywhere: an AVI that was cut off has lost its index, and what the demuxer takes for
        keyframes then are none.
        """
        return self.info.truncated and self.container.format.name == "avi"

    @property
    def is_packet_stream(self) -> bool:
        """Whether the video is a stream of packets, where seeking is by the clock alone, not to keyframes."""
        return self.container.format.name in PACKET_STREAMS

    @property
    def is_intra_only(self) -> bool:
        """Whether every picture is a keyframe, marked as one or not."""
        return self.stream.codec_context.codec.intra_only

    def time_of(self, pts: int) -> float:
        return max(0.0, pts * tick_s(self.stream) - self.start_s)

    def ticks(self, at_s: float) -> int:
        """The last tick of the stream's clock that is not after that second: a tick of AVI is a whole frame."""
        return math.floor((at_s + self.start_s) / tick_s(self.stream) + ROUNDING)


@contextmanager
def open_video(file: Any, limits: DecodeLimits) -> Iterator[Video]:
    head = file.read(HEAD_BYTES)
    kind = sniff(head)
    file.seek(0)
    if kind.kind != "video" or kind.format not in DEMUXERS:
        raise SourceRejected(
            f"{kind.label} is not a video that can be read", code="unsupported", hint="Use MP4 or MOV."
        )
    with decoder_errors(kind):
        container = av.open(file, format=DEMUXERS[kind.format], buffer_size=READ_BYTES, metadata_errors="replace")
    with container:
        with decoder_errors(kind):
            cut_off = (announced_bytes(head) or 0) > file.size
            video = inspect(container, UploadFacts(kind=kind, size=file.size, cut_off=cut_off), limits)
        yield video


def inspect(container: InputContainer, upload: UploadFacts, limits: DecodeLimits) -> Video:
    stream = picture_track(container, upload.kind)
    stream.thread_type = "NONE"  # threads cost more than they gain for single frames
    context = stream.codec_context
    check_source(Load(bytes=min(upload.size, limits.max_bytes), pixels=context.width * context.height), limits)
    packets = scan(container, stream) if needs_scan(container, stream, upload.size) else None
    rewind(container, stream)  # Matroska's index is read only then
    decoder = decoder_of(stream)
    first = first_frame(container, stream, decoder)
    ground = ground_of(itertools.chain([first], itertools.islice(frames_after(container, stream, decoder), MOST_EMPTY)))
    start_s = min(packets.times_s) if packets and packets.times_s else stream_start_s(container, stream, first)
    info = describe(container, stream, upload, packets, first, start_s, ground)
    return Video(
        container=container,
        stream=stream,
        decoder=decoder,
        info=info,
        start_s=start_s,
        frame_s=1 / rate_of(stream, packets),
        first=first,
        view=View(orientation=info.orientation, pixel_shape=float(stream.sample_aspect_ratio or 1), ground=ground),
    )


def rewind(container: InputContainer, stream: VideoStream) -> None:
    """Go back to the first picture that can be decoded: where an edit list begins between keyframes, to the next
    one.
    """
    try:
        container.seek(0)
    except av.FFmpegError:
        container.seek(0, stream=stream, backward=False)


def first_frame(container: InputContainer, stream: VideoStream, decoder: VideoCodecContext) -> VideoFrame:
    """The first frame that can be decoded; a damaged start is skipped. Raises NothingDecodes."""
    said: av.FFmpegError | None = None
    for packet in packets_of(container, [stream]):
        try:
            frames = decoder.decode(packet)
        except DAMAGED_PACKET as error:
            said = error
            continue
        for frame in frames:
            return frame
    raise NothingDecodes(said)


def frames_after(container: InputContainer, stream: VideoStream, decoder: VideoCodecContext) -> Iterator[VideoFrame]:
    """The frames after the first, as far as they can be decoded; nothing is read until one is asked for."""
    for packet in packets_of(container, [stream]):
        try:
            yield from decoder.decode(packet)
        except av.FFmpegError:
            return
