"""Runs one timer function at its moments, one run at a time. Missed moments are not made up for."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta

from local.host.functions import Function
from local.host.schedule import Schedule
from local.host.values import timer_value
from local.host.worker import InvocationReleased, InvocationTimedOut, Worker

WAIT_S = 60.0  # one look at a wait; a long one is several


class TimerListener:
    def __init__(self, function: Function, schedule: Schedule, worker: Worker) -> None:
        self.function = function
        self.schedule = schedule
        self.worker = worker
        self.last: datetime | None = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name=f"timer-{function.name}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()

    def run(self) -> None:
        if self.function.trigger.get("runOnStartup"):
            self.fire()
        while not self.stopping.is_set():
            due = self.schedule.after(datetime.now(UTC))
            if due is None:
                return
            while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
                if self.stopping.wait(min(left, WAIT_S)):
                    return
            self.fire()

    def fire(self) -> None:
        now = datetime.now(UTC)
        following = self.schedule.after(now) or now + timedelta(days=366)
        last, self.last = self.last, now
        make = lambda: timer_value(self.function, last=last, following=following)  # noqa: E731 # shorter than a def
        # what it raised is logged by the worker and then over; its next moment comes
        with contextlib.suppress(InvocationTimedOut, InvocationReleased):
            invocation = self.worker.start(self.function, make)
            while not invocation.ended(within_s=WAIT_S):
                pass
