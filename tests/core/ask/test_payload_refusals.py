"""What cannot be asked: each refusal names the value and says what to use instead."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.core.ask import schema_subset
from shared.core.ask.options import Options
from shared.core.ask.payload import IndexedVideo, Picture, PictureLink, Question, Target, build_payload
from shared.core.errors import CapabilityMissing, OptionsInvalid, SettingsInvalid, SourceRejected, VisiondropError
from shared.core.models.catalogue import MODELS, Model, look_up_model

JPEG = Picture(data=b"\xff\xd8\xff\xe0 a small JPEG", media_type="image/jpeg", width=8, height=6)
URL = PictureLink(url="https://example.com/boat.jpg")
OPTIONS = Options(prompt="What is this?", model="eyes", detail="high", max_output_tokens=100)
ASKED = Question.of(OPTIONS, pictures=(JPEG,))
VIDEO = replace(
    ASKED,
    pictures=(),
    video_index=IndexedVideo(index_name="i", document_id="d", video_url="https://example.com/v.mp4?sig=made-up"),
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}


def azure(model: str, version: str | None = None, **fields: Any) -> Target:
    base: dict[str, Any] = {"kind": "azure", "base_url": "https://example.openai.azure.com", "deployment": "d"}
    return Target(**(base | {"model": look_up_model(model), "api_version": version} | fields))


def vision(version: str | None, **fields: Any) -> Target:
    known = {"vision_endpoint": "https://example.cognitiveservices.azure.com", "vision_key": "made-up-key"}
    return azure("gpt-4-vision-preview", version, **(known | fields))


def openai(model: str, **fields: Any) -> Target:
    return azure(model, **({"kind": "openai", "base_url": "https://api.openai.com/v1"} | fields))


GPT_4O = azure("gpt-4o-2024-11-20")

# (question, target, error, words of the message, words of the hint)
CAPABILITIES: list[tuple[Question, Target, str, str]] = [
    (replace(ASKED, ocr=True), GPT_4O, "gpt-4o-2024-11-20 has no Vision enhancements (option ocr)", "JSON schema"),
    (replace(ASKED, grounding=True), azure("gpt-4-turbo"), "option grounding", "prompt, schema"),
    (VIDEO, GPT_4O, "option video = index", "video = frames"),
    (replace(ASKED, ocr=True), vision("2024-04-01-preview"), "API version 2024-04-01-preview has no", "2024-03-01"),
    (replace(ASKED, ocr=True), vision(None), "API version v1 has no Vision enhancements", "JSON schema"),
    (VIDEO, vision("2024-06-01"), "API version 2024-06-01", "frames"),
    (
        replace(ASKED, ocr=True),
        vision(None, kind="openai", base_url="https://api.openai.com/v1"),
        "OpenAI has no",
        "JSON schema",
    ),
    (
        replace(ASKED, ocr=True, pictures=(JPEG, JPEG)),
        vision("2023-12-01-preview"),
        "one picture per request, not 2",
        "per picture",
    ),
    (replace(VIDEO, pictures=(JPEG,)), vision("2023-12-01-preview"), "one video and no pictures", "second question"),
    (ASKED, azure("gpt-4o", "2023-10-01-preview"), "2023-10-01-preview takes no pictures", "v1"),
    (replace(ASKED, pictures=(URL,)), vision("2023-08-01-preview"), "bytes only", "bytes"),
    (
        replace(ASKED, pictures=(URL,)),
        openai("local", base_url="http://localhost:11434/v1"),
        "bytes only",
        "bytes",
    ),
    (ASKED, azure("gpt-image-1"), "makes pictures", "./visiondrop models"),
    (ASKED, azure("gpt-5-pro", "2024-12-01-preview"), "Responses API only", "v1"),
    (ASKED, azure("gpt-5-mini", "2024-10-21"), "max_completion_tokens", "v1"),
    (replace(ASKED, detail="original"), GPT_4O, "does not take detail original", "high"),
    (replace(ASKED, detail="original"), azure("gpt-5-mini"), "does not take detail original", "high"),
    (replace(ASKED, detail="original"), openai("local"), "does not take detail original", "high"),
    (replace(ASKED, detail="original"), azure("gpt-5.4", "2025-04-01-preview"), "does not take detail original", "v1"),
    (replace(ASKED, temperature=0.2), azure("gpt-5-mini"), "gpt-5-mini", "reasoning_effort takes minimal, low"),
    (replace(ASKED, temperature=0.2), azure("gpt-5.6-sol"), "does not take a temperature", "Together with none"),
    (replace(ASKED, reasoning_effort="max"), azure("gpt-5-mini"), "reasoning effort 'max'", "minimal, low, medium"),
    (replace(ASKED, reasoning_effort="low"), GPT_4O, "does not reason", "gpt-5-mini"),
    (replace(ASKED, schema=SCHEMA), azure("gpt-4-turbo"), "no JSON schema", "gpt-4o-2024-08-06"),
    (replace(ASKED, schema=SCHEMA), azure("gpt-4o", "2024-06-01"), "2024-06-01 has no structured", "v1"),
    (replace(ASKED, pictures=(JPEG,) * 51), GPT_4O, "51 pictures in one request; this endpoint takes 50", "frames"),
    (replace(ASKED, pictures=(JPEG,) * 1501), openai("gpt-4o"), "takes 1500", "frames"),
]


@pytest.mark.parametrize(("question", "target", "says", "instead"), CAPABILITIES)
def test_missing_capability_says_what_to_use(question: Question, target: Target, says: str, instead: str) -> None:
    """A capability that model, version or host lacks is named, and so is what does the job."""
    with pytest.raises(CapabilityMissing) as caught:
        build_payload(question, target)
    assert says in caught.value.message
    assert instead in caught.value.hint


SETTINGS: list[tuple[Question, Target, str]] = [
    (
        ASKED,
        azure("gpt-4o", "2024-99-99"),
        "has value '2024-99-99', which is unknown (near: 2024-",
    ),
    (ASKED, openai("gpt-4o", api_version="2024-10-21"), "OpenAI has no dated versions"),
    (ASKED, azure("gpt-4o", base_url="example.openai.azure.com"), "AZURE_OPENAI_ENDPOINT is not an http(s) address"),
    (ASKED, azure("gpt-4o", base_url="https://host:made-up"), "AZURE_OPENAI_ENDPOINT is not an http(s) address"),
    (ASKED, openai("gpt-4o", base_url="https://host/v1?key=made-up"), "OPENAI_BASE_URL has a user name, a query"),
    (ASKED, azure("gpt-4o", base_url="https://me:made-up@host"), "AZURE_OPENAI_ENDPOINT has a user name"),
    (replace(ASKED, ocr=True), vision("2023-12-01-preview", vision_endpoint=""), "AZURE_VISION_ENDPOINT is missing"),
    (VIDEO, vision("2024-02-15-preview", vision_key=""), "AZURE_VISION_KEY is missing"),
]


@pytest.mark.parametrize(("question", "target", "says"), SETTINGS)
def test_wrong_setting_is_named(question: Question, target: Target, says: str) -> None:
    """The operator's faults name the variable and never repeat a key."""
    with pytest.raises(SettingsInvalid) as caught:
        build_payload(question, target)
    assert says in caught.value.message
    assert "made-up" not in caught.value.message


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (replace(ASKED, prompt=" \n"), "prompt"),
        (replace(ASKED, max_output_tokens=0), "max_output_tokens"),
        (replace(ASKED, max_output_tokens=16_385), "max_output_tokens"),
        (replace(ASKED, temperature=2.1), "temperature"),
        (replace(ASKED, schema={"type": "array"}), "schema"),
    ],
)
def test_wrong_option_is_named(question: Question, field: str) -> None:
    """The user's faults name the option."""
    with pytest.raises(OptionsInvalid) as caught:
        build_payload(question, GPT_4O)
    assert caught.value.field == field


