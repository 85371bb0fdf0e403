"""A request, read and checked: what is asked about which pictures, and how many tokens that is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from local.chat_standin import refusals
from local.chat_standin.parts import DocumentPart, ImagePart, Part, TextPart, chat_parts, labels, responses_parts
from local.chat_standin.pictures import SentPicture, decode_data_url, read_picture
from local.chat_standin.routes import ChatRoute
from local.chat_standin.video import FRAME_SEARCH_TOKENS, read_video
from local.chat_standin.wire import Refusal
from shared.core.errors import CapabilityMissing, SourceRejected
from shared.core.models.catalogue import Detail, Model
from shared.core.models.tokens import image_tokens, text_tokens

ENHANCEMENTS = ("ocr", "grounding", "video")
VISION_SOURCE = "AzureComputerVision"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRequest:
    """A request that was checked. `schema` is set when the answer must fit one; `json_object` when any JSON object will
    do.
    """

    route: ChatRoute
    model: Model
    pictures: tuple[SentPicture, ...]
    image_tokens: int
    text_tokens: int
    max_output_tokens: int | None = None
    schema: Mapping[str, Any] | None = None
    json_object: bool = False
    enhancements: tuple[str, ...] = ()

    @property
    def prompt_tokens(self) -> int:
        return self.image_tokens + self.text_tokens

    @property
    def reserved_tokens(self) -> int:
        """The tokens that the service counts against the tokens-per-minute limit before it answers."""
        return self.prompt_tokens + (self.max_output_tokens or 0)


def read_body(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal("We could not parse the JSON body of your request.")
    return body


def read_question(body: Mapping[str, Any], *, route: ChatRoute, model: Model, max_images: int) -> CheckedRequest:
    refusals.check_parameters(body, model=model, operation=route.operation)
    enhancements = read_enhancements(body, route=route, model=model)
    parts = responses_parts(body) if route.operation in {"responses", "input_tokens"} else chat_parts(body)
    images = [part for part in parts if isinstance(part, ImagePart)]
    refusals.check_image_count(len(images), limit=1 if enhancements else max_images)
    schema, json_object = read_format(body, model=model, has_images=bool(images))
    documents = [part.document_id for part in parts if isinstance(part, DocumentPart)]
    refusals.check_documents(documents, images=len(images), wanted="video" in enhancements)
    if documents:
        pictures = read_video(body.get("dataSources"), documents[0], model=model)
        params = ["dataSources"] * len(pictures)
    else:
        pictures = read_pictures(parts, images, route=route, model=model)
        params = [part.param for part in images]
    question = CheckedRequest(
        route=route,
        model=model,
        pictures=pictures,
        image_tokens=sum(count_image(picture, model, param) for picture, param in zip(pictures, params, strict=True)),
        text_tokens=sum(text_tokens(part.text) for part in parts if isinstance(part, TextPart))
        + len(documents) * FRAME_SEARCH_TOKENS,
        max_output_tokens=read_token_limit(body, route=route, model=model),
        schema=schema,
        json_object=json_object,
        enhancements=enhancements,
    )
    refusals.check_context(question.prompt_tokens, model=model)
    return question


def read_token_limit(body: Mapping[str, Any], *, route: ChatRoute, model: Model) -> int | None:
    """The most tokens of the answer; None for no limit. Where a request sets none, some models on Azure take 16."""
    default = model.azure_default_max_tokens if route.dialect == "azure" else None
    limit = refusals.token_limit(body)
    return default if limit is None else cast("int", limit)  # check_parameters has made sure


def read_pictures(
    parts: list[Part], images: list[ImagePart], *, route: ChatRoute, model: Model
) -> tuple[SentPicture, ...]:
    return tuple(
        read_picture(
            decode_data_url(part.url, param=part.param),
            model=model,
            detail=refusals.check_detail(part.detail, param=part.param),
            label=label,
            dialect=route.dialect,
            param=part.param,
        )
        for part, label in zip(images, labels(parts), strict=True)
    )


def count_image(picture: SentPicture, model: Model, param: str) -> int:
    detail = cast("Detail", picture.detail)  # check_detail has made sure
    try:
        return image_tokens(model, width=picture.width, height=picture.height, detail=detail).tokens
    except SourceRejected as error:
        raise Refusal(error.message, code="invalid_image", param=param) from error
    except CapabilityMissing as error:  # a detail that this model does not have
        raise Refusal(error.message, code="invalid_value", param=f"{param}.detail") from error


def read_format(body: Mapping[str, Any], *, model: Model, has_images: bool) -> tuple[Mapping[str, Any] | None, bool]:
    """The schema to fit, and whether any JSON object will do. Responses names the format under `text`."""
    text = body.get("text")
    wanted = text.get("format") if isinstance(text, dict) else body.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, dict) else "text"
    if wanted is None or not isinstance(wanted, dict) or kind == "text":
        return None, False
    if kind == "json_schema" and model.json_schema:
        return read_schema(wanted), False
    if kind == "json_object" and (model.json_mode_with_images or not has_images):
        return None, True
    message = f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model."
    raise Refusal(message, param="response_format")


def read_schema(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    holder = wanted.get("json_schema", wanted)
    schema = holder.get("schema") if isinstance(holder, dict) else None
    if not isinstance(schema, dict) or not holder.get("name"):
        message = "Missing required parameter: 'response_format.json_schema' needs a 'name' and a 'schema'."
        raise Refusal(message, code="missing_required_parameter", param="response_format.json_schema")
    return cast("Mapping[str, Any]", schema)


def read_enhancements(body: Mapping[str, Any], *, route: ChatRoute, model: Model) -> tuple[str, ...]:
    asked = body.get("enhancements")
    if asked is None:
        return ()
    if route.operation != "extensions" or not model.enhancements or not isinstance(asked, dict):
        raise Refusal("Unrecognized request argument supplied: enhancements")
    unknown = sorted(set(asked) - set(ENHANCEMENTS))
    if unknown:
        raise Refusal(f"This local stand-in has no enhancement {unknown[0]!r}, only 'ocr', 'grounding' and 'video'.")
    enabled = tuple(name for name in ENHANCEMENTS if isinstance(asked.get(name), dict) and asked[name].get("enabled"))
    sources = body.get("dataSources") or []
    if "video" in enabled:
        return enabled  # its data source is checked where it is used
    if enabled and not any(isinstance(source, dict) and source.get("type") == VISION_SOURCE for source in sources):
        raise Refusal(f"The '{enabled[0]}' enhancement requires a data source of type '{VISION_SOURCE}'.")
    return enabled
