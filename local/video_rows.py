"""The rows of `./visiondrop normalize` for videos: the frames, or contact sheets, that would be sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.adapters.frames_worker import FrameWorker, SampledVideo
    from shared.core.models import Detail, Model

Row = dict[str, Any]


def sample_file(path: Path, *, worker: FrameWorker, model: Model, detail: Detail) -> SampledVideo:
    """Reads only the parts that it needs. Raises SourceRejected."""
    from shared.adapters.ranges import RangeReader  # noqa: PLC0415  # loads nothing for commands without videos

    with path.open("rb") as file:

        def fetch(at: int, size: int) -> bytes:
            file.seek(at)
            return file.read(size)

        return worker.sample(RangeReader(fetch, path.stat().st_size), model=model, detail=detail)


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
