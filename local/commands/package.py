"""`./visiondrop package`: the zip that is deployed: what .funcignore lets through, and Linux wheels for one Python.

The workflow deploys this very file, after `--check` imported the app from it with nothing else installed; `--folder`
lays the same files out for azd, which zips them itself. The zip is the same for the same inputs: files in order, no
times. Byte code goes in, because the place where the app runs cannot be written to: each new instance would compile
everything anew. It is never compared with its source (unchecked-hash), which would be read for nothing.
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
import zipfile
from collections.abc import Iterator
from pathlib import Path

from local.install import SYSTEM_CERTIFICATES

SUMMARY = "build the zip that is deployed, and try it"
ROOT = Path(__file__).parents[2]
SITE_PACKAGES = ".python_packages/lib/site-packages"  # where the Functions worker looks
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
TARGETS = ("3.11", "3.12", "3.13")
NEEDLESS = {"__pycache__", "bin"}  # of the installed packages
NEVER_RUN = r"[/\\]tests?[/\\]"  # is not compiled
FOR_AZD = "# All of it is deployed, byte code too, which azd would leave out without this file.\n/.funcignore\n"
LOCKED = ("--require-hashes", "--only-binary", ":all:", "-r", "requirements.txt")

# Loaded as the worker does: the app's folder and its packages, no site-packages of the interpreter
PROBE = """
import importlib, json, os, pkgutil, sys, time
sys.path[:0] = sys.argv[1:]
start = time.perf_counter()
import function_app
import_s = time.perf_counter() - start
import shared
for module in pkgutil.walk_packages(shared.__path__, "shared."):
    importlib.import_module(module.name)
names = sorted(f.get_function_name() for f in function_app.app.get_functions())
ours = [m for m in list(sys.modules.values()) if (getattr(m, "__file__", None) or "").startswith(sys.argv[1])]
sources = [m for m in ours if m.__file__.endswith(".py")]
compiled = [m for m in sources if os.path.isfile(getattr(m, "__cached__", None) or "")]
print(json.dumps({"import_s": round(import_s, 3),
    "functions": names, "modules": len(sources), "byte_code": len(compiled)}))
"""


class PackageFailed(Exception):
    pass


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--python", choices=TARGETS, default=RUNNING if RUNNING in TARGETS else "3.12")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "visiondrop.zip", metavar="FILE")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="lay the same files out there, for azd")
    parser.add_argument("--check", action="store_true", help="import the app from the package, with nothing else there")


def run(arguments: argparse.Namespace) -> int:
    try:
        with tempfile.TemporaryDirectory() as made:
            build(Path(made), arguments.python, arguments.out)
        if arguments.folder:
            lay_out(arguments.out, arguments.folder)
    except PackageFailed as fault:
        print(f"visiondrop: {fault}", file=sys.stderr)
        return 1
    return try_out(arguments.out, arguments.python) if arguments.check else 0


def build(folder: Path, python: str, out: Path) -> None:
    install(folder / SITE_PACKAGES, python)
    for name in deployed_files(ROOT):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    for needless in [path for path in folder.rglob("*") if path.name in NEEDLESS and path.is_dir()]:
        shutil.rmtree(needless, ignore_errors=True)
    compiler = interpreter(python)
    if compiler is None:
        print(f"visiondrop: no Python {python} here to compile with: the package has no byte code", file=sys.stderr)
    else:
        add_byte_code(folder, compiler)
    out.parent.mkdir(parents=True, exist_ok=True)
    count, unpacked = write_zip(folder, out)
    packed = out.stat().st_size
    print(
        f"{out}: {packed / 1e6:.1f} MB ({unpacked / 1e6:.1f} MB unpacked, {count} files) for Python {python} on Linux"
    )


def deployed_files(root: Path) -> list[str]:
    """The project's own files that go into the package: .funcignore has the last word, as it has for azd."""
    import pathspec

    ignored = pathspec.GitIgnoreSpec.from_lines((root / ".funcignore").read_text("utf-8").splitlines())
    # only folders that can hold something deployed are walked: not .venv, not node_modules
    tops = [path for path in root.iterdir() if not ignored.match_file(f"{path.name}/" if path.is_dir() else path.name)]
    files = [file for top in tops for file in ([top] if top.is_file() else top.rglob("*")) if file.is_file()]
    return sorted(
        name for name in (file.relative_to(root).as_posix() for file in files) if not ignored.match_file(name)
    )


def install(folder: Path, python: str) -> None:
    command = installer(
        folder, python, shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
    )
    environ = {**SYSTEM_CERTIFICATES, **os.environ}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        raise PackageFailed(f"installing the packages failed:\n{done.stdout}{done.stderr}")


def interpreter(python: str) -> str | None:
    """A Python of that version, None without one: byte code is good for no other. A mere name (a pyenv shim) does not
    count.
    """
    if python == RUNNING:
        return sys.executable
    found = shutil.which(f"python{python}")
    works = found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
    return found if works else None


def add_byte_code(folder: Path, compiler: str) -> None:
    """Add byte code beside every source but tests'. A file that this Python cannot read is left as it is: nothing can
    import it.
    """
    options = ["-q", "-f", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-x", NEVER_RUN]
    command = [compiler, "-I", "-m", "compileall", *options, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not any(folder.rglob("*.pyc")):
        raise PackageFailed(f"compiling failed:\n{done.stdout}{done.stderr}")


def lay_out(package: Path, folder: Path) -> None:
    """Put the zip's files into a folder for azd, which packs it by an ignore file of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(package) as zipped:
        zipped.extractall(folder)
    (folder / ".funcignore").write_text(FOR_AZD, "utf-8")
    print(f"{folder}: the same files, for azd")


def installer(folder: Path, python: str, uv: str | None) -> list[str]:
    """The command that installs the lock file. pip decides by the Python that runs it which rows apply; uv by the one
    it is told.
    """
    if uv:
        target = ["--python-version", python, "--python-platform", "x86_64-manylinux_2_28"]
        return [uv, "pip", "install", "--target", str(folder), *target, *LOCKED]
    if python != RUNNING:
        raise PackageFailed(f"this is Python {RUNNING}: run it with {python}, or install uv")
    platforms = ["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64"]
    return [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--target",
        str(folder),
        *platforms,
        *LOCKED,
    ]


def packaged(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def write_zip(folder: Path, out: Path) -> tuple[int, int]:
    """How many files went into the zip, and their bytes before packing."""
    count = unpacked = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for path in packaged(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())  # dated 1980
            entry.external_attr = 0o644 << 16
            data = path.read_bytes()
            package.writestr(entry, data, zipfile.ZIP_DEFLATED)
            count, unpacked = count + 1, unpacked + len(data)
    return count, unpacked


def try_out(package: Path, python: str) -> int:
    if python != RUNNING:
        print(f"visiondrop: this is Python {RUNNING}; only {python} can try this package", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(package) as zipped:
            zipped.extractall(folder)
        command = [sys.executable, "-I", "-S", "-B", "-c", PROBE, folder, f"{folder}/{SITE_PACKAGES}"]
        start = time.monotonic()
        done = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"visiondrop: the app cannot be imported from the package:\n{done.stderr}", file=sys.stderr)
        return 1
    found = json.loads(done.stdout)
    names = ", ".join(found["functions"])
    print(f"imported in {found['import_s']} s ({time.monotonic() - start:.1f} s with all modules); functions: {names}")
    print(f"byte code for {found['byte_code']} of {found['modules']} modules")
    if found["byte_code"] < found["modules"]:
        print(
            "visiondrop: not every module has byte code; build the package with the Python it is for", file=sys.stderr
        )
        return 1
    return 0
