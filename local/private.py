"""What a local run writes is for its owner alone: pictures, answers and logs are nobody else's on a shared machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

FILE_MODE, FOLDER_MODE = 0o600, 0o700
UMASK = 0o077


def be_private() -> None:
    """Make files and folders for their owner only from now on, in this process and its children."""
    os.umask(UMASK)


def make_folder(path: Path) -> None:
    """Create the folder for its owner only, also where it was there before with other rights."""
    path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    path.chmod(FOLDER_MODE)


def open_file(path: Path, mode: str) -> IO[Any]:
    """The file, opened as text in UTF-8; a new one is its owner's only. Raises OSError."""
    encoding = None if "b" in mode else "utf-8"
    return open(path, mode, encoding=encoding, opener=create)  # Path.open takes no opener


def create(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)
