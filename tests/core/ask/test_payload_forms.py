"""Every form of request, against golden files, and the documents' own samples against what we build."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.core.ask.payload import IndexedVideo, Payload, Picture, PictureLink, Question, Target, build_payload
from shared.core.ask.question import Exchange
from shared.core.models.api_versions import API_VERSIONS
from shared.core.models.catalogue import look_up_model
from tests.golden_files import GOLDEN, SEEDS, check_golden, printed

JPEG = Picture(data=b"\xff\xd8\xff\xe0 a small JPEG", media_type="image/jpeg", width=8, height=6)
PNG = Picture(data=b"\x89PNG\r\n\x1a\n a small PNG", media_type="image/png", width=8, height=6)
URL = PictureLink(url="https://example.com/boat.jpg")
SAS = PictureLink(url="https://example.blob.core.windows.net/normalized/boat.jpg?sv=2026-02-06&sig=made%2Fup%3D")

ASKED = Question(
    prompt="Describe this picture:",
    system="You are a helpful assistant.",
    detail="high",
    max_output_tokens=100,
    schema=None,
    ocr=False,
    grounding=False,
    pictures=(JPEG,),
)
BOTH = replace(ASKED, ocr=True, grounding=True)
VIDEO = replace(
    ASKED,
    prompt="Describe this video:",
    pictures=(),
    video_index=IndexedVideo(
        index_name="my-video-index",
        document_id="02a504c9cd28296a8b74394ed7488045",
        video_url="https://example.blob.core.windows.net/videos/02a504c9.mp4?sv=2023-01-03&sig=made%2Fup%3D",
    ),
)
FRAMES = replace(
    ASKED,
    prompt="What happens?",
    detail="low",
    pictures=(replace(JPEG, at_s=0.0), replace(PNG, at_s=2.5)),
)
FOLLOWING = replace(
    FRAMES,
    prompt="And in one word?",
    turns=(
        Exchange(prompt="What happens?", answer="A boat leaves."),
        Exchange(prompt="Which boat?", answer="A red one."),
    ),
)
SCHEMA = {
    "title": "Receipt lines",
    "type": "object",
    "properties": {
        "total": {"type": "number"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "shop": {"type": ["string", "null"]},
    },
    "required": ["total", "lines", "shop"],
    "additionalProperties": False,
    "$defs": {
        "line": {
            "type": "object",
            "properties": {"text": {"type": "string"}, "usd": {"anyOf": [{"type": "number"}, {"type": "null"}]}},
            "required": ["text", "usd"],
            "additionalProperties": False,
        }
    },
}

VISION_PREVIEW = Target(
    kind="azure",
    base_url="https://example.openai.azure.com",
    deployment="gpt-4v",
    model=look_up_model("gpt-4-vision-preview"),
    vision_endpoint="https://example.cognitiveservices.azure.com/",
    vision_key="made-up-vision-key",
)
GPT_4O = replace(VISION_PREVIEW, deployment="my gpt/4o", model=look_up_model("gpt-4o-2024-11-20"))
GPT_5 = replace(VISION_PREVIEW, deployment="gpt-5-mini", model=look_up_model("gpt-5-mini"))
GPT_5_PRO = replace(VISION_PREVIEW, deployment="gpt-5-pro", model=look_up_model("gpt-5-pro"))
OPENAI = replace(GPT_4O, kind="openai", base_url="https://api.openai.com/v1/", deployment="gpt-4o-2024-11-20")
OLLAMA = replace(OPENAI, base_url="http://127.0.0.1:11434/v1", deployment="gemma3", model=look_up_model("local"))
OFFLINE = replace(GPT_4O, kind="offline", base_url="http://127.0.0.1:7072")


def dated(target: Target, version: str) -> Target:
    return replace(target, api_version=version)


FORMS: dict[str, tuple[Question, Target]] = {
    "azure-2023-08-01-preview-strings": (ASKED, dated(VISION_PREVIEW, "2023-08-01-preview")),
    "azure-2023-08-01-preview-frames": (FRAMES, dated(VISION_PREVIEW, "2023-08-01-preview")),
    "azure-2023-12-01-preview-url": (replace(ASKED, pictures=(URL,)), dated(VISION_PREVIEW, "2023-12-01-preview")),
    "azure-2023-12-01-preview-extension": (BOTH, dated(VISION_PREVIEW, "2023-12-01-preview")),
    "azure-2023-12-01-preview-extension-ocr": (replace(ASKED, ocr=True), dated(VISION_PREVIEW, "2023-12-01-preview")),
    "azure-2023-12-01-preview-extension-video": (VIDEO, dated(VISION_PREVIEW, "2023-12-01-preview")),
    "azure-2024-02-15-preview-merged": (BOTH, dated(VISION_PREVIEW, "2024-02-15-preview")),
    "azure-2024-02-15-preview-merged-video": (VIDEO, dated(VISION_PREVIEW, "2024-02-15-preview")),
    "azure-2024-03-01-preview-merged": (BOTH, dated(VISION_PREVIEW, "2024-03-01-preview")),
    "azure-2024-10-21-schema": (replace(ASKED, schema=SCHEMA), dated(GPT_4O, "2024-10-21")),
    "azure-2025-04-01-preview-reasoning": (
        replace(ASKED, reasoning_effort="low"),
        dated(GPT_5, "2025-04-01-preview"),
    ),
    "azure-2025-04-01-preview-responses": (ASKED, dated(GPT_5_PRO, "2025-04-01-preview")),
    "azure-v1-sas": (replace(ASKED, pictures=(SAS,)), GPT_4O),
    "azure-v1-two-pictures": (replace(ASKED, pictures=(JPEG, URL)), GPT_4O),
    "azure-v1-frames": (FRAMES, GPT_4O),
    "azure-v1-schema-temperature": (replace(ASKED, schema=SCHEMA, temperature=0.0), GPT_4O),
    "azure-v1-reasoning": (replace(ASKED, reasoning_effort="minimal"), GPT_5),
    "azure-v1-responses": (replace(FRAMES, schema=SCHEMA, reasoning_effort="high"), GPT_5_PRO),
    "azure-v1-turns": (FOLLOWING, GPT_4O),
    "azure-v1-responses-turns": (FOLLOWING, GPT_5_PRO),
    "azure-v1-no-system": (replace(ASKED, system=""), replace(GPT_4O, base_url=GPT_4O.base_url + "/openai/v1/")),
    "openai-chat": (ASKED, OPENAI),
    "openai-responses": (
        replace(ASKED, system=""),
        replace(OPENAI, deployment="o3-pro", model=look_up_model("o3-pro")),
    ),
    "openai-responses-temperature": (
        replace(ASKED, temperature=1.0),
        replace(OPENAI, deployment="computer-use", model=look_up_model("computer-use-preview")),
    ),
    "openai-original": (
        replace(ASKED, detail="original"),
        replace(OPENAI, deployment="gpt-6-sol", model=look_up_model("gpt-6-sol")),
    ),
    "openai-effort-none-temperature": (
        replace(ASKED, reasoning_effort="none", temperature=0.5),
        replace(OPENAI, deployment="gpt-5.6-sol", model=look_up_model("gpt-5.6-sol")),
    ),
    "compatible-ollama": (ASKED, OLLAMA),
    "offline-v1": (ASKED, OFFLINE),
} | {
    f"azure-{name}-chat": (ASKED, dated(GPT_4O, name))
    for name, version in API_VERSIONS.items()
    if version.pictures == "parts"
}


def shown(payload: Payload) -> dict[str, Any]:
    return {
        "method": payload.method,
        "url": payload.url,
        "headers": payload.headers,
        "body": payload.body,
        "notes": list(payload.notes),
    }


@pytest.mark.parametrize("name", FORMS)
def test_form_is_golden(name: str) -> None:
    """Each form of request is, to the byte, what its golden file says."""
    question, target = FORMS[name]
    check_golden(f"payloads/{name}.json", shown(build_payload(question, target)))


def test_every_golden_payload_has_its_case() -> None:
    """No golden file outlives the case that made it."""
    assert {path.stem for path in (GOLDEN / "payloads").iterdir()} == set(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_no_credential_is_in_a_header(name: str) -> None:
    """The adapter adds the key; a payload has none to leak."""
    assert build_payload(*FORMS[name]).headers == {"content-type": "application/json"}


# The documents' samples. What differs from the print is said in each test: detail is always explicit here.

SAMPLE = replace(ASKED, pictures=(URL,))


def with_detail(sample: Any) -> Any:
    """The printed body plus the detail that its pictures left to the model."""
    if isinstance(sample, dict) and "url" in sample:
        return {"detail": "high"} | sample
    if isinstance(sample, dict):
        return {name: with_detail(value) for name, value in sample.items()}
    return [with_detail(item) for item in sample] if isinstance(sample, list) else sample


def filled(name: str, **placeholders: str) -> Any:
    """A printed sample as JSON, its placeholders filled in."""
    text = printed(f"printed/{name}")
    for placeholder, value in placeholders.items():
        assert placeholder in text
        text = text.replace(placeholder, value)
    return json.loads(text)


def body_of(question: Question, target: Target) -> dict[str, Any]:
    return build_payload(question, target).body


def test_seed_000_bare_strings_are_built_as_printed() -> None:
    """2023-08-01-preview: the whole body, nothing more and nothing less."""
    sample = filled("000-strings.json", **{"base64 encoded image": "/9j/4CBhIHNtYWxsIEpQRUc="})
    assert body_of(ASKED, dated(VISION_PREVIEW, "2023-08-01-preview")) == sample


@pytest.mark.parametrize(
    ("name", "placeholder", "version"),
    [
        ("001-chat.json", "<URL or base-64-encoded image>", "2023-12-01-preview"),
        ("002-chat.json", "<image URL>", "2024-02-15-preview"),
        ("003-chat.json", "<image URL>", "2024-02-15-preview"),
    ],
)
def test_printed_chat_is_built(name: str, placeholder: str, version: str) -> None:
    """The plain chat samples of three documents, with the detail said aloud."""
    sample = filled(name, **{placeholder: "https://example.com/boat.jpg"})
    assert body_of(SAMPLE, dated(VISION_PREVIEW, version)) == with_detail(sample)


def test_seed_001_enhanced_request_is_built_as_printed() -> None:
    """OCR and grounding through the extension; the resource's endpoint without its trailing slash."""
    sample = filled(
        "001-enhanced.json",
        **{
            "<URL or base-64-encoded image>": "https://example.com/boat.jpg",
            "<your_computer_vision_endpoint>": "https://example.cognitiveservices.azure.com",
            "<your_computer_vision_key>": "made-up-vision-key",
        },
    )
    question = replace(SAMPLE, ocr=True, grounding=True)
    assert body_of(question, dated(VISION_PREVIEW, "2023-12-01-preview")) == with_detail(sample)


