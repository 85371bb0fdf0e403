"""Normalises pictures in a child process that is killed when one of them takes too long, too much, or the child itself.

`accept` uses this instead of pixels.normalise_image: C decoders cannot be interrupted or capped in-process. One child
serves one picture at a time, which also keeps the sum of their memory under the limit; it lives on to the next picture.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, cast

from shared.adapters.pixels_wire import receive, receive_block, send
from shared.core.codec import from_json, to_json
from shared.core.errors import SourceRejected, VisiondropError
from shared.core.limits import DEFAULT_LIMITS, Limits, Load, check_source
from shared.core.normalised import NormalisedImage, Rendered
from shared.core.plan import ImageInfo, plan_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.core.models import Detail, Model

ROOT = Path(__file__).parents[2]


class PixelWorker:
    """Thread-safe. The child starts with the first picture and ends with `close` or with this process."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.lock = threading.Lock()
        self.child: subprocess.Popen[bytes] | None = None

    def normalise_image(
        self, data: bytes, *, model: Model, detail: Detail, max_images: int | None = None
    ) -> NormalisedImage:
        """Raises SourceRejected, with code "too_slow" past `limits.max_seconds`."""
        check_source(Load(bytes=len(data)), self.limits)
        with self.lock, self.running_child() as (requests, replies):
            send(requests, {"limits": to_json(self.limits)}, [data])
            info = from_json(ImageInfo, answer(replies)["info"])
            try:
                plan = plan_image(info, model=model, detail=detail, max_images=max_images)
                check_source(Load(bytes=info.bytes, decode_bytes=plan.decode_bytes), self.limits)
            except VisiondropError:
                send(requests, {"plan": None})
                raise
            send(requests, {"plan": to_json(plan)})
            facts = answer(replies)["outputs"]
            outputs = tuple(from_json(Rendered, {**fact, "data": receive_block(replies)}) for fact in facts)
        return NormalisedImage(info=info, plan=plan, outputs=outputs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self.lock:
            self.stop()

    @contextmanager
    def running_child(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """The child's pipes, with a clock running. A child that dies is replaced for the next picture."""
        if self.child is None or self.child.poll() is not None:
            self.stop()
            self.child = start_child(self.limits)
        late = threading.Event()
        clock = threading.Timer(self.limits.max_seconds, kill_late, (self.child, late))
        clock.start()
        try:
            yield cast("IO[bytes]", self.child.stdin), cast("IO[bytes]", self.child.stdout)
        except VisiondropError:
            raise
        except (EOFError, OSError) as error:
            status = self.child.wait()
            raise too_slow(self.limits.max_seconds) if late.is_set() else taken_down(status) from error
        except BaseException:
            self.stop()  # mid-sentence: the next picture gets a new child
            raise
        finally:
            clock.cancel()

    def stop(self) -> None:
        if self.child is not None:
            self.child.kill()
            with (
                suppress(BrokenPipeError),
                self.child,
            ):  # closes the pipes, of which one may hold unread bytes, and waits
                pass
            self.child = None


def start_child(limits: Limits) -> subprocess.Popen[bytes]:
    """Raises OSError if it does not come up: no picture is to blame. Its environment says where code is, no more."""
    child = subprocess.Popen(  # noqa: S603 -- this interpreter and a module of this program
        [sys.executable, "-m", "shared.adapters.pixels_child", str(limits.max_decode_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR")),
        },
    )
    try:
        receive(cast("IO[bytes]", child.stdout))
    except EOFError as error:
        raise OSError(f"the process that decodes pictures does not start (exit code {child.wait()})") from error
    return child


def answer(replies: IO[bytes]) -> Any:
    reply = receive(replies)
    if rejected := reply.get("rejected"):
        raise SourceRejected(str(rejected["message"]), code=str(rejected["code"]), hint=str(rejected["hint"]))
    return reply


def kill_late(child: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    child.kill()


def too_slow(max_seconds: float) -> SourceRejected:
    return SourceRejected(
        f"decoding took longer than {max_seconds:g} s", code="too_slow", hint="Upload a smaller copy, or fewer frames."
    )


def taken_down(status: int) -> SourceRejected:
    """SIGKILL that we did not send is the kernel's, out of memory; any other end is the decoder's own."""
    if status == -getattr(signal, "SIGKILL", 9):
        return SourceRejected("decoding needs too much memory", code="too_large", hint="Upload a smaller copy.")
    return SourceRejected(
        "the file makes its decoder fail", code="corrupt", hint="Open it in a viewer and save it again."
    )
