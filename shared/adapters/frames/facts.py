"""What a film's header and packets say: length, rate, keyframes, upright size, and what there is to note.

Runs in the child process only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from shared.adapters.frames.packets import packets_of
from shared.adapters.frames.rgb import colours_of
from shared.adapters.frames.shape import orientation_of, upright_size
from shared.adapters.pixels.ground import STEPS
from shared.core.media.frame_plan import VideoInfo
from shared.core.media.kinds import Kind

PACKET_STREAMS = {"mpegts", "mpeg", "mpegvideo"}  # their index is what seeking has met so far
SCAN_BYTES = 8 * 1024 * 1024  # a smaller file is read whole: its own packets are better than any index
MOST_PACKETS = 2_000_000
DEFAULT_RATE = 25.0
HIGHEST_RATE = 480.0  # beyond it is a clock, not pictures
TRUNCATED = "the file is cut off: its header or index names more than there is"
INTERLACED = "interlaced: one moment of each frame is shown, with its missing lines made anew"


@dataclass(slots=True, kw_only=True)
class Packets:
    """What the packets themselves say, in seconds of the stream's clock."""

    times_s: list[float] = field(default_factory=list)
    keyframes_s: list[float] = field(default_factory=list)
    end_s: float = 0.0
    damaged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFacts:
    kind: Kind
    size: int
    cut_off: bool


def needs_scan(container: InputContainer, stream: VideoStream, size: int) -> bool:
    """Whether all packets are read for facts: those of small files, and of files whose header does not say how long
    they are.
    """
    return size <= SCAN_BYTES or (not stream.duration and not container.duration)


def scan(container: InputContainer, stream: VideoStream) -> Packets:
    """What all packets say, read without decoding one."""
    found, tick = Packets(), tick_s(stream)
    try:
        for packet in itertools.islice(packets_of(container, [stream]), MOST_PACKETS):
            clock = packet.pts if packet.pts is not None else packet.dts
            if clock is None or packet.size == 0 or packet.is_discard:
                continue  # an edit list leaves pictures out that others need
            at_s = clock * tick
            found.times_s.append(at_s)
            found.end_s = max(found.end_s, at_s + (packet.duration or 0) * tick)
            if packet.is_keyframe:
                found.keyframes_s.append(at_s)
            found.damaged |= packet.is_corrupt
    except av.FFmpegError:
        found.damaged = True
    return found


def describe(
    container: InputContainer,
    stream: VideoStream,
    upload: UploadFacts,
    packets: Packets | None,
    first: VideoFrame,
    start_s: float,
    ground: int | None,
) -> VideoInfo:
    has_index = packets is None and container.format.name not in PACKET_STREAMS
    entries = [entry for entry in stream.index_entries if not entry.is_discard] if has_index else []
    orientation = orientation_of(first)
    width, height = upright_size(stream, first, orientation)
    truncated = upload.cut_off or is_truncated(stream, upload.size) or bool(packets and packets.damaged)
    duration_s = duration_of(container, stream, packets, start_s, truncated=truncated)
    tick = tick_s(stream)
    keys = packets.keyframes_s if packets else [entry.timestamp * tick for entry in entries if entry.is_keyframe]
    audio = next(iter(container.streams.audio), None)
    return VideoInfo(
        kind=upload.kind,
        bytes=upload.size,
        width=width,
        height=height,
        orientation=orientation,
        duration_s=round(duration_s, 3),
        frames=len(packets.times_s) if packets else frames_of(container, stream, len(entries)),
        frames_per_s=round(rate_of(stream, packets), 3),
        codec=str(stream.codec_context.codec.canonical_name),
        audio_codec=audio.codec_context.name if audio is not None and audio.codec_context is not None else None,
        keyframes_s=tuple(sorted({round(max(0.0, key - start_s), 4) for key in keys})),
        truncated=truncated,
        notes=tuple(notes(first, ground, truncated=truncated)),
    )


def notes(first: VideoFrame, ground: int | None, *, truncated: bool) -> Iterator[str]:
    if truncated:
        yield TRUNCATED
    colours = colours_of(first)
    if colours is not None:
        yield f"converted to sRGB from {colours.words}"
    if first.interlaced_frame:
        yield INTERLACED
    if ground is not None:
        yield STEPS[ground]


def tick_s(stream: VideoStream) -> float:
    return float(stream.time_base or 0) or 1e-6


def rate_of(stream: VideoStream, packets: Packets | None) -> float:
    """Pictures per second, by the packets where they were read: Matroska may give its clock's rate for that of its
    pictures.
    """
    if packets and len(packets.times_s) > 1:
        span_s = max(packets.times_s) - min(packets.times_s)
        return (len(packets.times_s) - 1) / span_s if span_s > 0 else DEFAULT_RATE
    rates = (float(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate)
    return next((rate for rate in rates if 0 < rate <= HIGHEST_RATE), DEFAULT_RATE)


def frames_of(container: InputContainer, stream: VideoStream, indexed: int) -> int | None:
    """The number of pictures; None where it is unknown. Matroska's index has some keyframes, a fragmented MP4's what
    was read of it so far; neither has a count.
    """
    if container.format.name == "avi":
        return indexed or stream.frames or None
    return (indexed or stream.frames) if stream.frames else None


def stream_start_s(container: InputContainer, stream: VideoStream, first: VideoFrame) -> float:
    if stream.start_time is not None and container.format.name != "avi":  # has decoding times only
        return float(stream.start_time * tick_s(stream))
    if first.pts is not None:
        return float(first.pts * tick_s(stream))
    return (container.start_time or 0) / av.time_base


def duration_of(
    container: InputContainer, stream: VideoStream, packets: Packets | None, start_s: float, *, truncated: bool
) -> float:
    """The length in seconds: by the packets where they were read, unless some are missing; else by the track, else by
    the file.
    """
    said = float(stream.duration * tick_s(stream)) if stream.duration else (container.duration or 0) / av.time_base
    if packets is None or (said > 0 and (truncated or len(packets.times_s) <= 1)) or not packets.times_s:
        return said
    frame_s = 1 / rate_of(stream, packets)
    return max(packets.end_s, max(packets.times_s) + frame_s / 2) - start_s


def is_truncated(stream: VideoStream, size: int) -> bool:
    """Whether the file is cut off: the index of MP4 and MOV names every frame's place."""
    return len(stream.index_entries) > 0 and any(entry.pos + entry.size > size for entry in stream.index_entries)