def test_seed_001_video_request_is_built_with_its_faults_put_right() -> None:
    """The print is no JSON (a trailing comma), puts the video's id last and leaves /computervision out; users got
    failures. Built: the id first in the same message, the base URL whole, no second endpoint and key.
    """
    text = printed("printed/001-video.txt")
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    sample = json.loads(text.replace('"max_tokens": 100,', '"max_tokens": 100'))
    built = body_of(VIDEO, dated(VISION_PREVIEW, "2023-12-01-preview"))

    system, prompt, video = sample["messages"]
    video["content"][0]["acv_document_id"] = "02a504c9cd28296a8b74394ed7488045"
    assert built["messages"] == [system, {"role": "user", "content": video["content"] + prompt["content"]}]
    assert built["enhancements"] == sample["enhancements"]
    assert built["max_tokens"] == sample["max_tokens"]
    (source,), (printed_source,) = built["dataSources"], sample["dataSources"]
    assert source["type"] == printed_source["type"]
    assert set(printed_source["parameters"]) - set(source["parameters"]) == {"endpoint", "key"}
    assert source["parameters"]["computerVisionBaseUrl"] == "https://example.cognitiveservices.azure.com/computervision"


def test_printed_detail_part_is_built_as_printed() -> None:
    """Seed 002 prints one part with its detail: ours to the field."""
    part = filled("002-detail-part.json", **{"<image URL>": "https://example.com/boat.jpg"})
    assert part in body_of(SAMPLE, GPT_4O)["messages"][1]["content"]


