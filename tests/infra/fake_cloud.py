"""Programs `az` and `gh` for a PATH: they replay recorded answers, by command, and keep what they were asked.

A record names a command's first words; a write moves the record of what it makes from absent to there. What is not
recorded ends with 97, so that a new command is noticed.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

SCRIPT = """#!/bin/sh
exec {python} -I -S {here} "$(dirname "$0")" {name} "$@"
"""


def install(folder: Path, records: list[dict[str, Any]]) -> str:
    """A PATH with both programs and no others but the system's."""
    (folder / "records.json").write_text(json.dumps(records), "utf-8")
    (folder / "done.json").write_text("[]", "utf-8")
    for name in ("az", "gh"):
        path = folder / name
        path.write_text(SCRIPT.format(python=sys.executable, here=__file__, name=name), "utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"


def replay(folder: str, name: str, arguments: list[str]) -> int:
    """The first record whose words all stand in the command, and whose `after` commands were all run, answers."""
    place = Path(folder)
    asked = [name, *arguments]
    done: list[list[str]] = json.loads((place / "done.json").read_text("utf-8"))
    said = json.loads((place / "records.json").read_text("utf-8"))
    for record in said:
        if has_words(asked, record["words"]) and all(
            any(has_words(command, words) for command in done) for words in record.get("after", [])
        ):
            (place / "done.json").write_text(json.dumps([*done, asked]), "utf-8")
            sys.stdout.write(json.dumps(record["says"]) if "says" in record else "")
            sys.stderr.write(record.get("error", ""))
            return int(record.get("code", 0))
    sys.stderr.write(f"no answer is recorded for: {' '.join(asked)}\n")
    return 97


def has_words(command: list[str], words: list[str]) -> bool:
    """In this order, with others between."""
    rest = iter(command)
    return all(word in rest for word in words)


def asked(folder: Path) -> list[str]:
    found: list[list[str]] = json.loads((folder / "done.json").read_text("utf-8"))
    return [" ".join(command) for command in found]


if __name__ == "__main__":
    sys.exit(replay(sys.argv[1], sys.argv[2], sys.argv[3:]))
