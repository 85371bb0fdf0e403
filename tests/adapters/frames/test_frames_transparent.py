"""Films with transparency: what is on them can be seen, and the result says on what it was laid."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import pytest
from PIL import Image, ImageDraw

from shared.adapters.frames.worker import FrameWorker
from shared.core.models.catalogue import look_up_model
from tests.videos import ranges

MODEL = look_up_model("gpt-4o")
SIZE = (320, 240)
WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (220, 30, 30)
CODECS: dict[str, tuple[str, str, str]] = {
    "VP9": ("webm", "libvpx-vp9", "yuva420p"),
    "VP8": ("webm", "libvpx", "yuva420p"),
    "ProRes 4444": ("mov", "prores_ks", "yuva444p10le"),
    "QuickTime animation": ("mov", "qtrle", "argb"),
    "PNG": ("mov", "png", "rgba"),
}


@pytest.fixture(scope="module")
def worker():
    with FrameWorker() as running:
        yield running


def sign(colour: tuple[int, int, int], number: int, alpha: int = 255) -> Image.Image:
    """A bar of that colour on nothing, on its way down. Under nothing lies the same colour."""
    picture = Image.new("RGBA", SIZE, (*colour, 0))
    ImageDraw.Draw(picture).rectangle((40, 20 + 20 * number, 280, 60 + 20 * number), fill=(*colour, alpha))
    return picture


def film(pictures: list[Image.Image], form: str, codec: Any, pix_fmt: str) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=form) as out:
        stream = out.add_stream(codec, rate=5)
        stream.width, stream.height, stream.pix_fmt = *SIZE, pix_fmt
        if codec == "libvpx":
            stream.options = {"auto-alt-ref": "0"}  # else it refuses transparency
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_bytes(picture.convert("RGBA").tobytes(), *SIZE, format="rgba")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            out.mux(stream.encode(frame.reformat(format=pix_fmt)))
        out.mux(stream.encode(None))
    return target.getvalue()


def sample(worker, data):
    return worker.sample(ranges(data), model=MODEL, detail="low", frames=5)


def opened(picture):
    return Image.open(io.BytesIO(picture.data)).convert("RGB")


def ranges_of_luma(video):
    extremes = [opened(picture).convert("L").getextrema() for picture in (*video.frames, video.poster)]
    return [high - low for low, high in extremes]


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
@pytest.mark.parametrize(("colour", "words"), [(WHITE, "dark grey"), (BLACK, "white"), (RED, "white")])
def test_what_is_on_nothing_can_be_seen(worker, codec, colour, words):
    """Light things on dark grey, others on white; every frame that differs is sent."""
    video = sample(worker, film([sign(colour, number) for number in range(5)], *codec))

    assert len(video.frames) == 5
    assert min(ranges_of_luma(video)) >= 80
    assert [note for note in video.info.notes if f"laid over {words}" in note]


def test_the_ground_is_chosen_by_the_first_frame_that_shows_something(worker):
    """It fades in from nothing."""
    pictures = [sign(WHITE, number, alpha=0) for number in range(3)] + [sign(WHITE, number) for number in range(3, 6)]
    video = sample(worker, film(pictures, *CODECS["PNG"]))

    assert any("dark grey" in note for note in video.info.notes)
    assert ranges_of_luma(video)[-2] >= 80


@pytest.mark.parametrize("alpha", [0, 255])
def test_transparency_that_says_nothing(worker, alpha):
    """All or nothing: the pictures are shown as they are, and nothing is said."""
    pictures = []
    for number in range(5):
        picture = sign(RED, number)
        opaque = Image.new("RGB", SIZE, "navy")
        opaque.paste(picture, mask=picture.getchannel("A"))
        opaque.putalpha(alpha)
        pictures.append(opaque)
    video = sample(worker, film(pictures, *CODECS["PNG"]))

    assert not video.info.notes
    for number, shown in enumerate(video.frames):
        red, _, blue = opened(shown).getpixel((160, 40 + 20 * number))
        assert red > blue + 100
