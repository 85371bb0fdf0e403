"""From an upload's bytes to what the pipeline stores and sends, by the reader for what `accept` took them to be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from shared.adapters.frames.kept import KeptRanges
from shared.adapters.frames.ranges import WHOLE_RUN, RangeReader
from shared.adapters.frames.worker import FrameWorker, SampledVideo
from shared.adapters.pixels.thumbnail import make_thumbnail
from shared.adapters.pixels.worker import PixelWorker
from shared.core.ask.options import Options
from shared.core.jobs.result import Plan
from shared.core.media.picture import NormalizedImage, SoundPiece
from shared.core.media.tiles import Tiles
from shared.core.models.catalogue import Model
from shared.pipeline.ports import Prepared, SourceFile


class MediaReader:
    """The port `Media`, with one child process for pictures and one for films."""

    def __init__(self) -> None:
        self.pixels = PixelWorker()
        self.frames = FrameWorker()

    def close(self) -> None:
        """End the child processes that decode; a functions worker keeps them for life."""
        self.pixels.close()
        self.frames.close()

    def prepare(self, file: SourceFile, *, is_video: bool, model: Model, options: Options) -> Prepared:
        if is_video:
            return self.prepare_video(file, model=model, options=options)
        data = file.fetch(0, file.size)
        image = self.pixels.normalize_image(
            data, model=model, detail=options.detail, max_images=options.frames, tiles=tiles_for(options)
        )
        return from_image(image, sha256=hashlib.sha256(data).hexdigest())

    def prepare_video(self, file: SourceFile, *, model: Model, options: Options) -> Prepared:
        """A video's frames to send, and what it is. Raises SourceRejected or DecoderBusy."""
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

    @contextmanager
    def kept(self, file: SourceFile) -> Iterator[SourceFile]:
        with closing(KeptRanges(file.fetch, file.size)) as ranges:
            yield replace(file, fetch_kept=ranges.fetch)

    def sound(self, file: SourceFile) -> list[SoundPiece]:
        return self.frames.sound(whole(file), before=file.decode_before)

    def mp4(self, file: SourceFile, *, copied: frozenset[str]) -> Iterator[bytes]:
        return self.frames.mp4(whole(file), copied=copied, before=file.decode_before)

    def thumbnail(self, data: bytes) -> bytes:
        return make_thumbnail(data)


def tiles_for(options: Options) -> Tiles:
    """As the options say; the Vision enhancements take one picture, so that nothing is cut for them unasked."""
    return "off" if options.tiles == "auto" and (options.ocr or options.grounding) else options.tiles


def whole(file: SourceFile) -> RangeReader:
    """A reader for a caller that reads all of the file, in large pieces."""
    return RangeReader(file.fetch_kept or file.fetch, file.size, longest_run=WHOLE_RUN)


def from_image(image: NormalizedImage, *, sha256: str) -> Prepared:
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
        pictures=image.pictures,
        plan=Plan(steps=(*image.steps, *image.notes)),
        partial=image.partial,
    )


def from_video(video: SampledVideo) -> Prepared:
    """A video as it is to be sent and stored. Its sha256 is left out: that would mean reading all of it."""
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
        pictures=video.frames,
        poster=video.poster,
        has_sound=info.audio_codec is not None,
        plan=Plan(steps=(*video.plan.steps, *info.notes), facts=video.coverage.facts()),
        partial=video.partial,
    )
