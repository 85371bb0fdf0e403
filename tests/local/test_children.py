"""Children of a local run: they are ready when they say so, and none outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from local.children import Child, ChildFailed

ROOT = Path(__file__).parents[2]
DEADLINE_S = 20.0
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX")

# A program that starts another one and names both
FAMILY = """
import os, subprocess, sys, time
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
print("family", os.getpid(), inner.pid, flush=True)
time.sleep(1000)
"""
PARENT = """
import sys, time
from pathlib import Path
from local.children import Child
child = Child("family", [sys.executable, "-c", sys.argv[1]], log=Path(sys.argv[2]))
print(*child.wait_for(r"family (\\d+) (\\d+)").groups(), child.process.pid, flush=True)
time.sleep(1000)
"""


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def eventually(check: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE_S
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")  # a zombie that nobody reaps (no init in a container) counts as gone
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_ready_is_what_the_program_prints(tmp_path: Path):
    """`wait_for` returns the match, so that a port can be read from it."""
    with Child("server", python("print('ready on 4711', flush=True); input()"), log=tmp_path / "log") as child:
        assert child.wait_for(r"ready on (\d+)")[1] == "4711"


def test_a_program_that_ends_early_fails_with_its_last_lines(tmp_path: Path):
    """The exit code and the reason are in the message; the program is not waited for in vain."""
    with (
        Child("server", python("raise SystemExit('no such port')"), log=tmp_path / "log") as child,
        pytest.raises(ChildFailed, match=r"(?s)server ended with exit code 1.*no such port"),
    ):
        child.wait_for("ready")


def test_a_program_that_is_never_ready_fails_in_time(tmp_path: Path):
    """A hanging start ends with a message."""
    with (
        Child("server", python("import time; time.sleep(1000)"), log=tmp_path / "log") as child,
        pytest.raises(ChildFailed, match="not ready after 0 s"),
    ):
        child.wait_for("ready", timeout_s=0.2)


def test_check_reports_a_crash(tmp_path: Path):
    """While it runs nothing is raised; after a crash the message names the program."""
    with Child("server", python("input_was_closed = 1; raise SystemExit(3)"), log=tmp_path / "log") as child:
        child.process.wait(DEADLINE_S)
        with pytest.raises(ChildFailed, match="server ended with exit code 3"):
            child.check()


@posix_only
def test_stop_ends_the_whole_family(tmp_path: Path):
    """What the program started ends with it, and stopping twice is fine."""
    child = Child("family", python(FAMILY), log=tmp_path / "log")
    child.check()
    pids = [int(pid) for pid in child.wait_for(r"family (\d+) (\d+)").groups()]
    child.stop()
    child.stop()
    assert not child.running
    assert all(eventually(partial(is_gone, pid)) for pid in pids)


@posix_only
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_parent(tmp_path: Path, ending: signal.Signals):
    """However the parent ends, even without a chance to clean up, its children and theirs end too."""
    command = [*python(PARENT), FAMILY, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT) as parent:
        assert parent.stdout
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.send_signal(ending)
    assert len(pids) == 3
    assert all(eventually(partial(is_gone, pid)) for pid in pids)


@posix_only
def test_a_suspended_program_can_be_stopped(tmp_path: Path):
    """Stopping resumes it first, so that it can leave in order."""
    child = Child("family", python(FAMILY), log=tmp_path / "log")
    child.wait_for("family")
    child.suspend()
    child.stop()
    assert not child.running


@posix_only
def test_kill_is_a_crash(tmp_path: Path):
    """It ends without being asked, and what it started ends too."""
    child = Child("family", python(FAMILY), log=tmp_path / "log")
    pids = [int(pid) for pid in child.wait_for(r"family (\d+) (\d+)").groups()]
    child.kill()
    child.stop()
    assert child.process.returncode == 128 + signal.SIGKILL
    assert all(eventually(partial(is_gone, pid)) for pid in pids)


def test_the_exit_code_is_the_programs(tmp_path: Path):
    """tied.py hands it on; death by a signal is 128 + its number, as in a shell."""
    for program, code in (("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)):
        with Child("program", python(program), log=tmp_path / "log") as child:
            assert child.process.wait(DEADLINE_S) == code
