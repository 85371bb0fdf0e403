"""JPEG segments, walked without a decoder: what the frame header says, and metadata that break the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = b"\xff\xd8"
SCAN, END = 0xDA, 0xD9
FRAMES = {
    0xC0: "",
    0xC1: "",
    0xC2: "",
    0xC3: "",
    0xC5: "hierarchical",
    0xC6: "hierarchical",
    0xC7: "hierarchical",
    0xC9: "",
    0xCA: "",
    0xCB: "lossless and arithmetic",
    0xCD: "hierarchical",
    0xCE: "hierarchical",
    0xCF: "hierarchical",
}
"""SOF markers by ITU-T T.81, table B.1, and what of them libjpeg-turbo does not decode."""
WITHOUT_CONTENT = {0x01, *range(0xD0, 0xD9)}
APP0, APP1, APP2, APP14, APP15, COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
EXIF, ICC = b"Exif\0", b"ICC_PROFILE\0"
ADOBE_BYTES = 16  # of the whole segment: shorter ones break the reader
BITS_READ = 8


def walk_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The marker, start (of the marker) and end of each segment up to the first scan."""
    at = len(START)
    while 0 <= (at := data.find(b"\xff", at)) < len(data) - 3:
        marker = data[at + 1]
        if marker in {0xFF, 0x00} or marker in WITHOUT_CONTENT:
            at += 1 if marker == 0xFF else 2  # noqa: PLR2004 -- a fill byte
            continue
        if marker in {SCAN, END}:
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, at, end
        at = end


def what_is_not_read(data: bytes) -> str:
    """What no decoder here understands about this JPEG, in words; "" if nothing."""
    for marker, start, _ in walk_segments(data):
        if marker in FRAMES:
            bits = int.from_bytes(data[start + 4 : start + 5], "big")
            is_other = bits != BITS_READ and marker != 0xC3  # noqa: PLR2004 -- lossless has any
            return FRAMES[marker] or (f"of {bits} bits per sample" if is_other and bits else "")
    return ""


def drop_but_exif(data: bytes) -> bytes:
    """The picture with its EXIF block, colour profile and Adobe's marker, without any other metadata."""
    return drop_segments(data, lambda marker, body: marker == APP1 and body.startswith(EXIF))


def drop_metadata(data: bytes) -> bytes:
    """The picture with its colour profile and Adobe's marker, which say how to read it, without any other metadata."""
    return drop_segments(data, lambda _marker, _body: False)


def drop_segments(data: bytes, is_kept: Callable[[int, bytes], bool]) -> bytes:
    kept, last = [data[: len(START)]], len(START)
    for marker, start, end in walk_segments(data):
        body = data[start + 4 : min(end, start + 64)]
        tells = (marker == APP14 and end - start >= ADOBE_BYTES) or (marker == APP2 and body.startswith(ICC))
        if not (APP0 <= marker <= APP15 or marker == COMMENT) or tells or is_kept(marker, body):
            kept.append(data[start:end])
        last = end
    return b"".join((*kept, data[last:]))
