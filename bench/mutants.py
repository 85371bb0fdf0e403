"""Breaks shared/core in small ways and counts which breaks the tests notice: `./visiondrop bench mutants [--json]`.

A mutant changes one thing: a comparison, an arithmetic sign, a number, `and`/`or`, `not`, `min`/`max`, or which branch
is taken. Decorators, and the values of constants in capitals, are left out: those are facts, which other tests hold.
Every mutant lives in the memory of a forked process only, and meets the tests of tests/core that reach its line, the
fastest first. One that survives is listed, unless bench/mutants.toml says why it may. (mutmut and cosmic-ray write
mutated trees to disk and have no choice of kinds; what is needed here is small.)
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).parents[1]))

# What every test run imports is imported once, before the forks. (Plugins of pytest are left to pytest: `warm_up`.)
import pytest
import uvicorn  # noqa: F401 - as above

from bench.mutant_changes import Mutant, mutants_of
from bench.mutant_reach import CACHE, QUIET, ROOT, Reach, be_silent, measure_reach

CORE = ROOT / "shared" / "core"
EXCUSES = ROOT / "bench" / "mutants.toml"
TESTS = "tests/core"
FIRST_TESTS = 40  # who survives those meets all the others
CPU_LIMIT_S = 30  # and five times what the tests take: a mutant that makes a loop endless is noticed too
MEMORY_LIMIT_BYTES = 4 << 30  # as is one that fills a list without end


def file_of(module: str) -> str:
    return module.replace(".", "/") + ".py"


# Running them


class MutatedModule(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module as its mutant; all others are found as usual."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if name != self.mutant.module:
            return None
        file = ROOT / file_of(name)
        return importlib.util.spec_from_file_location(name, file, loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        del spec

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.mutant.source, str(module.__file__), "exec"), module.__dict__)  # noqa: S102 - our own source


def warm_up() -> None:
    """Has pytest load its plugins here, once; and compiled tests kept, outside of the tree."""
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(CACHE / "bytecode")
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(CACHE / "hypothesis")
    with tempfile.TemporaryDirectory() as empty:
        pytest.main([*QUIET, "-p", "no:cov", "--rootdir", empty, "-c", os.devnull, empty])


def meet_tests(mutant: Mutant, tests: Sequence[str], limit_s: float) -> int:
    """Pytest's exit code: 0 when all tests pass although the module is broken."""
    be_silent()
    sys.meta_path.insert(0, MutatedModule(mutant))
    signal.setitimer(signal.ITIMER_PROF, limit_s)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    first, others = tests[:FIRST_TESTS], tests[FIRST_TESTS:]
    code = int(pytest.main([*QUIET, "-p", "no:cov", *first]))
    if code == 0 and others:
        code = int(pytest.main([*QUIET, "-p", "no:cov", *others]))
    return code


def meet_in_fork(mutant: Mutant, reach: Reach) -> int:
    """The id of a process that ends with 0 when the mutant survives."""
    tests = reach.of(file_of(mutant.module), mutant.line)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = meet_tests(mutant, tests, CPU_LIMIT_S + 5 * sum(reach.seconds[test] for test in tests))
        finally:
            os._exit(code)
    return pid


def survivors_of(mutants: Sequence[Mutant], reach: Reach, jobs: int) -> list[Mutant]:
    """Those that no test notices, in their order. Each runs in a fork; so many at once."""
    running: dict[int, int] = {}
    survived: set[int] = set()
    for index, mutant in enumerate(mutants):
        if len(running) >= jobs:
            take_one(running, survived, mutants)
        running[meet_in_fork(mutant, reach)] = index
        if index % 100 == 0:
            print(f"{index:>6} of {len(mutants)}, {len(survived)} survive", file=sys.stderr, flush=True)
    while running:
        take_one(running, survived, mutants)
    return [mutant for index, mutant in enumerate(mutants) if index in survived]


def check_unbroken(mutants: Sequence[Mutant], reach: Reach) -> None:
    """Raises RuntimeError when the tests would end a mutant that changes nothing: then no figure means anything."""
    for mutant in mutants:
        whole = dataclasses.replace(
            mutant, what="nothing changed, as it should", source=(ROOT / file_of(mutant.module)).read_text("utf-8")
        )
        if not survivors_of([whole], reach, jobs=1):
            raise RuntimeError(
                f"{mutant.module} does not pass its own tests when nothing is broken: they, or pytest, fail"
            )


def take_one(running: dict[int, int], survived: set[int], mutants: Sequence[Mutant]) -> None:
    """Waits for one to end; a survivor is told at once, as a run over everything takes an hour."""
    pid, status = os.wait()
    index = running.pop(pid)
    if status == 0:
        survived.add(index)
        print(f"survives: {mutants[index].name}", file=sys.stderr, flush=True)


# What survives for a reason


def read_excuses() -> Counter[tuple[str, str, str]]:
    """How many mutants of (module, line of code, change) may survive: each row has the reason for one of them."""
    rows = tomllib.loads(EXCUSES.read_text("utf-8")).get("mutant", []) if EXCUSES.exists() else []
    return Counter((row["module"], row["code"], row["what"]) for row in rows)


def without_excuse(survived: Iterable[Mutant], excuses: Counter[tuple[str, str, str]]) -> list[Mutant]:
    """The survivors that no row excuses; a row excuses one."""
    left = excuses.copy()
    unexcused = []
    for mutant in survived:
        key = (mutant.module, mutant.code, mutant.what)
        if left[key]:
            left[key] -= 1
        else:
            unexcused.append(mutant)
    return unexcused


def choose(modules: Iterable[str], sample: int, seed: int) -> list[Mutant]:
    chosen: list[Mutant] = []
    for module in modules:
        text = (ROOT / file_of(module)).read_text("utf-8")
        made = list(mutants_of(module, text))
        if sample and len(made) > sample:
            made = sorted(random.Random(f"{seed} {module}").sample(made, sample), key=lambda one: one.line)  # noqa: S311 - no secret
        chosen += made
    return chosen


def modules_named(parts: Sequence[str]) -> list[str]:
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(CORE.rglob("*.py"))]
    return [name for name in names if not parts or any(part in name for part in parts)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", action="append", default=[], help="only modules with this in their dotted name")
    parser.add_argument("--sample", type=int, default=0, help="at most so many mutants of a module (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    parser.add_argument("--json", action="store_true", help="end with one JSON object of figures")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    began = time.monotonic()
    warm_up()
    mutants = choose(modules_named(arguments.module), arguments.sample, arguments.seed)
    reach = measure_reach(TESTS, arguments.jobs)
    check_unbroken(mutants[:1], reach)
    survived = survivors_of(mutants, reach, arguments.jobs)
    unexcused = without_excuse(survived, read_excuses())
    for mutant in unexcused:
        print(mutant.name)
    report(mutants, survived)
    killed = len(mutants) - len(survived)
    figures = {
        "mutants": len(mutants),
        "killed": killed,
        "excused": len(survived) - len(unexcused),
        "survived": len(unexcused),
        "share": round(killed / len(mutants), 4) if mutants else 1.0,
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(figures) if arguments.json else figures)
    return 0


def report(mutants: Sequence[Mutant], survived: Sequence[Mutant]) -> None:
    """A line a module: how many mutants it has and how many of them survive."""
    all_of, left = Counter(one.module for one in mutants), Counter(one.module for one in survived)
    for module in all_of:
        print(f"{module.removeprefix('shared.core.'):<28} {all_of[module]:>5} mutants {left[module]:>4} survive")


if __name__ == "__main__":
    sys.exit(main())
