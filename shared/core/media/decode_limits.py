"""What is refused before anything is decoded: limits on bytes, pixels, frames and the memory a decoder would need.

Stands between reading a file's header and decoding it: `check_source` gets numbers from the header alone, so that a
decompression bomb costs a header read. The numbers are chosen for the smallest Functions instance (512 MB), of which
the app itself takes about 105 MB: docs/decisions/0600-pixels-in-a-child-process.md has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.core.errors import SourceRejected

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`max_decode_bytes` is what one decode may take beside the app; `max_seconds` is wall time per file."""

    max_bytes: int = 96 * MEGABYTE  # a 48 megapixel photo as PNG has 66 MB
    max_pixels: int = 100_000_000  # a 100 megapixel camera back; the largest phone sensors have 200 and are refused
    max_frames: int = 5_000  # seeking to a late frame decodes all before it
    max_decode_bytes: int = 352 * MEGABYTE
    max_seconds: float = 30.0


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a file's header announces. `decode_bytes` estimates the memory to decode it, source bytes included."""

    bytes: int
    pixels: int = 0
    frames: int = 1
    decode_bytes: int = 0


def check_source(load: Load, limits: Limits = DEFAULT_LIMITS) -> None:
    """Raise SourceRejected("empty") or ("too_large") with the number that is over its limit."""
    if load.bytes == 0:
        raise SourceRejected("the file is empty", code="empty", hint="Upload it again.")
    faults = (
        (load.bytes, limits.max_bytes, "bytes", "Upload a smaller or more compressed copy."),
        (load.pixels, limits.max_pixels, "pixels", "Upload a smaller copy: no model sees more than 31 megapixels."),
        (load.frames, limits.max_frames, "frames or pages", "Upload a part of it, or a video."),
        (
            load.decode_bytes,
            limits.max_decode_bytes,
            "bytes of memory to decode",
            "Upload a smaller copy, or the same picture as baseline JPEG.",
        ),
    )
    for value, limit, unit, hint in faults:
        if value > limit:
            raise SourceRejected(f"the file has {value:,} {unit}; the limit is {limit:,}", code="too_large", hint=hint)
