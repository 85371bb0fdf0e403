"""Uploads by way of the API: bytes that are checked before they are stored, or a ticket to send them to storage."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.core.ask.option_rows import FILE_OPTIONS
from shared.core.ask.options_file import is_options_file, parse_budget, parse_metadata, parse_options_file
from shared.core.errors import MediaUnsupported, OptionsInvalid, PreconditionFailed, StateConflict, StorageUnavailable
from shared.core.jobs.job import State, job_id_of
from shared.core.jobs.upload_name import check_upload_name
from shared.core.media.kinds import HEAD_BYTES, KINDS, sniff
from shared.core.places import UPLOADS
from shared.pipeline.ports import Services, Upload
from shared.pipeline.records import end_unread, job_for

TICKET_LIFE = timedelta(minutes=15)
OPTIONS_TYPE = "application/toml"
TAKEN = "Use another name; to replace a file, PUT it without If-None-Match."


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A stored upload; `job_id` is its job, None for an options file."""

    name: str
    bytes: int
    etag: str
    job_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    url: str
    expires: datetime


def store_upload(services: Services, name: str, data: bytes, *, metadata: Mapping[str, str], overwrite: bool) -> Kept:
    """The upload as it was stored, with the id of its job.

    Raises OptionsInvalid, MediaUnsupported, or PreconditionFailed when the name is taken and must not be replaced.
    """
    check_upload_name(name)
    check_metadata(name, metadata)
    media_type = OPTIONS_TYPE if is_options_file(name) else media_type_of(data)
    if is_options_file(name):
        parse_options_file(data, where=name)
        parse_budget(data, where=name)
    before = services.blobs.describe(UPLOADS, name) if overwrite else None
    etag = services.blobs.upload(UPLOADS, name, data, media_type=media_type, metadata=metadata, overwrite=overwrite)
    if etag is None:
        raise PreconditionFailed(f"there is an upload named {name!r} already", hint=TAKEN)
    kept = Upload(container=UPLOADS, name=name, etag=etag, bytes=len(data), content_type=media_type, metadata=metadata)
    job_id = None if is_options_file(name) else promise(services, kept, before)
    return Kept(name=name, bytes=len(data), etag=etag, job_id=job_id)


def promise(services: Services, upload: Upload, before: Upload | None) -> str:
    """The id of the upload's job, which exists from now on: its event may come late, or find a newer version.

    The job of the version that was replaced ends, if nobody has read that version yet.
    """
    job = job_for(upload, now=services.now())
    services.jobs.insert(job)
    if before is not None:
        end_if_unread(services, before)
    return job.job_id


def end_if_unread(services: Services, upload: Upload) -> None:
    """End the job of a version that was replaced, unless somebody has read that version.

    The sweeper does it later where it cannot be done now. The row is taken before the document is written: a worker
    that has read the version a moment ago would otherwise find a result that says that nobody has.
    """
    job_id = job_id_of(container=upload.container, name=upload.name, etag=upload.etag)
    with suppress(StateConflict, StorageUnavailable):
        stored = services.jobs.load(job_id)
        if stored is not None and stored.job.state is State.QUEUED and stored.job.options is None:
            taken = services.jobs.replace(stored, replace(stored.job, updated=services.now()))
            end_unread(services, taken, is_replaced=True)


def check_metadata(name: str, metadata: Mapping[str, str]) -> None:
    """Check the options in the headers. Raises OptionsInvalid for an unknown or wrong one, and for text that headers
    cannot carry.
    """
    for option, text in metadata.items():
        if option not in FILE_OPTIONS:
            hint = f"Use one of: {', '.join(FILE_OPTIONS)}."
            raise OptionsInvalid(f"there is no option {option!r}", field=option, hint=hint)
        if not text.isascii():
            hint = "Headers carry ASCII only: put it into a _vision.toml beside the file."
            raise OptionsInvalid(f"option {option} contains characters outside ASCII", field=option, hint=hint)
    parse_metadata(metadata, where=f"options of {name}")


def media_type_of(data: bytes) -> str:
    kind = sniff(data[:HEAD_BYTES])
    if kind.kind not in {"image", "video"}:
        known = ", ".join(one.label for one in KINDS.values() if one.kind in {"image", "video"})
        raise MediaUnsupported(f"the body is {kind.label}, not a picture or video", hint=f"Send one of {known}.")
    return kind.media_type


def make_ticket(services: Services, name: str) -> Ticket:
    """An address with which one upload can be created, and when it expires.

    Raises PreconditionFailed for a name that is taken, since the address cannot replace a blob, and OptionsInvalid for
    an options file, which is checked only when it comes through the API.
    """
    check_upload_name(name)
    if is_options_file(name):
        hint = f"PUT /api/uploads/{name}: its options are checked before they hold."
        raise OptionsInvalid("there are no tickets for options files", field="name", hint=hint)
    if services.blobs.describe(UPLOADS, name) is not None:
        raise PreconditionFailed(f"there is an upload named {name!r} already", hint=TAKEN)
    now = services.now()
    expires = now + TICKET_LIFE
    return Ticket(url=services.blobs.create_address(UPLOADS, name, now=now, expires=expires), expires=expires)
