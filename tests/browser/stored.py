"""Jobs put into storage as the app would have left them: many at once, and what the stand-in endpoint does not answer.

It finds regions only through the legacy extension API, so jobs with regions are prepared here.
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import av
from azure.data.tables import TableClient
from azure.storage.blob import ContainerClient
from PIL import Image, ImageDraw

from shared.adapters.storage.job_list import to_row
from shared.adapters.storage.job_table import JobTable
from shared.core.answer.regions import Region
from shared.core.answer.reply import Reply
from shared.core.ask.options import Options
from shared.core.jobs.job import Job, State, new_job
from shared.core.jobs.listing import Item, summarise
from shared.core.jobs.result import Source, Timings
from shared.core.media.normalized import Normalized

SIZE = (800, 500)
BOX = (0.25, 0.4, 0.5, 0.8)  # left, top, right, bottom of a red box, in fractions of the picture
FRAME_S = 2.0
BATCH = 100  # rows in one transaction


def picture_with_box() -> bytes:
    image = Image.new("RGB", SIZE, "#dfe7ef")
    left, top, right, bottom = BOX
    place = (left * SIZE[0], top * SIZE[1], right * SIZE[0] - 1, bottom * SIZE[1] - 1)
    ImageDraw.Draw(image).rectangle(place, fill="#d01010")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def finished_job(name: str, *, now: datetime, text: str = "A red box.", regions: tuple[Region, ...] = ()) -> Job:
    source = Source(container="uploads", name=name, etag=f'"{name}"', bytes=1000, kind="image", width=800, height=500)
    return replace(
        new_job(source, now=now),
        state=State.DONE,
        options=Options(prompt="What is there?", model="eyes", detail="high", max_output_tokens=500),
        reply=Reply(text=text, data={"boxes": 1}, finish_reason="stop", regions=regions),
        finished=now,
        timings=Timings(total_ms=1200),
    )


def store(connection_string: str, job: Job, picture: bytes | None = None) -> Job:
    """The job with its picture, if it is given one, in storage."""
    if picture is not None:
        name = f"{job.job_id}/000.png"
        sent = Normalized(name=name, media_type="image/png", width=SIZE[0], height=SIZE[1], bytes=len(picture))
        job = replace(job, normalized=(sent,))
        with ContainerClient.from_connection_string(connection_string, "normalized") as normalized:
            normalized.upload_blob(name, picture)
    with TableClient.from_connection_string(connection_string, "jobs") as table:
        jobs = JobTable(table)
        jobs.insert(job)
        jobs.close(job.job_id)
    return job


def job_with_regions(connection_string: str, name: str) -> Job:
    left, top, right, bottom = BOX
    box = Region(text="box", kind="object", polygon=((left, top), (right, top), (right, bottom), (left, bottom)))
    line = Region(text="a line", kind="ocr", polygon=((0.0, 0.0), (1.0, 0.0), (1.0, 0.1), (0.0, 0.1)))
    job = finished_job(name, now=datetime.now(UTC), regions=(box, line))
    return store(connection_string, job, picture_with_box())


def job_with_film(connection_string: str, name: str, film: bytes) -> Job:
    """Its MP4 stands in `normalized`, so no trigger sees it; the one frame is at FRAME_S."""
    job = finished_job(name, now=datetime.now(UTC))
    stored = f"{job.job_id}/video.mp4"
    with ContainerClient.from_connection_string(connection_string, "normalized") as normalized:
        normalized.upload_blob(stored, film)
        normalized.upload_blob(f"{job.job_id}/frame.png", picture_with_box())
    frame = Normalized(
        name=f"{job.job_id}/frame.png", media_type="image/png", width=SIZE[0], height=SIZE[1], bytes=1000, at_s=FRAME_S
    )
    made = Normalized(name=stored, media_type="video/mp4", width=320, height=240, bytes=len(film), role="video")
    return store(
        connection_string,
        replace(job, source=replace(job.source, kind="video"), normalized=(frame,), media=(made,)),
    )


def many_items(number: int) -> list[Item]:
    """Lines of the list, a second apart, all in one month, newest first."""
    start = datetime(2026, 5, 20, tzinfo=UTC)
    one = replace(summarise(finished_job("one.jpg", now=start)), usd=Decimal("0.001"))
    return [
        replace(one, job_id=f"{index:032x}", name=f"many/{index:05}.jpg", created=start - timedelta(seconds=index))
        for index in range(number)
    ]


def list_many(connection_string: str, number: int) -> None:
    """Rows of the list alone."""
    items = many_items(number)
    with TableClient.from_connection_string(connection_string, "jobs") as table:
        for first in range(0, number, BATCH):
            table.submit_transaction([("create", to_row(item)) for item in items[first : first + BATCH]])


def make_film(path: Path, *, codec: str = "libx264", pixels: str = "yuv420p") -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, pixels
        for number in range(30):
            frame = av.VideoFrame.from_image(Image.new("RGB", (320, 240), (number * 8, 90, 255 - number * 8)))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
