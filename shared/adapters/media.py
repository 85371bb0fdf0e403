"""From an upload's bytes to what the pipeline stores and sends: chooses the reader by what the bytes are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from shared.adapters.frames.ranges import RangeReader
from shared.adapters.frames.worker import Frame, FrameWorker, SampledVideo
from shared.adapters.pixels.thumbnail import make_thumbnail
from shared.adapters.pixels.worker import PixelWorker
from shared.core.ask.options import Options
from shared.core.jobs.result import Plan
from shared.core.media.kinds import HEAD_BYTES, sniff
from shared.core.media.rendering import NormalisedImage
from shared.core.models.catalogue import Model
from shared.pipeline.ports import Prepared, Rendered, SoundPiece, SourceFile


class MediaReader:
    """The port `Media`."""

    def __init__(self) -> None:
        self.pixels = PixelWorker()
        self.frames = FrameWorker()

    def close(self) -> None:
        """Ends the child process that decodes; a functions worker keeps it for life."""
        self.pixels.close()
        self.frames.close()

    def prepare(self, file: SourceFile, *, model: Model, options: Options) -> Prepared:
        if sniff(file.fetch(0, min(HEAD_BYTES, file.size))).kind == "video":
            return self.prepare_video(file, model=model, options=options)
        data = file.fetch(0, file.size)
        image = self.pixels.normalise_image(data, model=model, detail=options.detail, max_images=options.frames)
        return from_image(image, sha256=hashlib.sha256(data).hexdigest())

    def prepare_video(self, file: SourceFile, *, model: Model, options: Options) -> Prepared:
        video = self.frames.sample(
            RangeReader(file.fetch, file.size),
            model=model,
            detail=options.detail,
            frames=options.frames,
            sampling=options.sampling,
            contact_sheet=options.contact_sheet,
            before=file.decode_before,
        )
        return from_video(video)

    def sound(self, file: SourceFile) -> list[SoundPiece]:
        found = self.frames.sound(RangeReader(file.fetch, file.size), before=file.decode_before)
        return [SoundPiece(data=one.data, start_s=one.start_s, duration_s=one.duration_s) for one in found]

    def mp4(self, file: SourceFile, *, copied: frozenset[str]) -> Iterator[bytes]:
        return self.frames.mp4(RangeReader(file.fetch, file.size), copied=copied, before=file.decode_before)

    def thumbnail(self, data: bytes) -> bytes:
        return make_thumbnail(data)


def from_image(image: NormalisedImage, *, sha256: str) -> Prepared:
    info = image.info
    return Prepared(
        kind="image",
        format=info.kind.format,
        width=info.width,
        height=info.height,
        orientation=info.orientation,
        frames=info.frames,
        duration_s=info.duration_s,
        sha256=sha256,
        pictures=tuple(
            Rendered(
                data=output.data,
                media_type=output.media_type,
                width=output.width,
                height=output.height,
                at_s=output.at_s,
            )
            for output in image.outputs
        ),
        plan=Plan(steps=(*image.steps, *image.notes)),
        partial=image.partial,
    )


def from_video(video: SampledVideo) -> Prepared:
    """A video's own sha256 is not known: that would mean reading all of it."""
    info = video.info
    return Prepared(
        kind="video",
        format=info.kind.format,
        width=info.width,
        height=info.height,
        orientation=info.orientation,
        frames=info.frames,
        duration_s=info.duration_s,
        codec=info.codec,
        pictures=tuple(from_frame(frame) for frame in video.frames),
        poster=from_frame(video.poster),
        has_sound=info.audio_codec is not None,
        plan=Plan(steps=(*video.plan.steps, *info.notes), facts=video.coverage.facts()),
        partial=video.partial,
    )


def from_frame(frame: Frame) -> Rendered:
    return Rendered(
        data=frame.data,
        media_type=frame.media_type,
        width=frame.width,
        height=frame.height,
        at_s=frame.times_s[0],
        frames_at_s=frame.times_s if len(frame.times_s) > 1 else (),
    )
