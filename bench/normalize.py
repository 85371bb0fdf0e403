"""How fast, how small, how good: ours against pyvips and plain Pillow on real 12 to 48 megapixel photos, in one run.

    .venv/bin/python bench/normalize.py PICTURES [--repeat 3]

PICTURES is a folder with large photos; those of the reference corpus are named below. Where the corpus has none of a
kind, one is made from a real photo by what is said in INPUTS. Each figure is the best of `repeat` fresh processes,
CPU time, one thread, same target size, JPEG quality 85. The peers are installed in an environment of their own in the
user's cache folder; the first run needs the network for that.
"""
# ruff: noqa: PLC0415 - a script finds the project only after it has put the root on the path

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from shared.adapters.decoding.capped_child import MALLOC  # noqa: E402 -- the root must be on the path first

INSIDE = ROOT / "bench" / "inside" / "normalize.py"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "visiondrop" / "normalize-peers"
PEERS = ("pyvips==3.2.0", "pyvips-binary==8.18.7", "pillow==13.0.0", "numpy")
PHONE, PORTRAIT = "drewnoakes__IMG_1034.heic", "pillowheif__arrow.heic"
WALLPAPER = "deb-lomiri-wallpapers-16.04__Dragonfly_by_Bolly.jpg"
CITY = "deb-lomiri-wallpapers-20.04__Kleiber_by_Lukas_Baubkus.jpg"
SUNSET = "deb-lomiri-wallpapers-16.04__sunset_by_Aitzol_Berasategi.jpg"
SIDEWAYS = 6  # EXIF orientation: turn by 90 degrees
WARM_UP_SIZE = (1600, 1300)  # just large enough to load what large pictures need
SHORT_SIDE, LONG_SIDE = 768, 2048  # what detail "high" sends on most models

METHODS = {
    "ours": sys.executable,
    "pyvips": CACHE / "bin" / "python",
    "pyvips_threads": CACHE / "bin" / "python",  # as it comes: a thread per core
    "pillow_naive": sys.executable,
    "floor": sys.executable,
}


