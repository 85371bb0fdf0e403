"""The child process: the same pictures, and no file that takes the app down with it."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from shared.adapters.decoding.capped_child import start_child
from shared.adapters.pixels.normalize import normalize_image
from shared.adapters.pixels.worker import CHILD, PixelWorker
from shared.core.errors import DecoderBusy, SourceRejected
from shared.core.media.decode_limits import DEFAULT_LIMITS, DecodeLimits
from shared.core.models.catalogue import look_up_model
from tests.pictures import encoded, heic, photo, quarters

MODEL = look_up_model("gpt-4o")
PICTURES = [
    encoded(photo(), "JPEG"),
    encoded(quarters(), "PNG"),
    encoded(quarters(), "GIF", save_all=True, append_images=[photo((96, 64))]),
    heic(photo()),
]


@pytest.fixture(scope="module")
def worker():
    with PixelWorker() as running:
        yield running


@pytest.mark.parametrize("data", PICTURES)
def test_the_child_answers_like_a_call(worker, data):
    """Info, plan and pictures cross the process boundary unchanged."""
    assert worker.normalize_image(data, model=MODEL, detail="high") == normalize_image(data, model=MODEL, detail="high")


REFUSED = [(b"", "empty"), (b"hello", "unsupported"), (b"%PDF-", "corrupt"), (PICTURES[0][:200], "corrupt")]


@pytest.mark.parametrize(("data", "code"), REFUSED)
def test_a_refusal_crosses_with_its_words(worker, data, code):
    """Code, message and hint are those of the call, and the child goes on to serve."""
    with pytest.raises(SourceRejected) as here:
        normalize_image(data, model=MODEL, detail="high")
    with pytest.raises(SourceRejected) as there:
        worker.normalize_image(data, model=MODEL, detail="high")
    assert (there.value.code, there.value.message, there.value.hint) == (code, here.value.message, here.value.hint)
    assert worker.normalize_image(PICTURES[1], model=MODEL, detail="high").pictures


def test_a_picture_turned_down_by_its_plan_leaves_the_child_in_step():
    """The memory limit is checked between the two requests."""
    with PixelWorker(DecodeLimits(max_decode_bytes=1_000_000)) as worker:
        with pytest.raises(SourceRejected, match="memory to decode"):
            worker.normalize_image(PICTURES[0], model=MODEL, detail="high")
        assert worker.normalize_image(PICTURES[1], model=MODEL, detail="high").pictures


def test_a_picture_that_takes_too_long_is_given_up():
    """The child is killed at the cap, and the next picture gets a new one."""
    with PixelWorker(DecodeLimits(max_seconds=0.03, wall_factor=1000)) as worker:
        with pytest.raises(SourceRejected) as caught:
            worker.normalize_image(encoded(photo((3000, 3000)), "PNG"), model=MODEL, detail="high")
        assert caught.value.code == "too_slow"
        worker.limits = DEFAULT_LIMITS
        assert worker.normalize_image(PICTURES[0], model=MODEL, detail="high").pictures


ENDS = "import os, sys; sys.stdin.buffer.read(9); os.kill(os.getpid(), int(sys.argv[1]))"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("data", [PICTURES[1], encoded(photo((2000, 1000)), "BMP")], ids=["small", "fills the pipe"])
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGSEGV, "corrupt"), (signal.SIGKILL, "decoder_busy")])
def test_a_child_that_dies_is_replaced(data, sent, code):
    """A decoder that crashes costs one picture and not the app; one that was ended from outside costs a second try."""
    with PixelWorker() as worker:
        worker.child = subprocess.Popen(
            [sys.executable, "-c", ENDS, str(int(sent))], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with pytest.raises((SourceRejected, DecoderBusy)) as caught:
            worker.normalize_image(data, model=MODEL, detail="high")
        assert caught.value.code == code
        assert worker.normalize_image(PICTURES[0], model=MODEL, detail="high").pictures


@pytest.mark.skipif(sys.platform != "linux", reason="the cap is RLIMIT_DATA")
def test_the_childs_memory_is_capped():
    """A header that lies about its cost meets the cap of the process, and the picture is refused."""
    data = encoded(Image.new("RGB", (9000, 9000)), "TIFF", compression="tiff_lzw")
    with PixelWorker() as worker:
        worker.child = start_child(CHILD, DecodeLimits(max_decode_bytes=1_000_000))  # the check before allows 352 MB
        with pytest.raises(SourceRejected) as caught:
            worker.normalize_image(data, model=MODEL, detail="high")
        assert caught.value.code == "too_large"


def test_threads_take_turns(worker):
    """The app calls from several threads; answers do not get mixed up."""
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda data: worker.normalize_image(data, model=MODEL, detail="low"), PICTURES * 3))
    assert [image.info.kind.format for image in images] == ["jpeg", "png", "gif", "heic"] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_child_knows_no_keys(monkeypatch):
    """Whoever takes over a decoder finds an environment without secrets."""
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "made-up")
    child = start_child(CHILD, DEFAULT_LIMITS)
    with child, open(f"/proc/{child.pid}/environ", "rb") as environment:  # noqa: PTH123 -- /proc is no ordinary file
        assert b"made-up" not in environment.read()
        child.kill()
