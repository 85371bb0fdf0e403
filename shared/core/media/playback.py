"""Which films browsers play as they are, and of which of the others an MP4 is made for them.

Copying tracks costs no more than reading the file; encoding costs about the film's own length, so only short ones are.
"""

from __future__ import annotations

from enum import StrEnum

from shared.core import limits

MP4_CODECS = frozenset({"h264", "hevc", "vp9", "av1"})
PLAYED = {"mp4": MP4_CODECS, "mov": frozenset({"h264", "hevc"}), "webm": frozenset({"vp8", "vp9", "av1"})}


class Making(StrEnum):
    NOTHING = "plays as it is"
    COPY = "tracks are copied"
    ENCODE = "tracks are encoded"
    TOO_LARGE = "too large or too long to be made playable in browsers"


def making(*, form: str, codec: str, size: int, duration_s: float) -> Making:
    if codec in PLAYED.get(form, ()):
        return Making.NOTHING
    if codec in MP4_CODECS:
        return Making.COPY if size <= limits.MP4_COPIED_BYTES.value else Making.TOO_LARGE
    is_short = size <= limits.MP4_COPIED_BYTES.value and duration_s <= limits.MP4_ENCODED_S.value
    return Making.ENCODE if is_short else Making.TOO_LARGE
