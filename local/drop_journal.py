"""Which version of each dropped file has gone up: a line a file, appended, so that thousands of files are not written
anew for each of them. The newest line of a name counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from local import private

SPARE_LINES = 1000  # beyond twice the names: then the file is written anew, at the next start


class Version(NamedTuple):
    """A file as a look at its folder shows it."""

    size: int
    mtime_ns: int


class DropJournal:
    """The versions that were uploaded, by name. A line that a crash has cut short is ignored: that file is uploaded
    once more.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        entries = list(read_entries(path))
        self.versions = dict(entries)
        if len(entries) > 2 * len(self.versions) + SPARE_LINES:
            self.rewrite()

    def note(self, name: str, version: Version) -> None:
        """Remember this version, on disk too. Raises OSError."""
        self.versions[name] = version
        private.make_folder(self.path.parent)
        with private.open_file(self.path, "a") as file:
            file.write(to_line(name, version))

    def rewrite(self) -> None:
        draft = self.path.with_suffix(".new")
        with private.open_file(draft, "w") as file:
            file.writelines(to_line(name, version) for name, version in self.versions.items())
        draft.replace(self.path)


def to_line(name: str, version: Version) -> str:
    """The version as a line with a line break first: after a line that was cut short, the next one is whole."""
    return f"\n{json.dumps([name, *version])}"


def read_entries(path: Path) -> Iterator[tuple[str, Version]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            entry = parse_line(line)
            if entry:
                yield entry


def parse_line(line: str) -> tuple[str, Version] | None:
    """The name and version in a line; None for a line that was cut short."""
    try:
        match json.loads(line):
            case [str(name), int(size), int(mtime_ns)]:
                return name, Version(size, mtime_ns)
    except ValueError:
        return None
    return None