LARGE = replace(JPEG, data=b"\xff\xd8\xff" + b"\0" * (20 * 2**20))


@pytest.mark.parametrize(
    ("pictures", "target", "code", "says"),
    [
        ((replace(JPEG, media_type="image/bmp"),), GPT_4O, "unsupported", "image/bmp"),
        ((replace(JPEG, media_type="text/plain"),), GPT_4O, "unsupported", "text/plain"),
        ((JPEG, LARGE), GPT_4O, "too_large", "a picture of 20,971,523 bytes; this endpoint takes 20,971,520"),
        (
            (LARGE,) * 20,
            openai("gpt-4o"),
            "too_large",
            "as base64, of 559,240,640 bytes; this endpoint takes 536,870,912",
        ),
    ],
)
def test_unusable_picture_is_rejected(pictures: tuple[Picture, ...], target: Target, code: str, says: str) -> None:
    """Format and size limits belong to model and host; the message has the figure."""
    with pytest.raises(SourceRejected) as caught:
        build_payload(replace(ASKED, pictures=pictures), target)
    assert caught.value.code == code
    assert says in caught.value.message


@pytest.mark.parametrize(
    "question",
    [
        replace(ASKED, max_output_tokens=16_384),
        replace(ASKED, temperature=2.0),
        replace(ASKED, pictures=(JPEG,) * 50),
        replace(ASKED, pictures=(replace(JPEG, data=b"\xff\xd8\xff".ljust(20 * 2**20, b"\0")),)),
    ],
)
def test_limit_itself_is_allowed(question: Question) -> None:
    """Each limit is the largest value that passes."""
    assert build_payload(question, GPT_4O).method == "POST"


def test_openai_bounds_the_request_not_the_picture() -> None:
    """A picture too large for Azure goes to OpenAI, which only bounds the whole request."""
    assert build_payload(replace(ASKED, pictures=(LARGE,)), openai("gpt-4o")).method == "POST"


