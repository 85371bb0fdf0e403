"""`./visiondrop check`: format, lint, types, then tests: what has to pass before a change lands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.commands import test

if TYPE_CHECKING:
    import argparse

SUMMARY = "format, lint, types and tests"
ROOT = Path(__file__).parents[2]
STEPS = (
    ("format", ("ruff", "format", "--check")),
    ("lint", ("ruff", "check")),
    ("types", ("mypy",)),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # there are none


def passes(name: str, tool: tuple[str, ...]) -> bool:
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, check=False)
    verdict = "failed" if done.returncode else "ok"
    print(f"{name:<8} {verdict:<8} {time.monotonic() - start:5.1f} s", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def run(arguments: argparse.Namespace) -> int:
    os.chdir(ROOT)
    del arguments
    failed = [name for name, tool in STEPS if not passes(name, tool)]
    code = test.run_all()  # last, so that a good run ends with pytest's closing line
    if code:
        failed.append("tests")
    if failed:
        sys.stdout.flush()  # the verdict stands last, also in a file that takes both streams
        print(f"check failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0
