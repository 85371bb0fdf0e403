"""`./visiondrop test`: the whole suite with the coverage of the core, or pytest with the arguments given.

`./visiondrop test quick` is the inner loop: the rules and the pipeline, without processes, browsers and real films.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    import pytest

SUMMARY = "run the tests; `quick` is the inner loop, other arguments are pytest's"
ROOT = Path(__file__).parents[2]
QUICK = ("tests/core", "tests/pipeline", "tests/test_layering.py", "-m", "not slow")
WHOLE = ("--cov", "--cov-report=term-missing:skip-covered")
MOST_PROCESSES = 4  # each has an Azurite of its own


class Passed:
    """A pytest plugin that counts the tests that passed: a run that skipped everything is not a good run."""

    def __init__(self) -> None:
        self.count = 0

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        self.count = len(terminalreporter.stats.get("passed", ()))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(passed_on=[])


def run(arguments: argparse.Namespace) -> int:
    os.chdir(ROOT)
    if arguments.passed_on == ["quick"]:
        return run_in_parallel(QUICK)
    return run_pytest(arguments.passed_on) if arguments.passed_on else run_all()


def run_pytest(arguments: list[str]) -> int:
    import pytest

    return int(pytest.main(arguments))


def run_all() -> int:
    """The exit code of the whole suite; 1 as well when nothing passed or the core is not covered."""
    return run_in_parallel(WHOLE)


def run_in_parallel(arguments: tuple[str, ...]) -> int:
    """The exit code of the tests, whose files are shared out among as many processes as there are processors, at least
    two: many tests wait.
    """
    import pytest

    processes = min(max(2, os.cpu_count() or 1), MOST_PROCESSES)
    passed = Passed()
    code = int(pytest.main(["-n", str(processes), "--dist", "loadfile", *arguments], plugins=[passed]))
    if code == 0 and passed.count == 0:
        print("no test ran: all were skipped")
        return 1
    return code
