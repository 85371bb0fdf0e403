"""What watching a folder costs: bytes written and CPU seconds while N files go up once, and CPU of one look at all.

    ./visiondrop bench drop_folder [--files 10000] [--json]

With the real watcher (local/drop.py) and a storage that takes everything at once. On Linux only: /proc counts bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from local.drop import Drop, look  # noqa: E402  # a script of bench/ finds the project itself

LOOKS = 10
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


class Swallow:
    """Storage that reads what it is given and keeps nothing."""

    url = "http://127.0.0.1:9/uploads/x"

    def get_blob_client(self, _: str) -> Swallow:
        return self

    def upload_blob(self, data: Any, **_: Any) -> dict[str, str]:
        data.read()
        return {"etag": "0x1"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        figures = measure(Path(scratch), arguments.files)
    print(
        json.dumps(figures) if arguments.json else "\n".join(f"{name:<22} {value}" for name, value in figures.items())
    )
    return 0


def measure(scratch: Path, files: int) -> dict[str, float]:
    folder = scratch / "drop"
    for number in range(files):
        path = folder / f"trip {number // 500}" / f"picture {number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG)
    uploads: Any = Swallow()
    drop = Drop(folder, uploads=uploads, host_url="http://127.0.0.1:9", memory=scratch / "memory", say=lambda _: None)
    seen = look(folder)
    written, cpu = bytes_written(), time.process_time()
    for name, version in getattr(seen, "files", seen).items():
        drop.upload(name, version)
    uploading = {"written_mb": (bytes_written() - written) / 1e6, "upload_cpu_s": time.process_time() - cpu}
    cpu = time.process_time()
    for _ in range(LOOKS):
        look(folder)
    looking = {"one_look_cpu_ms": (time.process_time() - cpu) / LOOKS * 1000}
    return {"files": files, **{name: round(value, 2) for name, value in {**uploading, **looking}.items()}}


def bytes_written() -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


if __name__ == "__main__":
    sys.exit(main())
