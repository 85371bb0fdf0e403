"""What pixels/worker.py and its child process say to each other: blocks of bytes with their length in front.

A message is a JSON block, followed by blocks of picture bytes. JSON, not pickle: a child that a hostile picture has
taken over can only answer with values.
"""

from __future__ import annotations

import json
import struct
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

LENGTH = struct.Struct(">Q")
MAX_BLOCK_BYTES = 1 << 32


def send(stream: IO[bytes], message: Any, blocks: Iterable[bytes] = ()) -> None:
    for block in (json.dumps(message).encode(), *blocks):
        stream.write(LENGTH.pack(len(block)))
        stream.write(block)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    return json.loads(receive_block(stream))


def receive_block(stream: IO[bytes]) -> bytes:
    """Raises EOFError where the other side has gone."""
    (size,) = LENGTH.unpack(read_exactly(stream, LENGTH.size))
    if size > MAX_BLOCK_BYTES:
        raise EOFError
    return read_exactly(stream, size)


def read_exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
