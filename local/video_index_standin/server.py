"""The socket: the standard library's HTTP server in threads of the caller's process."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from local.video_index_standin.app import IndexApp

HOST = "127.0.0.1"
MARK = "index of colours, no model"


class Handler(BaseHTTPRequestHandler):
    app: IndexApp
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        parts = urlsplit(self.path)
        reply = self.app.respond(
            self.command,
            unquote(parts.path),
            dict(parse_qsl(parts.query)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("content-length") or 0)),
        )
        body = b"" if reply.body is None else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {**reply.headers, "x-visiondrop-offline": MARK}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815  # the base class looks for these names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Log nothing: addresses hold a SAS."""


class VideoIndexStandIn:
    """A context with the stand-in at `server.base_url`, on a free port: `with VideoIndexStandIn() as server:`."""

    def __init__(self, *, port: int = 0, **settings: Any) -> None:
        self.app = IndexApp(**settings)
        self.server = ThreadingHTTPServer((HOST, port), type("Bound", (Handler,), {"app": self.app}))
        self.server.daemon_threads = True
        self.base_url = f"http://{HOST}:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, name="video-index-standin", daemon=True)

    def serve(self) -> None:
        """Serve in this thread, until interrupted."""
        self.server.serve_forever()

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
