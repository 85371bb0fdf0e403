"""Uploads over HTTP: through the API, or by a ticket straight to storage."""

from __future__ import annotations

from urllib.parse import quote

import azure.functions as func

from shared.core import codec, limits
from shared.core.ask.fields import Field, Fields, whole
from shared.core.errors import OptionsInvalid, RequestTooLarge
from shared.http.replies import to_json
from shared.http.requests import NAME_FIELD, announced_bytes, check_parameters, one_name_of, read_object
from shared.pipeline.ports import Services
from shared.pipeline.uploads import make_ticket, store_upload

METADATA_PREFIX = "x-ms-meta-"
ANY_TYPE = "application/octet-stream"


def is_media_type(value: object) -> bool:
    return (
        isinstance(value, str)
        and value.isascii()
        and value.isprintable()
        and 1 <= len(value) <= limits.MEDIA_TYPE_CHARACTERS.value
    )


TICKET_FIELDS: Fields = {
    "name": NAME_FIELD,
    "bytes": whole(
        1, limits.TICKET_BYTES.value, expected=f"the file's size, at most {limits.TICKET_BYTES.value} bytes"
    ),
    "content_type": Field(
        expected="the file's media type, such as image/jpeg",
        check=is_media_type,
        schema={
            "type": "string",
            "minLength": 1,
            "maxLength": limits.MEDIA_TYPE_CHARACTERS.value,
            "pattern": "^[ -~]*$",
        },
    ),
}


def put_upload(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """201 with the stored upload. Raises RequestTooLarge or OptionsInvalid.

    The length is checked before the worker touches the body (the host has it in memory by then).
    """
    check_parameters(request, ("name",))
    if announced_bytes(request) > limits.UPLOAD_BYTES.value:
        hint = f"At most {limits.UPLOAD_BYTES.value} bytes come through here: get a ticket with POST /api/uploads."
        raise RequestTooLarge(f"the file has {announced_bytes(request)} bytes", hint=hint)
    data = request.get_body()
    if not data:
        raise OptionsInvalid("the body is empty", field="body", hint="Send the file as the body, with Content-Length.")
    kept = store_upload(
        services,
        one_name_of(request),
        data,
        metadata={
            name.removeprefix(METADATA_PREFIX): text
            for name, text in request.headers.items()
            if name.startswith(METADATA_PREFIX)
        },
        overwrite=may_replace(request),
    )
    result = None if kept.job_id is None else f"/api/jobs/{kept.job_id}"
    return to_json(201, {**codec.to_json(kept), "result": result}, {} if result is None else {"Location": result})


def may_replace(request: func.HttpRequest) -> bool:
    """Whether an upload of this name may be replaced. Raises OptionsInvalid for a condition that is not supported:
    whoever sets one does not want the file replaced regardless.
    """
    condition: str = request.headers.get("if-none-match", "").strip()
    if condition not in {"", "*"} or "if-match" in request.headers:
        field = "If-Match" if "if-match" in request.headers else "If-None-Match"
        hint = "Send If-None-Match: * to keep what is there, or no condition to replace it."
        raise OptionsInvalid(f"the condition {field} is not supported", field=field, hint=hint)
    return condition != "*"


def post_upload(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    asked = read_object(request, TICKET_FIELDS, required=("name",))
    ticket = make_ticket(services, asked["name"])
    body = {
        "url": ticket.url,
        "method": "PUT",
        "headers": {"x-ms-blob-type": "BlockBlob", "content-type": asked.get("content_type", ANY_TYPE)},
        "expires": codec.to_json(ticket.expires),
        "name": asked["name"],
        "result": f"/api/results/{quote(asked['name'], safe='/')}",
    }
    return to_json(201, body)
