"""HTTP to paid services whose answers have a largest size and a longest time, however they are sent.

httpx2's own time-outs are between two reads: a server that sends a byte now and then is waited for without end, and a
body is read whole whatever its length. Here a call ends at one moment, which every read and write of its socket gets,
and its answer is unpacked piece by piece until the limit. So what reaches the callers, and the openai SDK, is never
more.
"""

from __future__ import annotations

import ssl
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpcore2
import httpx2

from shared.core import limits

CONNECT_TIMEOUT_S = 10.0
PIECE_BYTES = 64 * 1024  # written under one time-out: a reader who takes them slowly is noticed between pieces
FOREIGN_FAULTS = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
)


class ReplyTooLarge(httpx2.TransportError):
    """The answer is longer than the limit; the rest was not read."""


class CappedTransport(httpx2.BaseTransport):
    """A transport that sends one request and reads its answer whole, in `timeout_s` seconds from beginning to end.

    Raises what httpx2's transport raises (a timeout also for an answer that comes too slowly), and ReplyTooLarge.
    """

    def __init__(self, pool: httpcore2.ConnectionPool, *, timeout_s: float, clock: Callable[[], float]) -> None:
        self.pool = pool
        self.timeout_s = timeout_s
        self.clock = clock

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with in_words_of_httpx2(), closing(self.pool.handle_request(self.timed(request))) as answer:
            packed = httpx2.Response(answer.status, headers=answer.headers, stream=Unread(answer.iter_stream()))
            body = read_capped(packed)
        headers = [(name, value) for name, value in packed.headers.multi_items() if name not in LEFT_OUT]
        whole = httpx2.Response(answer.status, headers=headers, content=body, request=request)
        whole.encoding = "utf-8"  # JSON's; a header may name codecs that take minutes for a megabyte (punycode)
        return whole

    def timed(self, request: httpx2.Request) -> httpcore2.Request:
        """The request with the moments that MomentStream expects, in place of time-outs."""
        now = self.clock()
        end = now + self.timeout_s
        moments = {"connect": min(end, now + CONNECT_TIMEOUT_S), "read": end, "write": end, "pool": self.timeout_s}
        return httpcore2.Request(
            request.method,
            httpcore2.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": moments},
        )

    def close(self) -> None:
        self.pool.close()

    def __del__(self) -> None:
        """Close the sockets of a client that was not closed. A worker keeps its client for life."""
        self.close()


LEFT_OUT = frozenset({"content-encoding", "content-length", "transfer-encoding", "set-cookie"})
"""What described the packed body, and cookies: a call is a call, and a jar for life would grow."""


class Unread(httpx2.SyncByteStream):
    """An answer's bytes as they come, for httpx2 to unpack."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self.parts = parts

    def __iter__(self) -> Iterator[bytes]:
        return self.parts


def read_capped(packed: httpx2.Response) -> bytes:
    """The body in bytes, unpacked. Raises ReplyTooLarge as soon as it is longer than REPLY_BYTES; httpx2 unpacks at
    most 1 MiB at a time (its decoders' MAX_DECODE_CHUNK_SIZE), however small it came.
    """
    body, most = bytearray(), limits.REPLY_BYTES.value
    for part in packed.iter_bytes():
        if len(body) + len(part) > most:
            raise ReplyTooLarge(f"the reply has more than {most} bytes")
        body += part
    return bytes(body)


@contextmanager
def in_words_of_httpx2() -> Iterator[None]:
    """A context in which httpcore2's errors become httpx2's of the same name, which callers know."""
    try:
        yield
    except FOREIGN_FAULTS as fault:
        raise getattr(httpx2, type(fault).__name__)(str(fault)) from fault


# The socket: time-outs that are moments


class MomentStream(httpcore2.NetworkStream):
    """A connection whose `timeout` is a moment of the monotonic clock: after it, nothing is read or written any
    more.
    """

    def __init__(self, stream: httpcore2.NetworkStream, clock: Callable[[], float]) -> None:
        self.stream = stream
        self.clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, seconds_until(timeout, self.clock, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for at in range(0, len(buffer), PIECE_BYTES):
            left_s = seconds_until(timeout, self.clock, httpcore2.WriteTimeout)
            self.stream.write(buffer[at : at + PIECE_BYTES], left_s)

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left_s = seconds_until(timeout, self.clock, httpcore2.ConnectTimeout)
        return MomentStream(self.stream.start_tls(ssl_context, server_hostname, left_s), self.clock)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


class MomentBackend(httpcore2.NetworkBackend):
    """A network backend that opens MomentStreams."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.backend = httpcore2.SyncBackend()
        self.clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        left_s = seconds_until(timeout, self.clock, httpcore2.ConnectTimeout)
        stream = self.backend.connect_tcp(host, port, left_s, local_address, socket_options)
        return MomentStream(stream, self.clock)


def seconds_until(moment: float | None, clock: Callable[[], float], too_late: type[Exception]) -> float | None:
    """The seconds that are left of the call's time; None for no limit. Raises `too_late` once none are left."""
    if moment is None:
        return None
    left_s = moment - clock()
    if left_s <= 0:
        raise too_late("the call's time is over")
    return left_s


def capped_client(base_url: str, *, timeout_s: float, clock: Callable[[], float] = time.monotonic) -> httpx2.Client:
    """A client for one service, by way of the environment's proxy if it has one.

    It follows no redirect: pictures and keys go to the address in the settings and nowhere else.
    """
    pool = httpcore2.ConnectionPool(
        ssl_context=httpx2.create_ssl_context(),
        proxy=proxy_of(base_url),
        max_connections=None,
        keepalive_expiry=5.0,  # as httpx2's default
        network_backend=MomentBackend(clock),
    )
    transport = CappedTransport(pool, timeout_s=timeout_s, clock=clock)
    return httpx2.Client(transport=transport, timeout=timeout_s, follow_redirects=False)


def proxy_of(base_url: str) -> httpcore2.Proxy | None:
    """The proxy that the environment (HTTPS_PROXY, NO_PROXY, …) names for this service; None without one."""
    url, named = httpx2.URL(base_url), urllib.request.getproxies()
    address = named.get(url.scheme) or named.get("all")
    if not address or urllib.request.proxy_bypass(url.netloc.decode()):
        return None
    proxy = httpx2.Proxy(address if "://" in address else f"http://{address}")  # takes name and password out
    return httpcore2.Proxy(url=str(proxy.url), auth=proxy.raw_auth)
