"""HTTP functions as an ASGI app: finds the route, checks the key, runs the function, translates what it returned."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from local.host import event_grid
from local.host.body_room import BodyRoom
from local.host.callers import refusal
from local.host.functions import CONVERTERS, Function
from local.host.keys import Keys
from local.host.routes import Route, decode_path, first_match
from local.host.values import http_value
from local.host.worker import Invocation, InvocationReleased, ReturnInvalid, Worker

LOG = logging.getLogger("local.host")

LARGEST_BODY_BYTES = 100 * 1024 * 1024
PIECE_BYTES = 256 * 1024
HOME = b"A local stand-in for the Azure Functions host is up and running.\n"
PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReply:
    status: int
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    method: str
    path: str
    url: str
    headers: Mapping[str, str]
    params: Mapping[str, str]
    body: bytes

    @property
    def key(self) -> str:
        return self.headers.get("x-functions-key") or self.params.get("code", "")

    def value(self, function: Function, route_params: Mapping[str, str]) -> Any:
        return http_value(
            function,
            method=self.method,
            url=self.url,
            headers=self.headers,
            params=self.params,
            route_params=route_params,
            body=self.body,
        )


class BodyTooLarge(Exception):
    """The body is larger than FUNCTIONS_REQUEST_BODY_SIZE_LIMIT."""


class HttpFront:
    def __init__(
        self,
        *,
        routes: Sequence[Route],
        disabled: frozenset[str],
        worker: Worker,
        events: event_grid.BlobEvents,
        keys: Keys | None,
        largest_body: int = LARGEST_BODY_BYTES,
        names: Collection[str] = (),
    ) -> None:
        self.routes = routes
        self.disabled = disabled
        self.worker = worker
        self.events = events
        self.keys = keys
        self.largest_body = largest_body
        self.names = names
        self.room = BodyRoom()

    async def __call__(self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        reply = await self.reply_to(scope, receive)
        headers = [*reply.headers, (b"content-length", str(len(reply.body)).encode())]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        body = memoryview(reply.body)  # in pieces: the server would copy the whole into its buffer
        for at in range(0, len(body), PIECE_BYTES):
            await send({"type": "http.response.body", "body": bytes(body[at : at + PIECE_BYTES]), "more_body": True})
        await send({"type": "http.response.body"})

    async def reply_to(self, scope: Mapping[str, Any], receive: Callable[[], Awaitable[Any]]) -> HostReply:
        """The answer to a request whose body has not been read yet; that of a refused caller is never read."""
        headers = read_headers(scope)
        refused = refusal(scope["method"].upper(), headers, names=self.names)
        if refused is not None:
            return HostReply(status=403, headers=PLAIN, body=refused.encode())
        try:
            async with self.room.hold(announced_bytes(headers, self.largest_body)):
                return await self.answer(await read_request(scope, headers, receive))
        except BodyTooLarge:
            return HostReply(status=413)

    async def answer(self, request: HttpCall) -> HostReply:
        if request.path == "/":
            return HostReply(status=200, headers=PLAIN, body=HOME)
        if request.path.lower() == event_grid.PATH:
            return await self.take_events(request)
        found = first_match(self.routes, request.method, request.path)
        if found is None or found[0].function.name in self.disabled:
            return HostReply(status=404)
        route, values = found
        level = str(route.function.trigger.get("authLevel", "function")).lower()
        if self.keys and not self.keys.allow(level, route.function.name, request.key):
            return HostReply(status=401)
        return await self.call(route, values, request)

    async def take_events(self, request: HttpCall) -> HostReply:
        if self.keys and not self.keys.allow_events(request.key):
            return HostReply(status=401)
        function_id = request.params.get("functionName", "")
        event_type = request.headers.get("aeg-event-type", "")
        answer = await asyncio.to_thread(self.events.answer, function_id, event_type, request.body)
        return HostReply(status=answer.status, headers=PLAIN, body=answer.body)

    async def call(self, route: Route, values: Mapping[str, str], request: HttpCall) -> HostReply:
        function = route.function
        try:
            invocation = self.worker.start(function, lambda: request.value(function, values))
            return to_reply(await result(invocation))
        except InvocationReleased:
            return HostReply(status=503)
        except ReturnInvalid as fault:
            LOG.error("function %s: %s", function.name, fault)  # noqa: TRY400 # the trace is this file's
            return HostReply(status=500)
        except Exception:  # noqa: BLE001 # whatever the function raised, which the worker has logged
            return HostReply(status=500)


async def result(invocation: Invocation) -> Any:
    waiting = asyncio.ensure_future(asyncio.wrap_future(invocation.future))
    done, _ = await asyncio.wait({waiting}, timeout=invocation.seconds_left)
    if not done:
        waiting.cancel()
        invocation.time_out()
    elif not waiting.cancelled():
        return waiting.result()
    return invocation.result()


def read_headers(scope: Mapping[str, Any]) -> dict[str, str]:
    return joined((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])


async def read_request(
    scope: Mapping[str, Any], headers: Mapping[str, str], receive: Callable[[], Awaitable[Any]]
) -> HttpCall:
    query = scope["query_string"].decode("latin-1")
    address = f"{scope['scheme']}://{headers.get('host', '')}{scope['raw_path'].decode('latin-1')}"
    return HttpCall(
        method=scope["method"].upper(),
        path=decode_path(scope["raw_path"]),
        url=f"{address}?{query}" if query else address,
        headers=headers,
        params=joined(parse_qsl(query)),  # which drops empty values, as the host does
        body=await read_body(headers, receive),
    )


def joined(pairs: Any) -> dict[str, str]:
    """The values by name; repeated names become one value, joined by commas."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def announced_bytes(headers: Mapping[str, str], largest_body: int) -> int:
    """The length of the body in bytes, as the request announces it. Raises BodyTooLarge."""
    announced = int(headers.get("content-length", 0))
    if announced > largest_body:
        raise BodyTooLarge
    return announced


