"""The HTTP server under the front: uvicorn on a loopback socket, in a thread of its own."""

from __future__ import annotations

import socket
import threading

import uvicorn

from local.host.http_front import HttpFront

START_TIMEOUT_S = 10.0


class HostServer(uvicorn.Server):
    """uvicorn in a thread of its own. Signals are left to whoever owns the main thread."""

    def __init__(self, front: HttpFront, listening: socket.socket, *, grace_s: float) -> None:
        super().__init__(
            uvicorn.Config(
                front,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=max(1, round(grace_s)),
            )
        )
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, args=([listening],), name="http", daemon=True)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def start(self) -> None:
        self.thread.start()
        if not self.ready.wait(START_TIMEOUT_S):
            raise RuntimeError("the HTTP server did not start")

    def stop_accepting(self) -> None:
        self.should_exit = True

    def close(self) -> None:
        if self.thread.is_alive():
            self.thread.join(timeout=START_TIMEOUT_S)
