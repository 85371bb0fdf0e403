"""One decoded frame as red, green and blue on a screen: its matrix, its range, its primaries and its light.

Runs in the child process only.
"""

from __future__ import annotations

from functools import lru_cache

from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter
from PIL import Image

from shared.adapters.pixels.colour import to_srgb
from shared.core.media.colour_space import HLG, PQ, ColourSpace, space_of_code_points
from shared.core.media.icc import icc_profile_of
from shared.core.models.image_grid import Size

UNSPECIFIED = 2
BT2020 = 9
WIDE_PRIMARIES = {BT2020, 11, 12}
"""BT.2020 and the two of P3. Those of old televisions are near sRGB's, and players show them as if they were."""

HDR_TRANSFERS = {PQ, HLG}
HD_WIDTH, HD_HEIGHT = 1280, 577
"""From so many pixels on, players take colours without tags for BT.709's, below for BT.601's (mpv's rule)."""


def scaled(frame: VideoFrame, size: Size, interpolation: str, *, form: str = "RGB") -> Image.Image:
    """The frame as RGB, or RGBA, by its own matrix and range, or by those that players assume where it has none."""
    width, height = size
    scaler = scaler_for(frame.format.name, frame.width, frame.height, width, height, interpolation)
    plane = scaler.reformat(
        frame,
        width=width,
        height=height,
        format={"RGB": "rgb24", "RGBA": "rgba"}[form],
        interpolation=interpolation,
        src_colorspace=matrix_of(frame),
        threads=1,
    ).planes[0]
    return Image.frombytes(form, size, bytes(plane), "raw", form, plane.line_size, 1)


@lru_cache(maxsize=8)
def scaler_for(*_: object) -> VideoReformatter:
    """FFmpeg's scaler for a size, kept: setting one up takes longer than scaling a small film's frame."""
    return VideoReformatter()


def matrix_of(frame: VideoFrame) -> int | None:
    if int(frame.colorspace) != UNSPECIFIED:
        return None
    if int(frame.color_primaries) == BT2020:
        return Colorspace.BT2020
    is_hd = frame.width >= HD_WIDTH or frame.height >= HD_HEIGHT
    return Colorspace.ITU709 if is_hd else Colorspace.ITU601


def colours_of(frame: VideoFrame) -> ColourSpace | None:
    """The frame's colour space; None for what is shown as it is: sRGB, BT.709 and old television."""
    primaries, transfer = int(frame.color_primaries), int(frame.color_trc)
    wide = primaries if primaries in WIDE_PRIMARIES else 1
    if transfer not in HDR_TRANSFERS:
        return space_of_code_points(wide, 1)
    return space_of_code_points(wide if primaries != UNSPECIFIED else BT2020, transfer)  # HDR is hardly made otherwise


def in_srgb(image: Image.Image, frame: VideoFrame) -> Image.Image:
    space = colours_of(frame)
    return image if space is None else to_srgb(image, profile_of(space))


@lru_cache(maxsize=4)
def profile_of(space: ColourSpace) -> bytes:
    return icc_profile_of(space)
