"""Throws mutated films at the reader of frames: `python bench/fuzz_films.py [FOLDER] [--inputs 3000] [--seed 1]`.

Films of every container are made on the spot; those of a folder join them. Each input is one of them, truncated, with
bytes flipped, or spliced with another (bench/fuzz_normalize.py has the mutations). Every one must end in frames or in a
SourceRejected within the time cap. A decoder that crashes is contained by the child process and counted; an exception
that no table knows, and a hang, is a finding and makes the run fail.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import av
from PIL import Image, ImageDraw

from bench.fuzz_normalize import GRACE_S, mutants
from shared.adapters.frames.ranges import RangeReader
from shared.adapters.frames.worker import FrameWorker
from shared.core.errors import DecoderBusy, SourceRejected
from shared.core.media.decode_limits import DecodeLimits
from shared.core.media.frame_plan import Sampling
from shared.core.media.kinds import sniff
from shared.core.models.catalogue import look_up_model

MAX_SEED_BYTES = 400_000  # larger files spend the time in pixels, not in parsers
MODEL = look_up_model("gpt-4o")
RATE = 25
FORMS: dict[str, tuple[str, Any, dict[str, str]]] = {
    "ts": ("mpegts", "libx264", {}),
    "ts mpeg2": ("mpegts", "mpeg2video", {}),
    "m2ts": ("mpegts", "libx264", {"mpegts_m2ts_mode": "1"}),
    "mpg": ("mpeg", "mpeg1video", {}),
    "vob": ("vob", "mpeg2video", {}),
    "m2v": ("mpeg2video", "mpeg2video", {}),
    "wmv": ("asf", "wmv2", {}),
    "flv": ("flv", "flv", {}),
    "flv h264": ("flv", "libx264", {}),
    "ogv": ("ogg", "libvpx", {}),
    "mxf": ("mxf", "mpeg2video", {}),
    "mxf prores": ("mxf", "prores_ks", {}),
    "webm with alpha": ("webm", "libvpx-vp9", {}),
    "mp4": ("mp4", "libx264", {}),
    "mov": ("mov", "mjpeg", {}),
    "mkv": ("matroska", "libx264", {}),
    "avi": ("avi", "mpeg4", {}),
}
PIXELS = {"prores_ks": "yuv422p10le", "mjpeg": "yuvj420p", "libvpx-vp9": "yuva420p"}


def made() -> Iterator[bytes]:
    with TemporaryDirectory() as folder:
        for name, (form, codec, options) in FORMS.items():
            path = Path(folder, name.replace(" ", "-"))
            with av.open(str(path), "w", format=form, options=options) as out:
                stream = out.add_stream(codec, rate=RATE)
                stream.width, stream.height, stream.pix_fmt = 96, 64, PIXELS.get(codec, "yuv420p")
                for number in range(12):
                    frame = av.VideoFrame.from_image(picture(number))  # type: ignore[no-untyped-call]  # PyAV types in part
                    frame.pts, frame.time_base = number, Fraction(1, RATE)
                    out.mux(stream.encode(frame))
                out.mux(stream.encode(None))
            yield path.read_bytes()


def picture(number: int) -> Image.Image:
    image = Image.new("RGB", (96, 64), (20 * number, 255 - 20 * number, 90))
    ImageDraw.Draw(image).ellipse((5 * number, 10, 5 * number + 30, 40), fill="white")
    return image


def run(seeds: Sequence[bytes], inputs: int, seed: int, limits: DecodeLimits) -> tuple[Counter[str], list[str], float]:
    """Outcomes by name, findings, and the longest time one input took."""
    outcomes: Counter[str] = Counter()
    findings: list[str] = []
    slowest_s = 0.0
    with FrameWorker(limits) as worker:
        for number, (how, data) in enumerate(mutants(seeds, inputs, seed)):
            started_s = time.monotonic()
            try:
                outcome = outcome_of(worker, data, "scenes" if number % 2 else "even")
            except Exception:  # noqa: BLE001 -- finding these is the purpose
                outcome = "uncaught"
                findings.append(f"input {number} ({how}, {sniff(data).format}):\n{traceback.format_exc()}")
            took_s = time.monotonic() - started_s
            slowest_s = max(slowest_s, took_s)
            if took_s > limits.max_seconds * limits.wall_factor + GRACE_S:
                findings.append(f"input {number} ({how}): {took_s:.1f} s")
            outcomes[outcome] += 1
    return outcomes, findings, slowest_s


def outcome_of(worker: FrameWorker, data: bytes, sampling: Sampling) -> str:
    file = RangeReader(lambda at, size: data[at : at + size], len(data))
    try:
        video = worker.sample(file, model=MODEL, detail="low", frames=4, sampling=sampling)
    except SourceRejected as error:
        return error.code if "makes its decoder" not in error.message else "decoder crashed, contained"
    except DecoderBusy:
        return "put off"
    return "ok, partial" if video.partial else "ok"


def main() -> int:
    parser = argparse.ArgumentParser(description="mutate films and watch the reader refuse them politely")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--inputs", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cap-s", type=float, default=10.0)
    arguments = parser.parse_args()
    av.logging.set_level(None)
    seeds = list(made())
    if arguments.folder is not None:
        files = sorted(path for path in arguments.folder.rglob("*") if path.is_file())
        small = [path.read_bytes() for path in files if 0 < path.stat().st_size <= MAX_SEED_BYTES]
        seeds += [data for data in small if sniff(data).kind == "video"]
    started_s = time.monotonic()
    outcomes, findings, slowest_s = run(
        seeds, arguments.inputs, arguments.seed, DecodeLimits(max_seconds=arguments.cap_s)
    )
    took_s = time.monotonic() - started_s
    print(f"{arguments.inputs} inputs from {len(seeds)} films, seed {arguments.seed}: {took_s:.0f} s")
    for outcome, count in outcomes.most_common():
        print(f"  {count:6}  {outcome}")
    print(f"  slowest input {slowest_s:.2f} s, cap {arguments.cap_s:g} s of processor time")
    print("\n".join(findings[:20]) or "no uncaught exception, no hang")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
