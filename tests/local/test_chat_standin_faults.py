"""Every fault that can be scripted, as the openai SDK sees it; and when scripts let them happen."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime

import httpx2
import openai
import pytest
from openai import AzureOpenAI, OpenAI

from local.chat_standin import ChatStandIn
from local.chat_standin.faults import NAMES, Scene, effect_of
from local.chat_standin.routes import ChatRoute
from local.chat_standin.script import parse_script
from local.chat_standin.wire import StandInRequest
from shared.core.answer.reply import parse_error
from shared.core.errors import ModelRefused, ModelUnavailable


@pytest.fixture(scope="module")
def server():
    with ChatStandIn(model="gpt-4o") as running:
        yield running


@pytest.fixture
def play(server, data_url, ask):
    """Scripts one step over HTTP, then asks once."""

    def ask_once(step, client_class=AzureOpenAI):
        script = [step] if isinstance(step, dict) else step
        httpx2.post(f"{server.base_url}/_standin/script", json=script).raise_for_status()
        options = {"api_key": "any", "max_retries": 0}
        if client_class is AzureOpenAI:
            options |= {"azure_endpoint": server.base_url, "api_version": "2024-10-21"}
        else:
            options |= {"base_url": f"{server.base_url}/v1"}
        with client_class(**options) as client:
            return client.chat.completions.create(model="eyes", messages=ask(data_url()))

    return ask_once


ERRORS = {
    "throttle": ({"do": "throttle", "retry_after_s": 2}, openai.RateLimitError, "429"),
    "throttle calls": ({"do": "throttle", "unit": "call"}, openai.RateLimitError, "429"),
    "status 500": ({"do": "status", "status": 500}, openai.InternalServerError, "500"),
    "status 503": ({"do": "status", "status": 503}, openai.InternalServerError, "503"),
    "filter_prompt": ({"do": "filter_prompt", "category": "hate"}, openai.BadRequestError, "content_filter"),
    "context_length": ({"do": "context_length"}, openai.BadRequestError, "context_length_exceeded"),
    "unauthorized": ({"do": "unauthorized"}, openai.AuthenticationError, "401"),
    "deployment_not_found": ({"do": "deployment_not_found"}, openai.NotFoundError, "DeploymentNotFound"),
}


@pytest.mark.parametrize(("step", "error", "code"), ERRORS.values(), ids=ERRORS)
def test_scripted_errors(step, error, code, play):
    """Each arrives as the SDK's own error class, with Azure's code."""
    with pytest.raises(error) as raised:
        play(step)
    assert raised.value.code == code


PLAIN_OPENAI = {
    "throttle": (openai.RateLimitError, "rate_limit_exceeded"),
    "filter_prompt": (openai.BadRequestError, "content_policy_violation"),
    "unauthorized": (openai.AuthenticationError, "invalid_api_key"),
    "deployment_not_found": (openai.NotFoundError, "model_not_found"),
}


@pytest.mark.parametrize(("do", "error", "code"), [(do, *row) for do, row in PLAIN_OPENAI.items()])
def test_scripted_errors_in_openai_words(do, error, code, play):
    """On the plain OpenAI path the codes are OpenAI's."""
    with pytest.raises(error) as raised:
        play({"do": do}, OpenAI)
    assert raised.value.code == code


def test_retry_after_in_seconds(play):
    """Whole seconds, and the app's error parser reads them."""
    with pytest.raises(openai.RateLimitError) as raised:
        play({"do": "throttle", "retry_after_s": 2})
    response = raised.value.response
    assert response.headers["retry-after"] == "2"
    error = parse_error(429, response.json(), dict(response.headers))
    assert isinstance(error, ModelUnavailable)
    assert error.retry_after_s == 2


def test_retry_after_as_date(play):
    """An HTTP date, that far from now."""
    with pytest.raises(openai.RateLimitError) as raised:
        play({"do": "throttle", "retry_after_s": 90, "retry_after_as": "date"})
    until = parsedate_to_datetime(raised.value.response.headers["retry-after"]).timestamp()
    assert 80 < until - time.time() < 91