@pytest.mark.parametrize("url", ["", "file:///etc/x", "https://example.com/a b.jpg"])
def test_linked_picture_has_a_web_address(url: str) -> None:
    """A link that no endpoint could fetch cannot exist."""
    with pytest.raises(OptionsInvalid):
        PictureLink(url=url)


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png"])
def test_media_type_is_the_pictures_own(media_type: str) -> None:
    """What the decoder found is what is sent: no later stage looks at the bytes again and knows better."""
    asked = replace(ASKED, pictures=(replace(JPEG, media_type=media_type),))
    assert f"data:{media_type};base64," in json.dumps(build_payload(asked, GPT_4O).body)


def test_model_that_ignores_original_may_be_asked_for_it() -> None:
    """gpt-5.1 accepts detail original and counts it as high (measured)."""
    assert build_payload(replace(ASKED, detail="original"), azure("gpt-5.1")).method == "POST"


def test_text_alone_needs_no_detail() -> None:
    """A question without pictures is not held to what a model does with pictures."""
    text = replace(ASKED, detail="original", pictures=())
    assert build_payload(text, azure("gpt-4o", "2023-05-15")).body["messages"][0]["content"] == [
        {"type": "text", "text": "What is this?"}
    ]


# JSON Schema: the documented subset


def nested(levels: int) -> dict[str, Any]:
    inner = {"type": "string"} if levels == 0 else nested(levels - 1)
    return obj(a=inner) if levels else inner


def obj(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


TEXT = {"type": "string"}

SCHEMA_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"type": "array", "items": TEXT}, "schema at $: the root is not an object"),
    ({**obj(a=TEXT), "anyOf": [TEXT]}, "schema at $: the root is not an object"),
    ({"type": "object", "properties": {"a": TEXT}, "required": ["a"]}, "at $: additionalProperties is not false"),
    (obj(a={**obj(b=TEXT), "required": []}), "at $.a: b is not required"),
    (obj(a={"type": "string", "minLength": 1, "format": "date"}), "at $.a: format, minLength is not supported"),
    (obj(a={"type": "array", "items": {"type": "number", "minimum": 0}}), "at $.a[]: minimum is not supported"),
    (obj(a={"anyOf": [TEXT, {"type": "string", "pattern": "x"}]}), "at $.a.anyOf[1]: pattern is not supported"),
    ({**obj(a={"$ref": "#/$defs/b"}), "$defs": {"b": {"type": "object"}}}, "at $defs.b: additionalProperties"),
    (obj(a={"type": ["object", "null"]}), "at $.a: additionalProperties is not false"),
    (obj(a="text"), "at $.a: this is not a schema object"),
    (obj(a={"anyOf": "text"}), "at $.a: anyOf is not an array"),
    ({**obj(), "$defs": []}, "at $: $defs is not an object"),
    ({**obj(a=TEXT), "required": 5}, "at $: required is not an array"),
    ({**obj(a={"$ref": "#/definitions/b"}), "definitions": {"b": 5}}, "at definitions.b: this is not a schema object"),
    (nested(6), "at $.a.a.a.a.a: objects nest deeper than 5 levels"),
    (obj(**{f"p{number}": TEXT for number in range(101)}), "at $: there are more than 100 properties"),
    (obj(a={"type": "array", "items": nested(5)}), "deeper than 5 levels"),
]


@pytest.mark.parametrize(("schema", "says"), SCHEMA_FAULTS)
def test_schema_outside_the_subset_names_the_path(schema: dict[str, Any], says: str) -> None:
    """A schema the service would refuse is refused before it costs a call, at its place."""
    with pytest.raises(OptionsInvalid) as caught:
        schema_subset.check_schema(schema)
    assert says in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("schema", [nested(5), obj(**{f"p{number}": TEXT for number in range(100)}), obj()])
def test_schema_at_the_limit_passes(schema: dict[str, Any]) -> None:
    """Five levels and a hundred properties are allowed."""
    schema_subset.check_schema(schema)


@pytest.mark.parametrize(
    ("title", "name"), [("Receipt lines", "Receipt_lines"), ("", "answer"), ("!!", "answer"), ("x" * 80, "x" * 64)]
)
def test_schema_name_has_only_allowed_characters(title: str, name: str) -> None:
    """The API wants a name of at most 64 letters, digits, _ and -."""
    assert schema_subset.schema_name({"title": title}) == name


def test_every_model_answers_or_says_why_not() -> None:
    """No row of the table makes the builder fail in any way that is not in our error tree."""
    built = [model.name for model in MODELS if built_or_refused(model)]
    assert len(built) > 40


def built_or_refused(model: Model) -> bool:
    target = Target(kind="openai", base_url="https://api.openai.com/v1", deployment=model.name, model=model)
    try:
        return bool(build_payload(ASKED, target).body)
    except VisiondropError as refusal:
        return not refusal.hint
