"""What is refused before anything is decoded: limits on bytes, pixels, frames and the memory a decoder would need.

Stands between reading a file's header and decoding it: `check_source` gets numbers from the header alone, so that a
decompression bomb costs a header read. The numbers are chosen for the smallest Functions instance (512 MB), of which
the app itself takes about 105 MB: docs/decisions/0600-pixels-in-a-child-process.md has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.core import limits
from shared.core.errors import SourceRejected
from shared.core.media.kinds import Kind

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """The limits for decoding. `max_decode_bytes` is the memory that one decode may take beside the app, `max_seconds`
    the processor time per file.

    On a busy machine a file may take `wall_factor` times as long by the clock.
    """

    max_bytes: int = limits.PICTURE_BYTES.value
    max_pixels: int = limits.PICTURE_PIXELS.value
    max_frames: int = limits.SOURCE_FRAMES.value
    max_decode_bytes: int = limits.DECODE_BYTES.value
    max_seconds: float = limits.DECODE_S.value
    wall_factor: float = 3.0


USUAL_HINT = "Upload a JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC or AVIF picture, or a PDF."
HINTS = {"jxl": "Export it as JPEG, PNG or AVIF, or with `djxl picture.jxl picture.png`, and upload that."}

DEFAULT_LIMITS = DecodeLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a file's header announces. `decode_bytes` estimates the memory to decode it, source bytes included."""

    bytes: int
    pixels: int = 0
    frames: int = 1
    decode_bytes: int = 0


def check_source(load: Load, within: DecodeLimits = DEFAULT_LIMITS) -> None:
    """Check what the header announces. Raises SourceRejected("empty") or ("too_large") with the number that is over its
    limit.
    """
    if load.bytes == 0:
        raise SourceRejected("the file is empty", code="empty", hint="Upload it again.")
    faults = (
        (load.bytes, within.max_bytes, "bytes", "Upload a smaller or more compressed copy."),
        (load.pixels, within.max_pixels, "pixels", "Upload a smaller copy: no model sees more than 31 megapixels."),
        (load.frames, within.max_frames, "frames or pages", "Upload a part of it, or a video."),
        (
            load.decode_bytes,
            within.max_decode_bytes,
            "bytes of memory to decode",
            "Upload a smaller copy, or the same picture as baseline JPEG.",
        ),
    )
    for value, limit, unit, hint in faults:
        if value > limit:
            raise SourceRejected(f"the file has {value:,} {unit}; the limit is {limit:,}", code="too_large", hint=hint)


def unsupported(kind: Kind) -> SourceRejected:
    """The error for a file that nothing here can read; it says what the file is."""
    what = f"this is {kind.label}" if kind.label.startswith(("a ", "an ")) else f"{kind.label} is not supported"
    return SourceRejected(what, code="unsupported", hint=HINTS.get(kind.format, USUAL_HINT))
