"""Which track of a file is the film: previews, covers and stills lie beside it. Runs in the child process only."""

from __future__ import annotations

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from shared.adapters.frames.faults import ANOTHER_COPY, corrupt
from shared.core.errors import SourceRejected
from shared.core.media.kinds import Kind

NO_FILM = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
MARKED_WEIGHT = 4
"""The first track that its writer marked wins against those of up to so many times its pixels: previews are smaller."""

USUAL_RATE = 25.0


def picture_track(container: InputContainer, kind: Kind) -> VideoStream:
    """The track with the most pixels in all. Raises SourceRejected where there is none that can be decoded."""
    if len(container.streams) == 0:
        raise corrupt(kind)
    films = [stream for stream in container.streams.video if not stream.disposition & NO_FILM]
    known = [stream for stream in films if stream.codec_context is not None]  # type: ignore[redundant-expr]  # PyAV's types do not know tracks without a decoder
    if not known:
        raise no_film(films)
    marked = next((stream for stream in known if stream.disposition & Disposition.default), None)
    return max(known, key=lambda stream: pixels_in(container, stream) * (MARKED_WEIGHT if stream is marked else 1))


def no_film(films: list[VideoStream]) -> SourceRejected:
    if films:
        return SourceRejected(
            "the file's pictures are encrypted or in a codec that cannot be read", code="unsupported", hint=ANOTHER_COPY
        )
    hint = "Upload a video, or the sound as text."
    return SourceRejected("the file has no picture track that can be decoded", code="unsupported", hint=hint)


def pixels_in(container: InputContainer, stream: VideoStream) -> float:
    """The pixels of all the track's pictures together."""
    return stream.codec_context.width * stream.codec_context.height * pictures_in(container, stream)


def pictures_in(container: InputContainer, stream: VideoStream) -> float:
    """The number of the track's pictures, by its header, else by its length; one at least."""
    if stream.frames:
        return float(stream.frames)
    own_s = float(stream.duration * (stream.time_base or 0)) if stream.duration else 0.0
    return max(1.0, (own_s or (container.duration or 0) / av.time_base) * float(stream.average_rate or USUAL_RATE))
