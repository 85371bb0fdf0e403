"""A video as MP4, written while it is read: tracks that fit are copied, others encoded anew.

Fragmented, so that nothing has to be gone back to: the result can be stored while it grows. Runs in the child only.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
from av.audio.resampler import AudioResampler
from av.container import InputContainer, OutputContainer

from shared.core.frame_plan import fit

COPIED_SOUND = frozenset({"aac", "mp3"})
OPTIONS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
LONGEST_SIDE = 1280
CLOCK = Fraction(1, 90_000)
SOUND_RATE = 48_000

Feed = Callable[[Any], Iterator[Any]]  # a packet to what is written for it


def write_mp4(source: InputContainer, pictures: Any, sink: io.RawIOBase, *, turn: int, copied: frozenset[str]) -> None:
    """`copied` are the codecs of pictures that stay as they are; others are turned by `turn` degrees when they are
    played. Damaged packets are left out, as players do.
    """
    sound = next(iter(source.streams.audio), None)
    with av.open(sink, "w", format="mp4", options=OPTIONS) as out:
        feeds: dict[int, Feed] = {pictures.index: picture_feed(out, pictures, turn, copied)}
        if sound is not None:
            feeds[sound.index] = sound_feed(out, sound)
        for packet in source.demux([source.streams[index] for index in feeds]):
            try:
                for written in feeds[packet.stream.index](packet):
                    out.mux(written)
            except av.error.InvalidDataError:
                continue


def copy_feed(out: OutputContainer, stream: Any) -> Feed:
    copy = out.add_stream_from_template(stream)

    def feed(packet: Any) -> Iterator[Any]:
        if packet.dts is not None:
            packet.stream = copy
            yield packet

    return feed


def picture_feed(out: OutputContainer, stream: Any, turn: int, copied: frozenset[str]) -> Feed:
    if stream.codec_context.codec.canonical_name in copied:
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
            small = frame.reformat(width=width, height=height, format="yuv420p")
            small.pts, small.time_base = round(float(frame.time or 0) / CLOCK), CLOCK
            small.pict_type = 0  # the encoder chooses its own keyframes
            yield from encoder.encode(small)
        if packet.size == 0:
            yield from encoder.encode(None)

    return feed


def sound_feed(out: OutputContainer, stream: Any) -> Feed:
    if stream.codec_context.codec.canonical_name in COPIED_SOUND:
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
