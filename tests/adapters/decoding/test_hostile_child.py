"""A decoding child that a file has taken over: whatever it says, its parent ends it, in little memory, and goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc

import pytest

from shared.adapters.decoding.believed import believed
from shared.adapters.decoding.wire import BLOCK_BYTES, LENGTH, MESSAGE_BYTES
from shared.adapters.frames.child import MOST_KEYFRAMES, thinned
from shared.adapters.frames.wire import READ_BYTES, allowance
from shared.adapters.frames.worker import FrameWorker
from shared.adapters.pixels.worker import PixelWorker
from shared.core.codec import to_json
from shared.core.errors import DecoderBusy, SourceRejected
from shared.core.media.decode_limits import MEGABYTE, DecodeLimits
from shared.core.media.frame_plan import VideoInfo
from shared.core.models.catalogue import look_up_model
from tests.pictures import encoded, quarters
from tests.videos import clip, ranges

MODEL = look_up_model("gpt-4o")
PNG = encoded(quarters(), "PNG")
BOUND = 4 * READ_BYTES  # of the parent's memory

SAYS = """
import sys
words = open(sys.argv[1], "rb").read()
sys.stdin.buffer.read(1)  # a file has come
sys.stdout.buffer.write(words * int(sys.argv[2]))
sys.stdout.buffer.flush()
sys.stdin.buffer.read()
"""


def block(data: bytes) -> bytes:
    return LENGTH.pack(len(data)) + data


def message(value: object) -> bytes:
    return block(json.dumps(value).encode())


@pytest.fixture
def child_that_says(tmp_path):
    """Starts a process that answers the first byte with these words, so many times."""

    def start(words: bytes, *, times: int = 1) -> subprocess.Popen[bytes]:
        path = tmp_path / "words"
        path.write_bytes(words)
        command = [sys.executable, "-S", "-c", SAYS, str(path), str(times)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    return start


class Endless:
    """A file of 300 MB that is not in memory; what is read of it is counted."""

    size = 300 * MEGABYTE
    read_bytes = 0

    def read(self, at, size):
        self.read_bytes += size
        return bytes(min(size, self.size - at))


KIND = {"format": "mp4", "media_type": "video/mp4", "kind": "video", "label": "MP4"}
INFO = {
    "kind": KIND,
    "bytes": 1,
    "width": 64,
    "height": 64,
    "orientation": 1,
    "duration_s": 1.0,
    "frames": 1,
    "frames_per_s": 1.0,
    "codec": "h264",
}

OF_ANY_CHILD = {
    "a block of 4 GB": LENGTH.pack(1 << 32),
    "a block of 16 exabytes": b"\xff" * 8,
    "no JSON": block(b"\xff\x00not JSON"),
    "JSON too deep": block(b"[" * 100_000),
    "no object": message([1, 2]),
    "nothing that was asked": message({"what": "ever"}),
    "a refusal in an unknown form": message({"rejected": {"message": "m", "code": "gave_up", "hint": ""}}),
    "a refusal without words": message({"rejected": {"code": "corrupt"}}),
}
OF_A_FILM = OF_ANY_CHILD | {
    "a terabyte of the file": message({"read": [0, 10**12]}),
    "just too much at once": message({"read": [0, READ_BYTES + 1]}),
    "a negative place": message({"read": [-1, 10]}),
    "a negative size": message({"read": [0, -10]}),
    "parts of bytes": message({"read": [0.5, 1.5]}),
    "a range in words": message({"read": "all of it"}),
    "a range of three": message({"read": [0, 1, 2]}),
    "a width in words": message({"info": INFO | {"width": "wide"}}),
    "a negative width": message({"info": INFO | {"width": -64}}),
    "no number": block(json.dumps({"info": INFO | {"duration_s": float("nan")}}).encode()),
    "a frame rate of a zettahertz": message({"info": INFO | {"frames_per_s": 1e21}}),
    "a kind that is none": message({"info": INFO | {"kind": "film"}}),
    "no header": message({"info": None}),
}


def refused(worker, child, task):
    """The fault of the file, while the parent's memory is watched."""
    worker.child = child
    tracemalloc.start()
    try:
        with pytest.raises(SourceRejected) as caught:
            task()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert child.returncode is not None
    assert peak < BOUND
    return caught.value


@pytest.mark.parametrize("words", OF_A_FILM.values(), ids=OF_A_FILM)
def test_a_hostile_decoder_of_videos_is_ended(child_that_says, words):
    """Killed, with a message that says so; the next video is read by a new one."""
    with FrameWorker() as worker:
        fault = refused(worker, child_that_says(words), lambda: worker.sample(Endless(), model=MODEL, detail="low"))
        assert (fault.code, "cannot be used" in fault.message) == ("corrupt", True)
        assert worker.sample(ranges(clip(3)), model=MODEL, detail="low").frames


