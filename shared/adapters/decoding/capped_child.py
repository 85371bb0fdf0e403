"""A child process that decodes files of strangers, with a cap on its time and memory.

pixels/worker.py and frames/worker.py are two of them: C decoders cannot be interrupted or capped in this process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, ClassVar, Self, cast

from shared.adapters.decoding.wire import receive
from shared.core.errors import SourceRejected, VisiondropError
from shared.core.media.decode_limits import DEFAULT_LIMITS, MEGABYTE, DecodeLimits

ROOT = Path(__file__).parents[3]
MALLOC = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * MEGABYTE),
    "MALLOC_TRIM_THRESHOLD_": str(32 * MEGABYTE),
}
"""Of glibc: memory that one step has freed is the next one's. To ask the kernel for it anew is a tenth of the time."""


class CappedChild:
    """Thread-safe. The child starts with the first file and ends with `close` or with this process."""

    module: ClassVar[str]  # what the child runs; its argument is `limits.max_decode_bytes`

    def __init__(self, limits: DecodeLimits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.lock = threading.Lock()
        self.child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self.lock:
            self.stop()

    @contextmanager
    def running_child(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """The child's pipes, with a clock running. A child that dies is replaced for the next file."""
        if self.child is None or self.child.poll() is not None:
            self.stop()
            self.child = start_child(self.module, self.limits)
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
            self.stop()  # mid-sentence: the next file gets a new child
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


def start_child(module: str, limits: DecodeLimits) -> subprocess.Popen[bytes]:
    """Raises OSError if it does not come up: no file is to blame. Its environment says where code is, no more."""
    child = subprocess.Popen(  # noqa: S603 -- this interpreter and a module of this program
        [sys.executable, "-m", module, str(limits.max_decode_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            **MALLOC,
            "LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR")),
        },
    )
    try:
        receive(cast("IO[bytes]", child.stdout))
    except EOFError as error:
        raise OSError(f"the process that decodes does not start (exit code {child.wait()})") from error
    return child


def answer(replies: IO[bytes]) -> Any:
    return unless_rejected(receive(replies))


def unless_rejected(reply: Any) -> Any:
    if fault := reply.get("rejected"):
        raise SourceRejected(str(fault["message"]), code=str(fault["code"]), hint=str(fault["hint"]))
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
