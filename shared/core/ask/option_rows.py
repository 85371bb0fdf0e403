"""What a user may ask for: one row per option.

OPTIONS is the only list of options. The checks of files, metadata and requests, the HTTP contract, what needs other
pictures, what belongs to the answer's key and the table in README.md are all read from its rows. To add an option, add
its row here and its field to `Options` (options.py); if it is part of the question, `Question.of` carries it. Tests
name what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, get_args

from shared.core import limits
from shared.core.ask.fields import Field, amount, choice, flag, member, text, whole, zoned_time
from shared.core.media.frame_plan import Sampling
from shared.core.media.tiles import LEAST_TILES, MOST_TILES
from shared.core.models.catalogue import Detail
from shared.core.plain_json import is_plain_json

BUDGET = "daily_budget_usd"

DETAILS = get_args(Detail)
SAMPLINGS = get_args(Sampling)


class VideoMode(StrEnum):
    """The ways of looking at a film. What each mode does is in pipeline/video_modes.py."""

    FRAMES = "frames"
    INDEX = "index"


About = Literal["words", "pictures", "video", "money"]
"""What an option decides: what is said to the model, which pictures are made of a file and for which model, how a film
is cut into pictures, or what is spent. Another value of a `pictures` or `video` option needs the upload again."""

Holder = Literal["file", "folder"]
"""Whether an option is one file's, wherever it is given, or the whole folder's, and then stands in its file only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option. `later` says whether a question that is asked later by HTTP (POST ask) takes it. `in_key` says
    whether another value makes another question, so that an answer cannot be used again. `sentence` is for the docs.
    """

    name: str
    field: Field
    about: About
    later: bool
    in_key: bool
    sentence: str
    holder: Holder = "file"


def is_schema(value: Any) -> bool:
    """Whether the value is a table that JSON can carry, or a text that may be a blob's name."""
    if isinstance(value, dict):
        return is_plain_json(value)
    return isinstance(value, str) and 0 < len(value.strip()) <= limits.NAME_CHARACTERS.value


PROMPT = text(most=limits.PROMPT_CHARACTERS.value)
SCHEMA = Field(
    expected="a JSON Schema table or the name of a blob that holds one",
    check=is_schema,
    schema={"type": ["object", "string"], "minLength": 1, "maxLength": limits.NAME_CHARACTERS.value, "pattern": r"\S"},
    keep=lambda value: value.strip() if isinstance(value, str) else value,
)
TILE_COUNT = whole(LEAST_TILES, MOST_TILES)
TILE_WORDS = ("auto", "off")
TILES = Field(
    expected=f"auto, off or a whole number from {LEAST_TILES} to {MOST_TILES}",
    check=lambda value: TILE_COUNT.check(value) or (isinstance(value, str) and value in TILE_WORDS),
    schema={"anyOf": [{"enum": list(TILE_WORDS)}, TILE_COUNT.schema]},
    from_text=TILE_COUNT.from_text,
)
AMOUNT = amount(below=limits.BUDGET_USD.value, expected="US dollars, such as 2.50")

OPTION_ROWS: tuple[Option, ...] = (
    Option(
        name="prompt",
        field=PROMPT,
        about="words",
        later=True,
        in_key=True,
        sentence="the question",
    ),
    Option(
        name="system",
        field=PROMPT,
        about="words",
        later=True,
        in_key=True,
        sentence="what the model is told before the question",
    ),
    Option(
        name="model",
        field=text(most=limits.DEPLOYMENT_CHARACTERS.value, expected="the name of a deployment"),
        about="pictures",
        later=True,
        in_key=True,
        sentence="the deployment that is asked, one of the settings' `VISION_DEPLOYMENTS`",
    ),
    Option(
        name="detail",
        field=choice(DETAILS),
        about="pictures",
        later=True,
        in_key=True,
        sentence="how closely the model looks at a picture, which decides most of the price",
    ),
    Option(
        name="max_output_tokens",
        field=whole(1, limits.OUTPUT_TOKENS.value),
        about="words",
        later=True,
        in_key=True,
        sentence="how long the answer may become",
    ),
    Option(
        name="schema",
        field=SCHEMA,
        about="words",
        later=True,
        in_key=True,
        sentence="the answer comes as JSON that fits it; a name is looked for beside the options file, then from the "
        "root of `uploads`",
    ),
    Option(
        name="ocr",
        field=flag(),
        about="words",
        later=False,
        in_key=True,
        sentence="the service reads the text in the picture for the model (old vision-preview models)",
    ),
    Option(
        name="grounding",
        field=flag(),
        about="words",
        later=False,
        in_key=True,
        sentence="the service finds objects and their places for the model (old vision-preview models)",
    ),
    Option(
        name="video",
        field=member(VideoMode),
        about="video",
        later=False,
        in_key=True,
        sentence="how a film is looked at: as pictures, or by way of the old video index",
    ),
    Option(
        name="frames",
        field=whole(1, limits.VIDEO_FRAMES.value),
        about="video",
        later=False,
        in_key=False,  # the pictures that come of it are
        sentence="how many pictures of a film, an animation or a document are sent at most",
    ),
    Option(
        name="sampling",
        field=choice(SAMPLINGS),
        about="video",
        later=False,
        in_key=False,  # as above
        sentence="a frame from every equal part of a film, or one from every scene",
    ),
    Option(
        name="contact_sheet",
        field=flag(),
        about="video",
        later=False,
        in_key=False,  # as above
        sentence="nine frames of a film on each picture",
    ),
    Option(
        name="tiles",
        field=TILES,
        about="pictures",
        later=False,
        in_key=False,  # the pictures that come of it are
        sentence="whether a long, wide or dense page is sent in overlapping parts beside the whole: where its text "
        "would be lost, never, or in that many",
    ),
    Option(
        name="camera_id",
        field=text(most=limits.CAMERA_CHARACTERS.value),
        about="words",
        later=False,
        in_key=False,
        sentence="the camera that a film is from, to narrow searches in the video index",
    ),
    Option(
        name="recorded_at",
        field=zoned_time(),
        about="words",
        later=False,
        in_key=False,
        sentence="when a film was recorded, to narrow searches in the video index",
    ),
    Option(
        name="query",
        field=text(most=limits.QUERY_CHARACTERS.value),
        about="words",
        later=False,
        in_key=True,
        sentence='with `video = "index"`, the moments of the film that fit this text stand in the result',
    ),
    Option(
        name="reuse",
        field=flag(),
        about="money",
        later=False,
        in_key=False,
        sentence="false asks again even if the same question has an answer (a refusal or a cut one is an answer too)",
    ),
    Option(
        name=BUDGET,
        field=AMOUNT,
        about="money",
        holder="folder",
        later=False,
        in_key=False,
        sentence="what this folder and all below it may cost a day; more waits in line",
    ),
)

OPTIONS: Mapping[str, Option] = {row.name: row for row in OPTION_ROWS}
FILE_OPTIONS: Mapping[str, Field] = {row.name: row.field for row in OPTION_ROWS if row.holder == "file"}
"""What holds for one file: in any options file, in its own metadata and in requests about it."""
