"""Throws mutated pictures at the normalizer: `python bench/fuzz_normalize.py [FOLDER] [--made] [--inputs 10000]`.

Each input is a file of the folder, truncated, with bytes flipped, or spliced with another file. Every one must end in
pictures or in a SourceRejected within the time cap. A decoder that crashes or hangs is caught by the child process and
counted; an exception that no table knows is a finding and makes the run fail.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from shared.adapters.pixels.worker import PixelWorker
from shared.core.errors import SourceRejected
from shared.core.media.decode_limits import DecodeLimits
from shared.core.media.kinds import sniff
from shared.core.models.catalogue import look_up_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MAX_SEED_BYTES = 400_000  # larger files spend the time in pixels, not in parsers
MAX_FLIPS = 40
GRACE_S = 2.0  # past the cap: stopping the child and starting a new one


def truncate(data: bytearray, dice: random.Random, _others: Sequence[bytes]) -> bytearray:
    return data[: dice.randrange(len(data))]


def flip(data: bytearray, dice: random.Random, _others: Sequence[bytes]) -> bytearray:
    """Half of the flips hit the first kilobyte, where the headers are."""
    for _ in range(dice.randint(1, MAX_FLIPS)):
        reach = min(len(data), 1024) if dice.random() < 0.5 else len(data)
        data[dice.randrange(reach)] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
    return data


def splice(data: bytearray, dice: random.Random, others: Sequence[bytes]) -> bytearray:
    other = dice.choice(others)
    start = dice.randrange(len(other))
    piece = other[start : start + dice.randint(1, 4096)]
    at = dice.randrange(len(data))
    return data[:at] + piece + data[at + dice.choice((0, len(piece))) :]


MUTATIONS: tuple[Callable[[bytearray, random.Random, Sequence[bytes]], bytearray], ...] = (truncate, flip, splice)


def mutants(seeds: Sequence[bytes], inputs: int, seed: int) -> Iterator[tuple[str, bytes]]:
    dice = random.Random(seed)  # noqa: S311 -- repeatable on purpose
    for _ in range(inputs):
        data = bytearray(dice.choice(seeds))
        names = []
        for _ in range(dice.choice((1, 1, 2))):
            mutate = dice.choice(MUTATIONS)
            names.append(mutate.__name__)
            data = mutate(data or bytearray(b"\0"), dice, seeds)
        yield "+".join(names), bytes(data)


def run(seeds: Sequence[bytes], inputs: int, seed: int, limits: DecodeLimits) -> tuple[Counter[str], list[str], float]:
    """Outcomes by name, findings, and the longest time one input took."""
    outcomes: Counter[str] = Counter()
    findings: list[str] = []
    slowest = 0.0
    model = look_up_model("gpt-4o")
    with PixelWorker(limits) as worker:
        for number, (how, data) in enumerate(mutants(seeds, inputs, seed)):
            started = time.monotonic()
            try:
                image = worker.normalize_image(data, model=model, detail="low", max_images=3)
                outcome = "ok, partial" if image.partial else "ok"
            except SourceRejected as error:
                outcome = error.code if "makes its decoder fail" not in error.message else "decoder crashed, contained"
            except Exception:  # noqa: BLE001 -- finding these is the purpose
                outcome = "uncaught"
                findings.append(f"input {number} ({how}, {sniff(data).format}):\n{traceback.format_exc()}")
            took = time.monotonic() - started
            slowest = max(slowest, took)
            if took > limits.max_seconds + GRACE_S:
                findings.append(f"input {number} ({how}): {took:.1f} s")
            outcomes[outcome] += 1
    return outcomes, findings, slowest


def made_seeds() -> list[bytes]:
    """Pictures that the tests make: layouts, colours and metadata that no corpus has together."""
    from tests.adapters.pixels import test_pixels_colour as colour  # noqa: PLC0415 -- tests are not needed without it
    from tests.adapters.pixels import test_pixels_deep as deep  # noqa: PLC0415
    from tests.adapters.pixels import test_pixels_levels as levels  # noqa: PLC0415
    from tests.adapters.pixels import test_pixels_metadata as metadata  # noqa: PLC0415
    from tests.adapters.pixels import test_pixels_psd as psd  # noqa: PLC0415
    from tests.adapters.pixels import test_pixels_tiff as tiff  # noqa: PLC0415
    from tests.pdfs import SEEDS as PAPERS  # noqa: PLC0415

    tables: list[Mapping[str, bytes]] = [
        colour.STORED,
        deep.SHADOWS,
        levels.AS_IT_IS,
        levels.STRETCHED,
        metadata.GOOD,
        psd.IN_COLOUR,
        psd.GREYS,
        PAPERS,
        tiff.IN_COLOUR,
        tiff.INKS,
    ]
    return [data for table in tables for data in table.values()]


def main() -> int:
    parser = argparse.ArgumentParser(description="mutate pictures and watch the normalizer refuse them politely")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--made", action="store_true", help="also mutate the pictures that the tests make")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cap-s", type=float, default=10.0)
    arguments = parser.parse_args()
    found = arguments.folder.rglob("*") if arguments.folder else ()
    files = sorted(path for path in found if path.is_file())
    small = [path.read_bytes() for path in files if 0 < path.stat().st_size <= MAX_SEED_BYTES]
    small += [data for data in made_seeds() if len(data) <= MAX_SEED_BYTES] if arguments.made else []
    seeds = [data for data in small if sniff(data).kind == "image"]
    started = time.monotonic()
    outcomes, findings, slowest = run(
        seeds, arguments.inputs, arguments.seed, DecodeLimits(max_seconds=arguments.cap_s)
    )
    print(
        f"{arguments.inputs} inputs from {len(seeds)} files, seed {arguments.seed}: {time.monotonic() - started:.0f} s"
    )
    for outcome, count in outcomes.most_common():
        print(f"  {count:6}  {outcome}")
    print(f"  slowest input {slowest:.2f} s, cap {arguments.cap_s:g} s")
    print("\n".join(findings[:20]) or "no uncaught exception, no hang")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
