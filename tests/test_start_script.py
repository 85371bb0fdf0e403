"""The start script: what it decides, what it says when a step fails, and that old Pythons get a message."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from local import install

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "visiondrop"


def test_old_pythons_can_read_the_script():
    """Python 3.7 meets the version check, not a syntax error."""
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_help_needs_no_package():
    """On a fresh machine the list of commands comes before any install."""
    command = [sys.executable, "-S", "-P", "-m", "local", "--help"]  # -S: without site-packages
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    assert " up " in done.stdout
    assert " test " in done.stdout


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    """A file stands where the state belongs: no traceback, and no step was begun."""
    needed = ("visiondrop", "local/__init__.py", "local/install.py", "local/locks.py", "requirements-dev.txt")
    for name in (*needed, "package.json", "package-lock.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "local" / "azurite_stubs").mkdir()
    (tmp_path / ".visiondrop").touch()
    done = subprocess.run(
        [sys.executable, tmp_path / "visiondrop", "demo"], capture_output=True, text=True, check=False
    )
    said = f"visiondrop: cannot install: {tmp_path / '.visiondrop'}: File exists"
    assert (done.returncode, done.stdout, done.stderr.splitlines()[0]) == (1, "", said)


def run_local(*arguments: str | Path, stdout: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "local", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=environ, check=False)


def test_a_path_that_cannot_be_used_is_named(tmp_path: Path):
    """A command says which and why, in one line."""
    (tmp_path / "drop").touch()
    done = run_local("up", "--offline", "--drop", tmp_path / "drop", stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, f"visiondrop up: {tmp_path / 'drop'}: File exists\n")


def test_a_reader_may_go_before_the_end():
    """`./visiondrop models | head -1` ends quietly."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = run_local("models", stdout=write_end)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_fingerprint_follows_content(tmp_path: Path):
    """Same files: same stamp; any change, also in a folder: another stamp."""
    lock, folder = tmp_path / "lock.txt", tmp_path / "stubs"
    folder.mkdir()
    lock.write_text("a==1")
    (folder / "x.js").write_text("1")
    first = install.fingerprint((lock, folder))
    assert install.fingerprint((lock, folder)) == first
    (folder / "x.js").write_text("2")
    second = install.fingerprint((lock, folder))
    assert second != first
    lock.write_text("a==2")
    assert install.fingerprint((lock, folder)) not in {first, second}


def test_only_a_finished_install_is_current(tmp_path: Path):
    """Before: no. While it runs, or after a crash: unfinished. After a reported failure: no. After success: yes."""
    lock, folder = tmp_path / "lock.txt", tmp_path / "venv"
    lock.write_text("a==1")
    assert not install.is_current(folder, (lock,))
    for error, stamp in ((install.StepFailed, ""), (KeyboardInterrupt, install.UNFINISHED)):
        with suppress(error), install.stamped(folder, (lock,)):
            assert install.read_stamp(folder) == install.UNFINISHED
            raise error
        assert install.read_stamp(folder) == stamp
    with install.stamped(folder, (lock,)):
        pass
    assert install.is_current(folder, (lock,))
    lock.write_text("a==2")
    assert not install.is_current(folder, (lock,))


OURS = "{}.{}.{}".format(*sys.version_info)


@pytest.mark.parametrize(
    ("config", "usable"),
    [
        (f"home = /x\nversion = {OURS}\n", True),
        (f"uv = 0.13.9\nversion_info = {OURS}\n", True),
        ("home = /x\nversion = 3.1.1\n", False),
        ("home = /x\n", False),
        (None, False),
    ],
    ids=["venv", "uv", "other version", "no version", "no config"],
)
def test_an_environment_is_kept_for_the_python_that_made_it(tmp_path: Path, config: str | None, *, usable: bool):
    """Read from pyvenv.cfg, which venv and uv write differently. Without its interpreter it is of no use."""
    if config is not None:
        (tmp_path / "pyvenv.cfg").write_text(config)
    assert not install.has_this_python(tmp_path)
    python = install.venv_python(tmp_path)
    python.parent.mkdir()
    python.touch()
    assert install.has_this_python(tmp_path) == usable


