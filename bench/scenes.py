"""How many scenes of a film get a frame: `python bench/scenes.py [--frames 20] [--seed 1] [--json]`.

Films of known cuts (bench/scenes_films.py) are sampled by `scenes` and by `even`, and beside them by PySceneDetect's
adaptive detector with the sharpest frame of each scene, where `scenedetect` can be imported (from a virtual environment
of its own: `pip install scenedetect-headless av pillow`, then run this with its Python). Counted: scenes of at least a
second that have a frame; frames within a dissolve or fade; frames less than half as sharp as one of the same scene
within half a second; CPU and bytes. With ../shared beside the project, its two films are sampled too.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import av
from PIL import Image, ImageFilter, ImageStat

from bench.scenes_films import Film, films
from shared.adapters.frames.ranges import RangeReader
from shared.adapters.frames.worker import FrameWorker
from shared.core.models.catalogue import look_up_model

MODEL = look_up_model("gpt-4o")
CASES = Path(__file__).parents[2] / "shared" / "cases" / "media"
LEAST_SCENE_S = 1.0
NEAR_S = 0.5
BLURRED = 0.5
CLOCK_S = 0.02
LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    film: str
    way: str
    frames: int
    found: int
    scenes: int
    in_transition: int
    blurred: int
    cpu_s: float
    megabytes: float


Sharpness = list[tuple[float, float]]


def sharpness_of(path: Path) -> Sharpness:
    """(seconds, spread of the Laplacian) of every frame."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time), sharp(frame.to_image(width=320, height=180))) for frame in container.decode(video=0)
        ]


def sharp(image: Image.Image) -> float:
    return float(ImageStat.Stat(image.convert("L").filter(LAPLACIAN).crop((1, 1, 319, 179))).stddev[0])


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(path: Path, frames: int, sampling: str) -> tuple[list[float], float, float]:
    """Moments, CPU seconds of the process that decodes (its start included), megabytes read."""
    data = path.read_bytes()
    file = RangeReader(lambda at, size: data[at : at + size], len(data))
    before_s = children_s()
    with FrameWorker() as worker:
        video = worker.sample(file, model=MODEL, detail="low", frames=frames, sampling=sampling)
    return [picture.at_s or 0.0 for picture in video.frames], children_s() - before_s, file.bytes_fetched / 1e6


def peer() -> Callable[[Path, int, Sharpness], list[float]] | None:
    """PySceneDetect's adaptive detector, the sharpest frame of each scene; longer scenes have what frames are left."""
    try:
        from scenedetect import AdaptiveDetector, detect  # noqa: PLC0415 -- not among the project's packages
    except ImportError:
        return None

    def moments(path: Path, frames: int, sharpness: Sharpness) -> list[float]:
        found = [(a.seconds, b.seconds) for a, b in detect(str(path), AdaptiveDetector())] or [(0.0, sharpness[-1][0])]
        parts = [1] * len(found)
        for _ in range(frames - len(found)):
            longest = max(range(len(found)), key=lambda index: (found[index][1] - found[index][0]) / parts[index])
            parts[longest] += 1
        if len(found) > frames:
            kept = sorted(range(len(found)), key=lambda index: found[index][0] - found[index][1])[:frames]
            found, parts = [found[index] for index in sorted(kept)], [1] * frames
        pieces = (
            (start + (end - start) * part / count, start + (end - start) * (part + 1) / count)
            for (start, end), count in zip(found, parts, strict=True)
            for part in range(count)
        )
        return [
            max(inside, key=lambda one: one[1])[0]
            for a, b in pieces
            if (inside := [s for s in sharpness if a <= s[0] < b])
        ]

    return moments


def score(way: str, film: Film, sharpness: Sharpness, moments: list[float], cpu_s: float, megabytes: float) -> Score:
    scenes = [(start, end) for start, end in film.scenes_s if end - start >= LEAST_SCENE_S]
    return Score(
        film=film.name,
        way=way,
        frames=len(moments),
        found=sum(any(start - CLOCK_S <= at < end - CLOCK_S for at in moments) for start, end in scenes),
        scenes=len(scenes),
        in_transition=sum(any(a + CLOCK_S < at < b - CLOCK_S for a, b in film.transitions_s) for at in moments),
        blurred=sum(is_blurred(at, sharpness, film) for at in moments),
        cpu_s=round(cpu_s, 2),
        megabytes=round(megabytes, 2),
    )


def is_blurred(at_s: float, sharpness: Sharpness, film: Film) -> bool:
    """Against the sharpest frame of the same scene within half a second."""
    own_s, own = min(sharpness, key=lambda one: abs(one[0] - at_s))
    start_s, end_s = next(scene for scene in film.scenes_s if own_s < scene[1] or scene[1] == film.edges_s[-1])
    near = [value for when, value in sharpness if abs(when - own_s) <= NEAR_S and start_s <= when < end_s]
    return own < BLURRED * max(near, default=own)


def known_films() -> Iterator[tuple[Path, Film]]:
    """Those of ../shared, where they are."""
    for path in sorted(CASES.glob("scenes_*.mp4")):
        edges = json.loads(path.with_name(f"{path.name}.cuts.json").read_text())
        yield path, Film(name=path.name, edges_s=tuple(edges))


def all_films(folder: Path, seed: int) -> Iterator[tuple[Path, Film]]:
    yield from films(folder, seed)
    yield from known_films()


def main() -> int:
    parser = argparse.ArgumentParser(description="count the scenes that get a frame")
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one line for programs at the end")
    arguments = parser.parse_args()
    adaptive = peer()
    if adaptive is None:
        print("PySceneDetect is not installed: its rows are missing")
    scores: list[Score] = []
    with tempfile.TemporaryDirectory() as folder:
        for path, film in all_films(Path(folder), arguments.seed):
            sharpness = sharpness_of(path)
            scores += [
                score(sampling, film, sharpness, *ours(path, arguments.frames, sampling))
                for sampling in ("scenes", "even")
            ]
            if adaptive is not None:
                scores.append(
                    score("PySceneDetect", film, sharpness, adaptive(path, arguments.frames, sharpness), 0.0, 0.0)
                )
            for one in scores[-3 if adaptive else -2 :]:
                print(row(one), flush=True)
    ways = list(dict.fromkeys(one.way for one in scores))
    totals = [total(way, [one for one in scores if one.way == way]) for way in ways]
    print("\n".join(row(one) for one in totals))
    if arguments.json:
        print(json.dumps({"frames": arguments.frames, "scores": [asdict(one) for one in scores + totals]}))
    return 0


def total(way: str, scores: list[Score]) -> Score:
    """Scenes are counted up to the number of frames: no way finds more."""
    return Score(
        film="together",
        way=way,
        frames=sum(one.frames for one in scores),
        found=sum(one.found for one in scores),
        scenes=sum(min(one.scenes, max(one.frames, one.found)) for one in scores),
        in_transition=sum(one.in_transition for one in scores),
        blurred=sum(one.blurred for one in scores),
        cpu_s=round(sum(one.cpu_s for one in scores), 2),
        megabytes=round(sum(one.megabytes for one in scores), 2),
    )


def row(one: Score) -> str:
    share = f"{one.found / one.scenes:.0%}" if one.scenes else "-"
    return (
        f"{one.film:25} {one.way:13} {one.found:3} of {one.scenes:3} scenes ({share:>4}), {one.frames:3} frames, "
        f"{one.in_transition:2} in transitions, {one.blurred:2} blurred, {one.cpu_s:5.2f} s CPU, {one.megabytes:.2f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
