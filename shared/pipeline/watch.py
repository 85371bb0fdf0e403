"""What only the app can see of itself: that events come, how long the oldest message waits, what does not answer.

The timer logs it, for alerts to fire on; `GET health` shows it. Nothing here costs money or changes a job.
"""

from __future__ import annotations

from datetime import datetime

from shared.core.jobs.job import Job
from shared.core.jobs.rounds import SETTLED_AFTER
from shared.core.places import UPLOADS
from shared.pipeline.accept import accept_upload
from shared.pipeline.health import check
from shared.pipeline.ports import Peeked, Services

EVENT_CAME = "upload event"
LOOKED_AT = 100
NO_EVENT = (
    "there are uploads, but no storage event has ever arrived: only the timer finds them, minutes late. "
    "Connect the events: python3 -m infra.connect_events"
)


def accept_event(services: Services, name: str) -> Job | None:
    """The job for an upload that an event announced, as `accept_upload` gives it. It is noted that events arrive."""
    services.notes.note(EVENT_CAME)
    return accept_upload(services, name)


def warnings(services: Services) -> dict[str, str]:
    """What works, but not as it should, by its part. Raises StorageUnavailable when that cannot be found out."""
    if services.notes.noted(EVENT_CAME) or not has_old_uploads(services):
        return {}
    return {"events": NO_EVENT}


def has_old_uploads(services: Services) -> bool:
    """Whether one of the first uploads is old enough for its event to have come."""
    settled = services.now() - SETTLED_AFTER
    first = services.blobs.page(UPLOADS, marker="").blobs[:LOOKED_AT]
    return any(blob.changed <= settled for blob in first)


def watch(services: Services) -> None:
    """Log each part that does not answer; if all do, log how many messages there are and how many seconds the oldest
    has waited.
    """
    found = {part: says for part, says in check(services).items() if says != "ok"}
    for part, says in found.items():
        services.log("unhealthy", {"part": part, "code": says.partition(":")[0]})
    if not found:
        services.log("queue", {"depth": services.messages.depth(), "oldest_s": oldest_s(services)})


def oldest_s(services: Services) -> float:
    """Seconds since the oldest of the waiting messages could have been worked on; 0 without one."""
    now = services.now()
    ages = [(now - could_begin(services, peeked)).total_seconds() for peeked in services.messages.peek()]
    return round(max(0.0, *ages), 1) if ages else 0.0


def could_begin(services: Services, peeked: Peeked) -> datetime:
    """The time (UTC) from which the message could have been worked on: a job that waits for its endpoint has a message
    that is not to be read before its time.
    """
    stored = services.jobs.load(peeked.message.job_id)
    not_before = stored.job.not_before if stored else None
    return max(peeked.sent, not_before or peeked.sent)
