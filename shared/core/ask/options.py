"""What a user may ask for: read from `_vision.toml` files and blob metadata, merged field by field, then frozen.

The nearest folder file wins over those above it; the file's own metadata wins over all. A wrong or unknown option is an
error that names it and where it stands: a silent default would spend money on the wrong question.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, get_args

from shared.core import limits
from shared.core.errors import OptionsInvalid
from shared.core.media.frame_plan import Sampling
from shared.core.models.catalogue import Detail
from shared.core.places import OPTIONS_FILE
from shared.core.plain_json import is_plain_json

FLAT = "Options stand at the top, one a line; only a schema has tables."
LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")
"""A dotted key of so many parts: each part costs the parser a copy of all before it."""
MAX_DIGITS = 9
BUDGET = "daily_budget_usd"  # of a folder, so it stands in its file only

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The effective options of one job. `model` is a deployment name; `schema` a JSON Schema or a blob name.

    `camera_id` and `recorded_at` go with a video into the index: searches can be narrowed by them.
    """

    prompt: str
    system: str | None = None
    model: str
    detail: Detail
    max_output_tokens: int
    schema: dict[str, Any] | str | None = None
    ocr: bool = False
    grounding: bool = False
    video: Literal["frames", "index"] = "frames"
    frames: int | None = None
    sampling: Sampling = "even"
    contact_sheet: bool = False
    camera_id: str | None = None
    recorded_at: str | None = None
    query: str | None = None
    reuse: bool = True


def is_options_file(name: str) -> bool:
    return name.rpartition("/")[2] == OPTIONS_FILE


def options_files(name: str) -> tuple[str, ...]:
    """The options files that apply to an upload, nearest first: "a/b/c.jpg" has a/b/…, a/… and the root's."""
    folders = name.split("/")[:-1]
    paths = ["/".join(folders[:depth]) for depth in range(len(folders), 0, -1)]
    return (*(f"{path}/{OPTIONS_FILE}" for path in paths), OPTIONS_FILE)


def parse_options_file(text: bytes, *, where: str) -> dict[str, Any]:
    """Raises OptionsInvalid naming the file for oversize, broken or too deeply nested TOML."""
    fields = {name: value for name, value in read_toml(text, where=where).items() if name != BUDGET}
    return check_fields(fields, where=where)


def parse_budget(text: bytes, *, where: str) -> Decimal | None:
    """What the folder of this file may spend a day, itself and all below it; None when it does not say."""
    usd = read_toml(text, where=where, parse_float=Decimal).get(BUDGET)
    if usd is None:
        return None
    if not is_amount(usd):
        raise OptionsInvalid(f"{where}: {BUDGET} is {shown(usd)}", field=BUDGET, hint="Give US dollars, such as 2.50.")
    return Decimal(usd)


