"""The chat stand-in's good answers, through the real openai SDK over a real socket."""

from __future__ import annotations

import json
import shutil
from typing import Any

import httpx2
import pytest
from openai import AzureOpenAI, OpenAI
from PIL import Image, ImageDraw, ImageFont

from local.chat_standin import ChatStandIn
from shared.core.answer.reply import parse_reply
from shared.core.models.catalogue import look_up_model
from shared.core.models.tokens import image_tokens, text_tokens


def azure(standin, **options):
    settings = {"api_key": "any", "api_version": "2024-10-21", "max_retries": 0}
    return AzureOpenAI(azure_endpoint=standin.base_url, **{**settings, **options})


def openai_v1(standin, path="/openai/v1"):
    return OpenAI(base_url=standin.base_url + path, api_key="any", max_retries=0)


CLIENTS = {
    "azure deployment": azure,
    "azure v1": openai_v1,
    "openai": lambda standin: openai_v1(standin, "/v1"),
}


@pytest.mark.parametrize("client_of", CLIENTS.values(), ids=CLIENTS)
def test_every_path_describes_the_picture(client_of, standin, data_url, ask):
    """All three addresses answer, saying size and colour and that no model did it."""
    with client_of(standin) as client:
        raw = client.chat.completions.with_raw_response.create(model="eyes", messages=ask(data_url()))
    completion = raw.parse()
    text = completion.choices[0].message.content
    assert text.startswith("[offline describer, no model] Landscape picture, 64 x 48 px")
    assert "navy 100%" in text
    assert completion.choices[0].finish_reason == "stop"
    assert "offline" in completion.model
    assert raw.headers["x-visiondrop-offline"] == "describer"


@pytest.mark.parametrize(("path", "annotated"), [("/openai/v1", True), ("/v1", False)])
def test_only_azure_annotates_with_content_filter_results(path, annotated, standin, data_url, ask):
    """Azure's replies carry verdicts and apim-request-id, OpenAI's carry x-request-id."""
    with openai_v1(standin, path) as client:
        raw = client.chat.completions.with_raw_response.create(model="eyes", messages=ask(data_url()))
    extra = raw.parse().model_extra
    assert ("prompt_filter_results" in extra) is annotated
    assert ("apim-request-id" in raw.headers) is annotated
    assert ("x-request-id" in raw.headers) is not annotated


@pytest.mark.parametrize("model_name", ["gpt-4o", "gpt-4o-mini", "gpt-5.1", "gpt-5.4", "gpt-6-astra"])
@pytest.mark.parametrize("detail", ["auto", "low", "high"])
@pytest.mark.parametrize("size", [(64, 48), (1025, 700), (2049, 513)])
def test_usage_is_the_token_rule_of_the_model(model_name, detail, size, standin, data_url, ask):
    """prompt_tokens is what shared/core/models/tokens.py says for the pictures plus the text."""
    width, height = size
    prompt = "What is in these pictures? " * 7
    urls = [data_url(width=width, height=height), data_url(width=48, height=64)]
    model = look_up_model(model_name)
    pictures = sum(image_tokens(model, width=w, height=h, detail=detail).tokens for w, h in (size, (48, 64)))
    with azure(standin) as client:
        usage = client.chat.completions.create(model=model_name, messages=ask(*urls, text=prompt, detail=detail)).usage
    assert usage.prompt_tokens == pictures + text_tokens(prompt)
    assert usage.prompt_tokens_details.image_tokens == pictures
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_output_tokens_are_those_of_the_text(standin, data_url, ask):
    """completion_tokens counts the answer itself."""
    with azure(standin) as client:
        completion = client.chat.completions.create(model="eyes", messages=ask(data_url()))
    assert completion.usage.completion_tokens == text_tokens(completion.choices[0].message.content)


def test_same_request_same_answer(standin, data_url, ask):
    """Nothing but the time of creation differs between two answers to one request."""
    with azure(standin) as client:
        first, second = (
            client.chat.completions.create(model="eyes", messages=ask(data_url())).model_dump(exclude={"created"})
            for _ in range(2)
        )
    assert first == second


