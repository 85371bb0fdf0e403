"""The frames behind an index: a video fetched by ranges from its address, and what colours are in them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from urllib.request import Request, urlopen

from PIL import Image

from local.colours import colour_shares
from shared.adapters.frames.ranges import RangeReader
from shared.adapters.frames.worker import FrameWorker, SampledVideo
from shared.core.errors import StorageUnavailable
from shared.core.models.catalogue import look_up_model

FRAMES = 20  # what the service took from a whole video
MODEL = "gpt-4o"  # whose low detail sets the frames' size
TIMEOUT_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFrame:
    """A frame that was looked at. `colours` are shares (0 to 1) of the picture by name."""

    at_s: float
    until_s: float
    jpeg: bytes
    colours: dict[str, float]


def read_frames(url: str) -> list[SeenFrame]:
    """The frames of the video at this address. Raises SourceRejected for what is not a video, StorageUnavailable for an
    address that cannot be read.
    """
    with FrameWorker() as worker:
        file = RangeReader(lambda at, size: fetch(url, at, size), length(url))
        video = worker.sample(file, model=look_up_model(MODEL), detail="low", frames=FRAMES)
    return seen(video)


def seen(video: SampledVideo) -> list[SeenFrame]:
    starts = [frame.times_s[0] for frame in video.frames]
    ends = [*starts[1:], max(video.info.duration_s, starts[-1])]
    return [
        SeenFrame(at_s=start, until_s=end, jpeg=frame.data, colours=colours(frame.data))
        for frame, start, end in zip(video.frames, starts, ends, strict=True)
    ]


def colours(jpeg: bytes) -> dict[str, float]:
    with Image.open(io.BytesIO(jpeg)) as image:
        return dict(colour_shares(image.convert("RGB")))


def length(url: str) -> int:
    try:
        with urlopen(Request(url, headers={"Range": "bytes=0-0"}), timeout=TIMEOUT_S) as response:
            return int(response.headers["Content-Range"].rpartition("/")[2])
    except (OSError, TypeError, ValueError) as fault:
        raise StorageUnavailable("the video's address cannot be read") from fault


def fetch(url: str, at: int, size: int) -> bytes:
    wanted = Request(url, headers={"Range": f"bytes={at}-{at + size - 1}"})
    try:
        with urlopen(wanted, timeout=TIMEOUT_S) as response:
            data: bytes = response.read()
    except OSError as fault:
        raise StorageUnavailable("the video's address cannot be read") from fault
    return data