def make_inputs(pictures, folder):
    """Name, file and what it is. Real files as they are; the phone's HEIC picture as the JPEG a phone would send."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    phone, portrait = Image.open(pictures / PHONE), Image.open(pictures / PORTRAIT)
    profile = phone.info.get("icc_profile")
    phone, portrait = phone.convert("RGB"), portrait.convert("RGB")
    exif = Image.Exif()
    exif[0x112] = SIDEWAYS
    tagged = {"quality": 93, "exif": exif, "icc_profile": profile}
    made = {
        "phone 12 MP": (phone, "j12.jpg", tagged),
        "phone 12 MP, another": (portrait.transpose(Image.Transpose.ROTATE_90), "j12b.jpg", tagged),
        "phone 12 MP, progressive": (phone, "j12p.jpg", {**tagged, "progressive": True}),
        "phone 24 MP (enlarged)": (phone.resize((5712, 4284), Image.Resampling.LANCZOS), "j24.jpg", tagged),
        "four photos 48 MP": (mosaic(phone, portrait, pictures), "j48.jpg", {**tagged, "quality": 90}),
        "phone 12 MP as PNG": (phone, "p12.png", {"icc_profile": profile}),
        "phone 12 MP as WebP": (phone, "w12.webp", {"icc_profile": profile, "quality": 90, "method": 2}),
    }
    for name, (image, file, options) in made.items():
        image.save(folder / file, **options)
        yield name, folder / file
    yield "dragonfly 13 MP, progressive", pictures / WALLPAPER
    yield "sunset 12 MP, progressive", pictures / SUNSET
    yield "city 20 MP", pictures / CITY
    yield "phone 12 MP as HEIC", pictures / PHONE
    yield "portrait 12 MP as HEIC", pictures / PORTRAIT


def mosaic(phone, portrait, pictures):
    width, height = phone.size
    canvas = Image.new("RGB", (2 * width, 2 * height))
    canvas.paste(phone, (0, 0))
    canvas.paste(portrait.transpose(Image.Transpose.ROTATE_90), (width, 0))
    for left, name in ((0, WALLPAPER), (width, CITY)):
        canvas.paste(Image.open(pictures / name).convert("RGB").resize((width, height)), (left, height))
    return canvas


def make_warm_up(path, folder):
    with Image.open(path) as image:
        kept = {key: image.info[key] for key in ("icc_profile", "exif") if key in image.info}
    target = folder / f"warm-up-{path.stem}{path.suffix}"
    Image.effect_noise(WARM_UP_SIZE, 50).convert("RGB").save(target, **kept)
    return target


def target_size(path):
    with Image.open(path) as image:
        width, height = image.size
        if path.suffix == ".jpg" and image.getexif().get(0x112, 1) == SIDEWAYS:
            width, height = height, width
    scale = min(1.0, LONG_SIDE / max(width, height))
    scale *= min(1.0, SHORT_SIDE / (min(width, height) * scale))
    return round(width * scale), round(height * scale)


def measure(method, path, size, folder, repeat):
    """Best time and its memory over fresh processes; None where the method cannot read the format."""
    target = folder / f"{path.stem}-{method}.{'png' if method == 'reference' else 'jpg'}"
    warm_up = make_warm_up(path, folder)
    function = method.removesuffix("_threads")
    command = [METHODS.get(method, sys.executable), INSIDE, "one", function, warm_up, path, target, *map(str, size)]
    runs = [ask(command, threads(method)) for _ in range(repeat)]
    return None if None in runs else {**min(runs, key=lambda run: run["cpu_ms"]), "file": target}


def threads(method):
    return {} if method == "pyvips_threads" else {"VIPS_CONCURRENCY": "1", "OMP_NUM_THREADS": "1"}


def ask(command, variables):
    """All with the allocator's settings of the app's own process that decodes."""
    variables = {**os.environ, **MALLOC, **variables}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    return None if done.returncode else json.loads(done.stdout)


def row(name, path, folder, repeat):
    size = target_size(path)
    methods = [method for method in METHODS if method != "floor" or path.suffix == ".jpg"]
    found = {method: measure(method, path, size, folder, repeat) for method in methods}
    reference = measure("reference", path, size, folder, 1)["file"]
    for method in ("ours", "pyvips", "pillow_naive"):
        if found[method]:
            command = [CACHE / "bin" / "python", INSIDE, "ssim", found[method]["file"], reference]
            found[method]["ssim"] = ask(command, {})["ssim"]
    cells = [f"{name:30}", "x".join(map(str, size)).rjust(10)]
    for method in METHODS:
        run = found.get(method)
        quality = f" {run['ssim']:.3f}" if run and "ssim" in run else ""
        cells.append(f"{run['cpu_ms']:5.0f} ms {run['peak_mb']:4.0f} MB{quality}".rjust(22) if run else " " * 21 + "-")
    print(" ".join(cells), flush=True)
    return {"jpeg": path.suffix == ".jpg", **found}


def summarise(rows):
    jpegs = [found for found in rows if found["jpeg"]]
    print(f"\n{len(jpegs)} JPEG photos, one thread:")
    for method in METHODS:
        total = sum(found[method]["cpu_ms"] for found in jpegs)
        ratios = [found[method]["cpu_ms"] / found["ours"]["cpu_ms"] for found in jpegs]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        in_total = total / sum(found["ours"]["cpu_ms"] for found in jpegs)
        print(
            f"  {method:21} {len(jpegs) * 1000 / total:5.1f} pictures/s; ours has {in_total:.2f}x its throughput,"
            f" {mean:.2f}x in the geometric mean, {min(ratios):.2f}x to {max(ratios):.2f}x"
        )
    for peer in ("pyvips", "pyvips_threads", "pillow_naive"):
        shares = sorted(found["ours"]["peak_mb"] / found[peer]["peak_mb"] for found in jpegs)
        middle = shares[len(shares) // 2]
        print(f"  peak memory, share of {peer}: {shares[0]:.0%} to {shares[-1]:.0%}, median {middle:.0%}")


def compare_workers(photos):
    """A worker lives on: what caches keep counts there."""
    inputs = json.dumps([[str(path), target_size(path)] for path in photos])
    print(f"\none process, the {len(photos)} JPEG photos one after the other, twice:")
    for method in ("ours", "pyvips", "pyvips_threads", "pillow_naive"):
        function = method.removesuffix("_threads")
        run = ask([METHODS[method], INSIDE, "many", function, inputs], threads(method))
        print(f"  {method:21} {run['cpu_ms'] / 1000:5.1f} s of CPU, peak {run['peak_mb']:4.0f} MB")


def install_peers():
    if not (CACHE / "complete").exists():
        venv.create(CACHE, with_pip=True)
        subprocess.run([CACHE / "bin" / "python", "-m", "pip", "install", "--quiet", *PEERS], check=True)
        (CACHE / "complete").touch()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    install_peers()
    heading = "".join(f"{method:>23}" for method in METHODS)
    print(f"{'CPU time, peak memory, SSIM':41}{heading}")
    with tempfile.TemporaryDirectory() as folder:
        inputs = list(make_inputs(arguments.pictures, Path(folder)))
        rows = [row(name, path, Path(folder), arguments.repeat) for name, path in inputs]
        summarise(rows)
        compare_workers([path for _, path in inputs if path.suffix == ".jpg"])


if __name__ == "__main__":
    main()