def test_several_pictures_get_a_line_each_under_their_label(standin, data_url):
    """The text before each frame is echoed in front of its line."""
    content: list[Any] = [{"type": "text", "text": "What happens?"}]
    for second, colour in enumerate(["red", "yellow", "blue"]):
        content += [
            {"type": "text", "text": f"Frame at 00:0{second}"},
            {"type": "image_url", "image_url": {"url": data_url(colour=colour), "detail": "low"}},
        ]
    with azure(standin) as client:
        completion = client.chat.completions.create(model="eyes", messages=[{"role": "user", "content": content}])
    lines = completion.choices[0].message.content.splitlines()
    assert lines[0] == "[offline describer, no model] 3 images."
    for line, start, colour in zip(
        lines[1:], ["Frame at 00:00: ", "Frame at 00:01: ", "Frame at 00:02: "], ["red", "yellow", "blue"], strict=True
    ):
        assert line.startswith(start)
        assert f"{colour} 100%" in line


def test_unlabelled_pictures_are_numbered(standin, data_url, ask):
    """A prompt before the first picture is no label."""
    with azure(standin) as client:
        completion = client.chat.completions.create(model="eyes", messages=ask(data_url(), data_url(colour="red")))
    assert [line.split(":")[0] for line in completion.choices[0].message.content.splitlines()[1:]] == [
        "Image 1",
        "Image 2",
    ]


def test_too_few_tokens_cut_the_text(standin, data_url, ask):
    """max_tokens is kept to, and finish_reason says length."""
    with azure(standin) as client:
        whole = client.chat.completions.create(model="eyes", messages=ask(data_url()))
        cut = client.chat.completions.create(model="eyes", messages=ask(data_url()), max_tokens=6)
    assert cut.choices[0].finish_reason == "length"
    assert 0 < cut.usage.completion_tokens <= 6
    assert whole.choices[0].message.content.startswith(cut.choices[0].message.content)


SCHEMA = {
    "type": "object",
    "properties": {
        "summary": {"type": "string"},
        "people": {"type": "integer"},
        "score": {"type": "number"},
        "indoor": {"type": ["boolean", "null"]},
        "mood": {"type": "string", "enum": ["calm", "busy"]},
        "objects": {"type": "array", "items": {"type": "string"}},
        "place": {"anyOf": [{"$ref": "#/$defs/place"}, {"type": "null"}]},
        "camera": {"$ref": "#/$defs/place"},
    },
    "required": ["summary", "people", "score", "indoor", "mood", "objects", "place", "camera"],
    "additionalProperties": False,
    "$defs": {"place": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
}


def test_schema_shapes_the_answer(standin, data_url, ask):
    """Strings describe, everything else claims as little as the schema lets it."""
    wanted = {"type": "json_schema", "json_schema": {"name": "picture", "schema": SCHEMA, "strict": True}}
    with azure(standin) as client:
        completion = client.chat.completions.create(model="eyes", messages=ask(data_url()), response_format=wanted)
    data = json.loads(completion.choices[0].message.content)
    summary = data["summary"]
    assert summary.startswith("[offline describer, no model]")
    assert data == {
        "summary": summary,
        "people": 0,
        "score": 0,
        "indoor": None,
        "mood": "calm",
        "objects": [],
        "place": None,
        "camera": {"name": summary},
    }


def test_json_object_is_an_object(standin, data_url, ask):
    """JSON mode without a schema gives the description as JSON."""
    with azure(standin) as client:
        completion = client.chat.completions.create(
            model="eyes", messages=ask(data_url()), response_format={"type": "json_object"}
        )
    assert list(json.loads(completion.choices[0].message.content)) == ["description"]


@pytest.mark.parametrize("path", ["/openai/v1", "/v1"])
def test_responses_api_answers_and_counts(path, standin, data_url):
    """input_image with a plain URL string, output_text back; input_tokens alone gives the same count."""
    parts = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": data_url(), "detail": "low"},
    ]
    asked = [{"role": "user", "content": parts}]
    with openai_v1(standin, path) as client:
        response = client.responses.create(model="eyes", input=asked)
        counted = client.responses.input_tokens.count(model="eyes", input=asked)
        cut = client.responses.create(model="eyes", input=asked, max_output_tokens=6)
    assert "64 x 48 px" in response.output_text
    assert response.status == "completed"
    assert response.usage.input_tokens == counted.input_tokens
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")


