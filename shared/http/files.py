"""Pictures and uploads over HTTP: parts of files, types that a browser may show, and nothing that it would run."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import azure.functions as func

from shared.core import limits
from shared.core.byte_range import parse_range
from shared.core.errors import NotFound, RequestTooLarge
from shared.core.places import NORMALIZED, UPLOADS
from shared.http.replies import has_already
from shared.http.requests import check_parameters, one_name_of, refuse_parameter
from shared.pipeline.pictures import THUMBNAIL_TYPE, File, look_up_file, read_part, thumbnail
from shared.pipeline.ports import Services, Upload

SHOWN = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "video/mp4", "video/webm", "video/quicktime"}
)
UNNAMED = "application/octet-stream"
SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
FOR_EVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"


def media(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    check_parameters(request, ("name", "thumb"))
    thumb, name = request.params.get("thumb"), one_name_of(request)
    if thumb is None:
        return send(services, request, look_up_file(services, NORMALIZED, name), caching=FOR_EVER)
    if thumb != "1":
        refuse_parameter("thumb", thumb, "Give 1, or leave it out.")
    small = thumbnail(services, name)  # before the condition: nobody has what is not there
    headers = {**SAFE, "Cache-Control": FOR_EVER, "ETag": '"thumb"'}
    if has_already(request, '"thumb"'):
        return func.HttpResponse(status_code=304, headers=headers)
    return func.HttpResponse(small, headers=headers, mimetype=THUMBNAIL_TYPE)


def original(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    check_parameters(request, ("name",))
    return send(services, request, look_up_file(services, UPLOADS, one_name_of(request)), caching=ASK_AGAIN)


def send(services: Services, request: func.HttpRequest, file: File, *, caching: str) -> func.HttpResponse:
    blob, etag = file.blob, f'"{file.blob.etag}"'
    is_shown = file.media_type in SHOWN
    headers = {
        **SAFE,
        "Cache-Control": caching,
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(blob.name, inline=is_shown),
    }
    if has_already(request, etag):
        return func.HttpResponse(status_code=304, headers=headers)
    mimetype = file.media_type if is_shown else UNNAMED
    wanted = parse_range(range_header(request, etag), blob.bytes)
    if wanted is None:
        return func.HttpResponse(whole(services, file), headers=headers, mimetype=mimetype)
    first, last = wanted[0], min(wanted[1], wanted[0] + limits.FILE_PART_BYTES.value - 1)
    headers["Content-Range"] = f"bytes {first}-{last}/{blob.bytes}"
    return func.HttpResponse(
        read_part(services, blob, first, last), status_code=206, headers=headers, mimetype=mimetype
    )


def range_header(request: func.HttpRequest, etag: str) -> str | None:
    """The Range header; None when If-Range names another version of the file, since parts of two versions do not fit
    together.
    """
    known = request.headers.get("if-range")
    header: str | None = request.headers.get("range")
    return header if known in {None, etag} else None


def whole(services: Services, file: File) -> bytes:
    if file.blob.bytes > limits.WHOLE_FILE_BYTES.value:
        raise RequestTooLarge(
            f"{file.blob.name} has {file.blob.bytes} bytes", hint="Ask for parts of it with the header Range."
        )
    if not file.blob.bytes:
        return b""
    try:
        with services.room.hold(file.blob.bytes):
            return b"".join(read_parts(services, file.blob))
    except NotFound as fault:
        raise NotFound(fault.message, hint="It was replaced a moment ago: ask again.") from None


def read_parts(services: Services, blob: Upload) -> Iterator[bytes]:
    """The file's bytes, part by part: if it were read at once, the storage SDK would hold it three times. Raises
    NotFound if it is replaced meanwhile.
    """
    size = limits.FILE_PART_BYTES.value
    for at in range(0, blob.bytes, size):
        yield read_part(services, blob, at, min(at + size, blob.bytes) - 1)


def disposition(name: str, *, inline: bool) -> str:
    """A Content-Disposition header with the name's last part, percent-encoded as UTF-8 (RFC 6266 and RFC 8187)."""
    last = quote(name.rpartition("/")[2], safe="")
    return f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{last}"
