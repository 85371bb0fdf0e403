"""The socket: an ASGI front for App under uvicorn, in a thread of the caller or as the process's own work."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import uvicorn

from local.chat_standin.app import ChatApp, StandInSettings
from local.chat_standin.wire import Answer, Refusal, StandInRequest
from local.sockets import LOOPBACK, listen

LOG = logging.getLogger(__name__)
MAX_BODY_BYTES = 512 * 1024 * 1024  # what OpenAI takes per request
STOP_TIMEOUT_S = 1

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Front:
    """ASGI to App: pictures are read in threads, delays slept here, cuts made by leaving a body unfinished."""

    def __init__(self, app: ChatApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        answer = too_large() if body is None else await asyncio.to_thread(self.respond, to_request(scope, body))
        await asyncio.sleep(answer.delay_s)
        await send_answer(answer, send)

    def respond(self, request: StandInRequest) -> Answer:
        try:
            return self.app.respond(request)
        except Exception:
            LOG.exception("the chat stand-in failed on %s %s", request.method, request.path)
            return Refusal("The stand-in itself failed; see its log.", code="standin_failed", status=500).to_answer()


async def read_body(receive: Receive) -> bytes | None:
    """The request's body; None for a body over the limit."""
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        chunks.append(event.get("body", b""))
        size += len(chunks[-1])
        if size > MAX_BODY_BYTES:
            return None
        if not event.get("more_body"):
            return b"".join(chunks)


def too_large() -> Answer:
    return Refusal(f"The request is larger than {MAX_BODY_BYTES} bytes.", status=413).to_answer()


def to_request(scope: Scope, body: bytes) -> StandInRequest:
    return StandInRequest(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"))),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
        received_at=time.time(),
    )


async def send_answer(answer: Answer, send: Send) -> None:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    cut = answer.cut_after_bytes
    if cut is None:
        await send({"type": "http.response.body", "body": answer.body})
    else:  # uvicorn closes the connection of an application that returns in the middle of a body
        await send({"type": "http.response.body", "body": answer.body[:cut], "more_body": True})


class ChatServer(uvicorn.Server):
    """uvicorn that says when it accepts connections."""

    on_ready: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_ready()


class ChatStandIn:
    """A context with the stand-in at `server.base_url`, on a free port: `with ChatStandIn(model="gpt-5.1") as
    server:`.

    Takes the fields of Settings. `base_url` is the Azure endpoint; `openai_base_url` suits a plain OpenAI client.
    """

    def __init__(self, *, port: int = 0, **settings: Any) -> None:
        self.app = ChatApp(StandInSettings(**settings))
        self.socket = listen(port)
        config = uvicorn.Config(
            Front(self.app),
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            log_level="critical",
            timeout_graceful_shutdown=STOP_TIMEOUT_S,
        )
        self.server = ChatServer(config)
        self.base_url = f"http://{LOOPBACK}:{self.socket.getsockname()[1]}"
        self.openai_base_url = f"{self.base_url}/openai/v1"
        # A daemon, so that a caller that dies without stopping it is not kept alive by it.
        self.thread = threading.Thread(target=self.serve, name="chat-standin", daemon=True)

    def serve(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Serve in this thread, until stopped or, in the main thread, until SIGINT or SIGTERM."""
        self.server.on_ready = on_ready
        self.server.run(sockets=[self.socket])

    def __enter__(self) -> Self:
        # The socket listens already: a request that comes before the thread is up waits in its backlog.
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.should_exit = True
        self.thread.join()
