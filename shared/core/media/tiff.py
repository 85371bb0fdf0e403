"""TIFF directories, read without a decoder: which pages there are, and how the samples of each are laid out.

Classic and BigTIFF, both byte orders (TIFF 6.0; BigTIFF as libtiff has it). Pillow reads most pages; what this module
tells decides which of them adapters/pixels/tiff_samples.py reads, and in which words the rest is refused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CLASSIC, BIG = 42, 43
SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 254, 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES, PLANAR = 273, 274, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES, EXTRA_SAMPLES, FORMAT = 317, 322, 323, 324, 325, 338, 339
COLOUR_MAP, ICC_PROFILE, NO_DATA, DNG_VERSION = 320, 34675, 42113, 50706
TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
OTHER_SIZES = {5: 8, 10: 8, 11: 4, 12: 8}
LONG, LONG8 = 4, (16, 17, 18)
REDUCED_OR_MASK = 0b101  # TIFF 6.0: a thumbnail of another page, or a transparency mask
TURNED = (5, 6, 7, 8)
HEADER_BYTES = 8  # of a classic file
MAX_ENTRIES = 512  # no writer has a tenth
MAX_VALUES = 4_000_000  # of one tag: strips of a row each, of the tallest picture, are far fewer
LEVELS_OF_A_PYRAMID = 3  # two pages, one of half the size, may be two scans; three are one picture

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
KINDS = {UNSIGNED: "whole numbers", SIGNED: "signed numbers", FLOAT: "floating point"}
WHITE_IS_ZERO, GREY, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
COLOURS = {
    WHITE_IS_ZERO: "grey",
    GREY: "grey",
    RGB: "RGB",
    PALETTE: "palette",
    CMYK: "CMYK",
    YCBCR: "YCbCr",
    LAB: "Lab",
}
CHANNELS = {WHITE_IS_ZERO: 1, GREY: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, LAB: 3}
COMPRESSIONS = {
    6: "old JPEG",
    9: "JBIG",
    10: "JBIG",
    32766: "NeXT",
    32809: "ThunderScan",
    34661: "JBIG",
    34676: "SGI LogLuv",
    34677: "SGI LogLuv",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy DNG",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
"""Registered ones that are rare."""
NONE, LZW, DEFLATE, OLD_DEFLATE, PACK_BITS = 1, 5, 8, 32946, 32773


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header of a TIFF. `order` is `struct`'s byte order, `first` the offset of the first directory."""

    order: str
    is_big: bool
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One tag as stored: `at` is the offset of its values."""

    tag: int
    type: int
    count: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffPage:
    """One directory of the file `data`; its facts are read when asked for. `width` and `height` are as stored."""

    data: bytes = field(repr=False)
    order: str
    entries: dict[int, Entry]

    def all(self, tag: int) -> tuple[int, ...]:
        """The values of a tag; none where it is missing, or has no whole numbers."""
        entry = self.entries.get(tag)
        return values(self.data, entry, self.order) if entry else ()

    def one(self, tag: int, default: int = 0) -> int:
        """The first value of a tag."""
        entry = self.entries.get(tag)
        first = values(self.data, replace(entry, count=min(entry.count, 1)), self.order) if entry else ()
        return first[0] if first else default

    def raw(self, tag: int) -> bytes:
        """The bytes of a tag's values."""
        entry = self.entries.get(tag)
        return self.data[entry.at : entry.at + entry.count * size_of(entry.type)] if entry else b""

    @property
    def width(self) -> int:
        return self.one(WIDTH)

    @property
    def height(self) -> int:
        return self.one(HEIGHT)

    @property
    def upright_size(self) -> tuple[int, int]:
        turned = self.one(ORIENTATION, 1) in TURNED
        return (self.height, self.width) if turned else (self.width, self.height)

    @property
    def is_picture(self) -> bool:
        """Whether the page is a picture of its own: not a thumbnail of another page, and not a mask."""
        return not self.one(SUBFILE_TYPE) & REDUCED_OR_MASK

    @property
    def is_tiled(self) -> bool:
        return TILE_OFFSETS in self.entries

    @property
    def samples(self) -> int:
        return self.one(SAMPLES, 1)

    @property
    def bits(self) -> int:
        """Bits per sample; 0 where samples differ."""
        found = self.all(BITS) or (1,)
        return found[0] if len(set(found)) == 1 else 0

    @property
    def kind(self) -> int:
        found = self.all(FORMAT) or (UNSIGNED,)
        return found[0] if len(set(found)) == 1 else 0

    @property
    def photometric(self) -> int:
        return self.one(PHOTOMETRIC)

    @property
    def words(self) -> str:
        """What the page's samples are, in words for a refusal."""
        colours = COLOURS.get(self.photometric, f"photometric {self.photometric}")
        bits = f"{self.bits} bits" if self.bits else "different bits"
        planes = ", in planes" if self.one(PLANAR, 1) != 1 else ""
        return f"with {self.samples} {colours} samples of {bits} ({KINDS.get(self.kind, 'mixed')}{planes})"


