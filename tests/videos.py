"""Small videos of every sort, made on the spot: no binary files in the tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import av
from av.audio.frame import AudioFrame
from av.stream import Disposition
from PIL import Image, ImageDraw

from shared.adapters.frames.ranges import RangeReader

SIZE = (128, 96)
RATE = 10
SAMPLE_RATE = 16_000
BIT_RATE = 4_000_000
OF_OLD = {"mpeg1video", "mpeg2video", "wmv2", "flv"}  # their encoders have no quality of their own
PIXELS = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}
Draw = Callable[[int], Image.Image]


def counted(number: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture that is unlike the one before and the one after, and full of edges."""
    image = Image.effect_noise(size, 90).convert("RGB")
    pen = ImageDraw.Draw(image)
    hue = (37 * number) % 200
    pen.rectangle((0, 0, size[0] // 2, size[1] // 2), fill=(hue, 255 - hue, 90))
    pen.rectangle((size[0] * (number % 7) // 7, size[1] // 2, size[0], size[1]), fill=(200 - hue, 60, hue))
    return image


def plain(colour: str, size: tuple[int, int] = SIZE) -> Image.Image:
    return Image.new("RGB", size, colour)


def clip(  # noqa: PLR0913  # each video is unlike the usual in one of these
    frames: Iterable[Image.Image] | int = 30,
    *,
    form: str = "mp4",
    codec: str = "libx264",
    gop: int = 10,
    rate: int = RATE,
    times: Iterable[int] | None = None,
    rotation: int = 0,
    pixel_shape: Fraction | None = None,
    tone_hz: int | None = None,
    silent: bool = False,
    b_frames: int = 0,
    starts_at: int = 0,
    options: dict[str, str] | None = None,
) -> bytes:
    """`times` are frame numbers for a variable rate; `tone_hz` or `silent` add a sound track.

    `b_frames` that many are decoded out of order between two others; the clock starts at frame number `starts_at`.
    """
    pictures = [counted(number) for number in range(frames)] if isinstance(frames, int) else list(frames)
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip")
        with av.open(str(path), "w", format=form, options=options or {}) as out:  # faststart reads its file again
            stream = out.add_stream(codec, rate=rate)
            stream.width, stream.height = pictures[0].size
            stream.pix_fmt = PIXELS.get(codec, "yuv420p")
            if codec in OF_OLD:
                stream.bit_rate = BIT_RATE
            stream.gop_size = gop
            stream.time_base = Fraction(1, rate)
            if codec == "libx264":
                stream.options = {"sc_threshold": "0", "preset": "ultrafast", "bf": str(b_frames), "b_strategy": "0"}
            if pixel_shape is not None:
                stream.codec_context.sample_aspect_ratio = pixel_shape
            if rotation:
                stream.set_display_rotation(rotation)
            sound = out.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if tone_hz or silent else None
            for number, picture in zip(times or range(len(pictures)), pictures, strict=False):
                frame = av.VideoFrame.from_image(picture)
                frame.pts, frame.time_base = number + starts_at, Fraction(1, rate)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
            if sound is not None:
                for block in tone(tone_hz or 0, len(pictures) / rate):
                    out.mux(sound.encode(block))
                out.mux(sound.encode(None))
        return path.read_bytes()


def remuxed(
    *films: bytes,
    form: str = "mp4",
    marked: int | None = None,
    skip: int = 0,
    shift: int = 0,
    options: dict[str, str] | None = None,
) -> bytes:
    """The picture tracks of several films in one, the one with number `marked` being the default.

    The first `skip` packets of each are left out; the clock of the others is `shift` frames earlier.
    """
    with TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder, "film")
        sources = [stack.enter_context(av.open(BytesIO(film), "r")) for film in films]
        with av.open(str(path), "w", format=form, options=options or {}) as out:
            copies = [out.add_stream_from_template(source.streams.video[0], opaque=True) for source in sources]
            for number, copy in enumerate(copies):
                if marked is not None:
                    copy.disposition = Disposition.default if number == marked else Disposition(0)
            for source, copy in zip(sources, copies, strict=True):
                for packet in list(source.demux(video=0))[skip:]:
                    if packet.size and packet.dts is not None and packet.time_base:
                        earlier = round(Fraction(shift, RATE) / packet.time_base)
                        packet.pts, packet.dts, packet.stream = (packet.pts or 0) - earlier, packet.dts - earlier, copy
                        out.mux(packet)
        return path.read_bytes()


def of_jpegs(pictures: Iterable[bytes], size: tuple[int, int], form: str = "avi") -> bytes:
    """A film whose pictures are these files, to the byte."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "film")
        with av.open(str(path), "w", format=form) as out:
            stream = out.add_stream("mjpeg", rate=RATE)
            stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p"
            for number, data in enumerate(pictures):
                packet = av.Packet(data)
                packet.pts = packet.dts = number
                packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, RATE), stream, True
                out.mux(packet)
        return path.read_bytes()


def tone(hertz: int, seconds: float) -> Iterable[AudioFrame]:
    """A square wave; 0 Hz is silence."""
    block = 1024
    for start in range(0, int(seconds * SAMPLE_RATE), block):
        samples = [
            0 if not hertz else (8000 if (start + index) * 2 * hertz // SAMPLE_RATE % 2 else -8000)
            for index in range(block)
        ]
        frame = AudioFrame(format="s16", layout="mono", samples=block)
        frame.planes[0].update(b"".join(value.to_bytes(2, "little", signed=True) for value in samples))
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        yield frame


def ranges(data: bytes) -> RangeReader:
    return RangeReader(lambda at, size: data[at : at + size], len(data))
