"""Videos in the terminal: what is in one, and the rows of `./visiondrop normalize` for frames that would be sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.adapters.frames.ranges import RangeReader
    from shared.adapters.frames.worker import FrameWorker, SampledVideo
    from shared.core.media.frame_plan import Sampling, VideoInfo
    from shared.core.models.catalogue import Detail, Model

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoQuestion:
    """The options for a video that an upload would have."""

    model: Model
    detail: Detail | None
    frames: int | None
    sampling: Sampling


@contextmanager
def ranges(path: Path) -> Iterator[RangeReader]:
    """A context with a reader that reads only the parts that are asked for."""
    from shared.adapters.frames.ranges import RangeReader  # noqa: PLC0415  # loads nothing for commands without videos

    with path.open("rb") as file:

        def fetch(at: int, size: int) -> bytes:
            file.seek(at)
            return file.read(size)

        yield RangeReader(fetch, path.stat().st_size)


def sample_file(path: Path, worker: FrameWorker, asked: VideoQuestion) -> SampledVideo:
    """The frames that would be sent of a video file. Raises SourceRejected."""
    with ranges(path) as file:
        return worker.sample(
            file, model=asked.model, detail=asked.detail or "low", frames=asked.frames, sampling=asked.sampling
        )


def inspect_file(path: Path) -> VideoInfo:
    """What the video's header says. Raises SourceRejected."""
    from shared.adapters.frames.worker import FrameWorker  # noqa: PLC0415  # as above

    with FrameWorker() as worker, ranges(path) as file:
        return worker.inspect(file)


def to_row(video: SampledVideo, out: Path, stem: str) -> Row:
    info = video.info
    return {
        "state": "ok",
        "width": info.width,
        "height": info.height,
        "orientation": info.orientation,
        "frames": info.frames,
        "duration_s": info.duration_s,
        "codec": info.codec,
        "partial": video.partial,
        "steps": list(video.plan.steps),
        "notes": [*info.notes, f"{video.coverage.percent:g} % covered"],
        "coverage": video.coverage.facts(),
        "outputs": list(write(video, out, stem)),
    }


def write(video: SampledVideo, out: Path, stem: str) -> Iterator[Row]:
    for number, frame in enumerate(video.frames):
        path = out / f"{stem}-{number:04}.jpg"
        path.write_bytes(frame.data)
        yield {
            "path": str(path),
            "width": frame.width,
            "height": frame.height,
            "bytes": len(frame.data),
            "at_s": frame.times_s[0],
        }
