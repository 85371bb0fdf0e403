"""20 frames of an hour over HTTP: bytes, seconds and memory, against a whole download and ffmpeg's own HTTP seek.

    python bench/video.py [--hours 1] [--clip-seconds 47] [--film-seconds 20]

Makes a long 1080p film by looping a clip (no bytes are invented: the packets are copied), serves it with ranges on
loopback and counts what goes over the socket. Then the speed of MP4s for browsers: tracks copied, and encoded.
Needs `ffmpeg` on PATH for the peers; without it they are left out.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parents[1]))

import av
from PIL import Image

from shared.adapters.frames.open import open_video
from shared.adapters.frames.ranges import RangeReader
from shared.adapters.frames.sample import sample
from shared.adapters.frames.worker import VIDEO_LIMITS, FrameWorker
from shared.core.media.frame_plan import plan_video
from shared.core.media.playback import MP4_CODECS
from shared.core.models.catalogue import look_up_model

MODEL = look_up_model("gpt-4o")
SIZE = (1920, 1080)
RATE = 30
FRAMES = 20


def make_clip(path: Path, seconds: int) -> None:
    """A camera that wanders over a large picture: motion, detail, no two frames alike."""
    fractal = Image.effect_mandelbrot((4000, 3000), (-2, -1.2, 0.7, 1.2), 60).convert("RGB")
    world = Image.blend(fractal, Image.effect_noise((4000, 3000), 90).convert("RGB"), 0.3)
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "30", "g": "250"}
        for number in range(seconds * RATE):
            left, top = number * 2 % 2000, (number * 3 // 2) % 1900
            view = world.crop((left, top, left + SIZE[0], top + SIZE[1]))
            out.mux(stream.encode(av.VideoFrame.from_image(view)))
        out.mux(stream.encode(None))


def loop(clip: Path, path: Path, seconds: float) -> None:
    with av.open(str(clip)) as source, av.open(str(path), "w", format="mp4") as out:
        track = source.streams.video[0]
        copy = out.add_stream_from_template(track)
        packets = [packet for packet in source.demux(track) if packet.size]
        length = max(packet.pts + packet.duration for packet in packets)
        moments = [(packet.pts, packet.dts) for packet in packets]
        for turn in range(int(seconds / float(length * track.time_base)) + 1):
            for packet, (pts, dts) in zip(packets, moments, strict=True):
                packet.pts, packet.dts, packet.stream = pts + turn * length, dts + turn * length, copy
                packet.time_base = Fraction(track.time_base)
                out.mux(packet)


class Ranges(BaseHTTPRequestHandler):
    """Serves one file; counts the bytes that it could send before the other side hung up."""

    path_on_disk: Path
    sent = 0
    asked = 0
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        size = self.path_on_disk.stat().st_size
        start, _, end = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        first, last = int(start), int(end) if end else size - 1
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        kind = type(self)
        kind.asked += 1
        with self.path_on_disk.open("rb") as file:
            file.seek(first)
            left = last - first + 1
            try:
                while left > 0 and (block := file.read(min(left, 65536))):
                    self.wfile.write(block)
                    kind.sent += len(block)
                    left -= len(block)
            except OSError:
                self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def reader(url: str, size: int) -> RangeReader:
    def fetch(at: int, count: int) -> bytes:
        with urlopen(Request(url, headers={"Range": f"bytes={at}-{at + count - 1}"})) as response:
            return response.read()

    return RangeReader(fetch, size)


def children_s() -> float:
    """CPU seconds of children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_mb(pid: int) -> float:
    """Of a running process, counted from its own start."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def ours(url: str, size: int) -> None:
    file = reader(url, size)
    started, before = time.perf_counter(), children_s()
    with FrameWorker() as worker:
        video = worker.sample(file, model=MODEL, detail="low", frames=FRAMES)
        peak = peak_mb(worker.child.pid)
    cpu = children_s()
    print(
        f"visiondrop: {len(video.frames)} frames, {file.bytes_fetched / 1e6:.1f} MB in {file.requests} requests "
        f"({100 * file.bytes_fetched / size:.2f} %), {time.perf_counter() - started:.2f} s, CPU {cpu - before:.2f} s, "
        f"peak {peak:.0f} MB, {video.coverage.percent:g} % covered, largest gap {video.coverage.largest_gap_s:.0f} s"
    )


def seek_errors(path: Path) -> None:
    """How far frames are from the middles of their slots."""
    for name, keyframes in (("nearest keyframe", True), ("exact", False)):
        with path.open("rb") as raw:
            file = SizedFile(raw, path.stat().st_size)
            with open_video(file, VIDEO_LIMITS) as video:
                plan = plan_video(video.info, model=MODEL, detail="low", frames=FRAMES)
                plan = plan if keyframes else replace(plan, keyframes_s=())
                started = time.process_time()
                shots = sample(video, plan, deadline=time.monotonic() + 600).shots
        error = sum(abs(shot.look.at_s - shot.wanted_s) for shot in shots) / len(shots)
        print(f"{name}: {error:.2f} s off on average, CPU {time.process_time() - started:.2f} s")


class SizedFile:
    def __init__(self, file, size: int) -> None:
        self.file, self.size = file, size

    def __getattr__(self, name: str):
        return getattr(self.file, name)


def film_speed(clip: Path, folder: Path, seconds: int) -> None:
    """The same film to MP4 by our child and by ffmpeg: copied from Matroska, and encoded from ProRes as we do it."""
    copied, prores = folder / "film.mkv", folder / "film.mov"
    remux(clip, copied, seconds, "matroska")
    encode_prores(clip, prores, seconds)
    small = ("-vf", "scale=1280:720", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
    for name, path, ours_copies, arguments in (
        ("copied from Matroska", copied, True, ("-c", "copy")),
        ("encoded from ProRes 1080p as H.264 720p", prores, False, small),
    ):
        mine = timed_film(path, folder / "ours.mp4", copies=ours_copies)
        told = f"{name}: {path.stat().st_size / 1e6:.0f} MB, {seconds * RATE} frames: {mine:.2f} s"
        told += f", {seconds * RATE / mine:.0f} frames/s"
        if shutil.which("ffmpeg") is None:
            print(f"{told}; no ffmpeg on PATH to compare with")
            continue
        theirs = timed_ffmpeg(path, folder / "theirs.mp4", arguments)
        print(f"{told}; ffmpeg {theirs:.2f} s, so {mine / theirs:.2f} times as long")


def remux(clip: Path, path: Path, seconds: int, form: str) -> None:
    with av.open(str(clip)) as source, av.open(str(path), "w", format=form) as out:
        track = source.streams.video[0]
        copy = out.add_stream_from_template(track)
        for packet in source.demux(track):
            if packet.size and packet.dts * track.time_base < seconds:
                packet.stream = copy
                out.mux(packet)


def encode_prores(clip: Path, path: Path, seconds: int) -> None:
    with av.open(str(clip)) as source, av.open(str(path), "w", format="mov") as out:
        stream = out.add_stream("prores_aw", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv422p10le"
        for frame in itertools.islice(source.decode(video=0), seconds * RATE):
            frame.pict_type = 0
            out.mux(stream.encode(frame.reformat(format="yuv422p10le")))
        out.mux(stream.encode(None))


def timed_film(path: Path, target: Path, *, copies: bool) -> float:
    with path.open("rb") as raw, FrameWorker() as worker, target.open("wb") as out:
        worker.inspect(fetching(raw, path))  # starts the child
        started = time.perf_counter()
        for block in worker.mp4(fetching(raw, path), copied=MP4_CODECS if copies else frozenset()):
            out.write(block)
        return time.perf_counter() - started


def fetching(raw: BinaryIO, path: Path) -> RangeReader:
    def fetch(at: int, count: int) -> bytes:
        raw.seek(at)
        return raw.read(count)

    return RangeReader(fetch, path.stat().st_size)


def timed_ffmpeg(path: Path, target: Path, arguments: tuple[str, ...]) -> float:
    started = time.perf_counter()
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(path), *arguments, str(target)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - started


def peers(url: str, duration_s: float, folder: Path, counter: type[Ranges]) -> None:
    moments = [duration_s * (2 * number + 1) / (2 * FRAMES) for number in range(FRAMES)]
    started, sent, before = time.perf_counter(), counter.sent, children_s()
    copy = folder / "copy.mp4"
    with urlopen(url) as response, copy.open("wb") as target:
        shutil.copyfileobj(response, target)
    peak = ffmpeg(str(copy), moments, folder)
    report("download, then ffmpeg -ss", started, before, counter.sent - sent, peak)
    started, sent, before = time.perf_counter(), counter.sent, children_s()
    peak = ffmpeg(url, moments, folder)
    report("ffmpeg -ss over HTTP", started, before, counter.sent - sent, peak)


def ffmpeg(source: str, moments: list[float], folder: Path) -> float:
    """The peak memory of the largest of the processes, in MB."""
    peaks = []
    for at_s in moments:
        scale = ("-frames:v", "1", "-vf", "scale=512:-2", str(folder / "frame.jpg"))
        child = subprocess.Popen(["ffmpeg", "-v", "error", "-y", "-ss", str(at_s), "-i", source, *scale])
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise subprocess.CalledProcessError(child.returncode, child.args)
        peaks.append(used.ru_maxrss / 1024)
    return max(peaks)


def report(name: str, started: float, before: float, sent: int, peak: float) -> None:
    seconds = time.perf_counter() - started
    print(f"{name}: {sent / 1e6:.1f} MB, {seconds:.2f} s, CPU {children_s() - before:.2f} s, peak {peak:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=1.0, help="0: only the films that are made into MP4")
    parser.add_argument("--clip-seconds", type=int, default=47)
    parser.add_argument("--film-seconds", type=int, default=20, help="of the films that are made into MP4")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / "clip.mp4"
        make_clip(clip, arguments.clip_seconds)
        if arguments.hours > 0:
            frames_of_hours(clip, folder, arguments.hours)
        film_speed(clip, folder, min(arguments.film_seconds, arguments.clip_seconds))


def frames_of_hours(clip: Path, folder: Path, hours: float) -> None:
    film = folder / "film.mp4"
    loop(clip, film, hours * 3600)
    size = film.stat().st_size
    print(f"{hours:g} h of 1080p{RATE}, H.264, a keyframe every 250 frames: {size / 1e6:.0f} MB")
    handler = type("Served", (Ranges,), {"path_on_disk": film})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/film.mp4"
        ours(url, size)
        if shutil.which("ffmpeg"):
            peers(url, hours * 3600, folder, handler)
        else:
            print("no ffmpeg on PATH: its rows are left out")
        server.shutdown()
    seek_errors(film)


if __name__ == "__main__":
    main()
