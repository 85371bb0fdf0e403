"""What the pipeline needs from the world, one small protocol per foreign system; adapters/ has the real ones.

Every method may raise StorageUnavailable (or, for the model, ModelUnavailable): the work is tried again later.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from shared.core.answer.gate import Gate
from shared.core.answer.rate_limits import RateLimits
from shared.core.ask.options import Options
from shared.core.ask.payload import Payload
from shared.core.jobs.job import AnalysisMessage, Job
from shared.core.jobs.listing import Item, Position
from shared.core.jobs.result import Plan
from shared.core.jobs.rounds import Round
from shared.core.jobs.spending import Spending
from shared.core.media.picture import Picture, SoundPiece
from shared.core.media.reading import Reading
from shared.core.models.catalogue import Model
from shared.core.money.budget import Totals
from shared.core.settings import Settings
from shared.pipeline.room import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A blob as storage describes it: `etag` without quotes, size in bytes."""

    container: str
    name: str
    etag: str
    bytes: int
    content_type: str | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A job and the version of its row: writing it back fails if somebody else wrote in between."""

    job: Job
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was heard from a moment on, counted from the start of its piece."""

    at_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """An upload's bytes, to be read in parts: `fetch(at, size)`. Raises NotFound once the blob has another version.

    `fetch_kept` gives the same, for who reads all of it and may not be the only one: None where nothing is kept.
    `decode_before` is the moment of the monotonic clock after which no decoding is begun any more.
    """

    size: int
    fetch: Callable[[int, int], bytes]
    fetch_kept: Callable[[int, int], bytes] | None = None
    decode_before: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A normalized upload: what it is (sizes upright), the pictures to send, what was done and why.

    `sha256` is the upload's, None where it was not read as a whole. `poster` shows a video to people.
    """

    kind: str
    format: str
    width: int
    height: int
    orientation: int | None
    frames: int | None
    duration_s: float | None = None
    codec: str | None = None
    sha256: str | None = None
    pictures: tuple[Picture, ...]
    poster: Picture | None = None
    has_sound: bool = False
    plan: Plan
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A blob in a listing: `etag` without quotes, `changed` by storage's clock."""

    name: str
    etag: str
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobPage:
    """Part of a listing; `marker` is where the next one goes on, empty at the end."""

    blobs: tuple[Listed, ...]
    marker: str = ""


class Blobs(Protocol):
    def check(self) -> None:
        """Raises NotFound or StorageUnavailable when it cannot be used."""

    def describe(self, container: str, name: str) -> Upload | None:
        """None when there is no such blob."""

    def tags(self, container: str, name: str) -> Mapping[str, str]:
        """The blob's index tags. Raises NotFound."""

    def read(self, container: str, name: str, *, etag: str | None = None, part: tuple[int, int] | None = None) -> bytes:
        """The blob's bytes. `part` is the first and last byte; what the blob does not have of it is left out.

        Raises NotFound; with `etag`, also when the blob has another version.
        """

    def page(self, container: str, *, marker: str) -> BlobPage:
        """The next blobs of a container in the order of their names, a thousand or so; from its beginning where
        `marker` is empty. Raises NotFound where there is no such container.
        """

    def delete(self, container: str, name: str) -> None:
        """Takes a blob away; one that is gone already is no fault."""

    def write(self, container: str, name: str, data: bytes, *, media_type: str, overwrite: bool) -> bool:
        """False when the blob exists and `overwrite` is not set; it is then left as it is."""

    def upload(
        self, container: str, name: str, data: bytes, *, media_type: str, metadata: Mapping[str, str], overwrite: bool
    ) -> str | None:
        """The new blob's etag; None when there is one already and `overwrite` is not set."""

    def write_blocks(self, container: str, name: str, blocks: Iterable[bytes], *, media_type: str) -> None:
        """Stores blocks while they come, over what was there."""

    def read_address(self, container: str, name: str, *, now: datetime, expires: datetime) -> str:
        """A URL that lets others read this blob, and nothing else, until it expires."""

    def create_address(self, container: str, name: str, *, now: datetime, expires: datetime) -> str:
        """A web address that can create this blob, and do nothing else, until it expires."""


