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
    """What was heard in a piece of sound from `at_s` on, in seconds from the start of that piece."""

    at_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """An upload's bytes, to be read in parts: `fetch(at, size)` takes and gives bytes. Raises NotFound once the blob
    has another version.

    `fetch_kept` reads the same, for a caller who reads the whole file and may not be the only one to do so; None where
    nothing is kept. After `decode_before`, in seconds of the monotonic clock, no decoding is begun any more.
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
    """One page of a listing; `marker` asks for the next page and is empty on the last one."""

    blobs: tuple[Listed, ...]
    marker: str = ""


class Blobs(Protocol):
    def check(self) -> None:
        """Check that the containers can be used. Raises NotFound or StorageUnavailable when one cannot."""

    def describe(self, container: str, name: str) -> Upload | None:
        """The blob's size, etag and metadata without its content; None when there is no such blob."""

    def tags(self, container: str, name: str) -> Mapping[str, str]:
        """The blob's index tags. Raises NotFound when there is no such blob."""

    def read(self, container: str, name: str, *, etag: str | None = None, part: tuple[int, int] | None = None) -> bytes:
        """The blob's bytes. `part` is the first and the last byte to read, counted from 0; a part that reaches past the
        end comes back shorter.

        Raises NotFound when there is no such blob and, with `etag`, when the blob has another version.
        """

    def page(self, container: str, *, marker: str) -> BlobPage:
        """The next page of a container's blobs in the order of their names, about a thousand; the first page where
        `marker` is empty. Raises NotFound where there is no such container.
        """

    def delete(self, container: str, name: str) -> None:
        """Delete a blob; one that is gone already is no fault."""

    def write(self, container: str, name: str, data: bytes, *, media_type: str, overwrite: bool) -> bool:
        """Whether the blob was written: False when it exists and `overwrite` is not set; it is then left as it is."""

    def upload(
        self, container: str, name: str, data: bytes, *, media_type: str, metadata: Mapping[str, str], overwrite: bool
    ) -> str | None:
        """The etag of the new blob, without quotes; None when there is one already and `overwrite` is not set."""

    def write_blocks(self, container: str, name: str, blocks: Iterable[bytes], *, media_type: str) -> None:
        """Store blocks of bytes while they come, in place of any blob of that name."""

    def read_address(self, container: str, name: str, *, now: datetime, expires: datetime) -> str:
        """A URL that lets others read this blob, and nothing else, until it expires."""

    def create_address(self, container: str, name: str, *, now: datetime, expires: datetime) -> str:
        """A URL that lets others create this blob, and do nothing else, until it expires."""


class Jobs(Protocol):
    def check(self) -> None:
        """Check that the table can be used. Raises NotFound or StorageUnavailable when it cannot."""

    def insert(self, job: Job) -> Stored | None:
        """The new row's job and version; None when the job exists already."""

    def load(self, job_id: str) -> Stored | None:
        """The job and the version of its row; None when there is no such job."""

    def replace(self, stored: Stored, job: Job) -> Stored:
        """The job and the version of its row after writing. Raises StateConflict when the row is not the version that
        was read.
        """

    def open_jobs(self, *, first: str, most: int) -> Sequence[str]:
        """The ids of at most `most` jobs that have not ended, or only just have: those from the id `first` on, then
        those before it.
        """

    def close(self, job_id: str) -> None:
        """Take an ended job off the list of open ones."""

    def publish(self, job: Job) -> None:
        """Make the job findable by its upload's name; doing it again changes nothing."""

    def newest(self, name: str) -> str | None:
        """The id of the newest job for an upload of this name, None when there is none; not of one that was asked about
        it later.
        """

    def related(self, name: str) -> Sequence[str]:
        """The ids of all jobs about uploads of this name, up to a limit."""


class Listing(Protocol):
    def put(self, item: Item) -> None:
        """Write the job's row in the list, over the one that was there."""

    def page(self, *, after: Position | None, most: int) -> Sequence[Item]:
        """The next `most` jobs after a position, newest first; fewer only at the end."""


