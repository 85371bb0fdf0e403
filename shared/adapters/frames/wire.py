"""How the decoding child sees a file that its parent has: every read is a question over the pipe.

The child holds no address and no key, and its parent counts and caps what it reads.
"""

from __future__ import annotations

import io
import os
from typing import IO, Protocol

from shared.adapters.decoding.wire import receive, receive_block, send

LEAST_READ = 512 * 1024 * 1024  # small enough for one file; a video without an index must be read whole
READ_SHARE = 20  # of a larger file, at most one byte in this many


class Ranges(Protocol):
    """A file of `size` bytes; `read` gives fewer than asked for at its end."""

    size: int

    def read(self, at: int, size: int) -> bytes: ...


def serve(requests: IO[bytes], replies: IO[bytes], file: Ranges) -> dict[str, object]:
    """In the parent: hand out ranges until the child says something else, and return that."""
    while True:
        message: dict[str, object] = receive(replies)
        wanted = message.get("read")
        if not isinstance(wanted, list):
            return message
        at, size = (int(number) for number in wanted)
        send(requests, {}, [file.read(at, size)])


class RemoteFile(io.RawIOBase):
    """In the child: the parent's file as one that FFmpeg can seek in. What is read of it in all is capped."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes], size: int, *, whole: bool = False) -> None:
        self.requests, self.replies, self.size = requests, replies, size
        self.at = 0
        self.left = max(LEAST_READ, 2 * size if whole else size // READ_SHARE)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = self.size - self.at if size < 0 else size
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
