"""MP4s for browsers and the index: every picture at its time, whatever container and codec it comes from."""

from __future__ import annotations

import io

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from shared.adapters.frames.worker import FrameWorker
from shared.core.media.playback import MP4_CODECS
from tests.videos import RATE, clip, counted, ranges

PICTURES = [counted(number) for number in range(30)]


@pytest.fixture(scope="module")
def worker():
    with FrameWorker() as running:
        yield running


MADE = {
    "mkv": {"form": "matroska"},
    "mkv with B-frames": {"form": "matroska", "b_frames": 2},
    "mkv that starts late": {"form": "matroska", "b_frames": 2, "starts_at": 400},
    "mkv AV1": {"form": "matroska", "codec": "libsvtav1"},
    "mkv HEVC": {"form": "matroska", "codec": "libx265"},
    "mkv VP9": {"form": "matroska", "codec": "libvpx-vp9"},
    "mkv VP8, encoded": {"form": "matroska", "codec": "libvpx"},
    "avi": {"form": "avi"},
    "avi with B-frames": {"form": "avi", "b_frames": 3},
    "avi MPEG-4, encoded": {"form": "avi", "codec": "mpeg4"},
    "3gp with B-frames": {"form": "3gp", "b_frames": 2},
    "mov ProRes, encoded": {"form": "mov", "codec": "prores_ks"},
    "variable rate": {"form": "matroska", "b_frames": 2, "times": [*range(10), *range(40, 60)]},
}


def small(picture):
    return picture.resize((16, 12), Image.Resampling.BOX)


SMALL = [small(picture) for picture in PICTURES]


def number_of(picture):
    """Which of the pictures this one is most like."""
    shown = small(picture)
    return min(range(30), key=lambda number: sum(ImageStat.Stat(ImageChops.difference(shown, SMALL[number])).sum))


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_every_picture_is_there_at_its_time(worker, made):
    """From the first one at 0 s: no picture is lost, none stutters, none changes its place."""
    data = b"".join(worker.mp4(ranges(clip(PICTURES, **made)), copied=MP4_CODECS))
    with av.open(io.BytesIO(data), format="mp4") as film:
        shown = [(frame.time, number_of(frame.to_image())) for frame in film.decode(video=0)]
    moments = made.get("times", range(30))

    assert [number for _, number in shown] == [*range(30)]
    assert [at_s for at_s, _ in shown] == pytest.approx([moment / RATE for moment in moments], abs=0.002)
