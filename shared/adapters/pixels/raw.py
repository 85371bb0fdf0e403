"""Camera raw files as their camera shows them: the preview inside is read like any JPEG."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.core.errors import SourceRejected
from shared.core.media.kinds import KINDS, Kind
from shared.core.media.picture_plan import SWAPS_SIDES
from shared.core.media.raw import find_preview, is_raw_tiff

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.core.media.picture_plan import ImageInfo
    from shared.core.media.raw import Preview

RAW = KINDS["raw"]
SMALL_SIDE = 1000
HINT = "Export it from your raw converter as JPEG or TIFF, or let the camera write JPEGs beside the raw files."


def is_raw(data: bytes, kind: Kind) -> bool:
    """Whether the file holds a sensor's samples; many raw files are TIFFs for the rest."""
    return kind.format == "raw" or (kind.format == "tiff" and is_raw_tiff(data))


def inspect_preview(data: bytes, inspect: Callable[[bytes], ImageInfo]) -> ImageInfo:
    """The facts of the largest preview, as those of the file. Raises SourceRejected where there is none."""
    preview = preview_in(data)
    info = inspect(data[preview.at :])
    side = max(info.width, info.height)
    small = (f"its preview is only {info.width}x{info.height}",) if side < SMALL_SIDE else ()
    told = replace(
        info,
        kind=RAW,
        bytes=len(data),
        notes=(*info.notes, "a camera raw file: its embedded preview was used", *small),
    )
    return told if info.orientation != 1 else turned(told, preview.orientation)


def turned(info: ImageInfo, orientation: int) -> ImageInfo:
    """The facts with the orientation in which the camera was held: previews often do not have it."""
    if orientation not in SWAPS_SIDES:
        return replace(info, orientation=orientation)
    sizes = tuple((height, width) for width, height in info.frame_sizes)
    return replace(info, orientation=orientation, width=info.height, height=info.width, frame_sizes=sizes)


def preview_of(data: bytes, info: ImageInfo) -> tuple[bytes, ImageInfo]:
    """The preview's bytes, and its facts as those of a JPEG, for the decoder."""
    return data[preview_in(data).at :], replace(info, kind=KINDS["jpeg"])


def preview_in(data: bytes) -> Preview:
    """The largest preview. Raises SourceRejected where there is none."""
    preview = find_preview(data)
    if preview is None:
        raise SourceRejected("this is a camera raw file without a JPEG preview", code="unsupported", hint=HINT)
    return preview
