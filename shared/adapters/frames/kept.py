"""A file's ranges, kept on disk once they were fetched: what reads all of a video twice downloads it once.

A video whose sound is transcribed and whose film is made playable is read from end to end for both. Memory is what a
small instance lacks, so the bytes lie in a temporary file, of which a part is used by each of the videos under way.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from typing import IO

from shared.adapters.frames.ranges import BLOCK_BYTES, Fetch
from shared.core.media.decode_limits import MEGABYTE

KEPT_BYTES = 256 * MEGABYTE  # of one file; four at once are about what an instance of 2 GB has for temporary files


class KeptRanges:
    """Reads a file's ranges through a temporary file. Where there is no room on disk, they are fetched again. Not
    thread-safe.
    """

    def __init__(self, fetch: Fetch, size: int, *, most_bytes: int = KEPT_BYTES) -> None:
        self.source, self.size = fetch, size
        self.room = most_bytes // BLOCK_BYTES
        self.blocks: set[int] = set()
        self.file: IO[bytes] | None = None

    def close(self) -> None:
        self.blocks.clear()
        if self.file is not None:
            with suppress(OSError):  # of what could not be written; nobody needs it any more
                self.file.close()
            self.file = None

    def fetch(self, at: int, size: int) -> bytes:
        """The bytes of the range, from disk if all of it is there. Raises what the source raises."""
        size = min(size, self.size - at)
        wanted = range(at // BLOCK_BYTES, -(-(at + size) // BLOCK_BYTES))
        if self.file is not None and self.blocks.issuperset(wanted):
            self.file.seek(at)
            return self.file.read(size)
        data = self.source(at, size)
        try:
            self.keep(at, data)
        except OSError:  # no room, or no disk
            self.close()
            self.room = 0
        return data

    def keep(self, at: int, data: bytes) -> None:
        """Store whole blocks on disk; only the file's last may be shorter."""
        first, end = -(-at // BLOCK_BYTES), at + len(data)
        last = -(-end // BLOCK_BYTES) if end >= self.size else end // BLOCK_BYTES
        blocks = self.blocks.union(range(first, last))
        if not data or len(blocks) > self.room:
            return
        if self.file is None:
            self.file = tempfile.TemporaryFile()  # noqa: SIM115 -- open until `close`
        self.file.seek(at)
        self.file.write(data)
        self.blocks = blocks
