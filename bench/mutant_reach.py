"""Which tests of tests/core run a line of shared/core, for bench/mutants.py.

Measured a test file at a time, and kept in the user's cache until the core, what tests share, or that file changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from coverage import CoverageData

ROOT = Path(__file__).parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "visiondrop" / "mutants"
QUIET = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header")
IMPORT = ""  # what coverage calls the context in which no test runs
SLOW_S = 0.5
COVERED = ("--cov=shared/core", "--cov-context=test", "--cov-report=", "--cov-fail-under=0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """`by_line` has the tests that run a line of a file, or `IMPORT`; `seconds` how long each test takes."""

    by_line: dict[tuple[str, int], frozenset[str]]
    by_file: dict[str, frozenset[str]]
    seconds: dict[str, float]

    def of(self, file: str, line: int) -> list[str]:
        """The tests that may notice a change of a line: those named after its file and the fastest first.

        What runs at import may be noticed by any test, those that reach the file first.
        """
        tests, nearby = self.by_line.get((file, line), frozenset({IMPORT})), self.by_file.get(file, frozenset())
        return sorted(tests - {IMPORT}, key=self.rank(file)) + (
            [
                *sorted(nearby - tests, key=self.rank(file)),
                *sorted(set(self.seconds) - nearby - tests, key=self.rank(file)),
            ]
            if IMPORT in tests
            else []
        )

    def rank(self, file: str) -> Callable[[str], tuple[bool, bool, float, str]]:
        """The order in which tests are tried: slow ones last, then those of other files, then by time."""
        own = f"/test_{Path(file).stem}"
        return lambda test: (self.seconds[test] > SLOW_S, own not in test, self.seconds[test], test)


class Clock:
    """A pytest plugin: how long each test took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: object) -> None:
        name = str(getattr(report, "nodeid", ""))
        self.seconds[name] = self.seconds.get(name, 0.0) + float(getattr(report, "duration", 0.0))


def measure_reach(tests: str, jobs: int) -> Reach:
    """What each test below a folder runs. Raises RuntimeError when tests fail although nothing is broken."""
    CACHE.mkdir(parents=True, exist_ok=True)
    files = sorted((ROOT / tests).rglob("test_*.py"))
    common = digest([Path(__file__), *(ROOT / "shared").rglob("*.py"), *(ROOT / "tests").glob("*.py")])
    kept = {file: CACHE / f"{digest([file], common)}.json" for file in files}
    missing = [file for file in files if not kept[file].exists()]
    running: dict[int, Path] = {}
    while missing or running:
        if missing and len(running) < jobs:
            file = missing.pop()
            running[measure_in_fork(file, kept[file])] = file
        else:
            wait_for_one(running)
    return merged(json.loads(kept[file].read_text("utf-8")) for file in files)


def digest(files: Iterable[Path], start: str = "") -> str:
    """A name for what the files are called and hold."""
    total = hashlib.sha256(start.encode())
    for file in sorted(files):
        total.update(f"{file.relative_to(ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:32]


def wait_for_one(running: dict[int, Path]) -> None:
    pid, status = os.wait()
    file = running.pop(pid)
    if status:
        raise RuntimeError(f"a test fails without any mutant: ./visiondrop test {file.relative_to(ROOT)}")


def measure_in_fork(file: Path, kept: Path) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = measure_file(file, kept)
        finally:
            os._exit(code)
    return pid


def measure_file(file: Path, kept: Path) -> int:
    """Pytest's exit code; what the tests of the file run is written when they pass."""
    be_silent()
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "coverage")
        os.environ["COVERAGE_FILE"] = str(data)
        code = int(pytest.main([str(file.relative_to(ROOT)), *QUIET, *COVERED], plugins=[clock]))
        if code == 0:
            unfinished = kept.with_suffix(f".{os.getpid()}")
            unfinished.write_text(json.dumps({"seconds": clock.seconds, "lines": lines_run(data)}), "utf-8")
            unfinished.replace(kept)
    return code


def be_silent() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def lines_run(data: Path) -> list[tuple[str, int, list[str]]]:
    """A file, a line of it, and the tests that ran it, with `IMPORT` among them."""
    measured = CoverageData(basename=str(data))
    measured.read()
    return [
        (str(Path(file).relative_to(ROOT)), line, sorted({context.partition("|")[0] for context in contexts}))
        for file in measured.measured_files()
        for line, contexts in measured.contexts_by_lineno(file).items()
    ]


def merged(parts: Iterable[dict[str, Any]]) -> Reach:
    by_line: dict[tuple[str, int], set[str]] = {}
    by_file: dict[str, set[str]] = {}
    seconds: dict[str, float] = {}
    for part in parts:
        seconds |= part["seconds"]
        for file, line, tests in part["lines"]:
            by_line.setdefault((file, line), set()).update(tests)
            by_file.setdefault(file, set()).update(tests)
    return Reach(
        by_line={place: frozenset(tests) for place, tests in by_line.items()},
        by_file={file: frozenset(tests - {IMPORT}) for file, tests in by_file.items()},
        seconds=seconds,
    )
