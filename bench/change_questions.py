"""Makes ten usual changes, each with its second place forgotten, and shows the test that says so.

`./visiondrop bench change_questions [--only NAME] [--json]`. The rows are the recipes of CONTRIBUTING.md. Each change
is made in a copy of the tracked files; the named test must fail there, and must pass in the copy before the change.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTEST = ("-m", "pytest", "-q", "-x", "-p", "no:randomly", "-p", "no:cacheprovider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`file` gets `new` in place of `old` (at its end where `old` is empty), and nothing else is done."""

    name: str
    forgotten: str
    file: str
    old: str
    new: str
    test: str


CHANGES = (
    Change(
        name="price",
        forgotten="the data zones, which cost a published factor more",
        file="shared/core/money/price_rows.py",
        old='    row("gpt-5.1-2025-11-13", LISTED, "2025-11-13", "1.25"',
        new='    row("gpt-5.1-2025-11-13", LISTED, "2026-11-25", "1", "8", cached="0.1"),\n'
        '    row("gpt-5.1-2025-11-13", LISTED, "2025-11-13", "1.25"',
        test="tests/core/money/test_price_rows.py",
    ),
    Change(
        name="model",
        forgotten="when it ends",
        file="shared/core/models/model_rows.py",
        old='    reasoning("gpt-6.2-sol"',
        new='    reasoning("gpt-6.3-sol", inferred(PATCH_GPT_6), WINDOW_922K, LOW_TO_MAX),\n'
        '    reasoning("gpt-6.2-sol"',
        test="tests/core/models/test_retirement.py",
    ),
    Change(
        name="picture format",
        forgotten="the decoder that reads it",
        file="shared/core/media/kinds.py",
        old='        ("psd", "image/vnd.adobe.photoshop", "image", "PSD"),',
        new='        ("psd", "image/vnd.adobe.photoshop", "image", "PSD"),\n'
        '        ("qoi", "image/qoi", "image", "QOI"),',
        test="tests/adapters/pixels/test_readers.py",
    ),
    Change(
        name="video mode",
        forgotten="what it prepares, estimates and answers",
        file="shared/core/ask/option_rows.py",
        old='    INDEX = "index"\n',
        new='    INDEX = "index"\n    UNDERSTAND = "understand"\n',
        test="mypy",
    ),
    Change(
        name="setting",
        forgotten="its row in docs/settings.md",
        file="shared/core/settings.py",
        old='            identity_client_id=reader.text("AZURE_CLIENT_ID"),',
        new='            identity_client_id=reader.text("AZURE_CLIENT_ID") or reader.text("OTHER_CLIENT_ID"),',
        test="tests/core/test_settings_page.py",
    ),
    Change(
        name="route",
        forgotten="its words in docs/http.md",
        file="shared/http/operations.py",
        old='        path="jobs/{job_id}/related",',
        new='        path="jobs/{job_id}/kin",',
        test="tests/test_readme.py",
    ),
    Change(
        name="storage name",
        forgotten="that the template makes it",
        file="shared/core/places.py",
        old="TABLES = (JOBS, LEDGER)",
        new='TABLES = (JOBS, LEDGER, "reviews")',
        test="tests/infra/test_infra.py",
    ),
    Change(
        name="limit",
        forgotten="its row in docs/limits.md",
        file="shared/core/limits.py",
        old="    value=50 * MIB,\n",
        new="    value=60 * MIB,\n",
        test="tests/core/test_limits_page.py",
    ),
    Change(
        name="reply field",
        forgotten="its line in docs/http.md",
        file="shared/core/answer/regions.py",
        old="    polygon: ",
        new='    engine: str = ""\n    polygon: ',
        test="tests/test_document_page.py",
    ),
    Change(
        name="command",
        forgotten="its line in README.md",
        file="local/commands/purge.py",
        old="",
        new='"""Nothing yet."""\n\nSUMMARY = "delete what is old"\n',
        test="tests/test_readme.py",
    ),
)


def copy_tracked(folder: Path) -> None:
    """The tracked files as they are in the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def make(change: Change, folder: Path) -> None:
    """Raises ValueError when the file no longer has the place that is to be changed."""
    path = folder / change.file
    text = path.read_text("utf-8") if path.exists() else ""
    if change.old not in text:
        raise ValueError(f"{change.name}: {change.file} has no {change.old!r}")
    path.write_text(text.replace(change.old, change.new, 1) if change.old else text + change.new, encoding="utf-8")


def fails(test: str, folder: Path) -> bool:
    command = ["-m", "mypy", "shared"] if test == "mypy" else [*PYTEST, test]
    environ = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-P", *command], cwd=folder, env=environ, capture_output=True, check=False)
    return done.returncode != 0


def try_out(change: Change) -> tuple[bool, bool]:
    """Whether the test fails before the change, and after it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        copy_tracked(folder)
        before = fails(change.test, folder)
        make(change, folder)
        return before, fails(change.test, folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="one change, by its name")
    parser.add_argument("--json", action="store_true", help="end with one JSON object of figures")
    arguments = parser.parse_args()
    told = {}
    for change in CHANGES:
        if arguments.only in {None, change.name}:
            began = time.monotonic()
            before, after = try_out(change)
            told[change.name] = after and not before
            verdict = "told" if told[change.name] else "fails without it" if before else "SILENT"
            print(
                f"{change.name:<16} {verdict:<18} {time.monotonic() - began:5.1f} s  {change.test}: {change.forgotten}"
            )
    figures = {"changes": len(told), "told": sum(told.values())}
    print(json.dumps(figures) if arguments.json else figures)
    return 0 if all(told.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
