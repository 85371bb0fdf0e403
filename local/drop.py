"""The folder `./drop`: what appears there is uploaded once its size is stable, and each result is followed to its end.

`due` decides, without I/O; Drop looks at the folder and uploads; drop_journal.py remembers, drop_results.py asks for
results. A file is known by size and modification time, so a changed file is uploaded again, and an unchanged one is
not, even after a restart. Files that are no media, and links, are left where they are.
"""

from __future__ import annotations

import errno
import mimetypes
import os
import stat
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from local.drop_journal import DropJournal, Version
from local.drop_results import Results
from local.func_host import blob_created, send_event
from local.outcomes import plain
from shared.core import limits
from shared.core.ask.options_file import is_options_file
from shared.core.errors import OptionsInvalid
from shared.core.jobs.upload_name import check_upload_name
from shared.core.media.kinds import HEAD_BYTES, sniff

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

HIDDEN = (".", "~$")  # also what an editor keeps beside the file that it has open
UNFINISHED_SUFFIXES = (".part", ".crdownload", ".download", ".tmp")
MEDIA_TYPES = ("image/", "video/", "audio/")
SCHEMA_SUFFIX = ".json"
LINK = Version(-1, 0)  # what a link counts as, wherever it leads
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe would wait for a writer


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderLook:
    """What a folder held at one moment: files and links by their names in storage, relative with forward slashes."""

    files: Mapping[str, Version]
    links: tuple[str, ...]


def look(folder: Path) -> FolderLook:
    """Every regular file below the folder, and every link; hidden files and folders are skipped."""
    files, links = {}, []
    for name, entry in entries(folder, ""):
        if entry.is_symlink():
            links.append(name)
            continue
        state = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(state.st_mode):
            files[name] = Version(state.st_size, state.st_mtime_ns)
    return FolderLook(files=files, links=tuple(links))


def entries(folder: str | Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All entries below a folder except folders. What is deleted meanwhile is left out: the next look finds no
    trace.
    """
    try:
        found = list(os.scandir(folder))
    except OSError:
        return
    for entry in found:
        if entry.name.startswith(HIDDEN):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from entries(entry.path, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry


def due(now: Mapping[str, Version], before: Mapping[str, Version], dealt_with: Mapping[str, Version]) -> list[str]:
    """The names whose version has not changed since the last look and was not uploaded yet; options come first."""
    names = [name for name, seen in now.items() if before.get(name) == seen != dealt_with.get(name)]
    wanted = (name for name in names if not name.lower().endswith(UNFINISHED_SUFFIXES))
    return sorted(wanted, key=lambda name: (not is_options_file(name), name))


class Drop:
    """One watched folder. `tick()` is called again and again; `say` gets a line per upload and per result."""

    def __init__(
        self,
        folder: Path,
        *,
        uploads: ContainerClient,
        host_url: str,
        memory: Path,
        say: Callable[[str], None],
        announce: bool = False,
    ) -> None:
        self.folder = folder
        self.uploads = uploads
        self.host_url = host_url
        self.say = say
        self.announce = announce  # `func` waits for events; the local host finds blobs by itself
        self.before: Mapping[str, Version] = {}
        self.journal = DropJournal(memory)
        self.left: dict[str, Version] = {}  # alone, and named once a run
        self.results = Results(host_url, say=say)

    def tick(self) -> None:
        """Look at the folder once, upload what is due, and ask once for results."""
        now = look(self.folder)
        for name in now.links:
            if self.left.get(name) != LINK:
                self.leave(name, LINK, "a link; links are not followed")
        for name in due(now.files, self.before, ChainMap(self.left, self.journal.versions)):
            self.upload(name, now.files[name])
        self.before = now.files
        self.results.ask()

    def leave(self, name: str, version: Version, reason: str) -> None:
        self.left[name] = version
        self.say(f"left alone {plain(name)}: {reason}")

    def upload(self, name: str, version: Version) -> None:
        """Upload each version once, also when it cannot be read; storage that is away is tried again in the next
        round.
        """
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - 0.3 s that `look` alone does not need

        self.left.pop(name, None)
        try:
            check_upload_name(name)
            with open_regular(self.folder / name) as file:
                reason = self.no_upload(name, file)
                if reason:
                    self.leave(name, version, reason)
                    return
                etag = self.send(name, file)
        except AzureError as fault:
            self.say(f"cannot upload {plain(name)} yet: {type(fault).__name__}")
            return
        except OptionsInvalid as fault:
            self.say(f"cannot upload {plain(name)}: {fault}")
        except OSError as fault:  # gone again, or not to be read
            self.say(f"cannot read {plain(name)}: {fault.strerror}")
        else:
            self.sent(name, version, etag)
        self.journal.note(name, version)

    def sent(self, name: str, version: Version, etag: str) -> None:
        self.say(f"uploaded {name} ({version.size:,} bytes)")
        if is_options_file(name):  # it may name a schema that was left alone
            self.left = {left: seen for left, seen in self.left.items() if not left.endswith(SCHEMA_SUFFIX)}
        elif not name.endswith(SCHEMA_SUFFIX):
            self.results.expect(name, etag)

    def no_upload(self, name: str, file: BinaryIO) -> str:
        """Why a file is not uploaded; "" for media, options, and schemas that options name."""
        if is_options_file(name) or (name.endswith(SCHEMA_SUFFIX) and self.is_named_schema(name)):
            return ""
        kind = sniff(file.read(HEAD_BYTES))
        file.seek(0)
        if kind.kind != "unsupported" or kind.media_type.startswith(MEDIA_TYPES):
            return ""
        return f"{kind.label} is not a picture or video"

    def is_named_schema(self, name: str) -> bool:
        """Whether an options file of the folder has this file's own name in its text."""
        own = name.rpartition("/")[2]
        return any(own in self.read_options(one) for one in self.before if is_options_file(one))

    def read_options(self, name: str) -> str:
        try:
            with open_regular(self.folder / name) as file:
                return file.read(limits.OPTIONS_FILE_BYTES.value).decode(errors="replace")
        except OSError:  # gone again: it names nothing
            return ""

    def send(self, name: str, file: BinaryIO) -> str:
        """The blob's new ETag, once the file is uploaded."""
        from azure.storage.blob import ContentSettings  # noqa: PLC0415 - as above

        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        blob = self.uploads.get_blob_client(name)
        settings = ContentSettings(content_type=content_type)
        etag = str(blob.upload_blob(file, overwrite=True, content_settings=settings)["etag"])
        if self.announce:
            self.tell_host(blob.url, etag)
        return etag

    def tell_host(self, blob_url: str, etag: str) -> None:
        try:
            send_event(self.host_url, blob_created(blob_url, etag))
        except OSError as fault:  # urllib's errors are OSErrors, also an HTTP status
            self.say(f"the host did not take the event of {blob_url}: {fault}")


def open_regular(path: Path) -> BinaryIO:
    """The file for reading. Raises OSError for anything else that took its place since the look: a link, a pipe."""
    file = os.fdopen(os.open(path, os.O_RDONLY | NO_FOLLOW), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file")
    return file
