"""From nothing to the first answer, start-up, import cost, time per picture, and what Ctrl-C leaves behind.

The set-up is measured on a copy of the tracked files in a temporary folder with an empty home, with uv and with pip
alone. Imports are the median of several fresh processes, in one run beside their peer.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from azure.storage.blob import ContainerClient
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = str(ROOT)

from local.stack import Stack  # noqa: E402  # a script of bench/ finds the project itself

REPEATS = 9
PICTURES = 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uv", type=Path, help="the uv program, if it is not on PATH")
    parser.add_argument("--skip-setup", action="store_true", help="only what needs no download")
    arguments = parser.parse_args()
    if not arguments.skip_setup:
        uv = arguments.uv or (Path(found) if (found := shutil.which("uv")) else None)
        setup("with uv", uv)
        setup("with pip alone", None)
    imports()
    pictures()
    leftovers()
    return 0


def setup(how: str, uv: Path | None) -> None:
    if how == "with uv" and uv is None:
        print("set-up with uv: skipped, uv was not found")
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        copy_tracked(tree)
        tools = Path(folder) / "tools"
        tools.mkdir()
        if uv is not None:
            (tools / "uv").symlink_to(uv.resolve())
        path = os.pathsep.join([str(tools), str(Path(sys.executable).resolve().parent), "/usr/bin", "/bin"])
        environ = {"HOME": folder, "PATH": path}
        first = timed([sys.executable, "visiondrop", "demo", "--offline"], tree, environ)
        again = timed([sys.executable, "visiondrop", "demo", "--offline"], tree, environ)
        started = [timed([sys.executable, "visiondrop", "bench"], tree, environ) for _ in range(3)]
        print(f"{how}: nothing to last answer {first:.1f} s, again {again:.1f} s, start alone {min(started):.2f} s")


def copy_tracked(tree: Path) -> None:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    for name in filter(None, names):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)


def timed(command: list[str], folder: Path, environ: dict[str, str]) -> float:
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return time.monotonic() - started


def imports() -> None:
    bare, library, app = (median_s(code) for code in ("pass", "import azure.functions", "import function_app"))
    print(
        f"import function_app {(app - bare) * 1000:.0f} ms, import azure.functions {(library - bare) * 1000:.0f} ms, "
        f"ratio {(app - bare) / (library - bare):.2f} (bare interpreter {bare * 1000:.0f} ms taken off)"
    )


def median_s(code: str) -> float:
    command = [sys.executable, "-c", code]
    return statistics.median(timed(command, ROOT, {"PATH": os.environ["PATH"]}) for _ in range(REPEATS))


def pictures() -> None:
    """End to end through the local host, the stand-in without latency and without text recognition."""
    environ = {"PATH": str(Path(sys.executable).parent)}  # without tesseract
    with tempfile.TemporaryDirectory() as logs, Stack(environ=environ, offline=True, logs=Path(logs)) as stack:
        uploads = ContainerClient.from_connection_string(stack.connection_string, "uploads")
        with uploads:
            warm = [one(stack.url, uploads, f"warm{number}.jpg", number) for number in range(5)]
            single = [one(stack.url, uploads, f"single{number}.jpg", 100 + number) for number in range(10)]
            started = time.monotonic()
            names = [f"many{number}.jpg" for number in range(PICTURES)]
            for number, name in enumerate(names):
                uploads.upload_blob(name, picture(200 + number))
            documents = [wait(stack.url, name) for name in names]
            rate = PICTURES / (time.monotonic() - started)
    work = [document["timings"]["accept_ms"] + document["timings"]["model_ms"] for document in documents]
    print(f"first picture {warm[0]:.2f} s; one at a time {statistics.median(single):.2f} s from upload to answer seen")
    print(f"{PICTURES} at once: {rate:.1f} pictures/s, of each {statistics.median(work):.0f} ms in accept and the call")


def one(url: str, uploads: ContainerClient, name: str, number: int) -> float:
    started = time.monotonic()
    uploads.upload_blob(name, picture(number))
    wait(url, name)
    return time.monotonic() - started


def picture(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((640, 480), 20 + number / 10).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def wait(url: str, name: str) -> dict[str, dict[str, int]]:
    with urlopen(f"{url}/api/results/{name}?wait=60", timeout=90) as response:
        document: dict[str, dict[str, int]] = json.load(response)
        return document


def leftovers() -> None:
    """Every process that `up` starts carries a mark in its environment; after Ctrl-C they are counted."""
    mark = f"first-light-{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "local", "up", "--offline", "--port", "0", "--drop", folder, "--state", folder]
        environ = {**os.environ, "VISIONDROP_MARK": mark}
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
        for line in process.stdout or ():
            if line.startswith("Ctrl-C"):
                break
        running = marked(mark)
        process.send_signal(signal.SIGINT)
        process.wait(30)
        time.sleep(0.5)
        print(f"processes of up: {running} while running, {marked(mark)} after Ctrl-C")


def marked(mark: str) -> int:
    """Linux only: elsewhere the environment of a process cannot be read."""
    found = 0
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += mark.encode() in entry.read_bytes()
        except OSError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
