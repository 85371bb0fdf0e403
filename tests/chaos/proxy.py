"""A TCP relay on loopback that cuts connections: every so many chunks, in the middle of what is being said."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from typing import Self

CHUNK_BYTES = 64 * 1024


class CuttingProxy:
    """`with CuttingProxy(port, probability=…) as proxy: proxy.port, proxy.cuts`. Cuts may be switched off: `calm()`."""

    def __init__(self, target_port: int, *, probability: float, seed: int) -> None:
        self.target_port = target_port
        self.probability = probability
        self.dice = random.Random(seed)  # noqa: S311  # repeatable, not secret
        self.cuts = 0
        self.port = 0
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, name="cutting proxy", daemon=True)

    def calm(self) -> None:
        self.probability = 0.0

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.server = self.loop.run_until_complete(asyncio.start_server(self.relay, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()
        self.server.close()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.close()
            return
        pipes = [
            asyncio.create_task(self.pump(reader, there_writer)),
            asyncio.create_task(self.pump(there_reader, writer)),
        ]
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)
            for end in (writer, there_writer):
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one side ends, or the dice say so."""
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                if self.dice.random() < self.probability:
                    self.cuts += 1
                    return
                writer.write(data)
                await writer.drain()

    def __enter__(self) -> Self:
        self.thread.start()
        self.ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
