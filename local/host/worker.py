"""The Python worker's part: a thread pool for plain functions, one event loop for async ones, a time limit for both.

The real host kills the whole worker process when an invocation runs out of time. Threads cannot be killed, so here
the invocation fails at once, those still waiting for a thread fail with it, and a new pool takes over; the late
thread runs on and its result is dropped. An async function is cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any

import azure.functions as func

from local.host.functions import Function

LOG = logging.getLogger("local.host")
MakeArgument = Callable[[], Any]


class ReturnInvalid(Exception):
    """What the function returned has no binding to go to, or cannot be encoded for it."""


class InvocationTimedOut(Exception):
    """functionTimeout passed, or the worker was restarted because it did for another invocation."""


class InvocationReleased(Exception):
    """The host stopped before the function began."""


class InvocationContext(func.Context):
    """What a parameter named `context` receives. It has no tracing and no retry policy."""

    local = threading.local()

    def __init__(self, function_name: str, invocation_id: str) -> None:
        self._names = (function_name, invocation_id)

    @property
    def function_name(self) -> str:
        return self._names[0]

    @property
    def invocation_id(self) -> str:
        return self._names[1]

    @property
    def thread_local_storage(self) -> Any:
        return self.local

    @property
    def function_directory(self) -> str:
        return os.getcwd()  # noqa: PTH109 # the library says str

    @property
    def trace_context(self) -> Any:
        return None

    @property
    def retry_context(self) -> Any:
        return None


class Invocation:
    """One run of one function. `future` ends with the function's return value."""

    def __init__(self, worker: Worker, function: Function, future: Future[Any]) -> None:
        self.worker = worker
        self.function = function
        self.future = future
        self.over = over = threading.Event()  # concurrent.futures.wait() sleeps through a cancellation
        future.add_done_callback(lambda _: over.set())  # not by way of self: a circle would keep the result
        self.deadline = None if worker.timeout_s is None else time.monotonic() + worker.timeout_s

    @property
    def seconds_left(self) -> float | None:
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def ended(self, *, within_s: float) -> bool:
        """Whether it has ended, after waiting. Raises InvocationTimedOut when its own time is over."""
        left = self.seconds_left
        if self.over.wait(within_s if left is None else min(within_s, left)):
            return True
        if self.seconds_left == 0.0:
            self.time_out()
        return False

    def time_out(self) -> None:
        self.worker.restart(self)
        raise InvocationTimedOut(self.function.name)

    def result(self) -> Any:
        """The return value of an ended invocation; raises what the function raised."""
        try:
            return self.future.result()
        except CancelledError:
            raise InvocationReleased if self.worker.stopping else InvocationTimedOut from None


class Worker:
    def __init__(self, *, threads: int | None = None, timeout_s: float | None = None) -> None:
        self.threads = threads or min(32, (os.cpu_count() or 1) + 4)
        self.timeout_s = timeout_s
        self.stopping = False
        self.lock = threading.Lock()
        self.running: dict[Future[Any], str] = {}
        self.pool = self.new_pool()
        self.loop = asyncio.new_event_loop()
        self.loop_thread = threading.Thread(target=self.run_loop, name="worker-loop", daemon=True)
        self.loop_thread.start()

    def new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, thread_name_prefix="worker")

    def run_loop(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    def start(self, function: Function, make_argument: MakeArgument) -> Invocation:
        """The invocation that was started. `make_argument` is called in the worker, as the real one decodes there."""
        invocation_id = str(uuid.uuid4())
        future: Future[Any]
        with self.lock:
            if self.stopping:
                raise InvocationReleased(function.name)
            if function.is_async:
                job = self.run_async(function, make_argument, invocation_id)
                future = asyncio.run_coroutine_threadsafe(job, self.loop)
            else:
                future = self.pool.submit(self.run, function, make_argument, invocation_id)
            self.running[future] = function.name
        future.add_done_callback(self.forget)
        return Invocation(self, function, future)

    def forget(self, future: Future[Any]) -> None:
        with self.lock:
            self.running.pop(future, None)

    def run(self, function: Function, make_argument: MakeArgument, invocation_id: str) -> Any:
        with Reported(function, invocation_id):
            return check_return(function, function.call(**arguments(function, make_argument, invocation_id)))

    async def run_async(self, function: Function, make_argument: MakeArgument, invocation_id: str) -> Any:
        with Reported(function, invocation_id):
            # decoding may read a blob, so it stays off the loop that all async functions share
            given = await asyncio.to_thread(arguments, function, make_argument, invocation_id)
            job: Coroutine[Any, Any, Any] = function.call(**given)
            return check_return(function, await job)

    def restart(self, invocation: Invocation) -> None:
        """Do what the host does to the worker when an invocation has run out of time."""
        LOG.error(
            "function %s: out of time after %s s; Azure would kill this worker. The thread, if it is one, runs on.",
            invocation.function.name,
            self.timeout_s,
        )
        with self.lock:
            stuck, self.pool = self.pool, self.new_pool()
        invocation.future.cancel()
        stuck.shutdown(wait=False, cancel_futures=True)

    def stop(self, grace_s: float) -> tuple[str, ...]:
        """The names of the functions that did not end in time. What has not begun is given up, what runs is waited
        for.
        """
        with self.lock:
            self.stopping = True
        self.pool.shutdown(wait=False, cancel_futures=True)
        with self.lock:
            running = dict(self.running)
        late = wait(running, timeout=grace_s).not_done
        for future in late:
            future.cancel()
        self.pool.shutdown(wait=not late)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.loop_thread.join(timeout=5.0)
        return tuple(running[future] for future in late)


class Reported:
    """A context that logs how an invocation ended: name, id, milliseconds and the kind of error, never what it said."""

    def __init__(self, function: Function, invocation_id: str) -> None:
        self.names = (function.name, invocation_id)

    def __enter__(self) -> None:
        self.started = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, _: object, trace: TracebackType | None) -> None:
        name, invocation_id = self.names
        if kind is None:
            elapsed_ms = (time.perf_counter() - self.started) * 1000
            LOG.info("function %s: done in %.0f ms (%s)", name, elapsed_ms, invocation_id)
        else:
            frame = traceback.extract_tb(trace)[-1]
            LOG.error("function %s: %s at %s:%s (%s)", name, kind.__name__, frame.filename, frame.lineno, invocation_id)


def arguments(function: Function, make_argument: MakeArgument, invocation_id: str) -> dict[str, Any]:
    given = {function.trigger["name"]: make_argument()}
    if function.wants_context:
        given["context"] = InvocationContext(function.name, invocation_id)
    return given


def check_return(function: Function, value: Any) -> Any:
    if value is not None and not function.has_return:
        raise ReturnInvalid(f"function {function.name} has no $return binding but returned a value")
    return value
