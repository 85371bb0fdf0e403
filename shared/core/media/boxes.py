"""ISO base media boxes (HEIC, AVIF, MP4), walked without a decoder: is the whole file there?

libheif decodes a truncated HEIC "successfully" into solid green tiles; the top-level boxes tell the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER_BYTES = 8
LARGE_HEADER_BYTES = 16
MAX_BOXES = 10_000
OF_STILLS = {b"ftyp", b"meta", b"mdat", b"moov", b"free", b"idat", b"uuid", b"mpvd"}
PROPERTIES_PATH = ((b"meta", 4), (b"iprp", 0), (b"ipco", 0))
EXTENT_PATH = (*PROPERTIES_PATH, (b"ispe", 0))
PRIMARY_PATH = ((b"meta", 4), (b"pitm", 0))
ASSOCIATIONS_PATH = ((b"meta", 4), (b"iprp", 0), (b"ipma", 0))
JP2_COLOUR_PATH = ((b"jp2h", 0), (b"colr", 0))
ITEMS_PATH = ((b"meta", 4), (b"iinf", 0))
WIDE_ITEMS = 3  # the version of an `infe` box whose item numbers have 4 bytes
RARE_CODINGS = {
    b"vvc1": "VVC pictures",
    b"evc1": "EVC pictures",
    b"j2k1": "JPEG 2000 pictures",
    b"avc1": "H.264 pictures",
    b"unci": "uncompressed pictures",
    b"jpeg": "JPEG pictures",
    b"mski": "masks",
}
"""Item types of HEIF (ISO/IEC 23008-12, 23001-17) beside hvc1, and beside those that are put together of others."""
SEQUENCE, STILL = b"moov", b"meta"
ICC_METHODS = (2, 3)  # of JPEG 2000's colr box: a profile, restricted or not
NCLX = b"nclx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """`start` and `end` are offsets of the whole box; `body` is where its content starts."""

    type: bytes
    start: int
    body: int
    end: int


def walk_boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes side by side from `start`. A size of 0 means to the end; an impossible one ends the walk."""
    stop = len(data) if end is None else end
    for _ in range(MAX_BOXES):
        if start + HEADER_BYTES > stop:
            return
        size, kind, body = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], start + 8
        if size == 1:
            size, body = int.from_bytes(data[start + 8 : start + 16], "big"), start + LARGE_HEADER_BYTES
        elif size == 0:
            size = stop - start
        if size < body - start:
            return
        yield Box(type=kind, start=start, body=body, end=start + size)
        start += size


def is_cut_off(data: bytes) -> bool:
    """Whether a top-level box announces more bytes than there are. What follows the last box is ignored."""
    return any(box.end > len(data) for box in walk_boxes(data) if box.type in OF_STILLS)


def largest_extent(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of the largest picture that the `meta` box announces (ispe), before any decoder sees
    it.
    """
    sizes = [
        (
            int.from_bytes(data[ispe.body + 4 : ispe.body + 8], "big"),
            int.from_bytes(data[ispe.body + 8 : ispe.body + 12], "big"),
        )
        for ispe in find_boxes(data, EXTENT_PATH)
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))


def find_boxes(
    data: bytes, path: tuple[tuple[bytes, int], ...], start: int = 0, end: int | None = None
) -> Iterator[Box]:
    """The boxes at a path of (type, bytes between header and children)."""
    (kind, skip), *rest = path
    for box in walk_boxes(data, start, end):
        if box.type == kind and rest:
            yield from find_boxes(data, tuple(rest), box.body + skip, min(box.end, len(data)))
        elif box.type == kind:
            yield box


def code_points(data: bytes) -> tuple[int, int]:
    """Colour primaries and transfer of the primary picture (ITU-T H.273); (2, 2), unspecified, where the file has
    none.
    """
    for box in properties_of_primary(data):
        if box.type == b"colr" and data[box.body : box.body + 4] == NCLX:
            return big(data, box.body + 4, 2), big(data, box.body + 6, 2)
    return 2, 2


def properties_of_primary(data: bytes) -> list[Box]:
    """The primary picture's properties; empty where the file has none."""
    all_properties = [
        box for parent in find_boxes(data, PROPERTIES_PATH) for box in walk_boxes(data, parent.body, parent.end)
    ]
    primary = primary_item(data)
    numbers = [number for box in find_boxes(data, ASSOCIATIONS_PATH) for number in associated(data, box, primary)]
    return [all_properties[number - 1] for number in numbers if 0 < number <= len(all_properties)]


def primary_item(data: bytes) -> int:
    """The number of the primary picture; 0, which no item has, where none is named."""
    box = next(find_boxes(data, PRIMARY_PATH), None)
    return read_item(data, box.body + 4, big(data, box.body, 1))[0] if box else 0


def associated(data: bytes, box: Box, item: int) -> list[int]:
    """The numbers, from 1, of an item's properties in an `ipma` box (ISO/IEC 23008-12, 9.3)."""
    version, is_wide = big(data, box.body, 1), big(data, box.body + 3, 1) & 1
    size, mask, at = (2, 0x7FFF, box.body + 8) if is_wide else (1, 0x7F, box.body + 8)
    while at < min(box.end, len(data)):
        number, at = read_item(data, at, version)
        count, at = big(data, at, 1), at + 1
        if number == item:
            return [big(data, at + size * place, size) & mask for place in range(count)]
        at += count * size
    return []


def read_item(data: bytes, at: int, version: int) -> tuple[int, int]:
    """An item's number, and the offset at which it ends."""
    size = 4 if version else 2
    return big(data, at, size), at + size


def big(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def jp2_profile(data: bytes) -> bytes | None:
    """The ICC profile in the colr box of a JPEG 2000 file; None without one."""
    for box in find_boxes(data, JP2_COLOUR_PATH):
        if big(data, box.body, 1) in ICC_METHODS:
            return data[box.body + 3 : box.end]
    return None


def is_sequence_only(data: bytes) -> bool:
    """Whether the file has a track of pictures, as a video has, and no single picture (HEIF's image sequences)."""
    types = {box.type for box in walk_boxes(data)}
    return SEQUENCE in types and STILL not in types


def without_exif(data: bytes) -> bytes:
    """The file with its Exif items renamed, so that no reader opens them."""
    changed = bytearray(data)
    for parent in find_boxes(data, ITEMS_PATH):
        first = parent.body + (6 if big(data, parent.body, 1) == 0 else 8)
        for item in walk_boxes(data, first, min(parent.end, len(data))):
            kind_at = item.body + (10 if big(data, item.body, 1) == WIDE_ITEMS else 8)
            if item.type == b"infe" and changed[kind_at : kind_at + 4] == b"Exif":
                changed[kind_at : kind_at + 4] = b"none"
    return bytes(changed)


def rare_coding(data: bytes) -> str:
    """What the decoder may not know about the primary picture's coding, in words; "" if it is HEVC."""
    primary = primary_item(data)
    name = next((kind for number, kind in item_types(data) if number == primary), b"")
    return f"of {RARE_CODINGS[name]}" if name in RARE_CODINGS else ""


def item_types(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The number and type of each item (ISO/IEC 14496-12, 8.11.6)."""
    for parent in find_boxes(data, ITEMS_PATH):
        first = parent.body + (6 if big(data, parent.body, 1) == 0 else 8)
        for item in walk_boxes(data, first, min(parent.end, len(data))):
            is_wide = big(data, item.body, 1) == WIDE_ITEMS
            number, after = read_item(data, item.body + 4, is_wide)
            yield number, data[after + 2 : after + 6]