async def read_body(headers: Mapping[str, str], receive: Callable[[], Awaitable[Any]]) -> bytes:
    """The body's bytes. Only a body with a Content-Length reaches the worker; a chunked one without is lost, as in
    Azure.
    """
    if not int(headers.get("content-length", 0)):
        return b""
    parts = []
    while True:
        event = await receive()
        parts.append(event.get("body", b""))
        if not event.get("more_body"):
            return b"".join(parts)


def to_reply(value: Any) -> HostReply:
    try:
        datum = CONVERTERS.get("http").encode(value, expected_type=None)
    except NotImplementedError:
        raise ReturnInvalid(f"cannot encode {type(value).__name__}: return str or func.HttpResponse") from None
    if datum.type == "string":
        return text_reply(datum.value)
    headers = [(name, part.value) for name, part in datum.value["headers"].items()]
    cookies = [("set-cookie", morsel.OutputString()) for jar in datum.value["cookies"] or () for morsel in jar.values()]
    return HostReply(
        status=int(datum.value["status_code"].value),
        headers=encoded(headers + cookies),
        body=datum.value["body"].value,
    )


def text_reply(text: str) -> HostReply:
    """The reply for a function's text: a JSON object with a `body` is read as a whole response; any other text is the
    body itself.
    """
    response = response_object(text)
    if response is None:
        return HostReply(status=200, headers=PLAIN, body=text.encode())
    body = response["body"]
    plain = body if isinstance(body, str) else json.dumps(body)
    status = int(response.get("status", response.get("statusCode", 200)))
    return HostReply(status=status, headers=encoded(response.get("headers", {}).items()) or PLAIN, body=plain.encode())


def response_object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) and "body" in value else None


def encoded(headers: Any) -> list[tuple[bytes, bytes]]:
    """The headers as bytes, without Content-Length, which the server writes."""
    pairs = [(str(name).lower(), str(value)) for name, value in headers]
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs if name != "content-length"]
