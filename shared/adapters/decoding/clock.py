"""How long a decoding child may take over one file: by its own processor time, and by the clock.

Processor time is the file's doing, the clock is also that of everybody else on the machine: a healthy picture on a busy
instance must not be refused for good.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Literal

from shared.core.errors import DecoderBusy, SourceRejected, VisiondropError
from shared.core.media.decode_limits import DecodeLimits

CPU_FIELDS = slice(11, 13)  # of /proc/PID/stat behind the name: user and system time, in ticks; see proc(5)
LEAST_LOOK_S = 0.01
BUSY_SHARE = 0.5  # of the processor time allowed: who has had less by the end was not given it

ClockVerdict = Literal["slow", "starved"]


class Clock:
    """A clock that kills a child that takes too long; `verdict` then says whose fault that was."""

    def __init__(self, child: subprocess.Popen[bytes], limits: DecodeLimits) -> None:
        self.child, self.limits = child, limits
        self.ended = threading.Event()
        self.verdict: ClockVerdict | None = None
        self.cpu_before_s = cpu_s(child.pid)
        self.until_s = time.monotonic() + limits.max_seconds * limits.wall_factor
        self.thread = threading.Thread(target=self.watch, name="decoder-clock", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.ended.set()
        self.thread.join()

    def watch(self) -> None:
        look_in_s = min(self.limits.max_seconds, self.until_s - time.monotonic())
        while not self.ended.wait(max(LEAST_LOOK_S, look_in_s)):
            used_s = self.used_s()
            cpu_left_s, wall_left_s = self.limits.max_seconds - used_s, self.until_s - time.monotonic()
            if cpu_left_s <= 0 or wall_left_s <= 0:
                self.verdict = "slow" if used_s >= self.limits.max_seconds * BUSY_SHARE else "starved"
                self.child.kill()
                return
            look_in_s = min(cpu_left_s, wall_left_s)

    def used_s(self) -> float:
        """Seconds of processor time for this file; all that is allowed where the system does not tell."""
        now_s = cpu_s(self.child.pid)
        if now_s is None or self.cpu_before_s is None:
            return self.limits.max_seconds
        return now_s - self.cpu_before_s

    def fault(self) -> VisiondropError:
        """The error to raise for the child that was killed."""
        allowed_s = self.limits.max_seconds
        slow = SourceRejected(
            f"decoding took longer than {allowed_s:g} s",
            code="too_slow",
            hint="Upload a smaller copy, or fewer frames.",
        )
        if self.verdict == "slow":
            return slow
        message = f"decoding did not end within {allowed_s * self.limits.wall_factor:g} s on a busy machine"
        return DecoderBusy(message, verdict=slow)


def cpu_s(pid: int) -> float | None:
    """Seconds of processor time that a process has used; None where the system does not tell, or it is gone."""
    try:
        behind_the_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2]
        ticks = sum(map(int, behind_the_name.split()[CPU_FIELDS]))
    except (OSError, ValueError):
        return None
    return ticks / os.sysconf("SC_CLK_TCK")
