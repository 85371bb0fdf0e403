"""What browsers play, and what is made playable."""

from __future__ import annotations

import pytest

from shared.core import limits
from shared.core.media.playback import Making, making

LARGE = limits.MP4_COPIED_BYTES.value + 1
LONG_S = limits.MP4_ENCODED_S.value + 0.1

FILMS = [
    ("mp4", "h264", LARGE, LONG_S, Making.NOTHING),
    ("mov", "hevc", 1, 1, Making.NOTHING),
    ("webm", "vp8", 1, 1, Making.NOTHING),
    ("mkv", "h264", limits.MP4_COPIED_BYTES.value, 36_000, Making.COPY),
    ("mkv", "h264", LARGE, 1, Making.TOO_LARGE),
    ("3gp", "h264", 1, 1, Making.COPY),
    ("mov", "prores", 1, limits.MP4_ENCODED_S.value, Making.ENCODE),
    ("mov", "prores", 1, LONG_S, Making.TOO_LARGE),
    ("mp4", "mpeg4", 1, 1, Making.ENCODE),
    ("mkv", "vp8", 1, 1, Making.ENCODE),
    ("avi", "mjpeg", LARGE, 1, Making.TOO_LARGE),
]


@pytest.mark.parametrize(("form", "codec", "size", "duration_s", "wanted"), FILMS)
def test_what_is_made_of_a_film(form, codec, size, duration_s, wanted):
    """Nothing where it plays; copies up to a size; encoded up to a minute."""
    assert making(form=form, codec=codec, size=size, duration_s=duration_s) is wanted
