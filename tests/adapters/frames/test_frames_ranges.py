"""How much of a file is fetched, in how many requests: all of it once where all of it is read, in large pieces."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any, cast

import pytest

from shared.adapters.frames.kept import KeptRanges
from shared.adapters.frames.ranges import BLOCK_BYTES, LONGEST_RUN, WHOLE_RUN, RangeReader
from shared.adapters.media import MediaReader
from shared.core.media.playback import MP4_CODECS
from shared.pipeline.ports import SourceFile
from tests.videos import clip, counted

MIB = 1024 * 1024


class Counted:
    """A file that counts what is fetched of it."""

    def __init__(self, data):
        self.data = data
        self.fetched: list[tuple[int, int]] = []

    def fetch(self, at, size):
        self.fetched.append((at, size))
        return self.data[at : at + size]

    @property
    def bytes_fetched(self):
        return sum(size for _, size in self.fetched)


def some_bytes(size):
    return bytes(range(256)) * -(-size // 256)


def read_through(reader, step=32 * 1024):
    return b"".join(reader.read(at, step) for at in range(0, reader.size, step))


@pytest.mark.parametrize(("longest_run", "most_requests"), [(WHOLE_RUN, 11), (LONGEST_RUN, 67)])
def test_reading_on_fetches_larger_and_larger_pieces(longest_run, most_requests):
    """Doubling from 64 KB to 8 MB where all is wanted, to 512 KB where only parts are; each byte once."""
    file = Counted(some_bytes(32 * MIB)[: 32 * MIB - 5])
    found = read_through(RangeReader(file.fetch, len(file.data), longest_run=longest_run))

    assert found == file.data
    assert file.bytes_fetched == len(file.data)
    assert len(file.fetched) <= most_requests
    assert max(size for _, size in file.fetched) == longest_run * BLOCK_BYTES


@pytest.mark.parametrize("size", [1, BLOCK_BYTES, 3 * BLOCK_BYTES + 7])
def test_the_second_reader_finds_all_on_disk(size):
    """Whatever the length; the source is asked nothing more."""
    file = Counted(some_bytes(size)[:size])
    with closing(KeptRanges(file.fetch, size)) as kept:
        found = [read_through(RangeReader(kept.fetch, size)) for _ in range(2)]

    assert found == [file.data, file.data]
    assert file.bytes_fetched == size


def test_what_is_kept_is_bounded():
    """The first part of a longer file is on disk, the rest is fetched again."""
    size = 8 * BLOCK_BYTES
    file = Counted(some_bytes(size))
    with closing(KeptRanges(file.fetch, size, most_bytes=3 * BLOCK_BYTES)) as kept:
        for _ in range(2):
            assert b"".join(kept.fetch(at, BLOCK_BYTES) for at in range(0, size, BLOCK_BYTES)) == file.data

    assert file.bytes_fetched == size + 5 * BLOCK_BYTES


class Full:
    """A disk without room."""

    def seek(self, at): ...

    def write(self, _):
        raise OSError(28, "No space left on device")

    def close(self):
        raise OSError(28, "No space left on device")


def test_a_full_disk_costs_a_second_download():
    """And nothing else: the bytes are the right ones."""
    file = Counted(some_bytes(4 * BLOCK_BYTES))
    with closing(KeptRanges(file.fetch, len(file.data))) as kept:
        kept.file = cast("Any", Full())
        found = [read_through(RangeReader(kept.fetch, len(file.data))) for _ in range(2)]

    assert found == [file.data, file.data]
    assert file.bytes_fetched == 2 * len(file.data)


def test_sound_and_film_of_a_video_are_fetched_once():
    """An MKV is read from end to end for its transcript and again for its MP4: one download, in a few requests."""
    pictures = [counted(number, (320, 240)) for number in range(8)] * 25
    upload = Counted(clip(pictures, form="matroska", gop=1, tone_hz=440))
    media = MediaReader()
    with closing(media), media.kept(SourceFile(size=len(upload.data), fetch=upload.fetch)) as file:
        sound = media.sound(file)
        film = b"".join(media.mp4(file, copied=MP4_CODECS))

    assert len(upload.data) > 2 * MIB
    assert sound
    assert film[4:8] == b"ftyp"
    assert upload.bytes_fetched <= len(upload.data) + WHOLE_RUN * BLOCK_BYTES // 100
    assert len(upload.fetched) <= 12


def test_without_keeping_it_is_fetched_twice():
    """What the test above would not notice otherwise."""
    upload = Counted(clip([counted(number) for number in range(20)], form="matroska", gop=1, tone_hz=440))
    media = MediaReader()
    file = SourceFile(size=len(upload.data), fetch=upload.fetch)
    with closing(media):
        media.sound(replace(file, fetch_kept=None))
        assert b"".join(media.mp4(file, copied=MP4_CODECS))

    assert upload.bytes_fetched >= 2 * len(upload.data)
