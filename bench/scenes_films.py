"""Films of known cuts for bench/scenes.py, made on the spot: hard cuts, dissolves, slides, night, out of focus."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFilter

SIZE = (320, 180)
RATE = 15
WORLD = (900, 520)
X264 = {"preset": "veryfast", "crf": "28"}
FIXED = "scenecut=0:keyint={0}:min-keyint={0}"

Scene = Callable[[float], Image.Image]  # seconds since it began, to the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """`edges_s` are where scenes begin, and the end; within `transitions_s` two scenes are seen at once."""

    name: str
    edges_s: tuple[float, ...]
    transitions_s: tuple[tuple[float, float], ...] = ()

    @property
    def scenes_s(self) -> list[tuple[float, float]]:
        return list(zip(self.edges_s, self.edges_s[1:], strict=False))


def textured(dice: random.Random) -> Scene:
    """A camera that wanders over a landscape of clouds and shapes."""
    world = Image.effect_noise((30, 18), 120).resize(WORLD, Image.Resampling.BICUBIC).convert("RGB")
    world = Image.blend(world, Image.new("RGB", WORLD, colour(dice)), 0.55)
    pen = ImageDraw.Draw(world)
    for _ in range(60):
        left, top, side = dice.randrange(WORLD[0]), dice.randrange(WORLD[1]), dice.randint(8, 90)
        shape = pen.ellipse if dice.random() < 0.5 else pen.rectangle
        shape((left, top, left + side, top + side * dice.uniform(0.3, 1.2)), fill=colour(dice))
    world = Image.blend(world, Image.effect_noise(WORLD, 60).convert("RGB"), 0.08)
    return wander(world, dice, speed=dice.uniform(10, 70))


def wander(world: Image.Image, dice: random.Random, speed: float) -> Scene:
    room = (WORLD[0] - SIZE[0], WORLD[1] - SIZE[1])
    start, way = (dice.uniform(0, room[0]), dice.uniform(0, room[1])), (dice.uniform(-1, 1), dice.uniform(-1, 1))

    def view(at_s: float) -> Image.Image:
        left, top = (int(bounced(start[axis] + way[axis] * speed * at_s, room[axis])) for axis in (0, 1))
        return world.crop((left, top, left + SIZE[0], top + SIZE[1]))

    return view


def bounced(place: float, room: int) -> float:
    turn = place % (2 * room)
    return turn if turn <= room else 2 * room - turn


def discs(dice: random.Random) -> Scene:
    """Much motion on one colour."""
    ground = colour(dice)
    things = [
        (colour(dice), dice.randint(25, 70), [dice.uniform(0, 400), dice.uniform(0, 260)], dice.uniform(-90, 90))
        for _ in range(6)
    ]

    def view(at_s: float) -> Image.Image:
        image = Image.new("RGB", SIZE, ground)
        pen = ImageDraw.Draw(image)
        for fill, radius, (x, y), speed in things:
            left, top = (x + speed * at_s) % 420 - 60, (y + 0.6 * speed * at_s) % 280 - 60
            pen.ellipse((left, top, left + 2 * radius, top + 2 * radius), fill=fill)
        return image

    return view


def slide(dice: random.Random) -> Scene:
    """Black words on white: slides are alike but for their words."""
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, SIZE[0], 26), fill=(30, 60, 120))
    pen.text((10, 8), " ".join(word(dice) for _ in range(4)), fill="white")
    for line in range(dice.randint(3, 9)):
        pen.text((16, 38 + 15 * line), " ".join(word(dice) for _ in range(dice.randint(2, 6))), fill="black")
    return lambda _: image


def night(dice: random.Random) -> Scene:
    """The same, hardly lit."""
    view = textured(dice)
    return lambda at_s: view(at_s).point(lambda value: 16 + value // 7)


def word(dice: random.Random) -> str:
    return "".join(dice.choice("abcdefghijklmnoprstuvwxyz") for _ in range(dice.randint(2, 9)))


def colour(dice: random.Random) -> tuple[int, int, int]:
    return dice.randrange(256), dice.randrange(256), dice.randrange(256)


def cut_together(
    name: str, scenes: list[tuple[Scene, float]], *, fade_s: float = 0.0, blurred: bool = False
) -> tuple[Film, Iterator[Image.Image]]:
    """Hard cuts; with `fade_s`, dissolves and fades through black in turns; `blurred` three of five frames."""
    edges = [0.0]
    for _, length_s in scenes:
        edges.append(edges[-1] + length_s)
    transitions = tuple((edge - fade_s / 2, edge + fade_s / 2) for edge in edges[1:-1]) if fade_s else ()
    film = Film(name=name, edges_s=tuple(edges), transitions_s=transitions)
    return film, frames(film, [scene for scene, _ in scenes], fade_s, blurred=blurred)


def frames(film: Film, scenes: list[Scene], fade_s: float, *, blurred: bool) -> Iterator[Image.Image]:
    for number in range(round(film.edges_s[-1] * RATE)):
        at_s = number / RATE
        place = next(
            index for index, (_, end_s) in enumerate(film.scenes_s) if at_s < end_s or end_s == film.edges_s[-1]
        )
        image = scenes[place](at_s - film.edges_s[place] + fade_s)
        for cut, (start_s, end_s) in enumerate(film.transitions_s):
            if start_s <= at_s < end_s:
                share = (at_s - start_s) / fade_s
                before = scenes[cut](at_s - film.edges_s[cut] + fade_s)
                after = scenes[cut + 1](at_s - film.edges_s[cut + 1] + fade_s)
                image = mixed(before, after, share, through_black=cut % 2 == 1)
        is_sharp = not blurred or number % 5 in {1, 3}
        yield image if is_sharp else image.filter(ImageFilter.GaussianBlur(4))


def mixed(before: Image.Image, after: Image.Image, share: float, *, through_black: bool) -> Image.Image:
    if not through_black:
        return Image.blend(before, after, share)
    black = Image.new("RGB", SIZE, "black")
    return Image.blend(before, black, 2 * share) if share < 0.5 else Image.blend(black, after, 2 * share - 1)


def lengths(dice: random.Random, count: int, least_s: float, most_s: float) -> list[float]:
    return [round(dice.uniform(least_s, most_s) * RATE) / RATE for _ in range(count)]


def make(path: Path, pictures: Iterator[Image.Image], x264: str) -> None:
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {**X264, "x264-params": x264}
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def films(folder: Path, seed: int) -> Iterator[tuple[Path, Film]]:
    """Each is made when it is its turn."""
    for name, kind, times, options, x264 in RECIPES:
        dice = random.Random(f"{seed} {name}")  # noqa: S311 -- repeatable on purpose
        scenes = [(kind(dice), length_s) for length_s in times(dice)]
        film, pictures = cut_together(name, scenes, **options)
        path = folder / f"{name}.mp4"
        make(path, pictures, x264)
        yield path, film


RECIPES: list[
    tuple[str, Callable[[random.Random], Scene], Callable[[random.Random], list[float]], dict[str, object], str]
] = [
    ("cuts, keyframes at cuts", textured, lambda dice: lengths(dice, 24, 0.8, 9.0), {}, ""),
    ("cuts, a keyframe a second", textured, lambda dice: lengths(dice, 24, 0.8, 9.0), {}, FIXED.format(RATE)),
    ("much motion, 18 x 5 s", discs, lambda _: [5.0] * 18, {}, FIXED.format(3 * RATE)),
    ("short scenes", textured, lambda dice: lengths(dice, 18, 1.0, 2.5), {}, FIXED.format(250)),
    ("out of focus", discs, lambda _: [5.0] * 16, {"blurred": True}, FIXED.format(3 * RATE)),
    ("dissolves and fades", textured, lambda _: [4.0] * 16, {"fade_s": 1.0}, FIXED.format(2 * RATE)),
    ("slides", slide, lambda dice: lengths(dice, 14, 2.0, 9.0), {}, ""),
    ("night", night, lambda _: [5.0] * 12, {}, FIXED.format(4 * RATE)),
]
