"""The app over real storage and a real endpoint on loopback; only the clock and the delays are the test's."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.storage.blob import BlobServiceClient
from PIL import Image, ImageDraw

from local.chat_standin import ChatStandIn
from local.chat_standin.script import parse_script
from shared.core.answer.rate_limits import RateLimits
from shared.core.jobs.job import AnalysisMessage, Job
from shared.core.places import UPLOADS
from shared.pipeline.accept import accept_upload
from shared.pipeline.analyze import analyze
from shared.pipeline.look_up import look_up
from shared.pipeline.ports import Completion, Peeked, Services


@dataclass
class Outbox:
    """The port `Messages`, holding what would be on the queue with its delay. Without a clock nothing is ever due."""

    waiting: list[tuple[AnalysisMessage, float]] = field(default_factory=list)
    sent: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)
    clock: list[datetime] = field(default_factory=list)

    def check(self) -> None: ...

    def depth(self) -> int:
        return len(self.waiting)

    def peek(self) -> list[Peeked]:
        """Those that are due, where there is a clock."""
        now = self.clock[0] if self.clock else None
        free = [message for message, _ in self.waiting if now is None or message.due is None or message.due <= now]
        return [Peeked(message=message, sent=self.sent) for message in free]

    def send(self, message: AnalysisMessage, *, delay_s: float = 0) -> None:
        due = self.clock[0] + timedelta(seconds=delay_s) if self.clock else None
        self.waiting.append((replace(message, due=due), delay_s))

    def take(self) -> tuple[AnalysisMessage, float]:
        return self.waiting.pop(0)


@dataclass
class World:
    """One app, its uploads and its endpoint. `journal` is what the endpoint was asked."""

    services: Services
    outbox: Outbox
    endpoint: ChatStandIn
    blobs: BlobServiceClient
    clock: list[datetime]

    def drop(self, name: str, data: bytes, **metadata: str) -> None:
        self.blobs.get_blob_client(UPLOADS, name).upload_blob(data, overwrite=True, metadata=metadata)

    def accept(self, name: str) -> Job:
        job = accept_upload(self.services, name)
        assert job is not None
        return job

    def analyze_next(self) -> tuple[Job, float]:
        """The next message's job after its turn, and how long the message had waited."""
        message, delay_s = self.outbox.take()
        self.pass_time(delay_s)
        return self.analyze(message.job_id), delay_s

    def analyze(self, job_id: str) -> Job:
        job = analyze(self.services, AnalysisMessage(job_id=job_id))
        assert job is not None
        return job

    def answer(self, name: str, data: bytes, **metadata: str) -> Job:
        """Drop, accept and analyze; what look-up then says."""
        self.drop(name, data, **metadata)
        self.accept(name)
        if self.outbox.waiting:
            self.analyze_next()
        return look_up(self.services, name)

    def set(self, **settings: object) -> None:
        """Change settings, as an operator would."""
        changed: Any = settings
        self.services = replace(self.services, settings=replace(self.services.settings, **changed))

    def logging_to(self, seen: list[tuple[str, Any]]) -> Services:
        return replace(self.services, log=lambda event, facts: seen.append((event, facts)))

    def finish_all(self) -> None:
        """Work on messages until none is left."""
        while self.outbox.waiting:
            self.analyze_next()

    def pass_time(self, seconds: float) -> None:
        self.clock[0] += timedelta(seconds=seconds)

    def script(self, *steps: dict[str, object]) -> None:
        self.endpoint.app.script = parse_script(list(steps))

    @property
    def calls(self) -> int:
        total: int = self.endpoint.app.journal.to_document()["requests"]
        return total


class Scripted:
    """A model that answers with these bodies, one after the other, and with the last one from then on."""

    def __init__(self, *bodies: object) -> None:
        self.bodies = bodies
        self.calls = 0

    def complete(self, _payload: object) -> Completion:
        body = self.bodies[min(self.calls, len(self.bodies) - 1)]
        self.calls += 1
        return Completion(body=body, limits=RateLimits())


def picture(form: str = "JPEG", size: tuple[int, int] = (640, 480), colour: str = "teal") -> bytes:
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).rectangle((20, 20, 200, 120), fill="white", outline="black", width=4)
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()
