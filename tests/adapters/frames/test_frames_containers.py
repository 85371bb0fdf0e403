"""Containers of camcorders, broadcasts and the older web: told by their bytes, read to the right frame."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from shared.adapters.frames.worker import FrameWorker
from shared.core.errors import SourceRejected
from shared.core.media.playback import MP4_CODECS
from shared.core.models.catalogue import look_up_model
from tests.videos import clip, counted, ranges

MODEL = look_up_model("gpt-4o")
CASES = Path(__file__).parents[4] / "shared" / "cases" / "media"
RATE = 25
PICTURES = [counted(number) for number in range(50)]
PAL = (720, 576)


@pytest.fixture(scope="module")
def worker():
    with FrameWorker() as running:
        yield running


def opened(picture):
    return Image.open(io.BytesIO(picture.data)).convert("RGB")


def difference(one, other):
    small = (16, 16)
    pair = [image.resize(small, Image.Resampling.BOX) for image in (one, other)]
    return sum(ImageStat.Stat(ImageChops.difference(*pair)).mean) / 3


CONTAINERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ts h264": ("ts", {"form": "mpegts"}),
    "ts mpeg2": ("ts", {"form": "mpegts", "codec": "mpeg2video"}),
    "ts hevc": ("ts", {"form": "mpegts", "codec": "libx265"}),
    "m2ts": ("ts", {"form": "mpegts", "options": {"mpegts_m2ts_mode": "1"}}),
    "ts with one keyframe": ("ts", {"form": "mpegts", "gop": 1000, "b_frames": 2}),
    "ts that starts late": ("ts", {"form": "mpegts", "starts_at": 10_000}),
    "mpg": ("mpeg", {"form": "mpeg", "codec": "mpeg1video"}),
    "vob": ("mpeg", {"form": "vob", "codec": "mpeg2video"}),
    "m2v": ("m2v", {"form": "mpeg2video", "codec": "mpeg2video"}),
    "wmv": ("asf", {"form": "asf", "codec": "wmv2"}),
    "flv": ("flv", {"form": "flv", "codec": "flv"}),
    "flv h264": ("flv", {"form": "flv"}),
    "ogv": ("ogv", {"form": "ogg", "codec": "libvpx"}),
    "mxf mpeg2": ("mxf", {"form": "mxf", "codec": "mpeg2video"}),
    "mxf prores": ("mxf", {"form": "mxf", "codec": "prores_ks"}),
    "dv": ("dv", {"form": "dv", "codec": "dvvideo", "frames": [picture.resize(PAL) for picture in PICTURES]}),
}


@pytest.mark.parametrize(("name", "made"), CONTAINERS.values(), ids=CONTAINERS)
def test_each_frame_is_that_of_its_moment(worker, name, made):
    """50 frames of 0.04 s: five come from five fifths, and each shows what is on screen then."""
    data = clip(**{"frames": PICTURES, "rate": RATE, **made})
    video = worker.sample(ranges(data), model=MODEL, detail="low", frames=5)

    assert video.info.kind.format == name
    assert video.info.duration_s == pytest.approx(2.0, abs=0.05)
    assert video.info.frames in {None, 50}
    assert len(video.frames) == 5
    assert (video.coverage.percent, video.partial) == (100.0, False)
    for picture in video.frames:
        number = round(picture.at_s * RATE)
        shown = opened(picture)
        near = {other: difference(shown, PICTURES[other]) for other in range(50)}
        assert min(near, key=near.__getitem__) in {number - 1, number, number + 1}


@pytest.mark.parametrize("form", ["mpegts", "dv"])
def test_only_parts_of_a_large_file_are_read(worker, form):
    """Without an index too, and with keyframes that nobody has counted."""
    noise = [Image.effect_noise((320, 240), 200).convert("RGB") for _ in range(7)]
    made = {
        "mpegts": (noise * 150, "mpeg2video"),
        "dv": ([counted(number, PAL) for number in range(30)] * 5, "dvvideo"),
    }
    pictures, codec = made[form]
    file = ranges(clip(pictures, form=form, rate=RATE, codec=codec))
    video = worker.sample(file, model=MODEL, detail="low", frames=4)
    length_s = len(pictures) / RATE

    assert file.size > 9_000_000
    assert [picture.at_s for picture in video.frames] == pytest.approx(
        [length_s * n / 8 for n in (1, 3, 5, 7)], abs=0.1
    )
    assert file.bytes_fetched < 0.5 * file.size


@pytest.mark.parametrize("made", [{"form": "mpegts"}, {"form": "flv"}, {"form": "mpegts", "codec": "mpeg2video"}])
def test_an_mp4_for_browsers(worker, made):
    """With the sound: tracks that fit are copied, others are encoded."""
    data = clip(PICTURES, rate=RATE, tone_hz=440, **made)
    mp4 = b"".join(worker.mp4(ranges(data), copied=MP4_CODECS))

    with av.open(io.BytesIO(mp4)) as made_anew:
        assert made_anew.streams.video[0].codec_context.name == "h264"
        assert made_anew.streams.audio[0].codec_context.name == "aac"
        shown = [frame.to_image() for frame in made_anew.decode(video=0)]
    assert len(shown) == 50
    assert difference(shown[30], PICTURES[30]) < 12


def test_a_film_without_pictures_is_named(worker):
    """Sound alone in a film's container."""
    data = clip(10, rate=RATE, form="mpegts", tone_hz=440)
    silent = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(silent, "w", format="mpegts") as out:
        track = source.streams.audio[0]
        copy = out.add_stream_from_template(track)
        for packet in source.demux(track):
            if packet.size:
                packet.stream = copy
                out.mux(packet)
    with pytest.raises(SourceRejected, match="no picture track") as refused:
        worker.sample(ranges(silent.getvalue()), model=MODEL, detail="low")
    assert refused.value.code == "unsupported"


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")
def test_theora(worker):
    """There is no encoder to make one with."""
    video = worker.sample(ranges((CASES / "container.ogv").read_bytes()), model=MODEL, detail="low")

    assert video.info.codec == "theora"
    assert len(video.frames) >= 5
