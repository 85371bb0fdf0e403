"""Paid services that send too much, too slowly or what cannot be read, on real sockets and through the real SDK."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import openai
import pytest

from shared.adapters import chat_model, transcriber
from shared.adapters.capped_http import proxy_of
from shared.adapters.transcriber import SdkTranscriber
from shared.adapters.video_index import VideoIndex
from shared.core import limits
from shared.core.answer.reply import parse_reply
from shared.core.ask.question import Payload
from shared.core.errors import ModelRefused, ModelUnavailable, ReplyMalformed, VisiondropError
from shared.core.settings import Endpoint
from tests.hostile_endpoint import MIB, HostileEndpoint

PATIENT_S, SHORT_S = 60.0, 0.3
MOST_MEMORY_BYTES = 50 * MIB


def connect(url: str, timeout_s: float) -> openai.OpenAI:
    endpoint = Endpoint(kind="openai", base_url=f"{url}/v1", deployment="m", models={}, api_key="made-up")
    return chat_model.connect(endpoint, timeout_s=timeout_s, tokens_for=no_tokens)


def no_tokens(scope: str) -> Callable[[], str]:
    raise AssertionError(scope)


def ask(url: str, timeout_s: float) -> object:
    with connect(url, timeout_s) as client:
        model = chat_model.ChatModel(client, now=lambda: datetime(2026, 11, 28, tzinfo=UTC))
        address = f"{url}/v1/chat/completions"
        payload = Payload(method="POST", url=address, headers={}, body={"model": "m", "messages": []})
        return model.complete(payload).body


def transcribe(url: str, timeout_s: float) -> object:
    with connect(url, timeout_s) as client:
        heard = SdkTranscriber(client, deployment="whisper", now=lambda: datetime(2026, 11, 28, tzinfo=UTC))
        return heard.transcribe(b"ID3 made up")


def look_up(url: str, timeout_s: float) -> object:
    index = VideoIndex(url, dict, timeout_s=timeout_s)
    try:
        return index.ingestion("i", "one")
    finally:
        index.close()


CALLS = pytest.mark.parametrize("call", [ask, transcribe, look_up])


@CALLS
@pytest.mark.parametrize("reply", ["endless", "huge", "gzip_bomb", "gzip_twice"])
def test_a_reply_beyond_the_limit_is_cut_off(call: Callable[[str, float], object], reply: str) -> None:
    """It is malformed, so counted as perhaps paid for and tried a few times only, and it never fills the memory."""
    with HostileEndpoint(reply) as endpoint:
        tracemalloc.start()
        with pytest.raises(ReplyMalformed, match=f"{limits.REPLY_BYTES.value:,} bytes"):
            call(endpoint.url, PATIENT_S)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < MOST_MEMORY_BYTES


@CALLS
@pytest.mark.parametrize("reply", ["drip", "drip_of_headers", "continue_for_ever", "nothing_unpacked"])
def test_the_time_limit_is_for_the_whole_call(call: Callable[[str, float], object], reply: str) -> None:
    """A byte now and then does not prolong it: without a moment of its end, the drips end in a good answer."""
    with HostileEndpoint(reply) as endpoint, pytest.raises(ModelUnavailable) as caught:
        call(endpoint.url, SHORT_S)
    assert caught.value.code == "timeout"


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        ("not_gzip", ReplyMalformed, "unpacked"),
        ("headers_for_ever", ModelUnavailable, "broke"),
        ("slow_codec", ModelRefused, "answered 400"),
        ("elsewhere", ReplyMalformed, "307"),
    ],
)
def test_what_cannot_be_read_ends_at_once(reply: str, kind: type[VisiondropError], said: str) -> None:
    """Wrong packing, headers without end, a codec that takes for ever, a redirection: each has its error."""
    with HostileEndpoint(reply) as endpoint, pytest.raises(kind, match=said):
        ask(endpoint.url, PATIENT_S)


def test_json_that_would_fill_the_memory_is_not_parsed() -> None:
    """4 MB of empty lists are 100 MB of Python's: they come as text, which is no reply."""
    with HostileEndpoint("crowded") as endpoint:
        body = ask(endpoint.url, PATIENT_S)
    with pytest.raises(ReplyMalformed, match="text of"):
        parse_reply(body)


def test_an_answer_with_a_broken_byte_is_kept() -> None:
    """It was paid for; one sign is replaced."""
    with HostileEndpoint("one_broken_byte") as endpoint:
        reply = parse_reply(ask(endpoint.url, PATIENT_S))
    assert reply.text == "caf\ufffd in Latin-1"
    assert reply.usage is not None


def test_a_good_answer_comes_whole() -> None:
    """Nothing is lost on the way."""
    with HostileEndpoint("good") as endpoint:
        assert parse_reply(ask(endpoint.url, PATIENT_S)).text == "a lamp"


@pytest.mark.parametrize("body", [[1], "no transcript", {"error": 1}])
def test_what_is_no_transcript_is_malformed(body: object) -> None:
    """A text or another API's JSON is not taken for silence."""
    with pytest.raises(ReplyMalformed):
        transcriber.said_in(body)


def test_a_transcripts_odd_times_count_from_the_start() -> None:
    """NaN, words and negative times would break the page's JSON or the order."""
    lines: list[dict[str, Any]] = [{"start": start, "text": "x"} for start in (float("nan"), "1", -1, None, 2.5)]
    assert [one.at_s for one in transcriber.said_in({"segments": lines})] == [0, 0, 0, 0, 2.5]


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"https_proxy": "http://proxy.example.com:3128"}, b"proxy.example.com"),
        ({"https_proxy": "proxy.example.com:3128"}, b"proxy.example.com"),
        ({"https_proxy": "http://proxy.example.com", "no_proxy": "openai.azure.com"}, None),
        ({"http_proxy": "http://proxy.example.com"}, None),
    ],
)
def test_the_environments_proxy_is_used(environ: dict[str, str], proxy: bytes | None, monkeypatch: Any) -> None:
    """As httpx2 does by itself, which it leaves to us for a transport of our own."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = proxy_of("https://r.openai.azure.com/openai/v1")
    assert (found.url.host if found else None) == proxy