class Jobs(Protocol):
    def check(self) -> None:
        """Raises NotFound or StorageUnavailable when it cannot be used."""

    def insert(self, job: Job) -> Stored | None:
        """None when the job exists already."""

    def load(self, job_id: str) -> Stored | None: ...

    def replace(self, stored: Stored, job: Job) -> Stored:
        """Raises StateConflict when the row is not the version that was read."""

    def open_jobs(self, *, first: str, most: int) -> Sequence[str]:
        """Ids of jobs that have not ended, or only just have: those from `first` on, then those before it."""

    def close(self, job_id: str) -> None:
        """Take an ended job off the list of open ones."""

    def publish(self, job: Job) -> None:
        """Make the job findable by its upload's name; doing it again changes nothing."""

    def newest(self, name: str) -> str | None:
        """The id of the newest job for an upload of this name; not of one that was asked about it later."""

    def related(self, name: str) -> Sequence[str]:
        """The ids of all jobs about uploads of this name, up to a limit."""


class Listing(Protocol):
    def put(self, item: Item) -> None: ...

    def page(self, *, after: Position | None, most: int) -> Sequence[Item]:
        """The next items, newest first; fewer than `most` only at the end."""


class Costs(Protocol):
    def day(self, day: date) -> Sequence[Spending]:
        """Sums that add up to that day's spending; several may be of one model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peeked:
    """A message that any worker may take now, and when it was sent."""

    message: AnalysisMessage
    sent: datetime

    @property
    def due(self) -> datetime:
        """Since when it may be taken: what was due before it has been, as queues are almost in order."""
        return self.message.due or self.sent


class Messages(Protocol):
    def peek(self) -> Sequence[Peeked]:
        """Some of the messages that wait for a worker, the oldest among them; they stay as they are."""

    def depth(self) -> int:
        """About how many messages there are, hidden ones too."""

    def check(self) -> None:
        """Raises NotFound or StorageUnavailable when it cannot be used."""

    def send(self, message: AnalysisMessage, *, delay_s: float = 0) -> None:
        """Put a pointer on the queue; it becomes visible after the delay (at most seven days)."""


class PoisonQueues(Protocol):
    def put_back(self, queue: str, body: bytes, *, delay_s: float) -> None:
        """Puts a message on its poison queue again, hidden for so many seconds."""


class Rounds(Protocol):
    def load(self, work: str) -> Round:
        """How far this work has come; a Round at its beginning where nobody has done any yet."""

    def store(self, work: str, reached: Round) -> None:
        """Over what was there: two workers at the same round do the same."""


class Media(Protocol):
    def prepare(self, file: SourceFile, *, is_video: bool, model: Model, options: Options) -> Prepared:
        """Raises SourceRejected for a file that is broken, unsupported or too large. Of a video, parts are read.

        `is_video` is what the first bytes say; the decoder looks again and does not trust it.

        Here and below: raises DecoderBusy when a turn does not come in time, or the decoder was ended from outside.
        """

    def kept(self, file: SourceFile) -> AbstractContextManager[SourceFile]:
        """The same file, of which what is fetched in order to read all of it is kept near, up to a limit."""

    def sound(self, file: SourceFile) -> Sequence[SoundPiece]:
        """What is to be heard in a video, in pieces small enough to be transcribed. Reads all of it."""

    def mp4(self, file: SourceFile, *, copied: frozenset[str]) -> Iterable[bytes]:
        """The video as MP4, in blocks as they are made; pictures in the codecs `copied` are copied. Reads all of it."""

    def thumbnail(self, data: bytes) -> bytes:
        """A small JPEG of a normalized picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The endpoint's reply, unparsed, and what its headers say about the limits."""

    body: object
    limits: RateLimits


class VisionModel(Protocol):
    def complete(self, payload: Payload) -> Completion:
        """Raises ModelRefused or ModelUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A budget for one UTC day: "all" or a folder. `limit` in nano-dollars, None for no limit."""

    scope: str
    limit: int | None


class Grant(StrEnum):
    """AGAIN: granted, and an earlier attempt at the same call may have been paid."""

    GRANTED = "granted"
    AGAIN = "again"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a parked job stands in the line of a budget; `version` is another when it has entered again."""

    key: str
    job_id: str
    amount: int
    version: str


class Ledger(Protocol):
    """Amounts are whole nano-dollars."""

    def check(self) -> None: ...

    def reserve(self, day: date, allowance: Allowance, call_id: str, amount: int) -> Grant:
        """Whether the amount is set aside for the call, and whether an earlier attempt at it may have been paid.

        Nothing is set aside where it is refused or raises.
        """

    def settle(self, day: date, scope: str, call_id: str, spent: int | None) -> bool:
        """What the call cost; None when nobody knows. False when there is nothing open under this id."""

    def begin(self, day: date, scope: str, call_id: str) -> None:
        """From now on the reserved call is made: if its worker dies, it may have been paid."""

    def open_calls(self, day: date, scope: str, job_id: str, *, begun: bool = False) -> Sequence[str]:
        """Ids of this job's calls that were reserved and never settled."""

    def totals(self, day: date, allowance: Allowance) -> Totals:
        """What of the budget is spent and reserved on that day."""

    def note_once(self, day: date, scope: str, note: str) -> bool:
        """True for the first caller only."""

    def park(self, scope: str, key: str, job_id: str, amount: int) -> None:
        """Stand in the line of a budget, at the place that `key` sorts to, until there is that amount."""

    def unpark(self, scope: str, place: Place) -> None:
        """Leaves the place of a job that has entered again since."""

    def parked(self, scope: str, *, limit: int | None, most: int) -> Sequence[Place]:
        """In order, without those who need more than the whole limit."""

    def lines(self) -> Sequence[str]:
        """The budgets that jobs wait for."""


