"""What a decoding child process and its parent say to each other: blocks of bytes with their length in front.

A message is a JSON block, followed by blocks of picture bytes. JSON, not pickle: a child that a hostile file has taken
over can only answer with values. The parent does not trust them: sizes are checked here, types in believed.py.
"""

from __future__ import annotations

import json
import struct
from typing import IO, TYPE_CHECKING, Any

from shared.core.media.decode_limits import MEGABYTE

if TYPE_CHECKING:
    from collections.abc import Iterable

LENGTH = struct.Struct(">Q")
MESSAGE_BYTES = 4 * MEGABYTE  # the longest are indexes of films, of which no more than 100,000 moments are sent
BLOCK_BYTES = 64 * MEGABYTE  # three times the largest picture that any model takes


class Nonsense(Exception):
    """The child has sent what it never sends unless a file has taken it over."""


def send(stream: IO[bytes], message: Any, blocks: Iterable[bytes] = ()) -> None:
    for block in (json.dumps(message).encode(), *blocks):
        stream.write(LENGTH.pack(len(block)))
        stream.write(block)
    stream.flush()


def receive(stream: IO[bytes]) -> dict[str, Any]:
    """The next message. Raises EOFError where the other side has gone, Nonsense for what is not a JSON object."""
    text = receive_block(stream, limit=MESSAGE_BYTES)
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Nonsense(f"a message of {len(text)} bytes is not JSON") from error
    if not isinstance(message, dict):
        raise Nonsense("a message is not a JSON object")
    return message


def receive_block(stream: IO[bytes], *, limit: int = BLOCK_BYTES) -> bytes:
    """The next block of bytes. Raises EOFError where the other side has gone, Nonsense before a block that is too large
    is read.
    """
    (size,) = LENGTH.unpack(read_exactly(stream, LENGTH.size))
    if size > limit:
        raise Nonsense(f"a block of {size} bytes is announced; at most {limit} may come")
    return read_exactly(stream, size)


def read_exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
