"""Options as they are written down: in `_vision.toml` files and in blob metadata.

The nearest folder's file wins over those above it; the file's own metadata wins over all. A wrong or unknown option is
an error that names it and where it stands: a silent default would spend money on the wrong question.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shared.core import limits
from shared.core.ask.option_rows import BUDGET, FILE_OPTIONS, OPTIONS
from shared.core.ask.options import check_option, check_options
from shared.core.errors import OptionsInvalid
from shared.core.places import OPTIONS_FILE

FLAT = "Options stand at the top, one a line; only a schema has tables."
LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")
"""A dotted key of so many parts: each part costs the parser a copy of all before it."""


def is_options_file(name: str) -> bool:
    """Whether an upload of this name holds a folder's options; only the exact file name counts."""
    return name.rpartition("/")[2] == OPTIONS_FILE


def options_files(name: str) -> tuple[str, ...]:
    """The options files that apply to an upload, nearest first: "a/b/c.jpg" has a/b/…, a/… and the root's."""
    folders = name.split("/")[:-1]
    paths = ["/".join(folders[:depth]) for depth in range(len(folders), 0, -1)]
    return (*(f"{path}/{OPTIONS_FILE}" for path in paths), OPTIONS_FILE)


def parse_options_file(body: bytes, *, where: str) -> dict[str, Any]:
    """The file's options without its budget. Raises OptionsInvalid naming the file or the option at fault."""
    given = {name: value for name, value in read_toml(body, where=where).items() if name != BUDGET}
    return check_options(given, where=where)


def parse_budget(body: bytes, *, where: str) -> Decimal | None:
    """What the folder of this file, with all folders below it, may spend a day in US dollars; None if the file does not
    say. Raises OptionsInvalid.
    """
    usd = read_toml(body, where=where).get(BUDGET)
    if usd is None:
        return None
    amount: Decimal = check_option(BUDGET, usd, where=where)
    return amount


def read_toml(body: bytes, *, where: str) -> dict[str, Any]:
    """The file's top level, with numbers as the options take them.

    Raises OptionsInvalid naming the file for oversize, broken or too deeply nested TOML.
    """
    most = limits.OPTIONS_FILE_BYTES.value
    if len(body) > most:
        hint = f"Keep it to {most} bytes; a long schema may be a file of its own, given by its name."
        raise OptionsInvalid(f"{where} has more than {most} bytes", field=where, hint=hint)
    try:
        lines = body.decode()
        if LONG_KEY.search(lines):
            raise OptionsInvalid(f"{where} is nested too deeply", field=where, hint=FLAT)
        given = tomllib.loads(lines, parse_float=Decimal)
        return {name: value if is_exact(name) else with_floats(value) for name, value in given.items()}
    except ArithmeticError:
        hint = "Leave the exponent out."
        raise OptionsInvalid(f"{where} has a number that is too large", field=where, hint=hint) from None
    except ValueError as fault:  # no text, no TOML, or a number of thousands of digits
        hint = 'Write one option a line, in UTF-8: detail = "low".'
        raise OptionsInvalid(f"{where} is not valid TOML: {fault}", field=where, hint=hint) from None
    except RecursionError:
        raise OptionsInvalid(f"{where} is nested too deeply", field=where, hint=FLAT) from None


def is_exact(name: str) -> bool:
    """Whether an option takes numbers exactly as they are written."""
    return name in OPTIONS and OPTIONS[name].field.exact


def with_floats(value: Any) -> Any:
    """The same value with floats in place of decimals, as JSON has them."""
    if isinstance(value, dict):
        return {name: with_floats(item) for name, item in value.items()}
    if isinstance(value, list):
        return [with_floats(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def parse_metadata(metadata: Mapping[str, str], *, where: str) -> dict[str, Any]:
    """The options in a blob's metadata, which is text. Names that are not options belong to somebody else and are
    ignored.

    Raises OptionsInvalid naming the option at fault.
    """
    known = {key.lower(): value.strip() for key, value in metadata.items() if key.lower() in FILE_OPTIONS}
    given = {name: FILE_OPTIONS[name].from_text(value) for name, value in known.items()}
    return check_options(given, where=where)
