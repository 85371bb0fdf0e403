"""The bytes of a TIFF page, put together from its strips or tiles: unpacked, and without the writer's differences.

Libtiff decompresses: each strip or tile is handed to it as a small grey TIFF of bytes. What the bytes mean is told in
pixels/tiff_samples.py.
"""

from __future__ import annotations

from array import array
from io import BytesIO
from itertools import accumulate
from math import ceil
from sys import byteorder
from typing import TYPE_CHECKING

from PIL import Image

from shared.core.media import tiff
from shared.core.media.tiff_writing import of_bytes

if TYPE_CHECKING:
    from shared.core.media.tiff import TiffPage
    from shared.core.models.image_grid import Size

COMPRESSED = {tiff.LZW, tiff.DEFLATE, tiff.OLD_DEFLATE, tiff.PACK_BITS}
DIFFERENCES, FLOAT_DIFFERENCES = 2, 3  # predictors
INTEGERS = {8: "B", 16: "H", 32: "I"}
REVERSED = 2  # fill order
REVERSED_BITS = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
NATIVE = "<" if byteorder == "little" else ">"
BYTE = 8


def raw_plane(page: TiffPage, plane: int, channels: int) -> bytes:
    """The bytes of all rows, of all channels or of one plane: strips or tiles, put together as a picture of bytes."""
    width, height = (page.one(tiff.TILE_WIDTH), page.one(tiff.TILE_HEIGHT)) if page.is_tiled else strip_size(page)
    across, down = ceil(page.width / width), ceil(page.height / height)
    row_bytes, chunk_bytes = (bytes_per_row(page, length, channels) for length in (page.width, width))
    whole = Image.new("L", (row_bytes, page.height))
    for place in range(across * down):
        top, left = place // across * height, place % across * chunk_bytes
        rows = height if page.is_tiled else min(height, page.height - top)
        raw = raw_chunk(page, plane * across * down + place, (chunk_bytes, rows))
        straight = undo_predictor(page, raw, chunk_bytes, channels)
        whole.paste(Image.frombytes("L", (chunk_bytes, rows), straight), (left, top))
    return whole.tobytes()


def strip_size(page: TiffPage) -> Size:
    return page.width, min(page.one(tiff.ROWS_PER_STRIP) or page.height, page.height)


def bytes_per_row(page: TiffPage, width: int, channels: int) -> int:
    return ceil(width * channels * page.bits / BYTE)


def raw_chunk(page: TiffPage, place: int, size: Size) -> bytes:
    """One strip or tile, decompressed."""
    offsets, counts = chunk_places(page)
    stored = page.data[offsets[place] : offsets[place] + counts[place]]
    if page.one(tiff.FILL_ORDER, 1) == REVERSED:
        stored = stored.translate(REVERSED_BITS)
    compression, expected = page.one(tiff.COMPRESSION, 1), size[0] * size[1]
    if compression != tiff.NONE:
        with Image.open(BytesIO(of_bytes(stored, size, compression)), formats=("TIFF",)) as image:
            return image.tobytes()
    if len(stored) < expected:
        raise OSError("a strip is shorter than its rows")
    return stored[:expected]


def chunk_places(page: TiffPage) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if page.is_tiled:
        return page.all(tiff.TILE_OFFSETS), page.all(tiff.TILE_BYTES)
    offsets, counts = page.all(tiff.STRIP_OFFSETS), page.all(tiff.STRIP_BYTES)
    return offsets, counts or (len(page.data),) * len(offsets)  # a single strip's may be missing


def undo_predictor(page: TiffPage, raw: bytes, row_bytes: int, channels: int) -> bytes:
    predictor = page.one(tiff.PREDICTOR, 1)
    if predictor == 1 or page.one(tiff.COMPRESSION, 1) == tiff.NONE:
        return raw
    undo = sum_samples if predictor == DIFFERENCES else sum_bytes
    return b"".join(undo(page, raw[top : top + row_bytes], channels) for top in range(0, len(raw), row_bytes))


def sum_samples(page: TiffPage, row: bytes, channels: int) -> bytes:
    """The samples, of which each was stored as the difference from the one before in its channel."""
    numbers: array[int] = array(INTEGERS[page.bits], row)
    if page.order != NATIVE:
        numbers.byteswap()
    mask = (1 << page.bits) - 1
    for channel in range(channels):
        totals = accumulate(numbers[channel::channels])
        numbers[channel::channels] = array(numbers.typecode, (total & mask for total in totals))
    if page.order != NATIVE:
        numbers.byteswap()
    return numbers.tobytes()


def sum_bytes(page: TiffPage, row: bytes, channels: int) -> bytes:
    """The floating-point samples, stored as all highest bytes, then all second ones, and so on; then as differences of
    bytes.
    """
    size = page.bits // BYTE
    summed = bytearray(row)
    for channel in range(channels):
        summed[channel::channels] = bytes(total & 0xFF for total in accumulate(row[channel::channels]))
    count, straight = len(row) // size, bytearray(len(row))
    for place in range(size):
        at = place if page.order == ">" else size - 1 - place
        straight[at::size] = summed[place * count : (place + 1) * count]
    return bytes(straight)
