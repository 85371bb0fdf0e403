"""What the chat stand-in refuses, as the service does: status, code and parameter, seen through the openai SDK."""

from __future__ import annotations

from typing import cast

import httpx2
import openai
import pytest
from openai import AzureOpenAI, OpenAI
from PIL import Image

from local.chat_standin import ChatStandIn


@pytest.fixture(scope="session")
def client(standin):
    with AzureOpenAI(azure_endpoint=standin.base_url, api_key="any", api_version="2024-10-21", max_retries=0) as sdk:
        yield sdk


def param_of(refused: pytest.ExceptionInfo[openai.APIStatusError]) -> object:
    return cast("dict[str, object]", refused.value.body)["param"]


def noise(width=64, height=48):
    """Pixels that no codec makes small, so that half a file is half a picture."""
    return Image.merge("RGB", [Image.effect_noise((width, height), 120) for _ in range(3)])


# (Pillow's format, what is done to the file, code)
IMAGES = {
    "corrupt": ("PNG", lambda _: b"\xff\xd8\xff\xe0 no picture at all", "image_parse_error"),
    "not an image": ("PNG", lambda file: file[60:], "invalid_image_format"),
    "truncated jpeg": ("JPEG", lambda file: file[:-900], "image_parse_error"),
    "truncated png": ("PNG", lambda file: file[:-900], "image_parse_error"),
    "tiff": ("TIFF", lambda file: file, "invalid_image_format"),
    "bmp": ("BMP", lambda file: file, "invalid_image_format"),
    "over 20 MB": ("PNG", lambda file: file + bytes(20 * 1024 * 1024), "image_too_large"),
}


@pytest.mark.parametrize(("form", "change", "code"), IMAGES.values(), ids=IMAGES)
def test_images_that_the_service_refuses(form, change, code, client, ask, as_url, encoded):
    """Broken, foreign and oversized images are a 400 that names where the image stands."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="eyes", messages=ask(as_url(change(encoded(noise(), form)))))
    assert (refused.value.code, param_of(refused)) == (code, "messages[0].content[1].image_url")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_the_four_formats_are_taken(form, client, data_url, ask):
    """JPEG, PNG, GIF and WebP answer."""
    completion = client.chat.completions.create(model="eyes", messages=ask(data_url(form=form)))
    assert "64 x 48 px" in completion.choices[0].message.content


@pytest.mark.parametrize(("path", "accepted"), [("/openai/v1", True), ("/v1", False)])
def test_animated_gif_is_azure_only(path, accepted, standin, ask, as_url, tmp_path):
    """Azure looks at the first frame, OpenAI takes still GIFs only."""
    file = tmp_path / "moving.gif"
    noise().save(file, save_all=True, append_images=[Image.new("RGB", (64, 48))])
    body = {"model": "eyes", "messages": ask(as_url(file.read_bytes()))}
    answer = httpx2.post(f"{standin.base_url}{path}/chat/completions", headers={"api-key": "any"}, json=body)
    assert answer.status_code == (200 if accepted else 400)
    assert accepted or answer.json()["error"]["code"] == "invalid_image_format"


URLS = {
    "https://example.com/a.jpg": "invalid_image_url",
    "data:image/png;base64,@@@@": "invalid_base64",
    "data:image/png,plain": "invalid_base64",
}


@pytest.mark.parametrize(("url", "code"), URLS.items())
def test_urls_must_hold_the_image(url, code, client, ask):
    """Nothing is fetched: a remote or malformed URL is refused."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="eyes", messages=ask(url))
    assert refused.value.code == code


PARAMETERS = {
    "max_tokens on a reasoning model": ("gpt-5.1", {"max_tokens": 50}, "unsupported_parameter", "max_tokens"),
    "temperature on a reasoning model": (
        "gpt-5.4",
        {"temperature": 0.2, "reasoning_effort": "low"},
        "unsupported_value",
        "temperature",
    ),
    "logprobs on a reasoning model": ("gpt-6-astra", {"logprobs": True}, "unsupported_parameter", "logprobs"),
    "effort on gpt-4o": ("gpt-4o", {"reasoning_effort": "low"}, None, None),
    "effort none on astra": ("gpt-6-astra", {"reasoning_effort": "none"}, "unsupported_value", "reasoning_effort"),
    "too many output tokens": ("gpt-4o", {"max_tokens": 999_999}, None, "max_tokens"),
    "no output tokens": ("gpt-4o", {"max_tokens": 0}, None, "max_tokens"),
    "streaming": ("gpt-4o", {"extra_body": {"stream": True}}, "unsupported_value", "stream"),
    "enhancements today": ("gpt-4o", {"extra_body": {"enhancements": {"ocr": {"enabled": True}}}}, None, None),
    "json mode with images on turbo": (
        "gpt-4-turbo",
        {"response_format": {"type": "json_object"}},
        None,
        "response_format",
    ),
}


@pytest.mark.parametrize(("model", "options", "code", "param"), PARAMETERS.values(), ids=PARAMETERS)
def test_parameters_wrong_for_the_model(model, options, code, param, client, data_url, ask):
    """A parameter that the model does not take is a 400 that names it."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=model, messages=ask(data_url()), **options)
    assert (refused.value.code, param_of(refused)) == (code, param)


ACCEPTED = {
    "temperature 1 is the default": ("gpt-5.4", {"temperature": 1}),
    "max_completion_tokens everywhere": ("gpt-4o", {"max_completion_tokens": 100}),
    "temperature on gpt-4o": ("gpt-4o", {"temperature": 0.2}),
}


@pytest.mark.parametrize(("model", "options"), ACCEPTED.values(), ids=ACCEPTED)
def test_parameters_right_for_the_model(model, options, client, data_url, ask):
    """What the model takes is not refused."""
    assert client.chat.completions.create(model=model, messages=ask(data_url()), **options).choices


def test_unknown_detail(client, data_url, ask):
    """A detail of another name is refused, naming the field."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="eyes", messages=ask(data_url(), detail="ultra"))
    assert param_of(refused) == "messages[0].content[1].image_url.detail"