def is_amount(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    return Decimal(value).is_finite() and 0 <= value < limits.BUDGET_USD.value


def read_toml(text: bytes, *, where: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    most = limits.OPTIONS_FILE_BYTES.value
    if len(text) > most:
        hint = f"Keep it to {most} bytes; a long schema may be a file of its own, given by its name."
        raise OptionsInvalid(f"{where} has {len(text)} bytes", field=where, hint=hint)
    try:
        lines = text.decode()
        if LONG_KEY.search(lines):
            raise OptionsInvalid(f"{where} is nested too deeply", field=where, hint=FLAT)
        return tomllib.loads(lines, parse_float=parse_float)
    except ValueError as fault:  # no text, no TOML, or a number of thousands of digits
        hint = 'Write one option a line, in UTF-8: detail = "low".'
        raise OptionsInvalid(f"{where} is not valid TOML: {fault}", field=where, hint=hint) from None
    except RecursionError:
        raise OptionsInvalid(f"{where} is nested too deeply", field=where, hint=FLAT) from None


def parse_metadata(metadata: Mapping[str, str], *, where: str) -> dict[str, Any]:
    """Blob metadata holds text only; names that are no option belong to somebody else and are left alone."""
    known = {key.lower(): value for key, value in metadata.items() if key.lower() in CHECKS}
    return check_fields({key: from_text(key, value) for key, value in known.items()}, where=where)


def check_fields(fields: Fields, *, where: str) -> dict[str, Any]:
    for name in fields:
        if name not in CHECKS:
            raise OptionsInvalid(
                f"{where} has an unknown option {shown(name)}", field=name, hint=f"Use one of: {', '.join(CHECKS)}."
            )
    return {name: check_field(name, value, where=where) for name, value in fields.items()}


def check_field(name: str, value: Any, *, where: str) -> Any:
    expected, check = CHECKS[name]
    if not check(value):
        raise OptionsInvalid(f"{where}: {name} is {shown(value)}", field=name, hint=f"Give {expected}.")
    return value.strip() if isinstance(value, str) else value


def effective(layers: Iterable[Fields], *, defaults: Options) -> Options:
    """`layers` come strongest first; what none of them says is taken from `defaults`."""
    fields = {name: getattr(defaults, name) for name in CHECKS}
    for layer in reversed(list(layers)):
        fields.update(layer)
    return Options(**fields)


KINDS_OF_VALUES: dict[type, str] = {str: "text", dict: "table", list: "list"}


def shown(value: Any) -> str:
    """The value if it is short enough to be a slip of the pen; never a prompt."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    if len(text) <= 40:  # noqa: PLR2004  # one word or two
        return text
    size = f" of {len(value)}" if isinstance(value, Sized) else ""
    return f"a {KINDS_OF_VALUES.get(type(value), 'value')}{size}"


def is_text(limit: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and 0 < len(value.strip()) <= limit


def is_one_of(choices: tuple[str, ...]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in choices


def is_whole(most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value.strip()).tzinfo is not None
    except ValueError:
        return False


def is_schema(value: Any) -> bool:
    if isinstance(value, dict):
        return is_plain_json(value)
    return isinstance(value, str) and 0 < len(value) <= limits.NAME_CHARACTERS.value


DETAILS = get_args(Detail)
VIDEO_MODES = ("frames", "index")
SAMPLINGS = get_args(Sampling)

CHECKS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "prompt": (f"text of 1 to {limits.PROMPT_CHARACTERS.value} characters", is_text(limits.PROMPT_CHARACTERS.value)),
    "system": (f"text of 1 to {limits.PROMPT_CHARACTERS.value} characters", is_text(limits.PROMPT_CHARACTERS.value)),
    "model": ("the name of a deployment", is_text(limits.DEPLOYMENT_CHARACTERS.value)),
    "detail": (f"one of {', '.join(DETAILS)}", is_one_of(DETAILS)),
    "max_output_tokens": (
        f"a whole number from 1 to {limits.OUTPUT_TOKENS.value}",
        is_whole(limits.OUTPUT_TOKENS.value),
    ),
    "schema": ("a JSON Schema table or the name of a blob that holds one", is_schema),
    "ocr": ("true or false", is_flag),
    "grounding": ("true or false", is_flag),
    "video": (f"one of {', '.join(VIDEO_MODES)}", is_one_of(VIDEO_MODES)),
    "frames": (f"a whole number from 1 to {limits.VIDEO_FRAMES.value}", is_whole(limits.VIDEO_FRAMES.value)),
    "sampling": (f"one of {', '.join(SAMPLINGS)}", is_one_of(SAMPLINGS)),
    "contact_sheet": ("true or false", is_flag),
    "camera_id": (f"text of 1 to {limits.CAMERA_CHARACTERS.value} characters", is_text(limits.CAMERA_CHARACTERS.value)),
    "recorded_at": ("a time with its zone, such as 2026-01-31T08:00:00Z", is_time),
    "query": (
        f"text of 1 to {limits.QUERY_CHARACTERS.value} characters",
        is_text(limits.QUERY_CHARACTERS.value),
    ),
    "reuse": ("true or false", is_flag),
}

FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def from_text(name: str, text: str) -> Any:
    """The typed value of a metadata text; what does not convert is left for the check to refuse."""
    text = text.strip()
    check = CHECKS[name][1]
    if check is is_flag:
        return FLAGS.get(text.lower(), text)
    if name in {"max_output_tokens", "frames"} and text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS:
        return int(text)
    return text