class Costs(Protocol):
    def day(self, day: date) -> Sequence[Spending]:
        """The day's spending (USD, tokens) as lines to be added up; several may be of one model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peeked:
    """A message that any worker may take now, and when it was sent."""

    message: AnalysisMessage
    sent: datetime

    @property
    def due(self) -> datetime:
        """The moment (UTC) from which a worker may take the message. The queue is almost in order: what was due earlier
        is taken by now.
        """
        return self.message.due or self.sent


class Messages(Protocol):
    def peek(self) -> Sequence[Peeked]:
        """Some of the messages that wait for a worker, the oldest among them; they stay on the queue."""

    def depth(self) -> int:
        """About how many messages there are, hidden ones included."""

    def check(self) -> None:
        """Check that the queue can be used. Raises NotFound or StorageUnavailable when it cannot."""

    def send(self, message: AnalysisMessage, *, delay_s: float = 0) -> None:
        """Put a pointer to a job on the queue; it becomes visible after `delay_s` seconds, seven days at most."""


class PoisonQueues(Protocol):
    def put_back(self, queue: str, body: bytes, *, delay_s: float) -> None:
        """Put a message on its poison queue again, hidden for `delay_s` seconds."""


class Rounds(Protocol):
    def load(self, work: str) -> Round:
        """How far this work has come; the beginning where nobody has done any yet."""

    def store(self, work: str, reached: Round) -> None:
        """Store how far the work has come, over what was there: two workers at the same round do the same."""


class Media(Protocol):
    def prepare(self, file: SourceFile, *, is_video: bool, model: Model, options: Options) -> Prepared:
        """The pictures to send, and what the file is. Raises SourceRejected for a file that is broken, unsupported or
        too large.

        `is_video` is what the first bytes say; the decoder looks again and does not trust it. Only parts of a video are
        read.

        This and the methods below raise DecoderBusy when no decoder is free in time, or when it was stopped from
        outside.
        """

    def kept(self, file: SourceFile) -> AbstractContextManager[SourceFile]:
        """The same file, for a caller who reads all of it: what is fetched is kept on local disk, up to a limit."""

    def sound(self, file: SourceFile) -> Sequence[SoundPiece]:
        """The sound of a video, in pieces small enough to be transcribed. Reads the whole file."""

    def mp4(self, file: SourceFile, *, copied: frozenset[str]) -> Iterable[bytes]:
        """The video as MP4, in blocks of bytes as they are made. Pictures in the codecs `copied` are not encoded again.
        Reads the whole file.
        """

    def thumbnail(self, data: bytes) -> bytes:
        """A small JPEG of a normalized picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The endpoint's reply, unparsed, and what its headers say about the limits."""

    body: object
    limits: RateLimits


class VisionModel(Protocol):
    def complete(self, payload: Payload) -> Completion:
        """The endpoint's reply. Raises ModelRefused or ModelUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A budget for one UTC day: "all" or a folder. `limit` in nano-dollars, None for no limit."""

    scope: str
    limit: int | None


class Grant(StrEnum):
    """Whether a budget lets a call be made. AGAIN: it does, and an earlier attempt at this call may have been paid."""

    GRANTED = "granted"
    AGAIN = "again"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a parked job stands in the line of a budget, for `amount` nano-dollars; `version` changes when the job
    enters again.
    """

    key: str
    job_id: str
    amount: int
    version: str


class Ledger(Protocol):
    """Budgets, and what is reserved in them. Amounts are whole nano-dollars (1e-9 USD); days are UTC."""

    def check(self) -> None:
        """Check that the table can be used. Raises NotFound or StorageUnavailable when it cannot."""

    def reserve(self, day: date, allowance: Allowance, call_id: str, amount: int) -> Grant:
        """Whether `amount` nano-dollars are reserved for the call now, and whether an earlier attempt at it may have
        been paid.

        Nothing is reserved when the answer is REFUSED. Raises StorageUnavailable, with nothing reserved.
        """

    def settle(self, day: date, scope: str, call_id: str, spent: int | None) -> bool:
        """Whether an open reservation was closed: False when there is none under this id.

        `spent` is what the call cost; None when nobody knows, which counts as all that was reserved if the call had
        begun.
        """

    def begin(self, day: date, scope: str, call_id: str) -> None:
        """Note that the reserved call is now made: if its worker dies from here on, it may have been paid."""

    def open_calls(self, day: date, scope: str, job_id: str, *, begun: bool = False) -> Sequence[str]:
        """The ids of this job's calls that were reserved and never settled; with `begun`, only those that were made."""

    def totals(self, day: date, allowance: Allowance) -> Totals:
        """What of a budget is spent and reserved on that day, in nano-dollars."""

    def note_once(self, day: date, scope: str, note: str) -> bool:
        """Whether this caller is the first to write the note: an alert is raised by one worker only."""

    def park(self, scope: str, key: str, job_id: str, amount: int) -> None:
        """Put a job in the line of a budget, in the order of `key`, for the `amount` nano-dollars that it needs."""

    def unpark(self, scope: str, place: Place) -> None:
        """Remove a job from the line of a budget, unless it has entered again since `place` was read."""

    def parked(self, scope: str, *, limit: int | None, most: int) -> Sequence[Place]:
        """The first `most` places in a line, the longest wait first, without those that need more than `limit`
        nano-dollars.
        """

    def lines(self) -> Sequence[str]:
        """The budgets that have jobs waiting for them."""


