"""The film among what lies beside it in a file, and good films with something that decoders stumble over."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from shared.adapters.frames.packets import packets_of
from shared.adapters.frames.worker import FrameWorker
from shared.core.models.catalogue import look_up_model
from tests.pictures import exif
from tests.videos import SIZE, clip, counted, of_jpegs, ranges, remuxed

MODEL = look_up_model("gpt-4o")
FILM = [counted(number, (320, 240)) for number in range(20)]
PREVIEW = [Image.new("RGB", (64, 48), "magenta")] * 20
COVER = [Image.new("RGB", (160, 120), "magenta")]


@pytest.fixture(scope="module")
def worker():
    with FrameWorker() as running:
        yield running


def sample(worker, data, **options):
    return worker.sample(ranges(data), model=MODEL, detail="low", **options)


def opened(picture):
    return Image.open(io.BytesIO(picture.data)).convert("RGB")


def difference(one, other):
    pair = [image.resize((16, 16), Image.Resampling.BOX) for image in (one, other)]
    return sum(ImageStat.Stat(ImageChops.difference(*pair)).mean) / 3


def film(form="mp4"):
    return clip(FILM, form=form)


TRACKS = {
    "a preview first, the film marked": lambda: remuxed(clip(PREVIEW), film(), marked=1),
    "a preview first and marked": lambda: remuxed(clip(PREVIEW), film(), marked=0),
    "a preview first, both marked": lambda: remuxed(clip(PREVIEW), film()),
    "a preview last": lambda: remuxed(film(), clip(PREVIEW), marked=1),
    "one MJPEG picture first": lambda: remuxed(clip(COVER, codec="mjpeg", form="mov"), film(), form="mov", marked=0),
    "an MJPEG preview of every picture first": lambda: remuxed(
        clip(PREVIEW, codec="mjpeg", form="mov"), film(), form="mov", marked=0
    ),
    "in Matroska": lambda: remuxed(clip(PREVIEW), film(), form="matroska", marked=0),
    "in a stream of packets": lambda: remuxed(clip(PREVIEW), film(), form="mpegts"),
}


@pytest.mark.parametrize("make", TRACKS.values(), ids=TRACKS)
def test_the_film_among_previews_and_covers(worker, make):
    """It has the most pixels in all, whatever stands first or is marked."""
    video = sample(worker, make(), frames=5)

    assert (video.info.width, video.info.height) == (320, 240)
    assert len(video.frames) == 5
    for picture in video.frames:
        assert difference(opened(picture), FILM[round(picture.at_s * 10)]) < 12


def test_of_two_films_the_marked_one(worker):
    """Its writer knows better than a rule, as long as the other is not many times as large."""
    video = sample(worker, remuxed(clip(FILM), clip([counted(9, (480, 360))] * 20), marked=0))

    assert (video.info.width, video.info.height) == (320, 240)


@pytest.mark.parametrize("form", ["avi", "mov"])
def test_pictures_with_exif(worker, form):
    """Cameras write it into each picture of an MJPEG film; PyAV has no name for it."""
    pictures = [counted(number) for number in range(8)]
    files = []
    for picture in pictures:
        target = io.BytesIO()
        picture.save(target, "JPEG", quality=95, exif=exif(orientation=1, gps=True))
        files.append(target.getvalue())
    video = sample(worker, of_jpegs(files, SIZE, form), frames=8)

    assert [picture.at_s for picture in video.frames] == pytest.approx([number / 10 for number in range(8)])
    for picture, shown in zip(pictures, video.frames, strict=True):
        assert difference(picture, opened(shown)) < 6


def test_an_edit_list_that_begins_between_keyframes(worker):
    """A clip that was trimmed without encoding: its frames from the first keyframe on."""
    pictures = [counted(number) for number in range(60)]
    video = sample(worker, remuxed(clip(pictures, gop=20), skip=5, shift=10), frames=10)

    assert video.info.duration_s == pytest.approx(5.0, abs=0.11)
    assert len(video.frames) >= 7
    assert video.frames[0].at_s >= 0.9
    for picture in video.frames:
        number = round(picture.at_s * 10) + 10
        assert difference(opened(picture), pictures[number]) < 12


def test_a_track_that_no_header_names():
    """Packets of the known tracks come to their end; that the reader then stumbles over the others is no fault."""

    class Broadcast:
        def demux(self, tracks):
            yield from (f"{track} {number}" for number in range(2) for track in tracks)
            raise IndexError("list index out of range")

    assert list(packets_of(Broadcast(), ["film", "sound"])) == ["film 0", "sound 0", "film 1", "sound 1"]
