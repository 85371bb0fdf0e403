"""Opens a video and reads what its header says: size upright, length, keyframes. The first frame must decode.

Runs in the child process only (frames/child.py): what FFmpeg's demuxers make of a broken file is not for the app's own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from shared.adapters.frames.shape import orientation_of, upright_size
from shared.core.errors import SourceRejected
from shared.core.media.decode_limits import DecodeLimits, Load, check_source
from shared.core.media.frame_plan import VideoInfo
from shared.core.media.kinds import HEAD_BYTES, Kind, sniff
from shared.core.media.length import announced_bytes

# The demuxer is named, so that no other (playlists, scripts) ever looks at a stranger's bytes.
DEMUXERS = {"mp4": "mov", "mov": "mov", "3gp": "mov", "m4a": "mov", "mkv": "matroska", "webm": "matroska", "avi": "avi"}
READ_BYTES = 32 * 1024
SCAN_BYTES = 8 * 1024 * 1024  # a smaller file is read whole: its own packets are better than any index
MOST_PACKETS = 2_000_000
HDR_TRANSFERS = {16: "PQ", 18: "HLG"}
ROUNDING = 0.01  # ticks
DEFAULT_RATE = 25.0
HIGHEST_RATE = 480.0  # beyond it is a clock, not pictures
TRUNCATED = "the file is cut off: its header or index names more than there is"


@dataclass(slots=True, kw_only=True)
class Video:
    """An open video. Times are seconds from its first picture."""

    container: InputContainer
    stream: VideoStream
    info: VideoInfo
    start_s: float
    frame_s: float
    first: VideoFrame

    @property
    def seeks_anywhere(self) -> bool:
        """An AVI that was cut off has lost its index. What the demuxer takes for keyframes then are none."""
        return self.info.truncated and self.container.format.name == "avi"

    def time_of(self, pts: int) -> float:
        return max(0.0, pts * tick_s(self.stream) - self.start_s)

    def ticks(self, at_s: float) -> int:
        """Never after that moment: a tick of AVI is a whole frame."""
        return math.floor((at_s + self.start_s) / tick_s(self.stream) + ROUNDING)


@dataclass(slots=True, kw_only=True)
class Packets:
    """What the packets themselves say, in seconds of the stream's clock."""

    times_s: list[float] = field(default_factory=list)
    keyframes_s: list[float] = field(default_factory=list)
    end_s: float = 0.0
    damaged: bool = False


@contextmanager
def decoder_errors(kind: Kind) -> Iterator[None]:
    """FFmpeg's errors as the user's: memory is a matter of size, all else of the file's bytes."""
    try:
        yield
    except (MemoryError, av.error.MemoryError) as error:
        raise SourceRejected(
            f"the {kind.label} video needs too much memory to decode", code="too_large", hint="Upload a smaller copy."
        ) from error
    except (av.FFmpegError, OSError, ValueError, StopIteration) as error:
        raise corrupt(kind) from error


