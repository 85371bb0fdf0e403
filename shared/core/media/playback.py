"""Which films browsers play as they are, and of which of the others an MP4 is made for them.

Copying tracks costs no more than reading the file; encoding costs about the film's own length, so only short ones are.
"""

from __future__ import annotations

from enum import StrEnum

MP4_CODECS = frozenset({"h264", "hevc", "vp9", "av1"})
PLAYED = {"mp4": MP4_CODECS, "mov": frozenset({"h264", "hevc"}), "webm": frozenset({"vp8", "vp9", "av1"})}
MOST_COPIED_BYTES = 1024**3
MOST_ENCODED_S = 60.0


class Making(StrEnum):
    NOTHING = "plays as it is"
    COPY = "tracks are copied"
    ENCODE = "tracks are encoded"
    TOO_LARGE = "too large or too long to be made playable in browsers"


def making(*, form: str, codec: str, size: int, duration_s: float) -> Making:
    if codec in PLAYED.get(form, ()):
        return Making.NOTHING
    if codec in MP4_CODECS:
        return Making.COPY if size <= MOST_COPIED_BYTES else Making.TOO_LARGE
    is_short = size <= MOST_COPIED_BYTES and duration_s <= MOST_ENCODED_S
    return Making.ENCODE if is_short else Making.TOO_LARGE