def test_an_environment_is_added_to_by_its_own_python_only(tmp_path: Path):
    """Two builds of one version in one environment do not fit together; a link to the same one does."""
    home, other = tmp_path / "home", tmp_path / "other"
    for folder in (home, other, install.venv_python(tmp_path).parent):
        folder.mkdir()
        (folder / "python3").touch()
    install.venv_python(tmp_path).touch()
    (tmp_path / "link").symlink_to(home)
    (tmp_path / "pyvenv.cfg").write_text(f"home = {home}\nversion = {OURS}\n")
    assert install.is_made_by(tmp_path, str(home / "python3"))
    assert install.is_made_by(tmp_path, str(tmp_path / "link" / "python3"))
    assert not install.is_made_by(tmp_path, str(other / "python3"))


@pytest.mark.parametrize("uv", ["/bin/uv", None])
def test_packages_are_installed_by_hash(tmp_path: Path, uv: str | None):
    """With uv and with pip: the lock file, and nothing that is not in it."""
    (_, create), (title, add) = install.python_steps(uv, tmp_path)
    assert create[0] == (uv or install.BASE_PYTHON)
    assert add[0] == (uv or str(install.venv_python(tmp_path)))
    assert add[-3:] == ["--require-hashes", "-r", str(ROOT / "requirements-dev.txt")]
    assert title.endswith("uv" if uv else "pip")


def test_npm_installs_the_lock_file_without_scripts():
    """`npm ci` of Node.js in .venv, so that no package runs code while it is installed."""
    [(_, command)] = install.node_steps(ROOT / ".venv")
    assert command[2] == "ci"
    assert "--ignore-scripts" in command


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("because ensurepip is not\navailable", "python3-venv"),
        ("OSError: [Errno 28] No space left on device", "disk space"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "proxy or mirror"),
        ("npm error code EINTEGRITY", "proxy or mirror"),
        ("Temporary failure in name resolution", "check the network"),
        ("npm error code ENOTFOUND", "check the network"),
        ("ERROR: No matching distribution found for x==1", "check the network"),
        ("anything else", "run this command again"),
    ],
)
def test_advice(output: str, expected: str):
    """What the tools say in the usual mishaps leads to what to do."""
    assert expected in install.advice(output)


def test_a_failed_step_says_which_why_and_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The last lines of the tool's output are shown, not all of it."""
    program = "for n in range(40): print('line', n)\nraise SystemExit('no space left')"
    with pytest.raises(install.StepFailed) as failed:
        install.run_step("Python packages", [sys.executable, "-c", program], log=tmp_path / "log")
    message = str(failed.value)
    assert "'Python packages' failed (exit code 1)" in message
    assert "line 39" in message
    assert "line 3\n" not in message
    assert "free some disk space" in message
    assert capsys.readouterr().err == "  Python packages … failed\n"


def test_a_good_step_shows_its_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """One line: the name, then the time."""
    install.run_step("nothing", [sys.executable, "-c", ""], log=tmp_path / "log")
    name, _, seconds = capsys.readouterr().err.partition(" … ")
    assert name == "  nothing"
    assert float(seconds.removesuffix(" s\n")) >= 0


def test_two_installs_at_once_take_turns(tmp_path: Path):
    """The second process waits for the lock until the first has left it."""
    program = f"""if True:
        import fcntl, sys
        lock = open({str(tmp_path / "lock")!r}, "a+b")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit("taken")
    """
    if os.name == "nt":
        pytest.skip("flock is POSIX")
    other = [sys.executable, "-c", program]
    with install.only_one_install(tmp_path / "lock"):
        assert subprocess.run(other, capture_output=True, check=False).returncode == 1
    assert subprocess.run(other, capture_output=True, check=False).returncode == 0


def test_the_lock_of_npm_packages_names_no_host():
    """package-lock.json works with any registry: integrity is recorded, addresses are not."""
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    resolved = [line.strip() for line in lock.splitlines() if '"resolved"' in line]
    assert resolved
    assert all('"local/azurite_stubs/' in line for line in resolved)


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_locks_hold_what_is_asked_for(name: str):
    """A package added to the .in file alone would be missing on a fresh machine."""
    asked = re.findall(r"^([A-Za-z][\w.-]*)", (ROOT / f"{name}.in").read_text(encoding="utf-8"), re.MULTILINE)
    locked = re.findall(r"^([\w.-]+)(?:\[\w+\])?==", (ROOT / f"{name}.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert {re.sub(r"[-_.]+", "-", package).lower() for package in asked} <= set(locked)


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_python_gets_the_same_versions(name: str):
    """Else a package's new major version meets the app only where the tests did not run. Azure's own is by Python."""
    locked = re.findall(r"^(\S+)==", (ROOT / f"{name}.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert {package for package in locked if locked.count(package) > 1} == {"azure-functions"}
