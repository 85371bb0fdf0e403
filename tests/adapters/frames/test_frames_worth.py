"""Which frames are worth sending: what is small or dark counts, the last state is kept, blurred frames give way."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PIL import Image, ImageDraw, ImageFilter

from shared.adapters.frames.worker import FrameWorker
from shared.core.models.catalogue import look_up_model
from tests.videos import clip, counted, ranges

MODEL = look_up_model("gpt-4o")
FULL_HD = (1920, 1080)


@pytest.fixture(scope="module")
def worker():
    with FrameWorker() as running:
        yield running


def sample(worker, data, **options):
    return worker.sample(ranges(data), model=MODEL, detail="low", **options)


def times(video):
    return [picture.at_s for picture in video.frames]


def lamp(number: int) -> Image.Image:
    """A light of 10 pixels on its way through the dark."""
    picture = Image.new("RGB", (640, 480), (10, 10, 14))
    left = 20 + 10 * number
    ImageDraw.Draw(picture).ellipse((left, 300, left + 10, 310), fill=(250, 240, 200))
    return picture


@pytest.mark.parametrize("sampling", ["even", "scenes"])
def test_a_light_in_the_dark_is_not_black(worker, sampling):
    """Its averages are those of a black frame."""
    video = sample(worker, clip([lamp(number) for number in range(60)]), frames=10, sampling=sampling)

    assert len(video.frames) == 10


def price(number: int) -> Image.Image:
    picture = Image.new("RGB", FULL_HD, "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 1919, 60), fill=(20, 40, 90))
    pen.text((900, 500), f"{37 * number % 100:02}.{91 * number % 100:02}", fill="black", font_size=26)
    return picture


@pytest.mark.parametrize("sampling", ["even", "scenes"])
def test_a_small_change_on_a_large_screen(worker, sampling):
    """Every price is seen, the last one above all."""
    pictures = [price(number // 5) for number in range(50)]
    video = sample(worker, clip(pictures, rate=5), frames=10, sampling=sampling)

    assert {int(at_s) for at_s in times(video)} >= set(range(1, 10))
    assert len(video.frames) == 10


def meter(number: int) -> Image.Image:
    """A grey line that grows by so little that no two neighbours differ."""
    picture = Image.new("RGB", (640, 360), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((100, 100, 300, 140), outline="black")
    pen.rectangle((100, 200, 540, 203), fill=(244 - number // 4, 244 - number // 4, 244 - number // 4))
    return picture


def test_the_last_state_of_a_run_is_kept(worker):
    """What hardly changes is sent once at its beginning and once at its end."""
    pictures = [meter(number) for number in range(40)] + [counted(3, (640, 360))] * 10
    video = sample(worker, clip(pictures), frames=10)
    of_run = [at_s for at_s in times(video) if at_s < 4]

    assert len(of_run) == 2
    assert of_run[0] < 0.6
    assert of_run[1] > 3.2
    assert video.coverage.percent == 100.0
    assert [one.reason for one in video.coverage.dropped] == ["duplicate"] * (10 - len(video.frames))


def out_of_focus(number: int) -> Image.Image:
    """Three frames of five are blurred."""
    picture = counted(number // 20, (320, 240))
    return picture if number % 5 in {1, 3} else picture.filter(ImageFilter.GaussianBlur(4))


@pytest.mark.parametrize("gop", [1, 5, 20])
@pytest.mark.parametrize("sampling", ["even", "scenes"])
def test_blurred_frames_give_way_to_sharp_neighbours(worker, sampling, gop):
    """All that are sent are sharp, as each has a sharp one within half a second."""
    data = clip([out_of_focus(number) for number in range(100)], gop=gop)
    video = sample(worker, data, frames=5, sampling=sampling)

    assert len(video.frames) == 5
    assert {round(at_s * 10) % 5 for at_s in times(video)} <= {1, 3}


def test_a_film_that_is_soft_all_over(worker):
    """Nothing in it is sharper than anything else: it is sent as it is."""
    pictures = [counted(number, (320, 240)).filter(ImageFilter.GaussianBlur(4)) for number in range(200)]
    video = sample(worker, clip(pictures, gop=10), frames=20)

    assert len(video.frames) == 20


def joined_scenes(lengths: list[int]) -> list[Image.Image]:
    return [counted(7 * place + 1, (320, 240)) for place, length in enumerate(lengths) for _ in range(length)]


@pytest.mark.parametrize("gop", [10, 1000])
def test_short_scenes_among_long_ones(worker, gop):
    """Each of a second and more has a frame, whether keyframes fall into it or not."""
    lengths = [60, 10, 12, 80, 10, 50, 11, 10]
    edges = [sum(lengths[:place]) / 10 for place in range(len(lengths) + 1)]
    video = sample(worker, clip(joined_scenes(lengths), gop=gop), frames=8, sampling="scenes")

    found = [any(a <= at_s < b for at_s in times(video)) for a, b in pairwise(edges)]
    assert found == [True] * len(lengths)
