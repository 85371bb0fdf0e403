"""What accept stores of an upload in `normalized`: the pictures to send, a poster, the sound, an MP4."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from shared.core.ask.video_flow import USE_FRAMES
from shared.core.errors import DecoderBusy, SourceRejected
from shared.core.jobs.job import Job, verdict
from shared.core.media.normalized import Normalized
from shared.core.media.picture import Picture, SoundPiece
from shared.core.media.playback import MP4_CODECS, Making, making
from shared.core.places import NORMALIZED
from shared.pipeline.ports import Prepared, Services, SourceFile
from shared.pipeline.video_index import INDEX_FORMATS

INDEX_CODECS = frozenset({"h264", "hevc", "mpeg4"})
MP3 = "audio/mpeg"
MP4 = "video/mp4"
Made = tuple[tuple[Normalized, ...], str | None]
"""What was stored, and in words why it was not although it is wanted."""
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}


def store_pictures(services: Services, job: Job, ready: Prepared) -> tuple[Normalized, ...]:
    return tuple(
        store_picture(services, f"{job.job_id}/{index:03}", picture) for index, picture in enumerate(ready.pictures)
    )


def store_poster(services: Services, job: Job, ready: Prepared) -> tuple[Normalized, ...]:
    if ready.poster is None:
        return ()
    return (replace(store_picture(services, f"{job.job_id}/poster", ready.poster), role="poster"),)


def no_sound(_services: Services, _job: Job, _file: SourceFile, _ready: Prepared) -> Made:
    """Nothing: the video index transcribes the sound itself."""
    return (), None


def sound_for_transcript(services: Services, job: Job, file: SourceFile, ready: Prepared) -> Made:
    """The sound in pieces, each for a call of its own to the transcriber; or why there is none. Raises DecoderBusy
    while no decoder is free.

    Sound that cannot be read does not stop the answer.
    """
    if not ready.has_sound or services.transcriber is None:
        return (), None
    try:
        pieces = services.media.sound(file)
    except SourceRejected as error:
        return (), f"no transcript was made: {error.message}"
    except DecoderBusy as error:
        fault = verdict(job, error)
        if fault is None:
            raise
        return (), f"no transcript was made: {fault.message}"
    return tuple(store_piece(services, job, number, piece) for number, piece in enumerate(pieces)), None


def store_piece(services: Services, job: Job, number: int, piece: SoundPiece) -> Normalized:
    name = f"{job.job_id}/sound-{number:03}.mp3"
    services.blobs.write(NORMALIZED, name, piece.data, media_type=MP3, overwrite=True)
    return Normalized(
        name=name,
        media_type=MP3,
        width=0,
        height=0,
        bytes=len(piece.data),
        sha256=hashlib.sha256(piece.data).hexdigest(),
        at_s=piece.start_s,
        duration_s=piece.duration_s,
        role="sound",
    )


def film_for_browsers(services: Services, job: Job, file: SourceFile, ready: Prepared) -> Made:
    """An MP4 where browsers do not play the upload; or why none was made, which does not stop the answer."""
    wanted = making(form=ready.format, codec=ready.codec or "", size=file.size, duration_s=ready.duration_s or 0)
    if wanted is Making.NOTHING:
        return (), None
    if wanted is Making.TOO_LARGE:
        return (), f"the film is {wanted}"
    try:
        return store_mp4(services, job, file, ready, copied=MP4_CODECS), None
    except (SourceRejected, DecoderBusy) as error:
        return (), f"no MP4 was made for browsers: {error.message}"


def film_for_index(services: Services, job: Job, file: SourceFile, ready: Prepared) -> Made:
    """An MP4 where the index does not take the upload. Raises SourceRejected if none can be made, since the index needs
    one.
    """
    if ready.format in INDEX_FORMATS and ready.codec in INDEX_CODECS | {"vp9"}:
        return (), None
    try:
        return store_mp4(services, job, file, ready, copied=INDEX_CODECS), None
    except SourceRejected as error:
        message = f"no MP4 can be made for the index: {error.message}"
        raise SourceRejected(message, code=error.code, hint=f"Upload one. {USE_FRAMES}") from error


def store_mp4(
    services: Services, job: Job, file: SourceFile, ready: Prepared, *, copied: frozenset[str]
) -> tuple[Normalized, ...]:
    """The stored MP4 of the video. Raises SourceRejected when the video cannot be made into one, or DecoderBusy."""
    name = f"{job.job_id}/video.mp4"
    services.blobs.write_blocks(NORMALIZED, name, services.media.mp4(file, copied=copied), media_type=MP4)
    stored = services.blobs.describe(NORMALIZED, name)
    return (
        Normalized(
            name=name,
            media_type=MP4,
            width=ready.width,
            height=ready.height,
            bytes=stored.bytes if stored else 0,
            duration_s=ready.duration_s,
            role="video",
        ),
    )


def store_picture(services: Services, stem: str, picture: Picture) -> Normalized:
    name = f"{stem}.{EXTENSIONS[picture.media_type]}"
    services.blobs.write(NORMALIZED, name, picture.data, media_type=picture.media_type, overwrite=True)
    return Normalized(
        name=name,
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        bytes=len(picture.data),
        sha256=hashlib.sha256(picture.data).hexdigest(),
        page=picture.page,
        at_s=picture.at_s,
        label=picture.label,
        frames_at_s=picture.frames_at_s,
        place=picture.place,
    )
