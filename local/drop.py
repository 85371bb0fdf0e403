"""The folder `./drop`: what appears there is uploaded once its size is stable, and each result is followed to its end.

`due` decides, without I/O; Drop looks at the folder, uploads, remembers and asks for results. A file is known by size
and modification time, so a changed file is uploaded again, and an unchanged one is not, even after a restart.
"""

from __future__ import annotations

import json
import mimetypes
import os
import stat
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from local.func_host import blob_created, send_event
from local.outcomes import plain
from shared.core.errors import OptionsInvalid
from shared.core.jobs.upload_name import check_upload_name
from shared.core.places import OPTIONS_FILE

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

UNFINISHED_SUFFIXES = (".part", ".crdownload", ".download", ".tmp")
ASKED_AT_ONCE = 20  # results asked for in one round; the rest wait for theirs


class Version(NamedTuple):
    size: int
    mtime_ns: int


def is_ignored(name: str) -> bool:
    """Hidden files, those of an editor or browser that is still writing, and hidden folders."""
    return any(part.startswith((".", "~$")) for part in name.split("/")) or name.lower().endswith(UNFINISHED_SUFFIXES)


def due(now: Mapping[str, Version], before: Mapping[str, Version], uploaded: Mapping[str, Version]) -> list[str]:
    """Names whose version has not changed since the last look and was not uploaded yet; options come first."""
    names = [name for name, seen in now.items() if before.get(name) == seen != uploaded.get(name)]
    return sorted((n for n in names if not is_ignored(n)), key=lambda n: (not n.endswith(OPTIONS_FILE), n))


def look(folder: Path) -> dict[str, Version]:
    """Every file below the folder by its name in storage: its relative path with forward slashes.

    Only regular files: to open a pipe waits for somebody who writes into it.
    """
    found = {}
    for parent, _, files in os.walk(folder):
        for file in files:
            path = Path(parent, file)
            try:
                state = path.stat()
            except OSError:  # gone again, or a broken link: next time
                continue
            if stat.S_ISREG(state.st_mode):
                found[path.relative_to(folder).as_posix()] = Version(state.st_size, state.st_mtime_ns)
    return found


def outcome(document: Mapping[str, Any]) -> str:
    """One line about a finished job."""
    error, reply = document.get("error") or {}, document.get("reply") or {}
    usage, cost = document.get("usage") or {}, document.get("cost") or {}
    spent = [f"{usage['input_tokens']} + {usage['output_tokens']} tokens"] if usage else []
    spent += [f"${cost['usd']}"] if cost else []
    text = error.get("message") or " ".join((reply.get("text") or "").split())
    return " · ".join([str(document.get("state")), *spent, text])


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
        self.memory = memory
        self.say = say
        self.announce = announce  # `func` waits for events; the local host finds blobs by itself
        self.before: dict[str, Version] = {}
        self.uploaded = recall(memory)
        self.pending: dict[str, str] = {}  # name -> the ETag whose result is awaited

    def tick(self) -> None:
        now = look(self.folder)
        for name in due(now, self.before, self.uploaded):
            self.upload(name, now[name])
        self.before = now
        for name in list(self.pending)[:ASKED_AT_ONCE]:
            self.follow(name)

    def upload(self, name: str, version: Version) -> None:
        """Once per version, also when it cannot be read; storage that is away is tried again in the next round."""
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - 0.3 s that `look` alone does not need

        try:
            check_upload_name(name)
            etag = self.send(name)
        except AzureError as fault:
            self.say(f"cannot upload {name} yet: {type(fault).__name__}")
            return
        except OptionsInvalid as fault:
            self.say(f"cannot upload {plain(name)}: {fault}")
        except OSError as fault:  # gone again, or not to be read
            self.say(f"cannot read {name}: {fault.strerror}")
        else:
            self.say(f"uploaded {name} ({version.size:,} bytes)")
            if not name.endswith(OPTIONS_FILE):
                self.pending[name] = etag
        self.uploaded[name] = version
        remember(self.memory, self.uploaded)

    def send(self, name: str) -> str:
        """Returns the blob's new ETag."""
        from azure.storage.blob import ContentSettings  # noqa: PLC0415 - as above

        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        blob = self.uploads.get_blob_client(name)
        with (self.folder / name).open("rb") as file:
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

    def follow(self, name: str) -> None:
        """Prints the result of the awaited version once there is one; else asks again in another round."""
        etag = self.pending.pop(name)
        document = fetch_result(self.host_url, name)
        if document and document.get("source", {}).get("etag", "").strip('"') == etag.strip('"'):
            self.say(f"{name}: {outcome(document)}")
        else:
            self.pending[name] = etag  # at the end: the others have their turn


def fetch_result(host_url: str, name: str) -> dict[str, Any] | None:
    """The newest result for an upload; None while there is none, or the host cannot say now."""
    try:
        with urllib.request.urlopen(f"{host_url}/api/results/{urllib.parse.quote(name)}", timeout=10) as answer:
            return json.load(answer) if answer.status == 200 else None  # noqa: PLR2004 - 202 is "not yet"
    except OSError:  # 404 before the trigger has run; a host that died is reported by Stack.check
        return None


def recall(memory: Path) -> dict[str, Version]:
    if not memory.exists():
        return {}
    return {name: Version(*version) for name, version in json.loads(memory.read_text(encoding="utf-8")).items()}


def remember(memory: Path, uploaded: Mapping[str, Version]) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    draft = memory.with_suffix(".new")
    draft.write_text(json.dumps(uploaded), encoding="utf-8")
    draft.replace(memory)
