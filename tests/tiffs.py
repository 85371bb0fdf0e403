"""TIFF files of any layout, written byte by byte: those that Pillow does not write are those that readers trip over."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

GREY, RGB, PALETTE, CMYK, YCBCR, LAB = 1, 2, 3, 5, 6, 8
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
NONE, DEFLATE = 1, 8
SHORT, LONG, BYTES, LONG8 = 3, 4, 7, 16
SIZES = {SHORT: 2, LONG: 4, BYTES: 1, LONG8: 8}
CODES = {SHORT: "H", LONG: "I", BYTES: "B", LONG8: "Q"}
BITS, COMPRESSION, STRIP_OFFSETS, SAMPLES, ROWS, STRIP_BYTES = 258, 259, 273, 277, 278, 279
TILE_OFFSETS, TILE_BYTES = 324, 325


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page: its size, its tags as lists of numbers, and its strips or tiles as they are stored."""

    width: int
    height: int
    chunks: list[bytes]
    tags: dict[int, list[int]] = field(default_factory=dict)
    is_tiled: bool = False


def tiff_file(*sheets: Sheet, order: str = "<", big: bool = False) -> bytes:
    """Pages one after the other, each with its data in front of its directory."""
    link, count_code, entry, inline = ("Q", "Q", "HHQ", 8) if big else ("I", "H", "HHI", 4)
    body = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
    body += struct.pack(f"{order}HH", 8, 0) if big else b""
    link_at = len(body)
    body += bytes(inline)
    for sheet in sheets:
        offsets = []
        for chunk in sheet.chunks:
            offsets.append(len(body))
            body += chunk
        tags = all_tags(sheet, offsets)
        rows = b""
        for tag in sorted(tags):
            kind = kind_of(tag, tags[tag], big=big)
            packed = struct.pack(f"{order}{len(tags[tag])}{CODES[kind]}", *tags[tag])
            if len(packed) > inline:
                place, body = len(body), body + packed
                packed = struct.pack(order + link, place)
            rows += struct.pack(order + entry, tag, kind, len(tags[tag])) + packed.ljust(inline, b"\0")
        body = body[:link_at] + struct.pack(order + link, len(body)) + body[link_at + inline :]
        body += struct.pack(order + count_code, len(tags)) + rows
        link_at = len(body)
        body += bytes(inline)
    return body


def all_tags(sheet: Sheet, offsets: list[int]) -> dict[int, list[int]]:
    places, lengths = (TILE_OFFSETS, TILE_BYTES) if sheet.is_tiled else (STRIP_OFFSETS, STRIP_BYTES)
    rows = {} if sheet.is_tiled else {ROWS: [sheet.height]}
    found = {256: [sheet.width], 257: [sheet.height], 262: [GREY], SAMPLES: [1], BITS: [8], **rows}
    return {**found, **sheet.tags, places: offsets, lengths: [len(chunk) for chunk in sheet.chunks]}


def kind_of(tag: int, values: list[int], *, big: bool) -> int:
    if tag in {STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES}:
        return LONG8 if big else LONG
    if tag in {34675, 42113}:
        return BYTES
    return LONG if max(values, default=0) > 65_535 else SHORT


def packed_bits(values: list[int], bits: int, per_row: int) -> bytes:
    """Samples of any number of bits, the first bits first, each row from a byte of its own."""
    rows = b""
    for top in range(0, len(values), per_row):
        number, count = 0, 0
        for value in values[top : top + per_row]:
            number, count = number << bits | value, count + bits
        spare = -count % 8
        rows += (number << spare).to_bytes((count + spare) // 8, "big")
    return rows


def deflated(body: bytes) -> bytes:
    return zlib.compress(body)


def differences(values: list[int], samples: int, per_row: int, bits: int) -> list[int]:
    """Predictor 2: each sample as the difference from the one before in its channel."""
    found = []
    for top in range(0, len(values), per_row):
        row = values[top : top + per_row]
        found += [(v - (row[at - samples] if at >= samples else 0)) % (1 << bits) for at, v in enumerate(row)]
    return found


def float_differences(rows: list[bytes], size: int, samples: int) -> bytes:
    """Predictor 3, of big-endian rows: all first bytes, all second ones …, each less the one before in its channel."""
    found = b""
    for row in rows:
        planes = b"".join(row[place::size] for place in range(size))
        found += bytes((v - (planes[at - samples] if at >= samples else 0)) % 256 for at, v in enumerate(planes))
    return found