def test_retry_after_in_milliseconds(play):
    """retry-after-ms alone."""
    with pytest.raises(openai.RateLimitError) as raised:
        play({"do": "throttle", "retry_after_s": 0.25, "retry_after_as": "ms"})
    assert raised.value.response.headers["retry-after-ms"] == "250"
    assert "retry-after" not in raised.value.response.headers


def test_filtered_prompt_names_the_category(play):
    """innererror.content_filter_result has the verdicts, and the app's parser calls it a content filter."""
    with pytest.raises(openai.BadRequestError) as raised:
        play({"do": "filter_prompt", "category": "sexual"})
    verdicts = raised.value.response.json()["error"]["innererror"]["content_filter_result"]
    assert [name for name, verdict in verdicts.items() if verdict["filtered"]] == ["sexual"]
    error = parse_error(400, raised.value.response.json(), {})
    assert isinstance(error, ModelRefused)
    assert error.code == "content_filter"


def test_filtered_completion(play):
    """200 without content, finish_reason content_filter, and the category that did it."""
    choice = play({"do": "filter_completion", "category": "violence"}).choices[0]
    assert (choice.finish_reason, choice.message.content) == ("content_filter", None)
    assert choice.model_extra["content_filter_results"]["violence"] == {"filtered": True, "severity": "high"}


def test_truncation(play):
    """The answer stops at the scripted number of tokens."""
    completion = play({"do": "truncate", "max_tokens": 3})
    assert completion.choices[0].finish_reason == "length"
    assert 0 < completion.usage.completion_tokens <= 3


def test_refusal(play):
    """A refusal stands beside the content, which is empty."""
    message = play({"do": "refuse"}).choices[0].message
    assert message.content is None
    assert message.refusal


def test_html_page(play):
    """A sign-in page with status 200 reaches the caller as plain text, as openai-python hands it on."""
    assert "<html>" in play({"do": "html"})


def test_alien_json(play):
    """JSON of some other API with status 200."""
    assert play({"do": "alien"}).choices is None


def test_connection_cut(play, server):
    """The connection ends in the middle of the body; the journal shows that the call was made."""
    before = server.app.journal.requests
    with pytest.raises(openai.APIConnectionError):
        play({"do": "cut", "after_bytes": 30})
    assert server.app.journal.requests == before + 1
    assert server.app.journal.entries[-1].fault == "cut"


def test_delay(play):
    """Any step may be slow; `answer` is only slow."""
    started = time.perf_counter()
    assert play({"do": "answer", "delay_ms": 200}).choices[0].finish_reason == "stop"
    assert time.perf_counter() - started >= 0.2


def test_every_fault_has_an_effect():
    """No name in the list does nothing."""
    for name in sorted(NAMES):
        script = parse_script([{"do": name, "delay_ms": 1}])
        effect = effect_of(Scene(fault=script.steps[0].fault, dialect="azure", now=0.0))
        assert effect.name == name
        assert effect.delay_s == 0.001


def test_sdk_retries_through_a_throttle(server, data_url, ask):
    """With retries on, the SDK waits as told and gets its answer; the journal has both calls."""
    httpx2.post(
        f"{server.base_url}/_standin/script",
        json=[{"do": "throttle", "retry_after_s": 0.05, "retry_after_as": "ms"}, {"do": "status", "status": 500}],
    )
    httpx2.delete(f"{server.base_url}/_standin/journal")
    sdk = AzureOpenAI(azure_endpoint=server.base_url, api_key="any", api_version="2024-10-21", max_retries=2)
    with sdk as client:
        assert client.chat.completions.create(model="eyes", messages=ask(data_url())).choices
    entries = httpx2.get(f"{server.base_url}/_standin/journal").json()["entries"]
    assert [(entry["status"], entry["client_retry"]) for entry in entries] == [(429, 0), (500, 1), (200, 2)]


# When


ROUTE = ChatRoute(dialect="azure", operation="chat", deployment="eyes")


