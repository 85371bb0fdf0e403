"""POST estimate: tokens and dollars before spending."""

from __future__ import annotations

from typing import Any

import azure.functions as func

from shared.core import codec, limits
from shared.core.ask.fields import Fields, list_of, whole
from shared.core.ask.option_rows import DETAILS, FILE_OPTIONS
from shared.core.errors import OptionsInvalid
from shared.http.replies import to_json
from shared.http.requests import NAME, read_object
from shared.pipeline.ports import Services
from shared.pipeline.spending.estimates import Asked, Subject, estimate_all, subject_of

SIDE_PX = whole(
    1, limits.ESTIMATED_SIDE.value, expected=f"a whole number of pixels from 1 to {limits.ESTIMATED_SIDE.value}"
)
ESTIMATE_FIELDS: Fields = {
    "width": SIDE_PX,
    "height": SIDE_PX,
    "name": NAME,
    "models": list_of(
        FILE_OPTIONS["model"],
        most=limits.ESTIMATED_MODELS.value,
        expected=f"a list of 1 to {limits.ESTIMATED_MODELS.value} deployments or models",
    ),
    "details": list_of(
        FILE_OPTIONS["detail"], most=len(DETAILS), expected=f"a list of one or more of {', '.join(DETAILS)}"
    ),
    "prompt": FILE_OPTIONS["prompt"],
    "max_output_tokens": FILE_OPTIONS["max_output_tokens"],
}


def post_estimate(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    given, settings = read_object(request, ESTIMATE_FIELDS), services.settings
    subject = read_subject(services, given)
    asked = Asked(
        subject=subject,
        prompt=given.get("prompt", settings.default_prompt),
        max_output_tokens=given.get("max_output_tokens", settings.max_output_tokens),
    )
    models = dict.fromkeys(given.get("models", [settings.endpoint.deployment]))
    details = dict.fromkeys(given.get("details", DETAILS))
    rows = estimate_all(services, asked, models=list(models), details=list(details))
    return to_json(200, {**codec.to_json(subject), "rows": codec.to_json(rows)})


def read_subject(services: Services, given: dict[str, Any]) -> Subject:
    if "name" in given and not {"width", "height"} & given.keys():
        return subject_of(services, given["name"])
    if "name" not in given and {"width", "height"} <= given.keys():
        return Subject(width=given["width"], height=given["height"])
    hint = "Give width and height, or the name of an upload."
    raise OptionsInvalid("the body has no size, or two", field="width", hint=hint)
