"""A file read by ranges: only the parts that somebody looks at are fetched, in blocks, the newest of which are kept.

Between a blob (or a file, in the local commands) and the process that decodes videos (frames/worker.py).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

BLOCK_BYTES = 64 * 1024
LONGEST_RUN = 8  # blocks: reading on fetches twice as much each time, up to this
WHOLE_RUN = 128  # the same where all of the file is read: a request of 8 MB takes little longer than one of 512 KB
KEPT_BLOCKS = 64

Fetch = Callable[[int, int], bytes]


class RangeReader:
    """A file that is read by ranges: `fetch(at, size)` gets one, in bytes. `bytes_fetched` and `requests` are for
    figures and logs. Not thread-safe.
    """

    def __init__(self, fetch: Fetch, size: int, *, longest_run: int = LONGEST_RUN) -> None:
        self.fetch = fetch
        self.longest_run, self.kept_blocks = longest_run, max(KEPT_BLOCKS, longest_run)
        self.size = size
        self.blocks: OrderedDict[int, bytes] = OrderedDict()
        self.next_block = -1
        self.run = 1
        self.bytes_fetched = 0
        self.requests = 0

    def read(self, at: int, size: int) -> bytes:
        """The bytes from `at` on: fewer than asked for at the end of the file, none after it."""
        end = min(at + size, self.size)
        if at >= end:
            return b""
        last = (end - 1) // BLOCK_BYTES
        parts = [self.block(number, last) for number in range(at // BLOCK_BYTES, last + 1)]
        skip = at % BLOCK_BYTES
        return b"".join(parts)[skip : skip + end - at]

    def block(self, number: int, last: int) -> bytes:
        if number not in self.blocks:
            self.fetch_from(number, least=last + 1 - number)
        self.blocks.move_to_end(number)
        return self.blocks[number]

    def fetch_from(self, number: int, *, least: int) -> None:
        """Fetch the block at an offset and perhaps those after it: a read that goes on where the last fetch ended is a
        run, through an index or a large frame.
        """
        self.run = min(self.longest_run, max(least, self.run * 2 if number == self.next_block else 1))
        at = number * BLOCK_BYTES
        data = self.fetch(at, min(self.run * BLOCK_BYTES, self.size - at))
        self.requests += 1
        self.bytes_fetched += len(data)
        self.next_block = number + self.run
        for index in range(self.run):
            if part := data[index * BLOCK_BYTES : (index + 1) * BLOCK_BYTES]:
                self.blocks[number + index] = part
        while len(self.blocks) > self.kept_blocks:
            self.blocks.popitem(last=False)
