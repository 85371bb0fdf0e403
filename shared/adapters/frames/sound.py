"""The sound of a video as small pieces of speech quality, for transcription. Runs in the child process only.

16 kHz mono at 32 kbit/s: five minutes have 1.2 MB, far under the 25 MB that the service takes. Silence is not sent.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from io import BytesIO

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer

from shared.adapters.frames.packets import packets_of
from shared.core.media.picture import SoundPiece

RATE = 16_000
BIT_RATE = 32_000
PIECE_S = 300.0  # models without times of their own are placed by their pieces
SILENT_PEAK = 100  # of 32,767: -50 dB
EVERY = 4  # samples: a peak lasts longer


def pieces(container: InputContainer) -> Iterator[SoundPiece]:
    """The sound in pieces, in order and without gaps; none for a video without sound. Damaged packets are left out, as
    players do.
    """
    frames = resampled(container)
    start_s, piece = 0.0, PieceWriter()
    for frame in frames:
        piece.add(frame)
        if piece.duration_s >= PIECE_S:
            yield piece.finish(start_s)
            start_s, piece = start_s + piece.duration_s, PieceWriter()
    if piece.samples:
        yield piece.finish(start_s)


def resampled(container: InputContainer) -> Iterator[AudioFrame]:
    stream = next(iter(container.streams.audio), None)
    if stream is None:
        return
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    for packet in packets_of(container, [stream]):
        try:
            decoded = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in decoded:
            frame.pts = None  # gaps in the clock are closed: pieces are placed by what they hold
            yield from resampler.resample(frame)
    yield from resampler.resample(None)


class PieceWriter:
    def __init__(self) -> None:
        self.target = BytesIO()
        self.out = av.open(self.target, "w", format="mp3")
        self.stream = self.out.add_stream("libmp3lame", rate=RATE, layout="mono", bit_rate=BIT_RATE)
        self.samples = 0
        self.peak = 0

    @property
    def duration_s(self) -> float:
        return self.samples / RATE

    def add(self, frame: AudioFrame) -> None:
        heard = array("h", bytes(frame.planes[0])[: frame.samples * 2])[::EVERY]
        self.peak = max(self.peak, max(heard, default=0), -min(heard, default=0))
        frame.pts = self.samples
        self.samples += frame.samples
        self.out.mux(self.stream.encode(frame))

    def finish(self, start_s: float) -> SoundPiece:
        self.out.mux(self.stream.encode(None))
        self.out.close()
        data = self.target.getvalue() if self.peak > SILENT_PEAK else b""
        return SoundPiece(start_s=round(start_s, 3), duration_s=round(self.duration_s, 3), data=data)
