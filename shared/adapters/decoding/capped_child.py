"""A child process that decodes untrusted files, with a cap on its time and memory.

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

from shared.adapters.decoding.clock import Clock
from shared.adapters.decoding.wire import Nonsense, receive
from shared.core.errors import DecoderBusy, SourceRejected, VisiondropError
from shared.core.media.decode_limits import DEFAULT_LIMITS, MEGABYTE, DecodeLimits

ROOT = Path(__file__).parents[3]
MALLOC = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * MEGABYTE),
    "MALLOC_TRIM_THRESHOLD_": str(32 * MEGABYTE),
}
"""Of glibc: memory that one step has freed is the next one's. To ask the kernel for it anew is a tenth of the time."""
REFUSAL_CODES = frozenset({"unsupported", "corrupt", "too_large", "too_slow", "empty"})
LONGEST_WORDS = 500  # characters of a refusal that a child tells
ENDS_WITHIN_S = 5.0  # a child that has closed its pipes


class CappedChild:
    """A child process that is started for the first file and ended by `close` or with this process. Thread-safe."""

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
        """A context with the child's pipes and a running clock. A child that dies is replaced for the next file. Raises
        SourceRejected or DecoderBusy for a child that died.
        """
        if self.child is None or self.child.poll() is not None:
            self.stop()
            self.child = start_child(self.module, self.limits)
        clock = Clock(self.child, self.limits)
        clock.start()
        try:
            yield cast("IO[bytes]", self.child.stdin), cast("IO[bytes]", self.child.stdout)
        except VisiondropError:
            raise
        except Nonsense as error:
            self.stop()
            raise taken_over(error) from error
        except (EOFError, OSError) as error:
            status = end_of(self.child)
            raise clock.fault() if clock.verdict else taken_down(status) from error
        except BaseException:
            self.stop()  # mid-sentence: the next file gets a new child
            raise
        finally:
            clock.stop()

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
    """A new child process. Raises OSError if it does not start, which is not a file's fault. Its environment says where
    the code is, and nothing else.
    """
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


def answer(replies: IO[bytes]) -> dict[str, Any]:
    return unless_rejected(receive(replies))


def unless_rejected(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply itself. Raises SourceRejected where it is a refusal, in the child's words, which are bounded."""
    if "rejected" not in reply:
        return reply
    match reply["rejected"]:
        case {"message": str(message), "code": str(code), "hint": str(hint)} if code in REFUSAL_CODES:
            raise SourceRejected(message[:LONGEST_WORDS], code=code, hint=hint[:LONGEST_WORDS])
    raise Nonsense("it refuses the file in an unknown form")


def end_of(child: subprocess.Popen[bytes]) -> int:
    """The exit status of a child that has gone. One that has only closed its pipes is ended; that was the file's
    doing.
    """
    try:
        return child.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return 1


def taken_over(error: Nonsense) -> SourceRejected:
    return SourceRejected(
        f"the decoder's answer about this file cannot be used: {error}",
        code="corrupt",
        hint="Open it in a viewer and save it again.",
    )


def taken_down(status: int) -> VisiondropError:
    """The error for a child that died. SIGKILL that we did not send is the kernel's, out of memory, perhaps because of
    other processes: the first time it is not the file's fault. Any other end is the decoder's own.
    """
    if status == -getattr(signal, "SIGKILL", 9):
        verdict = SourceRejected("decoding needs too much memory", code="too_large", hint="Upload a smaller copy.")
        return DecoderBusy("the decoder was ended from outside", verdict=verdict)
    return SourceRejected(
        "the file makes its decoder fail", code="corrupt", hint="Open it in a viewer and save it again."
    )
