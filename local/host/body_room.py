"""How much of large request bodies the host has in memory at once: it is host and worker in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BODIES_BYTES = 128 * 1024 * 1024
SMALL_BODY_BYTES = 1024 * 1024


class BodyRoom:
    """Room for large bodies in memory, from their first byte to the answer; more of them wait unread, in their senders'
    sockets. Small ones never wait.
    """

    def __init__(self, most_bytes: int = BODIES_BYTES) -> None:
        self.most_bytes = most_bytes
        self.held_bytes = 0
        self.changed = asyncio.Condition()

    @asynccontextmanager
    async def hold(self, body_bytes: int) -> AsyncIterator[None]:
        if body_bytes <= SMALL_BODY_BYTES:
            yield
            return
        wanted = min(body_bytes, self.most_bytes)
        async with self.changed:
            await self.changed.wait_for(lambda: self.held_bytes + wanted <= self.most_bytes)
            self.held_bytes += wanted
        try:
            yield
        finally:
            async with self.changed:
                self.held_bytes -= wanted
                self.changed.notify_all()
