"""Programs that a local run starts: each logs to a file and cannot outlive the process that started it.

Each runs under local/tied.py, which ends it as soon as the pipe held here closes: by `stop()`, or by our own death.
What they write is their owner's only.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from local import private, tied

START_TIMEOUT_S = 60.0
POLL_S = 0.01
TAIL_LINES = 20


class ChildFailed(Exception):
    """A program of the local run did not start, or ended by itself. The message ends with what it last printed."""


class Child:
    """One running program. Leaving the `with` block stops it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(mode=private.FOLDER_MODE, parents=True, exist_ok=True)
        with private.open_file(log, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-IS", tied.__file__, *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environ,
                cwd=cwd,
                start_new_session=True,
                umask=private.UMASK if os.name == "posix" else -1,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, *, timeout_s: float = START_TIMEOUT_S) -> re.Match[str]:
        """The match, once what the program printed matches. Raises ChildFailed when it ends or the time is over."""
        deadline = time.monotonic() + timeout_s
        while True:
            running = self.running  # asked before reading, so that its last words are seen
            if match := re.search(pattern, self.output(), re.MULTILINE):
                return match
            if not running:
                self.check()
            if time.monotonic() > deadline:
                raise self.failure(f"{self.name} was not ready after {timeout_s:.0f} s")
            time.sleep(POLL_S)

    def check(self) -> None:
        """Check that it runs. Raises ChildFailed if it has ended by itself."""
        if not self.running:
            raise self.failure(f"{self.name} ended with exit code {self.process.returncode}")

    def failure(self, what: str) -> ChildFailed:
        last_lines = self.output().splitlines()[-TAIL_LINES:]
        return ChildFailed("\n".join([f"{what}; its last lines ({self.log}):", *(f"  {line}" for line in last_lines)]))

    def stop(self) -> None:
        """Ask the program to end, then make it end. Safe to call twice, and on a suspended or dead one."""
        self.signal_group("SIGCONT")
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(tied.GRACE_S * 2)
        except subprocess.TimeoutExpired:
            self.signal_group("SIGKILL")
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """End it at once, as a crash would. It is gone when this returns."""
        self.signal_group("SIGCONT")
        if self.process.stdin and self.running:
            self.process.stdin.write(tied.KILL)
            self.process.stdin.flush()
        self.process.wait()

    def suspend(self) -> None:
        """Stop it, on POSIX, with its connections and its state, until `resume()`."""
        self.signal_group("SIGSTOP")

    def resume(self) -> None:
        self.signal_group("SIGCONT")

    def signal_group(self, name: str) -> None:
        if os.name == "posix" and self.running:
            os.killpg(self.process.pid, getattr(signal, name))
