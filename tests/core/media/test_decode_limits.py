"""What the header alone is enough to refuse."""

from __future__ import annotations

import pytest

from shared.core.errors import SourceRejected
from shared.core.media.decode_limits import DEFAULT_LIMITS, DecodeLimits, Load, check_source

LIMITS = DecodeLimits(max_bytes=100, max_pixels=200, max_frames=3, max_decode_bytes=400)

REFUSED = [
    (Load(bytes=0), "empty", "empty"),
    (Load(bytes=101), "too_large", "101 bytes"),
    (Load(bytes=1, pixels=201), "too_large", "201 pixels"),
    (Load(bytes=1, frames=4), "too_large", "4 frames"),
    (Load(bytes=1, decode_bytes=401), "too_large", "401 bytes of memory"),
]


@pytest.mark.parametrize(("load", "code", "words"), REFUSED)
def test_one_over_a_limit_is_refused_with_the_number(load, code, words):
    """The message has the value that is too large, the hint what to do."""
    with pytest.raises(SourceRejected, match=words) as caught:
        check_source(load, LIMITS)
    assert caught.value.code == code
    assert caught.value.hint


def test_the_limits_themselves_are_allowed():
    """A limit is the last value that passes."""
    check_source(Load(bytes=100, pixels=200, frames=3, decode_bytes=400), LIMITS)


def test_the_defaults_fit_the_smallest_instance():
    """The app, the upload it holds and its decode stay below 512 MB together."""
    app_bytes = 105 * 1024 * 1024
    assert app_bytes + DEFAULT_LIMITS.max_decode_bytes <= 512 * 1024 * 1024
    assert DEFAULT_LIMITS.max_pixels == 100_000_000
