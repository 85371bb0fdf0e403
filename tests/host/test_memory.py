"""What the host holds in memory: large bodies within its room, and no result once it has been sent."""

from __future__ import annotations

import asyncio
import threading
import weakref
from typing import Any

import azure.functions as func
import pytest

from local.host.body_room import SMALL_BODY_BYTES, BodyRoom
from local.host.functions import index
from local.host.worker import Worker

LARGE = 10 * SMALL_BODY_BYTES


@pytest.mark.parametrize(("size", "most_at_once"), [(LARGE, 3), (4 * LARGE, 1), (SMALL_BODY_BYTES, 20)])
def test_large_bodies_wait_for_room(size: int, most_at_once: int) -> None:
    """As many at once as there is room for; one that is too large for it is alone; small ones do not wait."""

    async def all_at_once() -> int:
        room, now, most = BodyRoom(3 * LARGE), [0], [0]

        async def request() -> None:
            async with room.hold(size):
                now[0] += 1
                most[0] = max(most[0], now[0])
                await asyncio.sleep(0)
                now[0] -= 1

        await asyncio.gather(*(request() for _ in range(20)))
        assert room.held_bytes == 0
        return most[0]

    assert asyncio.run(all_at_once()) == most_at_once


def test_a_result_is_gone_with_its_invocation(app: func.FunctionApp) -> None:
    """At once, not when Python next looks for circles: sixteen films would wait in memory for that."""

    class Film(func.HttpResponse):
        """One that can be watched."""

    made: list[weakref.ref[Any]] = []
    awaited = threading.Event()

    def film(req: func.HttpRequest) -> func.HttpResponse:
        del req
        awaited.wait()
        response = Film(b"pixels")
        made.append(weakref.ref(response))
        return response

    app.route(route="film")(film)
    worker = Worker(threads=1)
    invocation = worker.start(index(app)[0], lambda: None)
    awaited.set()  # only now: what ends before anybody waits for it is held by nobody
    assert invocation.result().get_body() == b"pixels"
    worker.stop(grace_s=5.0)
    del invocation
    assert made[0]() is None
