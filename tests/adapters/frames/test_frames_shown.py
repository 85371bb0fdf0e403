"""Frames as a player shows them: colours by their tags or by what players assume, shapes, interlaced lines."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise

import av
import pytest
from av.video.reformatter import Colorspace
from PIL import Image, ImageDraw

from shared.adapters.frames.worker import FrameWorker
from shared.core.media.playback import MP4_CODECS
from shared.core.models.catalogue import look_up_model
from tests.charts import BLACK, WHITE, as_bt2020, as_hlg, as_p3, as_pq, chart, mean_difference, patches
from tests.videos import ranges

MODEL = look_up_model("gpt-4o")
HD = (1280, 720)


@pytest.fixture(scope="module")
def worker():
    with FrameWorker() as running:
        yield running


def sample(worker, data, **options):
    options.setdefault("detail", "high")
    return worker.sample(ranges(data), model=MODEL, **options)


def opened(picture):
    return Image.open(io.BytesIO(picture.data)).convert("RGB")


def film(
    pictures: list[Image.Image], matrix: Colorspace, tags: str = "", *, form: str = "matroska", pix_fmt: str = "yuv420p"
) -> bytes:
    """Coded with that matrix and those tags of x264; with none, a player must assume what the matrix is."""
    target = io.BytesIO()
    with av.open(target, "w", format=form) as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height = pictures[0].size
        stream.pix_fmt = pix_fmt
        stream.options = {"crf": "1", "x264-params": tags}
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_image(picture).reformat(format=pix_fmt, dst_colorspace=matrix)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            frame.colorspace = 2  # the tags decide what the file says
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return target.getvalue()


BT2020, P3 = "colorprim=bt2020:colormatrix=bt2020nc", "colorprim=smpte432:colormatrix=bt709"
WIDE = {
    "HLG": (chart(as_hlg), Colorspace.BT2020, f"{BT2020}:transfer=arib-std-b67", 6),
    "PQ": (chart(as_pq), Colorspace.BT2020, f"{BT2020}:transfer=smpte2084", 6),
    "BT.2020": (chart(as_bt2020), Colorspace.BT2020, f"{BT2020}:transfer=bt2020-10", 4),
    "Display P3": (chart(as_p3), Colorspace.ITU709, f"{P3}:transfer=bt709", 4),
    "BT.709": (chart(), Colorspace.ITU709, "colorprim=bt709:colormatrix=bt709:transfer=bt709", 3),
    "BT.601": (chart(), Colorspace.ITU601, "colorprim=bt470bg:colormatrix=bt470bg:transfer=smpte170m", 3),
    "none, small": (chart(), Colorspace.ITU601, "", 3),
    "none, large": (chart().resize(HD), Colorspace.ITU709, "", 3),
}


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize(("picture", "matrix", "tags", "most"), WIDE.values(), ids=WIDE)
def test_the_chart_looks_the_same_however_coded(worker, picture, matrix, tags, most, pix_fmt):
    """With 203 cd/m² as white; in frames and in the poster."""
    video = sample(worker, film([picture] * 3, matrix, tags, pix_fmt=pix_fmt))

    for shown in (opened(video.frames[0]), opened(video.poster)):
        assert mean_difference(shown) <= most
        assert patches(shown)[WHITE][1] >= 200
        assert patches(shown)[BLACK][1] <= 66


@pytest.mark.parametrize(("name", "words"), [("HLG", "BT.2020 HLG, page white"), ("P3", "Display P3"), ("BT.709", "")])
def test_what_was_done_to_colours_is_said(worker, name, words):
    """Or nothing, where nothing was done."""
    key = {"P3": "Display P3"}.get(name, name)
    picture, matrix, tags, _ = WIDE[key]
    notes = sample(worker, film([picture], matrix, tags)).info.notes

    assert [note for note in notes if "sRGB" in note] == [note for note in notes if words and words in note]
    assert bool(words) == bool(notes)


def moving(size: tuple[int, int], shift: int) -> Image.Image:
    """Black bars on white, that far to the right."""
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for left in range(-64, size[0], 32):
        pen.rectangle((left + shift, 0, left + shift + 15, size[1]), fill="black")
    return picture


def woven(first: Image.Image, second: Image.Image) -> Image.Image:
    """Even lines of one, odd lines of the other."""
    lines = Image.new("L", (1, first.height))
    lines.putdata([255 * (row % 2) for row in range(first.height)])
    return Image.composite(second, first, lines.resize(first.size))


def test_interlaced_frames_have_no_combs(worker):
    """Two moments in one frame: bars that have moved by a half are grey stripes when both are shown."""
    size = (320, 240)
    pictures = [woven(moving(size, 12 * number), moving(size, 12 * number + 16)) for number in range(5)]
    combed = sample(worker, film(pictures, Colorspace.ITU601))
    shown = sample(worker, film(pictures, Colorspace.ITU601, "tff=1"))

    assert steps_between_lines(opened(combed.frames[0])) > 50
    assert steps_between_lines(opened(shown.frames[0])) < 12
    assert any("interlaced" in note for note in shown.info.notes)


def test_an_mp4_for_browsers_has_no_combs(worker):
    """Where its pictures are encoded anew."""
    pictures = [woven(moving((320, 240), 12 * number), moving((320, 240), 12 * number + 16)) for number in range(10)]
    target = io.BytesIO()
    with av.open(target, "w", format="mpegts") as out:
        stream = out.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 320, 240, "yuv420p", 8_000_000
        stream.options = {"flags": "+ildct+ilme"}
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    mp4 = b"".join(worker.mp4(ranges(target.getvalue()), copied=MP4_CODECS))

    with av.open(io.BytesIO(mp4)) as made:
        shown = [frame.to_image() for frame in made.decode(video=0)]
    assert len(shown) == 10
    assert max(steps_between_lines(image) for image in shown) < 12


def steps_between_lines(image: Image.Image) -> float:
    """How much each line differs from the next, on average."""
    grey = image.convert("L").resize((image.width, 240))
    lines = [grey.crop((0, row, grey.width, row + 1)).tobytes() for row in range(40, 200)]
    steps = [abs(a - b) for above, below in pairwise(lines) for a, b in zip(above, below, strict=True)]
    return sum(steps) / len(steps)


def disc(size: tuple[int, int]) -> Image.Image:
    picture = Image.new("RGB", size, "navy")
    middle, radius = (size[0] // 2, size[1] // 2), min(size) // 3
    ImageDraw.Draw(picture).ellipse(
        (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius), fill="red"
    )
    return picture


def joined(*films: bytes, form: str = "webm") -> bytes:
    """One after the other in one track, as recorders of calls write it when the picture is turned."""
    target, after = io.BytesIO(), 0
    with av.open(target, "w", format=form) as out:
        copy = None
        for film_bytes in films:
            with av.open(io.BytesIO(film_bytes), "r") as source:
                track = source.streams.video[0]
                copy = copy or out.add_stream_from_template(track, opaque=True)
                packets = [packet for packet in source.demux(track) if packet.size]
                for packet in packets:
                    packet.pts, packet.dts = (packet.pts or 0) + after, (packet.dts or 0) + after
                    packet.stream = copy
                    out.mux(packet)
                after += 1000
    return target.getvalue()


def vp8(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as out:
        stream = out.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt = *picture.size, "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return target.getvalue()


@pytest.mark.parametrize("contact_sheet", [False, True])
def test_a_film_that_is_turned_on_the_way_is_not_stretched(worker, contact_sheet):
    """A disc stays round; grey bars fill the rest."""
    data = joined(vp8(disc((240, 136))), vp8(disc((136, 240))))
    video = sample(worker, data, frames=4, contact_sheet=contact_sheet)
    last = opened(video.frames[-1])
    if contact_sheet:
        last = last.crop(video.plan.sheet.box(1 if len(video.frames[-1].frames_at_s) == 2 else 3))
    red = last.split()[0].point(lambda value: 255 if value > 200 else 0)
    left, top, right, bottom = red.getbbox()

    assert 0.85 < (right - left) / (bottom - top) < 1.18
