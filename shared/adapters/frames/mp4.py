"""A video as MP4, written while it is read: tracks that fit are copied, others encoded anew.

Fragmented, so that nothing has to be gone back to: the result can be stored while it grows. Its head waits for the
first fragment, for only then it can say when each track begins. Runs in the child only.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
from av.audio.resampler import AudioResampler
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer

from shared.adapters.frames.deinterlace import progressive
from shared.adapters.frames.packets import packets_of
from shared.core.media.frame_plan import fit

COPIED_SOUND = frozenset({"aac", "mp3"})
MUXER_OPTIONS = {"movflags": "frag_keyframe+delay_moov+default_base_moof"}
REORDERED = frozenset({"h264", "hevc"})
MOST_DELAYED = 64  # packets: four times as many as decoders keep back, so its picture is never shown
LEAD = 4  # pictures that decoding is ahead of showing, where the file does not say: encoders of these files need two
APPLE_TAG = {"hevc": "hvc1"}  # the only name by which Apple's players take it
LONGEST_SIDE = 1280
CLOCK = Fraction(1, 90_000)
SOUND_RATE = 48_000

Feed = Callable[[Any], Iterator[Any]]  # a packet to what is written for it


def write_mp4(source: InputContainer, pictures: Any, sink: io.RawIOBase, *, turn: int, copied: frozenset[str]) -> None:
    """Write the video as MP4 to the sink. `copied` are the codecs of pictures that are not encoded again; those of
    others are turned by `turn` degrees when they are played. Damaged packets are left out, as players do.
    """
    sound = next(iter(source.streams.audio), None)
    start_s = Fraction(source.start_time or 0, av.time_base)
    with av.open(sink, "w", format="mp4", options=MUXER_OPTIONS) as out:
        feeds: dict[int, Feed] = {pictures.index: picture_feed(out, pictures, turn, copied)}
        if sound is not None:
            feeds[sound.index] = sound_feed(out, sound)
        for packet in packets_of(source, [source.streams[index] for index in feeds]):
            try:
                for written in feeds[packet.stream.index](from_zero(packet, start_s)):
                    out.mux(written)
            except av.error.InvalidDataError:
                continue


def from_zero(packet: Any, start_s: Fraction) -> Any:
    """The packet with times that begin at 0: part of a broadcast may begin after an hour of nothing."""
    ticks = round(start_s / packet.time_base) if packet.time_base else 0
    packet.pts = None if packet.pts is None else packet.pts - ticks
    packet.dts = None if packet.dts is None else packet.dts - ticks
    return packet


def copy_feed(out: OutputContainer, stream: Any) -> Feed:
    """A feed that passes packets on as they are. Matroska has no decoding times for the first pictures; the muxer makes
    them of the others.
    """
    copy = out.add_stream_from_template(stream, opaque=True)  # decoders suffice: dav1d has no encoder
    tag = APPLE_TAG.get(stream.codec_context.codec.canonical_name)
    if tag is not None:
        copy.codec_context.codec_tag = tag

    def feed(packet: Any) -> Iterator[Any]:
        if packet.size > 0 and (packet.pts is not None or packet.dts is not None):
            packet.stream = copy
            yield packet

    return feed


def unframed_feed(out: OutputContainer, stream: Any) -> Feed:
    """A feed of AAC packets without their headers: in streams of packets each block has one of its own; MP4 has one for
    all.
    """
    copy = copy_feed(out, stream)
    unframe = BitStreamFilterContext("aac_adtstoasc", stream)

    def feed(packet: Any) -> Iterator[Any]:
        if packet.size > 0:
            for bare in unframe.filter(packet):
                yield from copy(bare)

    return feed


def in_order_feed(out: OutputContainer, stream: Any) -> Feed:
    """A feed of packets that are each decoded and shown at the same moment."""
    copy = copy_feed(out, stream)

    def feed(packet: Any) -> Iterator[Any]:
        packet.pts = packet.dts
        yield from copy(packet)

    return feed


def shown_feed(out: OutputContainer, stream: Any) -> Feed:
    """A feed of packets with the times at which they are shown: AVI says only when a picture is decoded. The decoder
    knows in which order they are shown: its n-th picture is on screen when the n-th packet would be decoded.
    """
    copy = copy_feed(out, stream)
    waiting: deque[Any] = deque()
    clock: deque[int] = deque()
    shown: dict[int, int] = {}

    def feed(packet: Any) -> Iterator[Any]:
        if packet.size > 0:
            packet.pts = packet.dts  # tells the decoder's pictures apart
            waiting.append(packet)
            clock.append(packet.dts)
        for frame in packet.decode():
            shown[frame.pts] = clock.popleft()
        while waiting and (waiting[0].pts in shown or packet.size == 0 or len(waiting) > MOST_DELAYED):
            first = waiting.popleft()
            at = shown.pop(first.pts) if first.pts in shown else clock.popleft()
            first.dts -= LEAD
            first.pts = max(first.dts, at)
            yield from copy(first)

    return feed


def picture_feed(out: OutputContainer, stream: Any, turn: int, copied: frozenset[str]) -> Feed:
    codec = stream.codec_context.codec.canonical_name
    if codec in copied and codec in REORDERED and stream.container.format.name == "avi":
        return (shown_feed if stream.codec_context.has_b_frames else in_order_feed)(out, stream)
    if codec in copied:
        return copy_feed(out, stream)
    width, height = (side // 2 * 2 for side in fit((stream.width, stream.height), LONGEST_SIDE))
    encoder = out.add_stream("libx264", rate=stream.average_rate or 25, options={"preset": "veryfast"})
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.codec_context.time_base = CLOCK
    if turn:
        encoder.set_display_rotation(turn)
    if stream.sample_aspect_ratio:
        encoder.codec_context.sample_aspect_ratio = stream.sample_aspect_ratio

    def feed(packet: Any) -> Iterator[Any]:
        for frame in packet.decode():
            small = progressive(frame).reformat(width=width, height=height, format="yuv420p")
            small.pts, small.time_base = round(float(frame.time or 0) / CLOCK), CLOCK
            small.pict_type = 0  # the encoder chooses its own keyframes
            yield from encoder.encode(small)
        if packet.size == 0:
            yield from encoder.encode(None)

    return feed


def sound_feed(out: OutputContainer, stream: Any) -> Feed:
    codec = stream.codec_context.codec.canonical_name
    if codec == "aac" and not stream.codec_context.extradata_size:
        return unframed_feed(out, stream)
    if codec in COPIED_SOUND:
        return copy_feed(out, stream)
    encoder = out.add_stream("aac", rate=SOUND_RATE, layout="stereo")
    resampler = AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE)

    def feed(packet: Any) -> Iterator[Any]:
        for frame in packet.decode():
            for part in resampler.resample(frame):
                yield from encoder.encode(part)
        if packet.size == 0:
            for part in resampler.resample(None):
                yield from encoder.encode(part)
            yield from encoder.encode(None)

    return feed
