"""Every limit that a user, an operator or a program can meet: its value, unit, reason, and where it is enforced.

The code, the HTTP contract, the gallery, the terminal commands and docs/limits.md take the values from here. What only
shapes a computation (a grid, a block size, a threshold) is no limit and stands beside its use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Number = TypeVar("Number", int, float)

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Generic[Number]):
    """One limit, whose `value` is the largest that passes. `setting` is the variable that changes it; None: it is
    fixed.

    `enforced` is the module under shared/ that refuses or stops at it, `about` the section of docs/limits.md.
    """

    about: str
    what: str
    value: Number
    unit: str
    why: str
    enforced: str
    setting: str | None = None


# What is put in

UPLOAD_BYTES = Limit(
    about="Uploads",
    what="a file sent to `PUT uploads` or from the page",
    value=50 * MIB,
    unit="bytes",
    why="the Functions host holds a request in memory, more than once, and takes 100 MB at most",
    enforced="http/uploads.py",
)
TICKET_BYTES = Limit(
    about="Uploads",
    what="a file sent to storage with a ticket",
    value=5000 * MIB,
    unit="bytes",
    why="what Azure Storage takes in one PUT",
    enforced="http/uploads.py",
)
NAME_CHARACTERS = Limit(
    about="Uploads",
    what="the name of an upload",
    value=1024,
    unit="characters",
    why="Azure Storage's limit for a blob's name",
    enforced="core/jobs/upload_name.py",
)
NAME_SEGMENTS = Limit(
    about="Uploads",
    what="folders in the name of an upload, with the file's own",
    value=254,
    unit="parts",
    why="Azure Storage's limit",
    enforced="core/jobs/upload_name.py",
)
MEDIA_TYPE_CHARACTERS = Limit(
    about="Uploads",
    what="the Content-Type of an upload",
    value=100,
    unit="characters",
    why="far above any registered media type",
    enforced="http/uploads.py",
)

# What is decoded

PICTURE_BYTES = Limit(
    about="Pictures and videos",
    what="a picture's file",
    value=96 * MIB,
    unit="bytes",
    why="a 48 megapixel photo as PNG has 66 MB; the bytes and their decoder share 512 MB",
    enforced="core/media/decode_limits.py",
)
PICTURE_PIXELS = Limit(
    about="Pictures and videos",
    what="a picture, or one frame",
    value=100_000_000,
    unit="pixels",
    why="a 100 megapixel camera back passes; no model sees more than 31",
    enforced="core/media/decode_limits.py",
)
SOURCE_FRAMES = Limit(
    about="Pictures and videos",
    what="frames or pages of an animation or document",
    value=5_000,
    unit="frames",
    why="seeking to a late frame decodes all before it",
    enforced="core/media/decode_limits.py",
)
DECODE_BYTES = Limit(
    about="Pictures and videos",
    what="memory that decoding one file may take",
    value=352 * MIB,
    unit="bytes",
    why="the smallest Functions instance has 512 MB, of which the app takes 105",
    enforced="core/media/decode_limits.py",
)
DECODE_S = Limit(
    about="Pictures and videos",
    what="processor time that decoding one picture may take; three times that by the clock",
    value=30.0,
    unit="seconds",
    why="a hundred times what a phone photo needs",
    enforced="adapters/decoding/clock.py",
)
DECODE_WITHIN_S = Limit(
    about="Pictures and videos",
    what="time after the drop's event in which decoding may still begin",
    value=400.0,
    unit="seconds",
    why="the function ends after 600 (host.json): what is begun must be able to end",
    enforced="pipeline/accept_steps.py",
)
MP4_COPIED_BYTES = Limit(
    about="Pictures and videos",
    what="a film whose tracks are copied into an MP4 for browsers",
    value=1024 * MIB,
    unit="bytes",
    why="copying costs as much as reading the file once",
    enforced="core/media/playback.py",
)
MP4_ENCODED_S = Limit(
    about="Pictures and videos",
    what="a film that is encoded anew for browsers",
    value=60.0,
    unit="seconds",
    why="encoding takes about as long as the film",
    enforced="core/media/playback.py",
)

# What is asked

OPTIONS_FILE_BYTES = Limit(
    about="Options and questions",
    what="a `_vision.toml`",
    value=16 * KIB,
    unit="bytes",
    why="a prompt and a schema fit; deeper nesting than the parser can follow does not",
    enforced="core/ask/options_file.py",
)
SCHEMA_BYTES = Limit(
    about="Options and questions",
    what="a file with a JSON Schema",
    value=64 * KIB,
    unit="bytes",
    why="endpoints refuse schemas far smaller than that",
    enforced="pipeline/effective_options.py",
)
PROMPT_CHARACTERS = Limit(
    about="Options and questions",
    what="`prompt` and `system`, each",
    value=8_000,
    unit="characters",
    why="some 2,000 tokens: a page of instructions, not a document",
    enforced="core/ask/option_rows.py",
)
DEPLOYMENT_CHARACTERS = Limit(
    about="Options and questions",
    what="the name of a deployment in `model`",
    value=64,
    unit="characters",
    why="Azure's limit for a deployment's name",
    enforced="core/ask/option_rows.py",
)
OUTPUT_TOKENS = Limit(
    about="Options and questions",
    what="`max_output_tokens`",
    value=128_000,
    unit="tokens",
    why="the longest answer of any known model",
    enforced="core/ask/option_rows.py",
)
DOCUMENT_PAGES = Limit(
    about="Options and questions",
    what="pages of a document that are asked about without the option `frames`",
    value=120,
    unit="pages",
    why="a long fax; each page is paid for, and all of them are drawn within the time for one file",
    enforced="core/media/picture_plan.py",
)
VIDEO_FRAMES = Limit(
    about="Options and questions",
    what="`frames` of a video, or pages of a document",
    value=500,
    unit="frames",
    why="the most pictures that any host takes in one request",
    enforced="core/ask/option_rows.py",
)
CAMERA_CHARACTERS = Limit(
    about="Options and questions",
    what="`camera_id`",
    value=100,
    unit="characters",
    why="a name, not a text",
    enforced="core/ask/option_rows.py",
)
QUERY_CHARACTERS = Limit(
    about="Options and questions",
    what="`query`, and the text of a search",
    value=1000,
    unit="characters",
    why="a sentence or two; search services cut longer ones",
    enforced="core/ask/option_rows.py",
)
BUDGET_USD = Limit(
    about="Options and questions",
    what="`daily_budget_usd`",
    value=10**9,
    unit="US dollars",
    why="an amount with nine decimals still fits the ledger's numbers",
    enforced="core/ask/option_rows.py",
)
SCHEMA_PROPERTIES = Limit(
    about="Options and questions",
    what="properties of a schema, all levels together",
    value=100,
    unit="properties",
    why="the limit of structured outputs",
    enforced="core/ask/schema_subset.py",
)
SCHEMA_LEVELS = Limit(
    about="Options and questions",
    what="nesting of a schema",
    value=5,
    unit="levels",
    why="the limit of structured outputs",
    enforced="core/ask/schema_subset.py",
)
JSON_LEVELS = Limit(
    about="Options and questions",
    what="nesting of any JSON that is stored",
    value=64,
    unit="levels",
    why="no JSON Schema for an answer comes near, and no reader overflows",
    enforced="core/plain_json.py",
)
FOLLOW_UP_TURNS = Limit(
    about="Options and questions",
    what="questions in one conversation",
    value=20,
    unit="turns",
    why="each is sent and paid again with every further one",
    enforced="core/jobs/asked_jobs.py",
)
ASKED_JOBS = Limit(
    about="Options and questions",
    what="pictures of how many drops one question may be about",
    value=50,
    unit="jobs",
    why="the most pictures that common hosts take in one request",
    enforced="http/questions.py",
)

# What comes by HTTP

JSON_BODY_BYTES = Limit(
    about="HTTP",
    what="a JSON body",
    value=128 * KIB,
    unit="bytes",
    why="two prompts and a schema in the longest spelling",
    enforced="http/requests.py",
)
IDEMPOTENCY_KEY_CHARACTERS = Limit(
    about="HTTP",
    what="an `Idempotency-Key`",
    value=200,
    unit="characters",
    why="longer than any UUID",
    enforced="http/questions.py",
)
HTTP_WAIT_S = Limit(
    about="HTTP",
    what="`wait` for a result",
    value=60,
    unit="seconds",
    why="proxies and clients give up at 60 to 100 s, Azure's load balancer at 230",
    enforced="http/lookup.py",
)
PAGE_RESULTS = Limit(
    about="HTTP",
    what="results on one page of a list",
    value=100,
    unit="results",
    why="a page is read in one go and stays under a megabyte",
    enforced="http/lists.py",
)
LIST_ENTRIES_LOOKED_AT = Limit(
    about="HTTP",
    what="entries that one request for a filtered list looks at",
    value=1000,
    unit="entries",
    why="what table storage returns for one query; the cursor goes on from there",
    enforced="pipeline/listing.py",
)
RELATED_JOBS = Limit(
    about="HTTP",
    what="jobs of one upload that are looked through for its newest",
    value=100,
    unit="jobs",
    why="follow-ups and reruns of one file; older ones are found by their id",
    enforced="adapters/storage/job_table.py",
)
WHOLE_FILE_BYTES = Limit(
    about="HTTP",
    what="a file that is returned whole",
    value=50 * MIB,
    unit="bytes",
    why="the host holds an answer in memory, more than once; larger files come in ranges",
    enforced="http/files.py",
)
FILE_PART_BYTES = Limit(
    about="HTTP",
    what="one range of a file",
    value=4 * MIB,
    unit="bytes",
    why="a player asks for more when it needs it",
    enforced="http/files.py",
)
ESTIMATED_MODELS = Limit(
    about="HTTP",
    what="models in one estimate",
    value=50,
    unit="models",
    why="all that are known, less the retired",
    enforced="http/estimates.py",
)
ESTIMATED_SIDE = Limit(
    about="HTTP",
    what="a side of a picture in an estimate",
    value=1_000_000,
    unit="pixels",
    why="above every real picture",
    enforced="http/estimates.py",
)
COST_DAYS = Limit(
    about="HTTP",
    what="days in one report of costs",
    value=366,
    unit="days",
    why="a year; a day is one small read",
    enforced="pipeline/spending/costs.py",
)
SEARCH_MOMENTS = Limit(
    about="HTTP",
    what="moments that one search of videos returns",
    value=100,
    unit="moments",
    why="the video index's limit",
    enforced="http/videos.py",
)
SEARCH_SKIP = Limit(
    about="HTTP",
    what="moments that a search may skip",
    value=10_000,
    unit="moments",
    why="the video index's limit",
    enforced="http/videos.py",
)

# What jobs do

JOB_LEASE_S = Limit(
    about="Jobs",
    what="time that a worker owns a job without a word; a dead worker's job goes on after it",
    value=300,
    unit="seconds",
    why="twice the longest reply and some time to store it",
    enforced="pipeline/analyze.py",
    setting="JOB_LEASE_S",
)
MODEL_TIMEOUT_S = Limit(
    about="Jobs",
    what="one call of a model, from the request's first byte to the reply's last",
    value=120,
    unit="seconds",
    why="at most half of the lease, so that the answer can be stored under it",
    enforced="adapters/chat_model.py",
    setting="MODEL_TIMEOUT_S",
)
WORKER_FILE_BYTES = Limit(
    about="Jobs",
    what="files that one worker reads whole at the same time, each counted twice; more of them wait",
    value=200 * MIB,
    unit="bytes",
    why="one picture of the largest size, or two downloads of it; with 16 at once a worker would need 2 GB",
    enforced="pipeline/room.py",
)
REPLY_BYTES = Limit(
    about="Jobs",
    what="one reply of a model, a transcriber or the video index, unpacked",
    value=4 * MIB,
    unit="bytes",
    why="32 bytes for each of 128,000 tokens; English takes 4, a sign escaped as `\\uXXXX` 6",
    enforced="adapters/capped_http.py",
)
REPLY_PARTS = Limit(
    about="Jobs",
    what="objects, lists and named fields of one reply that is read as JSON",
    value=250_000,
    unit="parts",
    why="twice the tokens of the longest answer; three bytes of JSON can take seventy of memory",
    enforced="core/plain_json.py",
)
MAX_OUTPUT_TOKENS = Limit(
    about="Jobs",
    what="tokens of an answer where no option says",
    value=1000,
    unit="tokens",
    why="a page of text",
    enforced="core/settings.py",
    setting="MAX_OUTPUT_TOKENS",
)
MALFORMED_REPLIES = Limit(
    about="Jobs",
    what="malformed replies to one job before it fails",
    value=5,
    unit="replies",
    why="each may have been paid for",
    enforced="pipeline/postpone.py",
)
FAILURES_ALONE = Limit(
    about="Jobs",
    what="a job's 5xx, time-outs and broken connections while others are answered, before it fails",
    value=5,
    unit="failures",
    why="what comes back so often comes from the picture; each may have been paid for",
    enforced="pipeline/postpone.py",
)
CRASHES = Limit(
    about="Jobs",
    what="workers that may die of one job before it fails",
    value=5,
    unit="crashes",
    why="each may have been paid for",
    enforced="core/jobs/job.py",
)
REDELIVERIES = Limit(
    about="Jobs",
    what="times that a job is taken back from the poison queue",
    value=3,
    unit="times",
    why="five deliveries each: twenty in all before the job fails",
    enforced="core/jobs/job.py",
)
HISTORY_EVENTS = Limit(
    about="Jobs",
    what="events that a job's history keeps, the newest",
    value=50,
    unit="events",
    why="a job that waits for a day is woken often, and its row has an end",
    enforced="core/jobs/job.py",
)
VERDICT_WAIT_S = Limit(
    about="Jobs",
    what="wait for the malware scanner's verdict on an upload before its job fails",
    value=24 * 3600.0,
    unit="seconds",
    why="a scan takes seconds to minutes; a scanner that is off is put right within a day",
    enforced="pipeline/malware.py",
)
JOB_WAIT_S = Limit(
    about="Jobs",
    what="growing wait between two tries of a job whose endpoint says nothing about when",
    value=3600.0,
    unit="seconds",
    why="an endpoint that comes back is asked again within the hour",
    enforced="pipeline/postpone.py",
)
OPTIONS_WAIT_S = Limit(
    about="Jobs",
    what="time until a job looks again at its folder's broken options, or at storage that was away",
    value=300.0,
    unit="seconds",
    why="whoever mends them wants to see the jobs go on",
    enforced="pipeline/postpone.py",
)
ENDPOINT_WAIT_S = Limit(
    about="Jobs",
    what="wait that an endpoint may ask a job for",
    value=7 * 24 * 3600.0,
    unit="seconds",
    why="a storage queue keeps a message hidden for seven days at most",
    enforced="core/answer/error_reply.py",
)
GATE_PAUSE_S = Limit(
    about="Jobs",
    what="pause after failures of an endpoint before one job tries whether it is back",
    value=240.0,
    unit="seconds",
    why="with the fifth that waiting jobs are spread by, what was mended is noticed within five minutes",
    enforced="core/answer/gate.py",
)
THROTTLE_PAUSE_S = Limit(
    about="Jobs",
    what="pause for all jobs after a throttled call before one tries, whatever the endpoint asked for",
    value=120.0,
    unit="seconds",
    why="twice the longest window of a documented rate limit; the throttled job itself waits as long as it was told",
    enforced="core/answer/gate.py",
)
INDEX_PATIENCE_S = Limit(
    about="Jobs",
    what="time that a video may take in the video index",
    value=6 * 3600.0,
    unit="seconds",
    why="ingestion takes about the film's length, and queues",
    enforced="core/ask/video_flow.py",
)
ASK_DECODE_S = Limit(
    about="Jobs",
    what="time for decoding while somebody waits for `POST ask`",
    value=60.0,
    unit="seconds",
    why="the request itself ends soon after",
    enforced="pipeline/reread.py",
)

LIMITS: tuple[tuple[str, Limit[int] | Limit[float]], ...] = tuple(
    (name, value) for name, value in list(globals().items()) if isinstance(value, Limit)
)
"""Every limit with its name, in the order in which they stand here."""


def by_name() -> dict[str, int | float]:
    """The value of each limit by its name in lower case, for the gallery and other programs."""
    return {name.lower(): limit.value for name, limit in LIMITS}