def test_a_decoder_that_reads_for_ever_is_ended(child_that_says):
    """In all it gets what an honest one may read: its parent counts too."""
    file = Endless()
    child = child_that_says(message({"read": [0, READ_BYTES]}), times=1000)
    with FrameWorker() as worker:
        fault = refused(worker, child, lambda: worker.sample(file, model=MODEL, detail="low"))
    assert "may read" in fault.message
    assert file.read_bytes <= allowance(file.size, whole=False) + READ_BYTES


OF_SOUND = {
    "a piece that is none": message({"piece": "loud"}),
    "a piece before its time": message({"piece": {"start_s": -1, "duration_s": 1.0}}) + block(b"mp3"),
    "a piece of 100 MB": message({"piece": {"start_s": 0, "duration_s": 1.0}}) + LENGTH.pack(100 * MEGABYTE),
}


@pytest.mark.parametrize("words", OF_SOUND.values(), ids=OF_SOUND)
def test_a_hostile_decoder_of_sound_is_ended(child_that_says, words):
    """Pieces have the same bounds."""
    with FrameWorker() as worker:
        assert refused(worker, child_that_says(words), lambda: worker.sound(Endless())).code == "corrupt"


@pytest.mark.parametrize("words", [message({"piece": {}}) + LENGTH.pack(BLOCK_BYTES + 1), message({"piece": 7})])
def test_a_hostile_writer_of_films_is_ended(child_that_says, words):
    """So have the blocks of an MP4."""
    with FrameWorker() as worker:
        fault = refused(worker, child_that_says(words), lambda: list(worker.mp4(Endless(), copied=frozenset())))
    assert fault.code == "corrupt"


SEEN = {
    "kind": KIND | {"format": "png", "media_type": "image/png", "kind": "image", "label": "PNG"},
    "bytes": len(PNG),
    "width": 64,
    "height": 64,
    "orientation": 1,
    "frame_sizes": [[64, 64]],
    "mode": "RGB",
    "cost": {"scaled": 4.0, "fixed": 0.0, "max_scale": 1},
}
SENT = {"media_type": "image/png", "width": 64, "height": 64}
OF_A_PICTURE = OF_ANY_CHILD | {
    "no pictures": message({"info": SEEN}) + message({"pictures": []}),
    "too many pictures": message({"info": SEEN}) + message({"pictures": [{}] * 100_000}),
    "a web page": message({"info": SEEN}) + message({"pictures": [SENT | {"media_type": "text/html"}]}),
    "a picture without a size": message({"info": SEEN}) + message({"pictures": [SENT | {"width": 0}]}),
    "a picture in words": message({"info": SEEN}) + message({"pictures": ["a boat"]}),
    "a picture of 65 MB": message({"info": SEEN}) + message({"pictures": [SENT]}) + LENGTH.pack(65 * MEGABYTE),
    "too many sizes": message({"info": SEEN | {"frame_sizes": [[1, 2, 3]]}}),
}


@pytest.mark.parametrize("words", OF_A_PICTURE.values(), ids=OF_A_PICTURE)
def test_a_hostile_decoder_of_pictures_is_ended(child_that_says, words):
    """Killed, with a message that says so; the next picture is read by a new one."""

    def task():
        return worker.normalize_image(PNG, model=MODEL, detail="high")

    with PixelWorker() as worker:
        fault = refused(worker, child_that_says(words), task)
        assert (fault.code, "cannot be used" in fault.message) == ("corrupt", True)
        assert task().pictures


@pytest.mark.parametrize("count", [0, 1, MOST_KEYFRAMES, MOST_KEYFRAMES + 1, 20 * MOST_KEYFRAMES + 3])
def test_an_honest_index_always_fits(count):
    """A film of ten hours in which every picture is a keyframe is read like any other: fewer of them are sent."""
    film = believed(VideoInfo, INFO | {"keyframes_s": [number / 60 for number in range(count)]})
    sent = thinned(film)

    assert len(message({"info": to_json(sent)})) < MESSAGE_BYTES
    assert count / 22 <= len(sent.keyframes_s) <= MOST_KEYFRAMES
    assert sent.keyframes_s == film.keyframes_s or set(sent.keyframes_s) < set(film.keyframes_s)


SPINS = "import sys; sys.stdin.buffer.read(1)\nwhile True: pass"
SLEEPS = "import sys, time; sys.stdin.buffer.read(1); time.sleep(60)"


@pytest.mark.skipif(sys.platform != "linux", reason="processor time is read from /proc")
@pytest.mark.parametrize(("script", "wall_factor", "code"), [(SPINS, 1000, "too_slow"), (SLEEPS, 2, "decoder_busy")])
def test_processor_time_is_the_files_and_the_clock_is_the_machines(script, wall_factor, code):
    """Who has used its time is refused at once; who did not get it may try again, and is refused the second time."""
    limits = DecodeLimits(max_seconds=0.2, wall_factor=wall_factor)
    with PixelWorker(limits) as worker:
        worker.child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with pytest.raises((SourceRejected, DecoderBusy)) as caught:
            worker.normalize_image(PNG, model=MODEL, detail="high")
    verdict = caught.value.verdict if isinstance(caught.value, DecoderBusy) else caught.value
    assert caught.value.code == code
    assert verdict is not None
    assert verdict.code == "too_slow"
