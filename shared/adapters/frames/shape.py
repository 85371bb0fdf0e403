"""How a video is to be shown: which way up, and with pixels of which shape. Runs in the child process only."""

from __future__ import annotations

import struct
from typing import Any, cast

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from shared.core.media.picture_plan import SWAPS_SIDES

SQUARE = 1.02  # closer than this, a pixel's shape is an encoder's rounding
ONE = 1 << 16  # of the display matrix's fixed-point numbers

# (a, b, c, d) of the display matrix as signs, to the Exif orientation that asks for the same turn.
ORIENTATIONS = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}


TURNS = {90: 8, -90: 6, 270: 6, 180: 3, -180: 3}
"""Degrees against the clock to the same orientations."""


def orientation_of(frame: VideoFrame) -> int:
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # PyAV 18.1 has no name for newer things beside a picture: eyes of spatial videos, Exif
        return TURNS.get(int(frame.rotation), 1)
    if data is None:
        return 1
    a, b, _, c, d = struct.unpack("=5i", bytes(cast("Any", data))[:20])
    signs = (sign(a), sign(b), sign(c), sign(d))
    return ORIENTATIONS.get(signs, 1)


def sign(number: int) -> int:
    return (number > ONE // 2) - (number < -ONE // 2)


def upright_size(stream: VideoStream, frame: VideoFrame, orientation: int) -> tuple[int, int]:
    width, height = square_pixels(frame.width, frame.height, float(stream.sample_aspect_ratio or 1))
    return (height, width) if orientation in SWAPS_SIDES else (width, height)


def square_pixels(width: int, height: int, ratio: float) -> tuple[int, int]:
    """The size in square pixels; `ratio` is a stored pixel's width to its height."""
    if 1 / SQUARE < ratio < SQUARE or not 0.1 < ratio < 10:  # noqa: PLR2004  # no screen has such pixels
        return width, height
    return (round(width * ratio), height) if ratio > 1 else (width, round(height / ratio))
