"""The packets of a film's tracks. Runs in the child process only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol


class Demuxer(Protocol):
    def demux(self, tracks: Any, /) -> Any: ...


def packets_of(container: Demuxer, tracks: Sequence[Any]) -> Iterator[Any]:
    """The tracks' packets in the file's order; an empty one for each track at its end.

    Broadcasts may have tracks that no header names. PyAV 18.1 reads them over, and fails at the very end, when it looks
    for their empty packets: those of the tracks that were known come before.
    """
    demuxed = iter(container.demux(list(tracks)))
    while True:
        try:
            packet = next(demuxed)
        except (StopIteration, IndexError):
            return
        yield packet
