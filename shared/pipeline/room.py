"""How many bytes of files a worker holds in memory at once: one that would read a large file whole waits until there is
room.

A worker runs several functions side by side in one process, and each file is in it twice while it is read (the storage
SDK's parts, then the whole). Sixteen at once would be more than an instance has.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from shared.core import limits

COPIES = 2


class Room:
    """Bytes of memory that are given out in the order of asking. A file that needs more than there is waits until it is
    alone.
    """

    def __init__(self, most_bytes: int = limits.WORKER_FILE_BYTES.value) -> None:
        self.most_bytes = most_bytes
        self.held_bytes = 0
        self.changed = threading.Condition()
        self.line: deque[object] = deque()

    @contextmanager
    def hold(self, file_bytes: int) -> Iterator[None]:
        """A context in which a file of `file_bytes` bytes may be read whole; the room is given back afterwards."""
        wanted = min(COPIES * file_bytes, self.most_bytes)
        self.enter(wanted)
        try:
            yield
        finally:
            self.leave(wanted)

    def enter(self, wanted: int) -> None:
        """Wait for this caller's turn, then until `wanted` bytes are free, and take them."""
        place = object()
        with self.changed:
            self.line.append(place)
            self.changed.wait_for(lambda: self.line[0] is place and self.held_bytes + wanted <= self.most_bytes)
            self.line.popleft()
            self.held_bytes += wanted
            self.changed.notify_all()

    def leave(self, wanted: int) -> None:
        with self.changed:
            self.held_bytes -= wanted
            self.changed.notify_all()
