"""Showing a payload: it is JSON, and no key, SAS or picture byte is left in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.ask.options import Options
from shared.core.ask.payload import IndexedVideo, Payload, Picture, PictureLink, Question, Target, build_payload, masked
from shared.core.errors import VisiondropError
from shared.core.masking import mask_text
from shared.core.models.api_versions import API_VERSIONS
from shared.core.models.catalogue import MODELS, look_up_model

SECRET = "Zm9vYmFyU0VDUkVU"
JPEG = Picture(data=b"\xff\xd8\xff\xe0" + b"secret pixels" * 40, media_type="image/jpeg", width=8, height=6)
TARGET = Target(
    kind="azure",
    base_url="https://example.openai.azure.com",
    deployment="gpt-4v",
    model=look_up_model("gpt-4-vision-preview"),
    api_version="2023-12-01-preview",
    vision_endpoint="https://example.cognitiveservices.azure.com",
    vision_key=SECRET,
)
OPTIONS = Options(prompt="Describe", model="eyes", detail="low", max_output_tokens=9, ocr=True)
ASKED = Question.of(OPTIONS, pictures=(JPEG,))

web_text = st.text(alphabet=st.characters(exclude_categories=["Z", "C"], exclude_characters="\"'<>?"), max_size=30)
sas_urls = st.builds(
    "{}://example.blob.core.windows.net/{}?{}sig={}".format,
    st.sampled_from(["https", "http", "HTTPS"]),
    web_text,
    st.sampled_from(["", "sv=2026-02-06&", "?"]),
    st.just(SECRET),
)
pictures = st.one_of(
    st.builds(replace, st.just(JPEG), data=st.binary(), label=st.text()),
    st.builds(PictureLink, url=sas_urls),
)
videos = st.builds(IndexedVideo, index_name=st.text(), document_id=st.text(), video_url=sas_urls)
questions = st.builds(
    Question,
    prompt=st.one_of(st.text(min_size=1), sas_urls),
    system=st.text(),
    pictures=st.lists(pictures, max_size=3).map(tuple),
    detail=st.sampled_from(["auto", "low", "high", "original"]),
    max_output_tokens=st.integers(1, 4096),
    schema=st.none(),
    ocr=st.booleans(),
    grounding=st.booleans(),
    video_index=st.one_of(st.none(), videos),
)
targets = st.builds(
    replace,
    st.just(TARGET),
    kind=st.sampled_from(["azure", "openai", "offline"]),
    model=st.one_of(st.just(TARGET.model), st.sampled_from(MODELS)),
    api_version=st.sampled_from([None, *API_VERSIONS]),
)


def as_json(payload: Payload) -> str:
    shown = [payload.method, payload.url, payload.headers, payload.body, payload.notes]
    return json.dumps(shown, ensure_ascii=False)


@given(question=questions, target=targets)
def test_any_payload_is_json_and_shows_no_secret(question: Question, target: Target) -> None:
    """Whatever can be built can be sent as JSON and shown without the vision key or a SAS; else it is our error."""
    try:
        payload = build_payload(question, target)
        assert json.loads(as_json(payload))
        shown = [as_json(masked(payload, full=full)) for full in (False, True)]
    except VisiondropError as refusal:
        shown = [refusal.message, refusal.hint]
    assert SECRET not in "".join(shown)


@given(question=questions, target=targets)
def test_detail_is_always_said(question: Question, target: Target) -> None:
    """Every typed picture part names its detail: left out, it would mean `original` on the newest models."""
    try:
        body = build_payload(question, target).body
    except VisiondropError:
        return
    parts = [part for part in picture_parts(body) if part]
    assert all(part["detail"] == question.detail for part in parts)


def picture_parts(node: Any) -> list[dict[str, Any]]:
    """Every image_url object and input_image part, wherever it stands."""
    if isinstance(node, list):
        return [part for item in node for part in picture_parts(item)]
    if not isinstance(node, dict):
        return []
    if node.get("type") == "input_image":
        return [node]
    if node.get("type") == "image_url":
        return [node["image_url"]]
    return [part for item in node.values() for part in picture_parts(item)]


def test_masked_request_still_says_everything_else() -> None:
    """The key is ***, the picture its size; the words and the endpoint stay."""
    body = masked(build_payload(ASKED, TARGET)).body
    assert body["dataSources"][0]["parameters"] == {
        "endpoint": "https://example.cognitiveservices.azure.com",
        "key": "***",
    }
    text, picture = body["messages"][0]["content"]
    assert text == {"type": "text", "text": "Describe"}
    assert picture["image_url"] == {"url": "data:image/jpeg;base64,… (524 bytes)", "detail": "low"}


@pytest.mark.parametrize("version", ["2023-08-01-preview", "2023-12-01-preview"])
def test_full_keeps_the_bytes(version: str) -> None:
    """Whoever asks for all of it gets the picture, in either form."""
    target = replace(TARGET, api_version=version)
    payload = build_payload(replace(ASKED, ocr=False), target)
    assert masked(payload, full=True).body == payload.body
    assert "524 bytes" in as_json(masked(payload))


def test_video_request_hides_its_sas_and_key() -> None:
    """The video form has both a SAS and the vision key."""
    video = IndexedVideo(index_name="i", document_id="d", video_url=f"https://a.example.com/v.mp4?sv=1&sig={SECRET}")
    payload = build_payload(replace(ASKED, ocr=False, pictures=(), video_index=video), TARGET)
    (source,) = masked(payload).body["dataSources"]
    assert source["parameters"]["videoUrls"] == ["https://a.example.com/v.mp4?***"]
    assert source["parameters"]["computerVisionApiKey"] == "***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://a.example.com/b.jpg?sv=1&sig=x, then go", "see https://a.example.com/b.jpg?*** then go"),
        ("https://me:pass@host/a", "https://***@host/a"),
        ("key sk-abcdefghij end", "key *** end"),
        ("is it 5 or 6?", "is it 5 or 6?"),
        ("data:image/png;base64,AAAA", "data:image/png;base64,… (3 bytes)"),
        ("DATA:image/png;base64,AAA=", "DATA:image/png;base64,… (2 bytes)"),
        ("seen data:image/png;base64,AA== here", "seen data:image/png;base64,… (1 bytes) here"),
    ],
)
def test_text_is_masked_in_place(text: str, shown: str) -> None:
    """Only the secret part of a text is cut out."""
    assert mask_text(text) == shown


def test_no_secret_in_a_repr() -> None:
    """A value that ends up in a log or a traceback shows no key, prompt, SAS or byte."""
    video = IndexedVideo(index_name="i", document_id="d", video_url=f"https://a.example.com/v.mp4?sig={SECRET}")
    for value in (TARGET, replace(ASKED, prompt=SECRET, video_index=video), JPEG, build_payload(ASKED, TARGET)):
        assert SECRET not in repr(value)
        assert "pixels" not in repr(value)
