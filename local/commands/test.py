"""`./visiondrop test`: the whole suite with the coverage of the core, or pytest with the arguments given."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    import coverage
    import pytest

SUMMARY = "run the tests; arguments are pytest's"
ROOT = Path(__file__).parents[2]


class CoverageSection:
    """A pytest plugin: the coverage is part of the summary, so that pytest's closing line stays the last one."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.percent = 0.0
        self.passed = 0

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        self.measured.stop()
        self.passed = len(terminalreporter.stats.get("passed", ()))
        terminalreporter.section("coverage of shared/core")
        report = io.StringIO()
        self.percent = self.measured.report(file=report)
        terminalreporter.write(report.getvalue())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(passed_on=[])


def run(arguments: argparse.Namespace) -> int:
    os.chdir(ROOT)
    return run_pytest(arguments.passed_on) if arguments.passed_on else run_all()


def run_pytest(arguments: list[str]) -> int:
    import pytest

    return int(pytest.main(arguments))


def run_all() -> int:
    import coverage
    import pytest

    measured = coverage.Coverage(data_file=None)
    section = CoverageSection(measured)
    measured.start()
    code = int(pytest.main([], plugins=[section]))
    if code == 0 and section.passed == 0:
        print("no test ran: all were skipped")
        return 1
    least = float(str(measured.get_option("report:fail_under")))
    if code == 0 and section.percent < least:
        print(f"coverage of shared/core is {section.percent:.2f} %, less than {least:g} %")
        return 1
    return code
