"""How the decoding child sees a file that its parent has: every read is a question over the pipe.

The child holds no address and no key. What it may read at once and in all is capped twice: by the child, so that a
decoder's fault ends as one, and by the parent, which does not trust a child that a file may have taken over.
"""

from __future__ import annotations

import io
import os
from typing import IO, Any, Protocol

from shared.adapters.decoding.wire import Nonsense, receive, receive_block, send
from shared.core.media.decode_limits import MEGABYTE

READ_BYTES = 8 * MEGABYTE  # in one question
LEAST_READ = 512 * MEGABYTE  # small enough for one file; a video without an index must be read whole
READ_SHARE = 20  # of a larger file, at most one byte in this many


class Ranges(Protocol):
    """A file of `size` bytes that can be read from any offset; `read` gives fewer bytes than asked for at its end."""

    size: int

    def read(self, at: int, size: int) -> bytes: ...


def allowance(size: int, *, whole: bool) -> int:
    """How many bytes of a file may be read in all. Twice its size where all of it is wanted: indexes lie at the end."""
    return max(LEAST_READ, 2 * size if whole else size // READ_SHARE)


class Served:
    """In the parent: one file for one task of the child, and how much of it may still be read."""

    def __init__(self, file: Ranges, *, whole: bool = False) -> None:
        self.file = file
        self.left = allowance(file.size, whole=whole)

    def read(self, wanted: object) -> bytes:
        """The bytes that a child asks for. Raises Nonsense for a range that our own child never asks for."""
        at, size = checked_range(wanted)
        if self.left <= 0:
            raise Nonsense("it asks for more of the file than its task may read")
        data = self.file.read(at, size)
        self.left -= len(data)
        return data


def checked_range(wanted: object) -> tuple[int, int]:
    match wanted:
        case [int(at), int(size)] if at >= 0 and 0 < size <= READ_BYTES:
            return at, size
    raise Nonsense("it asks for a range that is invalid or too long")


def serve(requests: IO[bytes], replies: IO[bytes], served: Served) -> dict[str, Any]:
    """The child's next message that is not a read, after the parent has answered all reads before it."""
    while True:
        message = receive(replies)
        if "read" not in message:
            return message
        send(requests, {}, [served.read(message["read"])])


class RemoteFile(io.RawIOBase):
    """In the child: the parent's file as one that FFmpeg can seek in. What is read of it in all is capped."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes], size: int, *, whole: bool = False) -> None:
        self.requests, self.replies, self.size = requests, replies, size
        self.at = 0
        self.left = allowance(size, whole=whole)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the file, perhaps fewer than asked for, as of any raw file."""
        wanted = min(self.size - self.at if size < 0 else size, READ_BYTES)
        if self.at >= self.size or wanted <= 0:
            return b""
        if self.left <= 0:
            raise OSError("too much of the file has been read")
        send(self.replies, {"read": [self.at, wanted]})
        receive(self.requests)
        data = receive_block(self.requests)
        self.at += len(data)
        self.left -= len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence]
        self.at = max(0, start + offset)
        return self.at

    def tell(self) -> int:
        return self.at