def read_header(data: bytes) -> Header | None:
    """The header; None where the file is not a TIFF."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < struct.calcsize("8s"):
        return None
    version = struct.unpack_from(f"{order}H", data, 2)[0]
    if version == BIG and len(data) >= struct.calcsize("16s"):
        return Header(order=order, is_big=True, first=struct.unpack_from(f"{order}Q", data, 8)[0])
    return Header(order=order, is_big=False, first=struct.unpack_from(f"{order}I", data, 4)[0])


def read_pages(data: bytes, most: int) -> list[TiffPage]:
    """The file's directories in order, at most `most`; what cannot be read ends the list."""
    header = read_header(data)
    if header is None:
        return []
    return [
        TiffPage(data=data, order=header.order, entries={entry.tag: entry for entry in entries})
        for entries in walk_directories(data, header, most)
    ]


def walk_directories(data: bytes, header: Header, most: int) -> Iterator[list[Entry]]:
    at, seen = header.first, set[int]()
    while at and at not in seen and len(seen) < most:
        seen.add(at)
        try:
            entries, at = read_directory(data, header, at)
        except struct.error:
            return
        yield entries


def read_directory(data: bytes, header: Header, at: int) -> tuple[list[Entry], int]:
    """A directory's entries, and the offset of the next one (0: there is none, or it cannot be read). Raises
    struct.error.
    """
    number, entry, inline = ("Q", "HHQ", 8) if header.is_big else ("H", "HHI", 4)
    count = struct.unpack_from(header.order + number, data, at)[0]
    if count > MAX_ENTRIES:
        raise struct.error
    head = struct.calcsize("=" + entry)
    start = at + struct.calcsize("=" + number)
    entries = [read_entry(data, header, start + place * (head + inline), inline) for place in range(count)]
    end = start + count * (head + inline)
    link = data[end : end + inline]
    following = int.from_bytes(link, "little" if header.order == "<" else "big") if len(link) == inline else 0
    return entries, following


def read_entry(data: bytes, header: Header, at: int, inline: int) -> Entry:
    tag, kind, count = struct.unpack_from(header.order + ("HHQ" if header.is_big else "HHI"), data, at)
    place = at + struct.calcsize("=HHQ" if header.is_big else "=HHI")
    if count * size_of(kind) > inline:
        place = struct.unpack_from(header.order + ("Q" if header.is_big else "I"), data, place)[0]
    return Entry(tag=tag, type=kind, count=count, at=place)


def size_of(kind: int) -> int:
    return struct.calcsize("=" + TYPES[kind]) if kind in TYPES else OTHER_SIZES.get(kind, 1)


def values(data: bytes, entry: Entry, order: str) -> tuple[int, ...]:
    """The tag's whole numbers; none for other types, or where they lie outside of the file."""
    code = TYPES.get(entry.type)
    if code is None or entry.count > MAX_VALUES or entry.at + entry.count * size_of(entry.type) > len(data):
        return ()
    found: tuple[int, ...] = struct.unpack_from(f"{order}{entry.count}{code}", data, entry.at)
    return found


def pictures_of(pages: list[TiffPage]) -> list[tuple[int, tuple[int, int]]]:
    """The number and upright size in pixels of each page that is a picture of its own: no thumbnails, masks or smaller
    copies.
    """
    shown = [(number, page) for number, page in enumerate(pages) if page.is_picture]
    copies = smaller_copies([page for _, page in shown])
    return [(number, page.upright_size) for place, (number, page) in enumerate(shown) if place not in copies]


def smaller_copies(pages: list[TiffPage]) -> set[int]:
    """The places of pages of which each has half the size of the one before: a pyramid whose writer did not mark it."""
    copies = set[int]()
    start = 0
    for place in range(1, len(pages) + 1):
        if place < len(pages) and is_half(pages[place - 1], pages[place]):
            continue
        is_pyramid = place - start >= LEVELS_OF_A_PYRAMID or (place - start > 1 and pages[start].is_tiled)
        copies |= set(range(start + 1, place)) if is_pyramid else set()
        start = place
    return copies


def is_half(page: TiffPage, following: TiffPage) -> bool:
    """Whether the size is half of the other in both directions, rounded either way."""
    (width, height), (other_width, other_height) = page.upright_size, following.upright_size
    return abs(width - 2 * other_width) <= 1 and abs(height - 2 * other_height) <= 1
