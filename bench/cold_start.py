"""CPU seconds of a new instance until its first picture is answered, with the package's byte code and without.

    ./visiondrop package && .venv/bin/python bench/cold_start.py [--package dist/visiondrop.zip] [--rounds 3]

Each round is a fresh process over the unpacked package, which is not written to, as in Azure; storage is Azurite, the
model the stand-in, and each round has a picture of its own. CPU time of that process alone: decoding has its own.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from azure.storage.blob import BlobServiceClient  # noqa: E402  # after the path
from PIL import Image  # noqa: E402  # as above

from local.azurite import Azurite  # noqa: E402  # as above
from local.chat_standin import ChatStandIn  # noqa: E402  # as above
from local.commands.package import SITE_PACKAGES  # noqa: E402  # as above
from local.stack import make_places  # noqa: E402  # as above

INSIDE = ROOT / "bench" / "inside" / "cold_start.py"
WAYS = {"with byte code": True, "without": False}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--package", type=Path, default=ROOT / "dist" / "visiondrop.zip")
    parser.add_argument("--python", default=sys.executable, help="the Python that the package is for")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with Azurite() as azurite, ChatStandIn(model="gpt-5.1") as model, tempfile.TemporaryDirectory() as folder:
        make_places(azurite.connection_string)
        environ = {
            "AzureWebJobsStorage": azurite.connection_string,
            "AZURE_OPENAI_ENDPOINT": model.base_url,
            "AZURE_OPENAI_DEPLOYMENT": "gpt-5.1",
            "AZURE_OPENAI_API_KEY": "made-up",
        }
        found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        apps = {way: unpack(arguments.package, Path(folder) / way, byte_code=kept) for way, kept in WAYS.items()}
        with BlobServiceClient.from_connection_string(azurite.connection_string) as blobs:
            for number in range(arguments.rounds):
                for way, app in apps.items():
                    name = f"{number}-{len(found[way])}-{way}.jpg"
                    blobs.get_blob_client("uploads", name).upload_blob(photograph())
                    found[way].append(measure(app, arguments.python, environ, name))
    for way, rounds in found.items():
        medians = {step: statistics.median(each[step] for each in rounds) for step in rounds[0]}
        steps = ", ".join(f"{step} {cpu_s:.2f}" for step, cpu_s in medians.items())
        print(f"{way}: {steps}; together {sum(medians.values()):.2f} CPU s (median of {len(rounds)})")


def photograph() -> bytes:
    """12 megapixels that nobody has asked about yet."""
    buffer = io.BytesIO()
    Image.effect_noise((4032, 3024), 40).convert("RGB").save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def unpack(package: Path, app: Path, *, byte_code: bool) -> Path:
    with zipfile.ZipFile(package) as zipped:
        zipped.extractall(app)
    if not byte_code:
        for cache in app.rglob("__pycache__"):
            shutil.rmtree(cache)
    return app


def measure(app: Path, python: str, environ: dict[str, str], name: str) -> dict[str, float]:
    program = (
        f"import sys, runpy; sys.path[:0] = [{str(app)!r}, {str(app / SITE_PACKAGES)!r}]; "
        f"sys.argv = ['', {name!r}]; runpy.run_path({str(INSIDE)!r})"
    )
    command = [python, "-I", "-S", "-B", "-c", program]  # -B: nothing can be written there
    done = subprocess.run(command, cwd=app, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["state"] == "done", answer
    return dict(answer["cpu_s"])


if __name__ == "__main__":
    main()
