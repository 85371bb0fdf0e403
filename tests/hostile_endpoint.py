"""A model endpoint that means ill, on a real socket: each of REPLIES is what it sends after any request.

    with HostileEndpoint("endless") as url: …

Used by tests/adapters/test_capped_http.py and bench/hostile_replies.py.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from local.sockets import LOOPBACK, listen

MIB = 1024 * 1024
PAUSE_S = 0.02
PAUSES = 1000  # drips end at last, with a good answer: whoever waits for it has no time limit

GOOD = {
    "model": "gpt-5.1-2025-11-13",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "QQQ"}}],
    "usage": {"prompt_tokens": 300, "completion_tokens": 40, "total_tokens": 340},
}
BEFORE, AFTER = (part.encode() for part in json.dumps(GOOD).split("QQQ"))
CHUNKED = "transfer-encoding: chunked"
JSON = "content-type: application/json"


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def whole(body: bytes, *lines: str, status: str = "200 OK") -> Iterator[bytes]:
    yield head(f"content-length: {len(body)}", *(lines or (JSON,)), status=status) + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def endless() -> Iterator[bytes]:
    yield head(JSON, CHUNKED) + chunk(BEFORE)
    while True:
        yield chunk(b"x" * 65536)


def huge(mib: int = 150) -> Iterator[bytes]:
    yield head(JSON, f"content-length: {len(BEFORE) + mib * MIB + len(AFTER)}") + BEFORE
    for _ in range(mib):
        yield b"x" * MIB
    yield AFTER


def gzip_bomb(mib: int = 64) -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(BEFORE), *(packer.compress(b"x" * MIB) for _ in range(mib))]
    return whole(b"".join([*parts, packer.compress(AFTER), packer.flush()]), JSON, "content-encoding: gzip")


def gzip_twice(mib: int = 64) -> Iterator[bytes]:
    """Packed twice: some hundred bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    inner = b"".join([*(packer.compress(b"x" * MIB) for _ in range(mib)), packer.flush()])
    outer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return whole(outer.compress(inner) + outer.flush(), JSON, "content-encoding: gzip, gzip")


def not_gzip() -> Iterator[bytes]:
    return whole(BEFORE + AFTER, JSON, "content-encoding: gzip")


def drip() -> Iterator[bytes]:
    """A blank now and then, as proxies do to keep a connection open, then a good answer."""
    yield head(JSON, CHUNKED)
    for _ in range(PAUSES):
        time.sleep(PAUSE_S)
        yield chunk(b" ")
    yield chunk(BEFORE + AFTER) + chunk(b"")


def drip_of_headers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nx-slow: "
    for _ in range(PAUSES):
        time.sleep(PAUSE_S)
        yield b"x"
    yield b"\r\n" + next(whole(BEFORE + AFTER)).partition(b"\r\n")[2]


def continue_for_ever() -> Iterator[bytes]:
    """Always one more reply that is none yet."""
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n" * 100


def headers_for_ever() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"x-more: " + b"x" * 1000 + b"\r\n"


def nothing_unpacked() -> Iterator[bytes]:
    """Packed blocks without any content: nothing to count, and no end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield head(JSON, CHUNKED, "content-encoding: gzip") + chunk(packer.compress(b"x") + packer.flush(zlib.Z_FULL_FLUSH))
    while True:
        yield chunk(b"\x00\x00\x00\xff\xff" * 10_000)


def crowded() -> Iterator[bytes]:
    """4 MB that would be some 100 MB of Python's lists."""
    return whole(b'{"choices": [' + b"[]," * 1_390_000 + b"[]]}")


def one_broken_byte() -> Iterator[bytes]:
    return whole(BEFORE + b"caf\xe9 in Latin-1" + AFTER)


def slow_codec() -> Iterator[bytes]:
    """A header that names a codec whose time grows with the square of the text."""
    return whole(b"a" * MIB + b"-" + b"b" * MIB, "content-type: text/plain; charset=punycode", status="400 Bad Request")


def elsewhere() -> Iterator[bytes]:
    return whole(b"", "location: http://127.0.0.1:9/stolen", status="307 Temporary Redirect")


def good() -> Iterator[bytes]:
    return whole(BEFORE + b"a lamp" + AFTER)


REPLIES: dict[str, Callable[[], Iterator[bytes]]] = {
    reply.__name__: reply
    for reply in (
        *(endless, huge, gzip_bomb, gzip_twice, not_gzip, nothing_unpacked, crowded, one_broken_byte, slow_codec),
        *(drip, drip_of_headers, continue_for_ever, headers_for_ever, elsewhere, good),
    )
}


class HostileEndpoint:
    """Listens on loopback until it is left; every connection gets the same reply, and is closed after it."""

    def __init__(self, reply: str) -> None:
        self.reply = REPLIES[reply]
        self.listener = listen(0)
        self.requests = 0
        self.open: list[socket.socket] = []
        self.threads = [threading.Thread(target=self.accept)]

    def __enter__(self) -> Self:
        self.threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self.listener.close()
        for connection in self.open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.listener.getsockname()[1]}"

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:  # closed: the end
                return
            self.open.append(connection)
            self.threads.append(threading.Thread(target=self.serve, args=(connection,)))
            self.threads[-1].start()

    def serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # who has heard enough hangs up
            read_request(connection)
            self.requests += 1
            for part in self.reply():
                connection.sendall(part)


def read_request(connection: socket.socket) -> None:
    with connection.makefile("rb") as lines:
        length = 0
        while line := lines.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        lines.read(length)