def names(document, *, requests=6, body=b"", deployment="eyes"):
    """Which fault each of some requests meets; "" is none."""
    script = parse_script(document)
    request = StandInRequest(method="POST", path="/", body=body)
    return [script.next_effect(request, ROUTE, deployment).name for _ in range(requests)]


SCRIPTS = {
    "in order": ([{"do": "status"}, {"do": "refuse"}], ["status", "refuse", "", "", "", ""]),
    "times": ([{"do": "status", "times": 2}, {"do": "refuse"}], ["status", "status", "refuse", "", "", ""]),
    "every third": ([{"do": "status", "every": 3}], ["", "", "status", "", "", "status"]),
    "every third, twice at most": ([{"do": "status", "every": 2, "times": 1}], ["", "status", "", "", "", ""]),
    "rule before order": ([{"do": "html", "every": 2}, {"do": "cut"}], ["cut", "html", "", "html", "", "html"]),
    "another deployment": ([{"do": "status", "deployment": "ears", "times": 9}], [""] * 6),
    "always": ([{"do": "status", "probability": 1}], ["status"] * 6),
    "never": ([{"do": "status", "probability": 0}], [""] * 6),
    "empty": ([], [""] * 6),
}


@pytest.mark.parametrize(("document", "expected"), SCRIPTS.values(), ids=SCRIPTS)
def test_scripts_decide_which_request_is_hit(document, expected):
    """Steps in order, rules that stay, and the narrowing to one deployment."""
    assert names(document) == expected


def test_probability_is_seeded():
    """The same seed hits the same requests, another seed others, about as many as asked."""
    document = {"seed": 4, "steps": [{"do": "status", "probability": 0.3}]}
    first = names(document, requests=400)
    assert first == names(document, requests=400)
    assert first != names({**document, "seed": 5}, requests=400)
    assert 80 < first.count("status") < 160


MARKERS = {
    "[[429 retry-after=2]]": ("throttle", 429),
    "[[throttle as=date]]": ("throttle", 429),
    "[[503]]": ("status", 503),
    "[[401]]": ("unauthorized", 401),
    "[[404]]": ("deployment_not_found", 404),
    "[[filter_prompt category=hate]]": ("filter_prompt", 400),
    "[[html]]": ("html", 200),
    "[[no_such_fault]]": ("", None),
}


@pytest.mark.parametrize(("marker", "expected"), MARKERS.items())
def test_markers_in_the_prompt(marker, expected):
    """A marker makes its fault for that request only, if the script lets markers work at all."""
    body = json.dumps({"messages": [{"role": "user", "content": f"Look {marker} here"}]}).encode()
    effect = parse_script({"markers": True}).next_effect(
        StandInRequest(method="POST", path="/", body=body), ROUTE, "eyes"
    )
    assert (effect.name, effect.instead.status if effect.instead else None) == expected
    assert names([], requests=1, body=body) == [""]


WRONG = {
    "no such fault": ([{"do": "explode"}], "step 1: there is no fault 'explode'"),
    "no do": ([{"do": "html"}, {}], 'step 2 has no "do"'),
    "unknown field": ([{"do": "html", "when": 3}], "unknown field 'when'"),
    "every zero": ([{"do": "html", "every": 0}], "every is 0"),
    "probability over 1": ([{"do": "html", "probability": 1.5}], "probability is 1.5"),
    "text for a number": ([{"do": "throttle", "retry_after_s": "soon"}], "retry_after_s is 'soon'"),
    "category": ([{"do": "filter_prompt", "category": "rude"}], "category is 'rude'"),
    "no list": ({"steps": 3}, "a script is a list of steps"),
}


@pytest.mark.parametrize(("document", "says"), WRONG.values(), ids=WRONG)
def test_wrong_scripts_say_what_is_wrong(document, says, server):
    """The control endpoint answers 400, naming step and field, and keeps the old script."""
    answer = httpx2.post(f"{server.base_url}/_standin/script", json=document)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]
