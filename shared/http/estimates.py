"""POST estimate: tokens and dollars before spending."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import azure.functions as func

from shared.core import codec, limits
from shared.core.ask.fields import Fields, list_of, whole
from shared.core.ask.option_rows import DETAILS, FILE_OPTIONS
from shared.core.ask.options import Options
from shared.core.errors import OptionsInvalid
from shared.http.replies import to_json
from shared.http.requests import NAME_FIELD, read_object
from shared.pipeline.ask import options_of
from shared.pipeline.effective_options import default_options
from shared.pipeline.estimate_table import Subject, estimate_all, subject_of, subject_of_size
from shared.pipeline.ports import Services

WORDS = ("prompt", "system", "max_output_tokens")
SIDE_PX = whole(
    1, limits.ESTIMATED_SIDE.value, expected=f"a whole number of pixels from 1 to {limits.ESTIMATED_SIDE.value}"
)
ESTIMATE_FIELDS: Fields = {
    "width": SIDE_PX,
    "height": SIDE_PX,
    "name": NAME_FIELD,
    "models": list_of(
        FILE_OPTIONS["model"],
        most=limits.ESTIMATED_MODELS.value,
        expected=f"a list of 1 to {limits.ESTIMATED_MODELS.value} deployments or models",
    ),
    "details": list_of(
        FILE_OPTIONS["detail"], most=len(DETAILS), expected=f"a list of one or more of {', '.join(DETAILS)}"
    ),
    **{name: FILE_OPTIONS[name] for name in WORDS},
}


def post_estimate(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    given = read_object(request, ESTIMATE_FIELDS)
    subject = read_subject(services, given)
    options = replace(options_for(services, subject), **{name: given[name] for name in WORDS if name in given})
    models = dict.fromkeys(given.get("models", [options.model]))
    details = dict.fromkeys(given.get("details", DETAILS))
    rows = estimate_all(services, subject, options, models=list(models), details=list(details))
    size = {"width": subject.width, "height": subject.height, "pictures": len(subject.shown)}
    return to_json(200, {**size, "rows": codec.to_json(rows)})


def options_for(services: Services, subject: Subject) -> Options:
    """The upload's own options, or those of the settings where no upload is named."""
    return options_of(subject.job) if subject.job else default_options(services.settings, is_video=False)


def read_subject(services: Services, given: dict[str, Any]) -> Subject:
    if "name" in given and not {"width", "height"} & given.keys():
        return subject_of(services, given["name"])
    if "name" not in given and {"width", "height"} <= given.keys():
        return subject_of_size(given["width"], given["height"])
    hint = "Give width and height, or the name of an upload."
    raise OptionsInvalid("the body must have either width and height, or name", field="width", hint=hint)
