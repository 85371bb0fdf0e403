"""TIFF files written: a BigTIFF made classic, and bytes dressed up as a picture for libtiff to decompress."""

from __future__ import annotations

import struct
from itertools import accumulate
from typing import TYPE_CHECKING

from shared.core.media.tiff import (
    BITS,
    CLASSIC,
    COMPRESSION,
    GREY,
    HEADER_BYTES,
    HEIGHT,
    LONG,
    LONG8,
    PHOTOMETRIC,
    ROWS_PER_STRIP,
    SAMPLES,
    STRIP_BYTES,
    STRIP_OFFSETS,
    WIDTH,
    read_header,
    size_of,
    values,
    walk_directories,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.core.media.tiff import Entry


def to_classic(data: bytes) -> bytes:
    """A BigTIFF with directories that classic readers know, put behind the file. Other files are returned as they
    are.
    """
    header = read_header(data)
    if header is None or not header.is_big:
        return data
    end, tail, first = len(data), b"", 0
    for entries in walk_directories(data, header, len(data)):
        body, directory = narrow(data, entries, header.order, end + len(tail))
        if first == 0:
            first = end + len(tail) + len(body)
        else:
            tail = tail[:-4] + struct.pack(f"{header.order}I", end + len(tail) + len(body))
        tail += body + directory + bytes(4)
    magic = data[:2] + struct.pack(f"{header.order}HI", CLASSIC, first)
    return magic + data[len(magic) :] + tail


def narrow(data: bytes, entries: list[Entry], order: str, at: int) -> tuple[bytes, bytes]:
    """Values that have to move, and a classic directory without its link. `at` is the offset at which the values will
    be.
    """
    body, rows = b"", b""
    for entry in entries:
        kind, place, size = entry.type, entry.at, entry.count * size_of(entry.type)
        stored = data[place : place + size]
        if kind in LONG8:
            kind, numbers = LONG, values(data, entry, order)
            stored = struct.pack(f"{order}{len(numbers)}I", *(number & 0xFFFFFFFF for number in numbers))
            place, size = at + len(body), len(stored)
            body += stored if size > struct.calcsize("I") else b""
        value = stored.ljust(4, b"\0") if size <= struct.calcsize("I") else struct.pack(f"{order}I", place)
        rows += struct.pack(f"{order}HHI", entry.tag, kind, entry.count) + value
    return body, struct.pack(f"{order}H", len(entries)) + rows


def of_bytes(compressed: bytes, size: tuple[int, int], compression: int, strips: Sequence[int] = ()) -> bytes:
    """A TIFF whose samples are plain bytes: libtiff decompresses them, and looks no further.

    `strips` are the bytes of each row that was compressed by itself; without them all rows are one strip.
    """
    width, height = size
    counts = list(strips) or [len(compressed)]
    offsets = [HEADER_BYTES + before for before in accumulate(counts[:-1], initial=0)]
    lists_at = HEADER_BYTES + len(compressed)
    directory_at = lists_at + 8 * len(counts)
    lists = struct.pack(f"<{2 * len(counts)}I", *offsets, *counts)
    places = (lists_at, lists_at + 4 * len(counts)) if len(counts) > 1 else (offsets[0], counts[0])
    rows = {
        WIDTH: width, HEIGHT: height, BITS: 8, COMPRESSION: compression, PHOTOMETRIC: GREY, STRIP_OFFSETS: places[0],
        SAMPLES: 1, ROWS_PER_STRIP: 1 if strips else height, STRIP_BYTES: places[1],
    }  # fmt: skip
    entries = b"".join(
        struct.pack("<HHII", tag, LONG, len(counts) if tag in {STRIP_OFFSETS, STRIP_BYTES} else 1, value)
        for tag, value in sorted(rows.items())
    )
    head = struct.pack("<2sHI", b"II", CLASSIC, directory_at)
    return head + compressed + lists + struct.pack("<H", len(rows)) + entries + bytes(4)