class Answers(Protocol):
    def claim(self, key: str, job_id: str) -> str:
        """The job that answers this question for all that ask it."""

    def take_over(self, key: str, *, from_job_id: str, job_id: str) -> bool:
        """Whether this job answers in place of the other by now; not when somebody else was faster."""


class Notes(Protocol):
    """Facts about the deployment that are kept once and for all, each by a fixed name."""

    def note(self, name: str) -> None:
        """Keep that it has happened; again changes nothing."""

    def noted(self, name: str) -> bool: ...


class Gates(Protocol):
    def change(self, endpoint: str, step: Callable[[Gate], Gate]) -> tuple[Gate, Gate]:
        """The endpoint's gate before and after `step`, stored if it is another by it.

        `step` is called again, with what another worker has stored meanwhile, until its outcome is the next version.
        Raises StorageUnavailable, also when others are faster again and again.
        """


class StartSpan(Protocol):
    """A stretch of work on a job, in the job's trace. The facts are numbers and fixed words, never content or names."""

    def __call__(self, name: str, job_id: str, facts: Mapping[str, Any], /) -> AbstractContextManager[None]: ...


def no_span(_name: str, _job_id: str, _facts: Mapping[str, Any], /) -> AbstractContextManager[None]:
    """Telemetry is off."""
    return nullcontext()


class Transcriber(Protocol):
    def close(self) -> None: ...

    def transcribe(self, mp3: bytes) -> Sequence[Said]:
        """Raises ModelRefused or ModelUnavailable. One entry from the start where the model gives no times."""


class VideoIndexer(Protocol):
    """Raises CapabilityMissing where the service is not there any more, ModelRefused or ModelUnavailable."""

    def close(self) -> None: ...

    def ensure_index(self, name: str, body: dict[str, Any]) -> None: ...

    def ingest(self, index: str, ingestion: str, body: dict[str, Any]) -> None: ...

    def ingestion(self, index: str, ingestion: str) -> object | None:
        """Its state as JSON; None when there is no such ingestion."""

    def search(self, index: str, body: dict[str, Any]) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a use case works with; wiring.py builds the real one, tests their own."""

    settings: Settings
    blobs: Blobs
    jobs: Jobs
    messages: Messages
    poison: PoisonQueues
    rounds: Rounds
    media: Media
    model: VisionModel
    ledger: Ledger
    answers: Answers
    gates: Gates
    notes: Notes
    listing: Listing
    costs: Costs
    jitter: Callable[[], float]  # 0 to 1, evenly
    sleep: Callable[[float], None] = time.sleep  # seconds; only with a paid answer in hand
    worker: str
    now: Callable[[], datetime]
    log: Callable[[str, Mapping[str, Any]], None]
    video_index: VideoIndexer | None = None
    transcriber: Transcriber | None = None
    span: StartSpan = no_span
    room: Room = field(default_factory=Room)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A reading that an engine works on: its operation, and in how many seconds to look again."""

    operation: str
    retry_after_s: float


class ReadingEngine(Protocol):
    """What reads text in pictures, or finds things in them: a service, or a program of ours."""

    name: str
    """Who reads and in which version, as results name it: "azure-vision 2024-02-01"."""

    def begin(self, picture: Picture, *, index: int, text: bool, things: bool) -> Reading | Pending:
        """What is in the picture, which is number `index` of those sent, or the operation that will know.

        Raises ModelRefused for a picture that the engine does not take, ModelUnavailable when it may later.
        """

    def look(self, operation: str, picture: Picture, *, index: int) -> Reading | Pending:
        """What the operation has found, or that it still works. Raises as `begin`."""
