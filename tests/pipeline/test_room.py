"""Bytes of files in a worker: as many at once as there is room for, in order, and all of it comes back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.pipeline.room import COPIES, Room


def test_no_more_than_there_is_room_for() -> None:
    """Whatever comes at once, and whatever fails."""
    room, most, lock = Room(100), [0], threading.Lock()

    def read(size: int) -> None:
        with room.hold(size):
            with lock:
                most[0] = max(most[0], room.held_bytes)
            if size % 7 == 0:
                raise OSError

    with ThreadPoolExecutor(16) as pool:
        done = [pool.submit(read, 1 + number % 50) for number in range(500)]
    assert sum(one.exception() is not None for one in done) > 50
    assert 0 < most[0] <= 100
    assert room.held_bytes == 0


def test_a_file_larger_than_the_room_is_read_alone() -> None:
    """Or it would wait for ever."""
    room = Room(100)
    with room.hold(10_000):
        assert room.held_bytes == 100


@pytest.mark.parametrize("first", [40, 50])
def test_a_large_file_is_not_passed_by_for_ever(first: int) -> None:
    """Small ones that come later wait behind it, though they would fit."""
    room, order = Room(100), list[str]()

    def read(name: str, size: int) -> None:
        with room.hold(size):
            order.append(name)

    threads = [threading.Thread(target=read, args=(name, size)) for name, size in (("large", 50), ("small", 1))]
    with room.hold(first):
        for number, thread in enumerate(threads, start=1):
            thread.start()
            while len(room.line) < number:
                thread.join(0.01)
        assert order == []
    for thread in threads:
        thread.join()
    assert order == ["large", "small"]
    assert COPIES * first <= 100
