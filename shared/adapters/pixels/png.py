"""Large PNG photos and screenshots, band by band: the picture never exists at full size, and no byte is read slowly.

Two thirds of the time of Pillow's reader go into zlib and into undoing the scanlines' filters. ISA-L inflates three
times as fast, and FFmpeg's reader undoes filters with SIMD: it gets each band as a small uncompressed PNG of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from PIL import Image

from shared.adapters.pixels.errors import damage_of
from shared.adapters.pixels.ground import weighted
from shared.adapters.pixels.scaler import shrunk_luma
from shared.adapters.pixels.shrink import shrink_bands
from shared.core.media import png

if TYPE_CHECKING:
    from shared.core.media.picture_plan import ImageInfo
    from shared.core.models.image_grid import Size

STREAMED_PIXELS = 2_000_000  # below, loading FFmpeg and ISA-L (100 ms, 19 MB) does not pay
BAND_PIXELS = 120_000  # its copies fit into the cache
MODES = {3: "RGB", 4: "RGBA"}
FILTERS = 5
CONTEXT_FILTER = b"\0"  # the row above a band is given as it is


def is_streamed(info: ImageInfo, data: bytes) -> bool:
    """Whether a PNG is read here, in bands. Pillow reads what is small, interlaced, animated, of 16 bits, with a
    palette or a transparent colour.
    """
    samples = png.samples_per_pixel(data)
    return (
        info.kind.format == "png"
        and info.width * info.height >= STREAMED_PIXELS
        and info.mode == MODES.get(samples)
        and info.has_alpha == (samples == 4)  # noqa: PLR2004 -- RGBA
    )


def load_png(image: Image.Image, data: bytes, info: ImageInfo, size: Size) -> tuple[Image.Image, str]:
    """The picture at `size`, and what is missing of it ("" = nothing)."""
    rows = Rows(data, image.width, png.samples_per_pixel(data))
    shrunk = shrink_bands(rows.band, image.size, size, weighted, band_pixels=BAND_PIXELS, scale_luma=shrunk_luma)
    shrunk.info["icc_profile"] = image.info.get("icc_profile")
    return shrunk, damage_of(info.kind, rows.there / image.height) if rows.there < image.height else ""


class Rows:
    """A PNG's rows, read downwards. Where the file ends or is damaged, the rest is black, or transparent."""

    def __init__(self, data: bytes, width: int, samples: int) -> None:
        self.width, self.samples, self.stride = width, samples, 1 + width * samples
        self.scanlines = Inflated(data)
        self.above = bytes(width * samples)
        self.there = 0

    def band(self, top: int, bottom: int) -> Image.Image:
        found = whole_scanlines(self.scanlines.read((bottom - top) * self.stride), self.stride)
        count = len(found) // self.stride
        self.there += count
        if count == bottom - top:
            return self.unfiltered(found, count)
        self.scanlines.stop()
        rest = Image.new(MODES[self.samples], (self.width, bottom - top))
        if count:
            rest.paste(self.unfiltered(found, count))
        return rest

    def unfiltered(self, scanlines: bytes, count: int) -> Image.Image:
        import av  # noqa: PLC0415 -- for large pictures only, see STREAMED_PIXELS

        context = (CONTEXT_FILTER, self.above, scanlines)
        small = png.stored(context, width=self.width, height=count + 1, samples=self.samples)
        reader: Any = av.CodecContext.create("png", "r")  # anew: it does not forget a stream without an end
        reader.thread_count = 1
        plane = (reader.decode(av.Packet(small)) or reader.decode(None))[0].planes[0]
        pixels, stride = memoryview(plane), plane.line_size
        self.above = bytes(pixels[count * stride : count * stride + len(self.above)])
        mode = MODES[self.samples]
        return Image.frombuffer(mode, (self.width, count), cast("bytes", pixels[stride:]), "raw", mode, stride, 1)


def whole_scanlines(found: bytes, stride: int) -> bytes:
    """The bytes of scanlines up to the first one that is cut off or names an unknown filter."""
    filters = found[: len(found) // stride * stride : stride]
    count = next((row for row, name in enumerate(filters) if name >= FILTERS), len(filters))
    return found[: count * stride]


class Inflated:
    """The scanlines' bytes, unpacked as they are asked for: a bomb stays compressed."""

    def __init__(self, data: bytes) -> None:
        from isal import isal_zlib  # noqa: PLC0415 -- for large pictures only, see STREAMED_PIXELS

        self.slices = png.pixel_slices(data)
        self.stream = isal_zlib.decompressobj()
        self.damage: Any = isal_zlib.error  # a class, which its stub calls a value
        self.waiting: bytes | memoryview = b""

    def stop(self) -> None:
        """Give no more bytes: what follows damage is noise."""
        self.slices, self.waiting = iter(()), b""

    def read(self, count: int) -> bytes:
        """The next bytes; fewer where there are no more."""
        parts: list[bytes] = []
        while count and not self.stream.eof:
            self.waiting = self.waiting or next(self.slices, b"")
            try:
                part = self.stream.decompress(self.waiting, count)
            except self.damage:
                break
            if not part and not self.waiting:
                break
            self.waiting = self.stream.unconsumed_tail
            parts.append(part)
            count -= len(part)
        return b"".join(parts)