def keywords(name: str) -> dict[str, Any]:
    """The arguments of the Python call that a document printed."""
    call = ast.parse(printed(f"printed/{name}")).body[-1]
    assert isinstance(call, ast.Assign)
    assert isinstance(call.value, ast.Call)
    return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.value.keywords}


def test_seed_004_calls_are_built_as_printed() -> None:
    """OpenAI's own samples: one picture, two pictures, and a chosen detail; no system message, no stream field."""
    target = replace(OPENAI, deployment="gpt-4-vision-preview", model=look_up_model("gpt-4-vision-preview"))
    for name in ("004-quick-start.txt", "004-two-pictures.txt", "004-detail.txt"):
        call = keywords(name)
        text, *pictures = call["messages"][0]["content"]
        question = replace(
            ASKED,
            prompt=text["text"],
            system="",
            max_output_tokens=300,
            pictures=tuple(PictureLink(url=picture["image_url"]["url"]) for picture in pictures),
        )
        assert body_of(question, target) == with_detail(call)


def test_seed_004_base64_request_is_built_as_printed() -> None:
    """The base64 sample, its f-string filled with the picture's bytes."""
    source = printed("printed/004-base64.txt").replace('f"data:image/jpeg;base64,{base64_image}"', '"FILLED"')
    sample = ast.literal_eval(source.removeprefix("payload = "))
    sample["messages"][0]["content"][1]["image_url"]["url"] = "data:image/jpeg;base64,/9j/4CBhIHNtYWxsIEpQRUc="
    question = replace(ASKED, prompt=sample["messages"][0]["content"][0]["text"], system="", max_output_tokens=300)
    target = replace(OPENAI, deployment="gpt-4-vision-preview", model=look_up_model("gpt-4-vision-preview"))
    assert body_of(question, target) == with_detail(sample)


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the documents are not beside this checkout")
@pytest.mark.parametrize(
    "path", [path for path in sorted(GOLDEN.glob("*/00[0-4]-*")) if not path.name.endswith(".reply.json")]
)
def test_samples_are_the_documents_bytes(path: Path) -> None:
    """Each kept sample stands in its document, byte for byte."""
    (document,) = SEEDS.glob(f"{path.name[:3]}_*.txt")
    assert path.read_bytes() in document.read_bytes() + b"\n"
