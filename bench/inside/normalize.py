"""One method on one picture in this fresh process: `one METHOD WARM_UP SOURCE TARGET WIDTH HEIGHT`. Or many.

Libraries are loaded and warmed up on a small picture with the same colour profile first, as in a worker that has seen
that phone before; then one run is timed, as CPU time of all threads.
"""
# ruff: noqa: PLC0415 - each method imports what it measures, and nothing else

import io
import json
import sys
import time
from pathlib import Path

QUALITY = 85


def ours():
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from shared.adapters.pixels.normalize import inspect, render
    from shared.core.media.picture_plan import FramePlan, ImagePlan

    def normalize(data, size):
        info = inspect(data)
        frame = FramePlan(index=0, width=size[0], height=size[1], tokens=0)
        return render(data, info, ImagePlan(frames=(frame,), jpeg_quality=QUALITY))[0].data

    return normalize


def pyvips():
    import pyvips

    def normalize(data, size):
        image = pyvips.Image.thumbnail_buffer(data, size[0], height=size[1], size="force", export_profile="srgb")
        return image.jpegsave_buffer(Q=QUALITY, keep="none")

    return normalize


def pillow_naive():
    from PIL import Image, ImageCms, ImageOps

    register_heif()

    def normalize(data, size):
        image = Image.open(io.BytesIO(data))
        profile = image.info.get("icc_profile")
        image = ImageOps.exif_transpose(image).convert("RGB")
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
        target = io.BytesIO()
        image.resize(size, Image.Resampling.LANCZOS).save(target, "JPEG", quality=QUALITY)
        return target.getvalue()

    return normalize


def floor():
    """The bare JPEG decode at the smallest scale that is not below the target: nothing can be faster."""
    from PIL import Image

    def normalize(data, size):
        image = Image.open(io.BytesIO(data))
        size = size[::-1] if image.getexif().get(0x112, 1) >= 5 else size
        image.draft("YCbCr", size)
        image.decodermaxblock = len(data)
        image.load()
        return b""

    return normalize


def reference():
    """What quality is measured against: the naive way, kept as PNG."""
    from PIL import Image, ImageCms, ImageOps

    register_heif()

    def normalize(data, size):
        image = Image.open(io.BytesIO(data))
        profile = image.info.get("icc_profile")
        image = ImageOps.exif_transpose(image).convert("RGB").resize(size, Image.Resampling.LANCZOS)
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
        target = io.BytesIO()
        image.save(target, "PNG", compress_level=1)
        return target.getvalue()

    return normalize


def register_heif():
    import pillow_heif

    pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False)


def ssim(first, second):
    """Mean structural similarity of luma, Gaussian window of sigma 1.5 (Wang 2004)."""
    import numpy as np
    from PIL import Image

    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps /= taps.sum()

    def blur(plane):
        for axis in (0, 1):
            plane = np.apply_along_axis(np.convolve, axis, plane, taps, mode="valid")
        return plane

    a, b = (np.asarray(Image.open(path).convert("L"), dtype=float) for path in (first, second))
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    shared = blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * shared + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def peak_mb():
    status = Path("/proc/self/status").read_text()  # ru_maxrss would start with that of the process that started this
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def one(method, warm_up, source, target, *size):
    normalize = globals()[method]()
    normalize(Path(warm_up).read_bytes(), (32, 32))
    data = Path(source).read_bytes()
    started = time.process_time()
    result = normalize(data, (int(size[0]), int(size[1])))
    figures = {"cpu_ms": (time.process_time() - started) * 1000, "peak_mb": peak_mb()}
    Path(target).write_bytes(result)
    return figures


def many(method, inputs):
    """All pictures one after the other, twice, as in a worker that lives on."""
    normalize = globals()[method]()
    started = time.process_time()
    for source, size in json.loads(inputs) * 2:
        normalize(Path(source).read_bytes(), size)
    return {"cpu_ms": (time.process_time() - started) * 1000, "peak_mb": peak_mb()}


def main():
    what, *arguments = sys.argv[1:]
    print(json.dumps({"one": one, "many": many, "ssim": lambda a, b: {"ssim": ssim(a, b)}}[what](*arguments)))


if __name__ == "__main__":
    main()