def test_extension_form_of_2023_has_enhancements(standin, data_url, ask):
    """OCR and grounding answer in `enhancements`, with finish_details instead of finish_reason."""
    body = {
        "enhancements": {"ocr": {"enabled": True}, "grounding": {"enabled": True}},
        "dataSources": [{"type": "AzureComputerVision", "parameters": {"endpoint": "https://x", "key": "y"}}],
    }
    base_url = f"{standin.base_url}/openai/deployments/gpt-4-vision-preview/extensions"
    with AzureOpenAI(base_url=base_url, api_version="2023-12-01-preview", api_key="any", max_retries=0) as client:
        completion = client.chat.completions.create(
            model="gpt-4-vision-preview", messages=ask(data_url()), max_tokens=300, extra_body=body
        )
    choice = completion.choices[0]
    assert choice.finish_reason is None
    assert choice.model_extra["finish_details"]["type"] == "stop"
    assert choice.model_extra["enhancements"]["grounding"] == {"lines": [], "status": "Success"}


def test_app_reads_its_own_stand_in(standin, data_url, ask):
    """The app's reply parser understands what the stand-in says, so the two cannot drift apart unseen."""
    with azure(standin) as client:
        completion = client.chat.completions.create(model="eyes", messages=ask(data_url()))
    reply = parse_reply(completion.model_dump())
    assert reply.finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.input_tokens == completion.usage.prompt_tokens


def test_latency_is_added(data_url, ask):
    """--latency-ms delays an answer by at least that much."""
    with ChatStandIn(model="gpt-4o", latency_ms=250) as server, azure(server) as client:
        raw = client.chat.completions.with_raw_response.create(model="eyes", messages=ask(data_url()))
    assert raw.elapsed.total_seconds() >= 0.25


def test_journal_counts_without_keeping_content(data_url, ask):
    """Calls are counted with sizes and hashes; the prompt and the picture are not in it."""
    url = data_url()
    with ChatStandIn(model="gpt-4o") as server, azure(server) as client:
        for _ in range(3):
            client.chat.completions.create(model="eyes", messages=ask(url, text="a secret question"))
        journal = httpx2.get(f"{server.base_url}/_standin/journal").json()
        cleared = httpx2.delete(f"{server.base_url}/_standin/journal").json()
    entry = journal["entries"][-1]
    assert (journal["requests"], cleared["requests"]) == (3, 0)
    assert (entry["deployment"], entry["status"], entry["images"]) == ("eyes", 200, 1)
    assert entry["image_sizes"] == [[64, 48]]
    assert "secret" not in json.dumps(journal)
    assert url[40:] not in json.dumps(journal)


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
@pytest.mark.parametrize(("ocr", "read"), [(True, True), (False, False)])
def test_ocr_can_be_switched_off(ocr, read, as_url, encoded, ask):
    """Text in the picture is part of the answer, unless the stand-in was told not to look for it."""
    image = Image.new("RGB", (600, 200), "white")
    ImageDraw.Draw(image).text((40, 60), "Invoice 2026", fill="black", font=ImageFont.load_default(64))
    with ChatStandIn(model="gpt-4o", ocr=ocr) as server, azure(server) as client:
        completion = client.chat.completions.create(model="eyes", messages=ask(as_url(encoded(image))))
    assert ('Text read: "Invoice 2026"' in completion.choices[0].message.content) is read