def test_too_many_patches(client, as_url, encoded, ask):
    """gpt-6-astra rejects a picture over 30,000 patches instead of shrinking it."""
    url = as_url(encoded(Image.new("L", (6000, 6000)), "PNG"))
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="gpt-6-astra", messages=ask(url, detail="original"))
    assert refused.value.code == "invalid_image"


def test_too_many_images(client, data_url, ask):
    """The model's limit is 50, and --max-images sets another."""
    with pytest.raises(openai.BadRequestError, match=r"maximum number of images \(50\)"):
        client.chat.completions.create(model="eyes", messages=ask(*[data_url()] * 51))
    with ChatStandIn(model="gpt-4o", max_images=2) as server:
        sdk = client.with_options(base_url=f"{server.base_url}/openai/deployments/eyes")
        with pytest.raises(openai.BadRequestError, match=r"maximum number of images \(2\)"):
            sdk.chat.completions.create(model="eyes", messages=ask(*[data_url()] * 3))


MESSAGES = {
    "none": ([], "messages"),
    "unknown role": ([{"role": "guest", "content": "hi"}], "messages[0].role"),
    "unknown part": ([{"role": "user", "content": [{"type": "video"}]}], "messages[0].content[0].type"),
    "content of another type": ([{"role": "user", "content": 7}], "messages[0].content"),
    "image without url": (
        [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}],
        "messages[0].content[0].image_url",
    ),
    "image from the system": (
        [{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}],
        "messages[0].content[0]",
    ),
}


@pytest.mark.parametrize(("messages", "param"), MESSAGES.values(), ids=MESSAGES)
def test_messages_of_the_wrong_shape(messages, param, client):
    """The error names the place in the request."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="eyes", messages=messages)
    assert param_of(refused) == param


def test_body_that_is_no_json(standin):
    """Not even JSON: a 400, not a crash."""
    url = f"{standin.base_url}/openai/v1/chat/completions"
    assert httpx2.post(url, content=b"{", headers={"api-key": "any"}).status_code == 400


ADDRESSES = {
    "unknown path": ("POST", "/openai/v1/embeddings"),
    "wrong method": ("GET", "/openai/v1/chat/completions"),
    "no api-version": ("POST", "/openai/deployments/eyes/chat/completions"),
    "odd api-version": ("POST", "/openai/deployments/eyes/chat/completions?api-version=latest"),
    "extensions after 2023": ("POST", "/openai/deployments/eyes/extensions/chat/completions?api-version=2024-10-21"),
    "root": ("GET", "/"),
    "unknown control": ("GET", "/_standin/nothing"),
}


@pytest.mark.parametrize(("method", "path"), ADDRESSES.values(), ids=ADDRESSES)
def test_addresses_that_do_not_exist(method, path, standin):
    """404 in the shape of Azure's gateway."""
    answer = httpx2.request(method, standin.base_url + path, headers={"api-key": "any"}, json={})
    assert (answer.status_code, answer.json()) == (404, {"error": {"code": "404", "message": "Resource not found"}})


def test_deployments_that_do_not_exist(client, standin, data_url, ask):
    """With a list of deployments, another name is DeploymentNotFound (model_not_found at OpenAI)."""
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model="nobody", messages=ask(data_url()))
    assert refused.value.code == "DeploymentNotFound"
    sdk = OpenAI(base_url=f"{standin.base_url}/v1", api_key="any", max_retries=0)
    with sdk, pytest.raises(openai.NotFoundError) as refused:
        sdk.chat.completions.create(model="nobody", messages=ask(data_url()))
    assert refused.value.code == "model_not_found"


KEYS = {
    "no key": ({}, 401),
    "another key": ({"api-key": "wrong"}, 401),
    "the key": ({"api-key": "right"}, 200),
    "the key as bearer": ({"authorization": "Bearer right"}, 200),
}


def test_key_is_needed_and_checked(data_url, ask):
    """Both headers are read; with --api-key only that one is let in; the errors are each host's own."""
    body = {"model": "eyes", "messages": ask(data_url())}
    with ChatStandIn(model="gpt-4o", api_key="right") as server:
        url = f"{server.base_url}/openai/v1/chat/completions"
        statuses = {
            name: httpx2.post(url, headers=headers, json=body).status_code for name, (headers, _) in KEYS.items()
        }
        azure = httpx2.post(url, json=body).json()["error"]["code"]
        plain = httpx2.post(f"{server.base_url}/v1/chat/completions", json=body).json()["error"]["code"]
    assert statuses == {name: status for name, (_, status) in KEYS.items()}
    assert (azure, plain) == ("401", "invalid_api_key")


@pytest.mark.parametrize(
    ("enhancements", "sources", "says"),
    [
        ({"ocr": {"enabled": True}}, [], "requires a data source of type 'AzureComputerVision'"),
        ({"video": {"enabled": True}}, [], "exactly one 'acv_document_id'"),
    ],
)
def test_enhancements_need_their_data_source(enhancements, sources, says, standin, data_url, ask):
    """As the service said in 2023."""
    url = f"{standin.base_url}/openai/deployments/gpt-4-vision-preview/extensions/chat/completions"
    body = {"messages": ask(data_url()), "enhancements": enhancements, "dataSources": sources}
    answer = httpx2.post(f"{url}?api-version=2023-12-01-preview", headers={"api-key": "any"}, json=body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]