class Answers(Protocol):
    def claim(self, key: str, job_id: str) -> str:
        """The id of the job that answers this question for all that ask it: `job_id`, or the job that claimed it
        before.
        """

    def take_over(self, key: str, *, from_job_id: str, job_id: str) -> bool:
        """Whether `job_id` answers for the key now; False when another job took over from `from_job_id` first."""


class Notes(Protocol):
    """Facts about the deployment that are kept once and for all, each by a fixed name."""

    def note(self, name: str) -> None:
        """Keep for good that this has happened; doing it again changes nothing."""

    def noted(self, name: str) -> bool:
        """Whether this has happened."""


class Gates(Protocol):
    def change(self, endpoint: str, step: Callable[[Gate], Gate]) -> tuple[Gate, Gate]:
        """The endpoint's gate before and after `step`; it is written only if `step` changed it.

        `step` is called again on what another worker has stored meanwhile, until its outcome can be written. Raises
        StorageUnavailable, also when other workers are faster again and again.
        """


class StartSpan(Protocol):
    """Starts a span of work on a job, in the job's trace. The facts are numbers and fixed words, never content or
    names.
    """

    def __call__(self, name: str, job_id: str, facts: Mapping[str, Any], /) -> AbstractContextManager[None]: ...


def no_span(_name: str, _job_id: str, _facts: Mapping[str, Any], /) -> AbstractContextManager[None]:
    """A context that records nothing: telemetry is off."""
    return nullcontext()


class Transcriber(Protocol):
    def close(self) -> None:
        """Close its connections."""

    def transcribe(self, mp3: bytes) -> Sequence[Said]:
        """What is said in the sound, with the seconds at which it begins; one entry from the start where the model
        gives no times. Raises ModelRefused or ModelUnavailable.
        """


class VideoIndexer(Protocol):
    """The service that indexes and searches films. Every method raises CapabilityMissing where the service is not there
    any more, and ModelRefused or ModelUnavailable.
    """

    def close(self) -> None:
        """Close its connections."""

    def ensure_index(self, name: str, body: dict[str, Any]) -> None:
        """Create the index that `body` describes; one of that name is left as it is."""

    def ingest(self, index: str, ingestion: str, body: dict[str, Any]) -> None:
        """Start indexing the films that `body` names, which the service bills by the minute. It returns at once."""

    def ingestion(self, index: str, ingestion: str) -> object | None:
        """The state of an ingestion, as JSON; None when there is no such ingestion."""

    def search(self, index: str, body: dict[str, Any]) -> object:
        """The moments that fit the query in `body`, as the service's JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a use case works with; wiring.py builds the real one, and each test its own.

    `jitter` gives a random number from 0 to 1. `sleep` waits for seconds, and is used only with a paid answer in hand.
    `worker` names this process in leases. `now` is the time in UTC. `log` takes an event's name and its facts.
    `video_index` and `transcriber` are None where no such service is set up.
    """

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
