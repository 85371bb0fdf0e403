"""What the header of a Photoshop file says about its composite: the picture of all layers, stored last.

By Adobe's Photoshop File Formats Specification (2019). PSB is the same with longer lengths. Layers are not read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import accumulate

HEADER = struct.Struct(">4sH6xHIIHH")  # signature, version, channels, height, width, depth, mode
LARGE = 2  # the version of PSB
BITMAP, GREY, INDEXED, RGB, CMYK, MULTICHANNEL, DUOTONE, LAB = 0, 1, 2, 3, 4, 7, 8, 9
MODES = {
    BITMAP: "bitmap",
    GREY: "grey",
    INDEXED: "indexed",
    RGB: "RGB",
    CMYK: "CMYK",
    MULTICHANNEL: "multichannel",
    DUOTONE: "duotone",
    LAB: "Lab",
}
COLOURS = {BITMAP: 1, GREY: 1, INDEXED: 1, RGB: 3, CMYK: 4, DUOTONE: 1, LAB: 3}
ICC_PROFILE, VERSION_INFO = 1039, 1057
MERGED_ALPHA = (b"Mtrn", b"Mt16", b"Mt32")  # blocks that say that the composite's transparency was saved
LAYERS_OF_MANY_BITS = (b"Lr16", b"Lr32", b"Layr")
RAW, RLE = 0, 1
PALETTE_BYTES = 768


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """The composite's facts. `start` is the offset of its pixels; `palette` has 256 reds, then greens, then blues.

    `is_real` is False where Photoshop was told to leave it out, and wrote a white sheet.
    """

    width: int
    height: int
    channels: int
    depth: int
    mode: int
    is_large: bool
    palette: bytes = field(repr=False)
    icc_profile: bytes | None = field(repr=False)
    has_layers: bool
    has_alpha: bool
    is_real: bool
    compression: int
    start: int

    @property
    def planes(self) -> int:
        """How many of its channels are shown: those after them are selections that somebody saved."""
        return COLOURS[self.mode] + self.has_alpha

    @property
    def row_bytes(self) -> int:
        return (self.width * self.depth + 7) // 8


def read_composite(data: bytes) -> Composite:
    """The header's facts. Raises struct.error or ValueError where it is broken."""
    signature, version, channels, height, width, depth, mode = HEADER.unpack_from(data)
    if signature != b"8BPS" or version not in {1, LARGE}:
        raise ValueError("not a Photoshop file")
    is_large = version == LARGE
    palette, resources_at = section(data, HEADER.size)
    resources, layers_at = section(data, resources_at)
    blocks = dict(walk_resources(resources))
    layers, start = section(data, layers_at, wide=is_large)
    count = layer_count(layers, wide=is_large)
    info = blocks.get(VERSION_INFO, b"\0\0\0\1\1")
    return Composite(
        width=width,
        height=height,
        channels=channels,
        depth=depth,
        mode=mode,
        is_large=is_large,
        palette=palette[:PALETTE_BYTES],
        icc_profile=blocks.get(ICC_PROFILE),
        has_layers=count != 0,
        has_alpha=count < 0 and channels > COLOURS.get(mode, channels),
        is_real=len(info) <= 4 or bool(info[4]),  # noqa: PLR2004 -- the byte behind its version
        compression=int.from_bytes(data[start : start + 2], "big"),
        start=start + 2,
    )


def section(data: bytes, at: int, *, wide: bool = False) -> tuple[bytes, int]:
    """A block with its length in front, and the offset of the next."""
    start = at + (8 if wide else 4)
    if start > len(data):
        raise ValueError("the header is cut off")
    end = start + int.from_bytes(data[at:start], "big")
    return data[start:end], end


def walk_resources(data: bytes) -> list[tuple[int, bytes]]:
    """The number and content of each resource: signature, number, a name and the content, both of even length."""
    found, at = [], 0
    while data[at : at + 4] in {b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR"}:
        number = int.from_bytes(data[at + 4 : at + 6], "big")
        name_bytes = data[at + 6] if at + 6 < len(data) else 0
        start = at + 6 + (name_bytes + 2) // 2 * 2
        size = int.from_bytes(data[start : start + 4], "big")
        found.append((number, data[start + 4 : start + 4 + size]))
        at = start + 4 + (size + 1) // 2 * 2
    return found


def layer_count(section_data: bytes, *, wide: bool) -> int:
    """The number of layers, negative where the composite's first extra channel is its transparency; 0 without
    layers.
    """
    if not section_data:
        return 0
    layers, rest_at = section(section_data, 0, wide=wide)
    if len(layers) > 1:
        return int.from_bytes(layers[:2], "big", signed=True)
    rest = section_data[rest_at:]
    for name in LAYERS_OF_MANY_BITS:
        at = rest.find(b"8BIM" + name)
        if at >= 0:
            start = at + 8 + (8 if wide else 4)
            return int.from_bytes(rest[start : start + 2], "big", signed=True)
    return -1 if any(b"8BIM" + name in rest for name in MERGED_ALPHA) else 0


def what_is_not_read(composite: Composite) -> tuple[str, str]:
    """What nothing here understands about it, and what to do, in words; both empty if there is nothing."""
    if (
        composite.mode not in COLOURS
        or composite.depth not in {1, 8, 16}
        or composite.channels < COLOURS[composite.mode]
    ):
        name = MODES.get(composite.mode, f"mode {composite.mode}")
        return f"with {composite.channels} {name} channels of {composite.depth} bits", ""
    if composite.compression not in {RAW, RLE}:
        return f"of compression {composite.compression}", ""
    if not composite.is_real and composite.has_layers:
        return (
            "saved without a picture of all its layers",
            "Save it again with maximised compatibility (Photoshop: Preferences, File Handling), or as PNG.",
        )
    return "", ""


def plane_places(data: bytes, composite: Composite) -> list[tuple[int, list[int]]]:
    """The offset of each plane that is shown, and the number of bytes of each of its rows. Raises ValueError if the
    file is cut off.
    """
    first = composite.start
    if composite.compression == RAW:
        size = composite.row_bytes * composite.height
        places = [(first + plane * size, [composite.row_bytes] * composite.height) for plane in range(composite.planes)]
    else:
        places = packed_places(data, composite, first)
    at, counts = places[-1]
    if at + sum(counts) > len(data):
        raise ValueError("the picture is cut off")
    return places


def packed_places(data: bytes, composite: Composite, first: int) -> list[tuple[int, list[int]]]:
    """As plane_places for packed rows: the lengths of all rows of all channels stand first, whether they are shown or
    not.
    """
    code, size = ("I", 4) if composite.is_large else ("H", 2)
    rows = composite.height * composite.channels
    if first + rows * size > len(data):
        raise ValueError("the picture is cut off")
    counts = list(struct.unpack_from(f">{rows}{code}", data, first))
    height = composite.height
    planes = [counts[plane * height : (plane + 1) * height] for plane in range(composite.planes)]
    starts = accumulate(map(sum, planes), initial=first + rows * size)
    return list(zip(starts, planes, strict=False))