def corrupt(kind: Kind) -> SourceRejected:
    return SourceRejected(
        f"the {kind.label} video cannot be read", code="corrupt", hint="Play it, export it again and upload that."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    kind: Kind
    size: int
    cut_off: bool


@contextmanager
def open_video(file: Any, limits: DecodeLimits) -> Iterator[Video]:
    head = file.read(HEAD_BYTES)
    kind = sniff(head)
    file.seek(0)
    if kind.kind != "video" or kind.format not in DEMUXERS:
        raise SourceRejected(f"{kind.label} is no video that can be read", code="unsupported", hint="Use MP4 or MOV.")
    with decoder_errors(kind):
        container = av.open(file, format=DEMUXERS[kind.format], buffer_size=READ_BYTES, metadata_errors="replace")
    with container:
        with decoder_errors(kind):
            cut_off = (announced_bytes(head) or 0) > file.size
            video = inspect(container, Upload(kind=kind, size=file.size, cut_off=cut_off), limits)
        yield video


def inspect(container: InputContainer, upload: Upload, limits: DecodeLimits) -> Video:
    stream = picture_track(container, upload.kind)
    stream.thread_type = "NONE"  # threads cost more than they gain for single frames
    context = stream.codec_context
    check_source(Load(bytes=min(upload.size, limits.max_bytes), pixels=context.width * context.height), limits)
    packets = scan(container, stream) if needs_scan(container, stream, upload.size) else None
    container.seek(0)  # Matroska's index is read only then
    first = first_frame(container, stream)
    start_s = min(packets.times_s) if packets and packets.times_s else stream_start_s(container, stream, first)
    return Video(
        container=container,
        stream=stream,
        info=describe(container, stream, upload, packets, first, start_s),
        start_s=start_s,
        frame_s=1 / rate_of(stream, packets),
        first=first,
    )


def picture_track(container: InputContainer, kind: Kind) -> VideoStream:
    """The cover of a song looks like a video track; it is marked as what it is."""
    cover = av.stream.Disposition.attached_pic
    track = next((stream for stream in container.streams.video if not stream.disposition & cover), None)
    if track is None or track.codec_context is None:
        if len(container.streams) == 0:
            raise corrupt(kind)
        hint = "Upload a video, or the sound as text."
        raise SourceRejected("the file has no picture track that can be decoded", code="unsupported", hint=hint)
    return track


def first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    """Raises StopIteration where nothing decodes. A damaged start is skipped."""
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            return frame
    raise StopIteration


def needs_scan(container: InputContainer, stream: VideoStream, size: int) -> bool:
    """Small files, and those whose header does not say how long they are."""
    return size <= SCAN_BYTES or (not stream.duration and not container.duration)


def scan(container: InputContainer, stream: VideoStream) -> Packets:
    """Read all packets without decoding one."""
    found, tick = Packets(), tick_s(stream)
    try:
        for packet in itertools.islice(container.demux(stream), MOST_PACKETS):
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
    upload: Upload,
    packets: Packets | None,
    first: VideoFrame,
    start_s: float,
) -> VideoInfo:
    entries = [] if packets else [entry for entry in stream.index_entries if not entry.is_discard]
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
        notes=tuple(notes(first, truncated=truncated)),
    )


def notes(first: VideoFrame, *, truncated: bool) -> Iterator[str]:
    if truncated:
        yield TRUNCATED
    transfer = HDR_TRANSFERS.get(int(first.color_trc or 0))
    if transfer is not None:
        yield f"high dynamic range ({transfer}) is shown without tone mapping: colours look flat"


def tick_s(stream: VideoStream) -> float:
    return float(stream.time_base or 0) or 1e-6


def rate_of(stream: VideoStream, packets: Packets | None) -> float:
    """The packets' own rate where they were read: Matroska may say its clock's rate for that of its pictures."""
    if packets and len(packets.times_s) > 1:
        span_s = max(packets.times_s) - min(packets.times_s)
        return (len(packets.times_s) - 1) / span_s if span_s > 0 else DEFAULT_RATE
    rates = (float(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate)
    return next((rate for rate in rates if 0 < rate <= HIGHEST_RATE), DEFAULT_RATE)


def frames_of(container: InputContainer, stream: VideoStream, indexed: int) -> int | None:
    """Matroska's index has some keyframes, a fragmented MP4's what was read of it so far; neither has a count."""
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
    """The packets' own word where they were read, unless some are missing; else the track's, else the file's."""
    said = float(stream.duration * tick_s(stream)) if stream.duration else (container.duration or 0) / av.time_base
    if packets is None or (said > 0 and (truncated or len(packets.times_s) <= 1)) or not packets.times_s:
        return said
    frame_s = 1 / rate_of(stream, packets)
    return max(packets.end_s, max(packets.times_s) + frame_s / 2) - start_s


def is_truncated(stream: VideoStream, size: int) -> bool:
    """The index of MP4 and MOV names every frame's place."""
    return len(stream.index_entries) > 0 and any(entry.pos + entry.size > size for entry in stream.index_entries)
