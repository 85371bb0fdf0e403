"""`./visiondrop up` as people run it: a dropped picture gets its line, and the end leaves no process behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from local.model_choice import MODEL_SETTINGS

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


class Up:
    """One run with its own folders, its output in a file of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.drop = folder / "drop"
        self.output = folder / f"output-{len(list(folder.glob('output-*')))}.txt"
        folders = ("--drop", str(self.drop), "--state", str(folder / "state"))
        environ = {name: value for name, value in os.environ.items() if name not in MODEL_SETTINGS}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "local", "up", *folders, *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )

    def wait_for(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + DEADLINE_S
        while not (match := re.search(pattern, self.output.read_text(encoding="utf-8"))):
            assert self.process.poll() is None, self.output.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, self.output.read_text(encoding="utf-8")
            time.sleep(0.02)
        return match

    def descendants(self) -> set[int]:
        """All processes below this one, found by parent."""
        parents = {pid: stat[1] for pid, stat in processes().items()}
        found, generation = set[int](), {self.process.pid}
        while generation := {pid for pid, parent in parents.items() if parent in generation} - found:
            found |= generation
        return found


def processes() -> dict[int, tuple[str, int]]:
    """State and parent of every process, by pid."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has just ended
            continue
        found[int(folder.name)] = (state, int(parent))
    return found


def left_of(pids: set[int]) -> set[int]:
    """Those that still run after a while. A zombie has ended; reaping it is its parent's business."""
    deadline = time.monotonic() + DEADLINE_S
    while left := {pid for pid in pids if processes().get(pid, ("Z", 0))[0] != "Z"}:
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return left


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    run = Up(tmp_path, "--port", "0")
    yield run
    run.process.kill()
    run.process.wait()


def written(state: Path) -> list[Path]:
    """The folder and all that the run has made in it."""
    return [state / "storage", state / "logs", *state.glob("*/**/*")]


def test_a_dropped_picture_is_answered_and_ctrl_c_leaves_nothing(up: Up, tmp_path: Path):
    """The whole way: folder, storage, trigger, queue, model double, result. Then zero processes and exit code 0.

    On the way, nothing that was written can be read by other users of the machine.
    """
    up.wait_for("Ctrl-C stops everything")
    draft = up.drop / ".picture.png"
    Image.new("RGB", (64, 48), "red").save(draft)
    draft.rename(up.drop / "picture.png")
    up.wait_for(r"uploaded picture\.png")
    up.wait_for(r"picture\.png: done · \d+ \+ \d+ tokens · \$[\d.]+ · .*64 x 48")
    assert [path for path in written(tmp_path / "state") if path.stat().st_mode & 0o077] == []
    started = up.descendants()
    assert len(started) >= 6, "storage, stand-in and host, each under its guard"
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(DEADLINE_S) == 0
    assert left_of(started) == set()


def test_a_killed_run_leaves_nothing_and_the_next_one_goes_on(up: Up, tmp_path: Path):
    """SIGKILL gives no chance to clean up. The folder of the dead run can be used at once, in one run at a time."""
    up.wait_for("Ctrl-C stops everything")
    second = Up(tmp_path, "--port", "0")
    assert second.process.wait(DEADLINE_S) == 1
    assert "is running with" in second.output.read_text(encoding="utf-8")
    started = up.descendants()
    up.process.kill()
    up.process.wait()
    assert left_of(started) == set()
    third = Up(tmp_path, "--port", "0")
    third.wait_for("Ctrl-C stops everything")
    third.process.terminate()
    assert third.process.wait(DEADLINE_S) == 0


def test_a_crash_of_one_part_is_reported_and_ends_the_run(up: Up):
    """Storage dies: the run ends non-zero, names it, and takes the others along."""
    up.wait_for("Ctrl-C stops everything")
    started = up.descendants()
    [azurite] = [pid for pid in started if Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0].endswith("/node")]
    os.kill(azurite, signal.SIGKILL)
    assert up.process.wait(DEADLINE_S) == 1
    assert "Azurite ended with exit code 137" in up.output.read_text(encoding="utf-8")
    assert left_of(started) == set()


def test_a_taken_port_is_said(tmp_path: Path):
    """A port that was asked for and is taken is an error, with the host's own words."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        run = Up(tmp_path, "--port", str(other.getsockname()[1]))
        assert run.process.wait(DEADLINE_S) == 1
    assert "Address already in use" in run.output.read_text(encoding="utf-8")
