"""Pictures made on the spot, and clients of the chat stand-in over a real socket."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
from PIL import Image

from local.chat_standin import ChatStandIn

DataUrl = Callable[..., str]


class Ask(Protocol):
    """Builds chat messages: a text and some image URLs."""

    def __call__(self, *urls: str, text: str = "What is this?", detail: str = "high") -> list[Any]: ...


def encode(image: Image.Image, form: str = "PNG") -> bytes:
    data = io.BytesIO()
    image.save(data, form)
    return data.getvalue()


def to_data_url(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


@pytest.fixture(scope="session")
def data_url() -> DataUrl:
    """A data URL of one colour, by default a small navy PNG."""

    def build(*, width: int = 64, height: int = 48, colour: str = "navy", form: str = "PNG") -> str:
        data = encode(Image.new("RGB", (width, height), colour), form)
        return to_data_url(data, f"image/{form.lower()}")

    return build


@pytest.fixture(scope="session")
def ask() -> Ask:
    def build(*urls: str, text: str = "What is this?", detail: str = "high") -> list[Any]:
        images = [{"type": "image_url", "image_url": {"url": url, "detail": detail}} for url in urls]
        return [{"role": "user", "content": [{"type": "text", "text": text}, *images]}]

    return build


@pytest.fixture(scope="session")
def as_url() -> Callable[..., str]:
    """Any bytes as a data URL."""
    return to_data_url


@pytest.fixture(scope="session")
def encoded() -> Callable[..., bytes]:
    """The bytes of a picture in any format that Pillow writes."""
    return encode


@pytest.fixture(scope="session")
def standin() -> Iterator[ChatStandIn]:
    """Rules of gpt-4o (tiles, max_tokens, temperature, structured output), unless the deployment is another model."""
    names = ("gpt-4o", "gpt-4o-mini", "gpt-4-turbo", "gpt-4-vision-preview", "gpt-5.1", "gpt-5.4", "gpt-6-astra")
    deployments = {"eyes": "gpt-4o", **{name: name for name in names}}
    with ChatStandIn(deployments=deployments) as server:
        yield server
