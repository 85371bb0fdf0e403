"""How long a video file says it is, in bytes: a shorter one was cut off.

For AVI and Matroska, whose demuxers take what there is for the whole. MP4 has an index of every frame's place.
"""

from __future__ import annotations

EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
RIFF_HEADER = 8
LONGEST_NUMBER = 8


def announced_bytes(head: bytes) -> int | None:
    """How many bytes the file should have by its own header; None where it does not say: it was recorded live, or its
    writer stopped early.
    """
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return RIFF_HEADER + int.from_bytes(head[4:8], "little")
    if head[:4] == EBML:
        size, at = read_number(head, 4)
        return None if size is None else end_of_segment(head, at + size)
    return None


def end_of_segment(head: bytes, at: int) -> int | None:
    """The offset at which the segment ends, which follows the header and holds all the rest; None where it does not
    say.
    """
    if head[at : at + 4] != SEGMENT:
        return None
    size, start = read_number(head, at + 4)
    return None if size is None else start + size


def read_number(head: bytes, at: int) -> tuple[int | None, int]:
    """An EBML number and the offset at which it ends: as many bytes as the first has leading zero bits, plus one. All
    ones mean unknown, None.
    """
    length = LONGEST_NUMBER + 1 - head[at].bit_length() if at < len(head) else LONGEST_NUMBER + 1
    number = int.from_bytes(head[at : at + length], "big") & ((1 << 7 * length) - 1)
    is_known = at + length <= len(head) and length <= LONGEST_NUMBER and number != (1 << 7 * length) - 1
    return (number if is_known else None), at + length
