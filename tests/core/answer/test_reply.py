"""Replies of every version into one Reply: the documents' samples byte for byte, and what the wire really sends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core import codec
from shared.core.answer.reply import Reply, filtered_reply, parse_error, parse_reply
from shared.core.errors import ModelRefused, ModelUnavailable, ReplyMalformed, VisiondropError
from shared.core.models.tokens import Usage
from tests.golden_files import GOLDEN, check_golden, printed

SAMPLES = sorted(path.stem for path in (GOLDEN / "replies").glob("*.json") if not path.name.endswith(".reply.json"))


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_parses_to_its_golden_reply(name: str) -> None:
    """Each kept reply, read as it was printed or sent, becomes the Reply beside it."""
    reply = parse_reply(json.loads(printed(f"replies/{name}.json")))
    check_golden(f"replies/{name}.reply.json", codec.to_json(reply))


@pytest.mark.parametrize("name", SAMPLES)
def test_reply_survives_storage(name: str) -> None:
    """A Reply comes back from the stored job as it went in."""
    reply = parse_reply(json.loads(printed(f"replies/{name}.json")))
    assert codec.from_json(Reply, json.loads(json.dumps(codec.to_json(reply)))) == reply


def chat(message: Any, **choice: Any) -> dict[str, Any]:
    return {"choices": [{"finish_reason": "stop", "message": message} | choice]}


def said(text: str, **choice: Any) -> dict[str, Any]:
    return chat({"role": "assistant", "content": text}, **choice)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"finish_reason": "stop"}, "stop"),
        ({"finish_reason": "length"}, "length"),
        ({"finish_reason": "max_tokens"}, "length"),
        ({"finish_reason": "content_filter"}, "content_filter"),
        ({"finish_reason": "tool_calls"}, "stop"),
        ({"finish_reason": {"type": "stop", "stop": "<|fim_suffix|>"}}, "stop"),
        ({"finish_reason": {"type": "max_tokens"}}, "length"),
        ({"finish_reason": None, "finish_details": {"type": "stop", "stop": "<|fim_suffix|>"}}, "stop"),
        ({"finish_reason": None, "finish_details": {"type": "max_tokens"}}, "length"),
        ({"finish_reason": None, "finish_details": {"type": "content_filter"}}, "content_filter"),
        ({"finish_reason": None}, "stop"),
        ({"finish_reason": None, "content_filter_results": {"hate": {"filtered": True}}}, "content_filter"),
        ({"finish_reason": None, "content_filter_results": {"hate": {"filtered": False}}}, "stop"),
    ],
)
def test_end_of_an_answer_has_three_words(choice: dict[str, Any], expected: str) -> None:
    """String, finish_details and the object-shaped finish_reason all become stop, length or content_filter."""
    reply = parse_reply(said("text", **choice))
    assert (reply.finish_reason, reply.notes) == (expected, ())


def test_unknown_finish_reason_keeps_the_answer() -> None:
    """An answer that was paid for is not lost to a new word; the word is noted."""
    reply = parse_reply(said("text", finish_reason="eos"))
    assert (reply.text, reply.finish_reason) == ("text", "stop")
    assert reply.notes == ("finish reason 'eos' is unknown: taken as stop",)


def test_content_may_be_parts() -> None:
    """Some compatible servers send the answer as a list of text parts."""
    assert (
        parse_reply(chat({"content": [{"type": "text", "text": "a "}, {"type": "text", "text": "boat"}]})).text
        == "a boat"
    )


def test_filtered_answer_may_have_no_message() -> None:
    """A content-filtered choice is a result even without a message."""
    reply = parse_reply({"choices": [{"finish_reason": "content_filter"}]})
    assert (reply.text, reply.finish_reason) == ("", "content_filter")


def test_filtered_prompt_may_leave_no_choice() -> None:
    """No choice at all, but a verdict on the prompt: a result too."""
    verdict = {"prompt_index": 0, "content_filter_results": {"jailbreak": {"filtered": True, "detected": True}}}
    reply = parse_reply({"choices": [], "prompt_filter_results": [verdict]})
    assert reply.finish_reason == "content_filter"
    assert reply.content_filter is not None
    assert reply.content_filter.filtered == ("jailbreak",)


def test_every_kind_of_verdict_is_read() -> None:
    """Severities, detectors, both forms of blocklists and citations; a failed filter is told."""
    results = {
        "violence": {"filtered": False, "severity": "medium"},
        "custom_blocklists": [{"id": "names", "filtered": True}],
        "protected_material_code": {"filtered": False, "detected": True, "citation": {"URL": "https://example.com"}},
        "profanity": "alien",
        "error": {"code": "content_filter_error", "message": "The contents are not filtered"},
    }
    body = said("text", content_filter_result=results) | {
        "prompt_annotations": [
            {"content_filter_results": {"custom_blocklists": {"filtered": True, "details": []}}},
            {"content_filter_results": {"error": {"message": "The filter was down"}}},
        ]
    }
    found = parse_reply(body).content_filter
    assert found is not None
    assert found.filtered == ("custom_blocklists",)
    assert found.fault == "The filter was down"
    assert [(verdict.category, verdict.severity, verdict.detected) for verdict in found.answer] == [
        ("violence", "medium", None),
        ("custom_blocklists", None, None),
        ("protected_material_code", None, True),
        ("profanity", None, None),
    ]


def test_refusal_is_no_text() -> None:
    """A refusal stands in its own field, and no JSON is expected of it."""
    reply = parse_reply(chat({"content": None, "refusal": "I cannot help with that."}), expects_json=True)
    assert (reply.text, reply.data, reply.refusal, reply.notes) == ("", None, "I cannot help with that.", ())


@pytest.mark.parametrize(
    "message",
    [{"content": None, "tool_calls": [{"id": "1"}]}, {"content": "", "function_call": {"name": "look"}}],
)
@pytest.mark.parametrize("finish", ["tool_calls", "stop", "length"])
def test_tool_call_alone_is_a_reply_with_a_bill(message: dict[str, Any], finish: str) -> None:
    """No tools are ever offered; what the model did instead of answering is paid for all the same."""
    usage = {"prompt_tokens": 300, "completion_tokens": 40}
    reply = parse_reply(chat(message, finish_reason=finish) | {"usage": usage}, expects_json=True)
    assert (reply.text, reply.finish_reason) == ("", "tool_call")
    assert reply.usage == Usage(input_tokens=300, output_tokens=40)


def test_a_filtered_tool_call_is_a_verdict() -> None:
    """The filter's word stands over what the model was about to do."""
    message = {"content": None, "tool_calls": [{"id": "1"}]}
    assert parse_reply(chat(message, finish_reason="content_filter")).finish_reason == "content_filter"


def test_tool_call_beside_text_is_ignored() -> None:
    """What the model also said is the answer."""
    assert parse_reply(chat({"content": "A boat.", "tool_calls": [{"id": "1"}]})).text == "A boat."


# Structured output


def test_asked_json_is_data() -> None:
    """With a schema the answer's JSON is data, and the text stays what it was."""
    reply = parse_reply(said('{"boats": 2}'), expects_json=True)
    assert (reply.data, reply.text) == ({"boats": 2}, '{"boats": 2}')


@pytest.mark.parametrize(
    "text",
    ["Two boats.", '{"boats": NaN}', '{"boats": 1e999}', '["\\ud800"]', "[" * 100_000, "[" * 600 + "]" * 600, ""],
)
def test_asked_json_that_is_none_is_noted(text: str) -> None:
    """The text was paid for and stays; what could not be stored as JSON is none."""
    reply = parse_reply(said(text), expects_json=True)
    assert (reply.data, reply.text) == (None, text)
    assert reply.notes == ("a schema was given, but the answer is not JSON",)


def test_cut_json_is_not_read() -> None:
    """An answer cut at its limit is `length`; half a JSON is no fault of its own."""
    reply = parse_reply(said('{"boats"', finish_reason="length"), expects_json=True)
    assert (reply.data, reply.finish_reason, reply.notes) == (None, "length", ())


def test_text_that_looks_like_json_stays_text() -> None:
    """Without a schema nobody asked for data."""
    assert parse_reply(said("{}")).data is None


# Usage


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 3}, Usage(input_tokens=7, output_tokens=3)),
        (
            {
                "prompt_tokens": 900,
                "completion_tokens": 80,
                "prompt_tokens_details": {"cached_tokens": 512, "image_tokens": 765, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 64},
            },
            Usage(input_tokens=900, output_tokens=80, cached_tokens=512, image_tokens=765, reasoning_tokens=64),
        ),
        (
            {
                "input_tokens": 9,
                "output_tokens": 8,
                "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
                "output_tokens_details": {"reasoning_tokens": 5},
            },
            Usage(input_tokens=9, output_tokens=8, cached_tokens=4, cache_write_tokens=3, reasoning_tokens=5),
        ),
        (
            {"prompt_tokens": 7, "completion_tokens": 0, "prompt_tokens_details": None},
            Usage(input_tokens=7, output_tokens=0),
        ),
        ({"prompt_tokens": 7}, None),
        ({"prompt_tokens": "7", "completion_tokens": 1}, None),
        ({"prompt_tokens": 7, "completion_tokens": True}, None),
        ({"prompt_tokens": -1, "completion_tokens": 1}, None),
        (None, None),
    ],
)
def test_usage_has_one_set_of_names(usage: Any, expected: Usage | None) -> None:
    """Chat's and Responses' words; a count that is none is no usage, so that no actual cost is made up."""
    assert parse_reply(said("text") | {"usage": usage}).usage == expected


# Regions


def test_regions_of_both_kinds() -> None:
    """Grounding spans are objects; OCR lines with their own polygon are text; edges are clamped."""
    square = [{"x": -0.01, "y": -(10**400)}, {"x": 1.0000001, "y": 0.5}, {"x": 0.5, "y": "alien"}]
    enhancements = {
        "grounding": {
            "lines": [{"text": "the boat", "spans": [{"text": "boat", "polygon": square}]}],
            "status": "Success",
        },
        "ocr": {
            "lines": [{"text": "EXIT", "polygon": square}, {"text": "nowhere"}, {"text": "dot", "polygon": square[:1]}]
        },
    }
    regions = parse_reply(said("the boat", enhancements=enhancements)).regions
    assert [(region.text, region.kind) for region in regions] == [("boat", "object"), ("EXIT", "ocr")]
    assert regions[0].polygon == ((0.0, 0.0), (1.0, 0.5), (0.5, 0.0))


@pytest.mark.parametrize("enhancements", [None, [], {"grounding": None}, {"grounding": {"lines": [{"text": "x"}]}}])
def test_odd_enhancements_are_no_regions(enhancements: Any) -> None:
    """What has no readable polygon is left out; the answer stays."""
    assert parse_reply(said("text", enhancements=enhancements)).regions == ()


# Extension replies, and errors inside a 200

NOT_INDEXED = '{"ErrorMessage":\'Video sampling\' failed: Document does not exist.,"ErrorCode": 404}'
NO_SOURCE = (
    "{\"ErrorMessage\":The 'video' enhancement requires a data source of type 'AzureComputerVisionVideoIndex'.,"
    '"ErrorCode": 400}'
)


def extension(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"object": "extensions.chat.completion", "choices": [{"messages": list(messages)}]}


def tool(content: str) -> dict[str, Any]:
    return {"role": "tool", "content": content}


def test_extension_messages_end_with_the_answer() -> None:
    """2023-06-01-preview: the tool's words first, the assistant's last."""
    reply = parse_reply(
        extension(tool("Retrieving frames from your video"), {"role": "assistant", "content": "A boat."})
    )
    assert (reply.text, reply.finish_reason) == ("A boat.", "stop")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (extension(tool(NOT_INDEXED)), "video_not_found"),
        (extension({"delta": tool(NO_SOURCE)}), "data_source_missing"),
        (chat({"role": "assistant", "content": "", "context": {"messages": [tool(NOT_INDEXED)]}}), "video_not_found"),
        (f"data: {json.dumps(extension(tool('x')))}\n\n{NO_SOURCE}", "data_source_missing"),
        (f"data: {json.dumps(extension({'delta': tool(NOT_INDEXED)}))}\n\ndata: [DONE]\n\n", "video_not_found"),
        ("data: …\n\n" * 50_000 + NO_SOURCE, "data_source_missing"),
    ],
)
def test_extension_error_inside_a_200_is_an_error(body: Any, code: str) -> None:
    """Its text is no JSON (the message has no quotes of its own) and is found all the same."""
    with pytest.raises(ModelRefused) as caught:
        parse_reply(body)
    assert caught.value.code == code


@pytest.mark.parametrize("told", ['"ErrorMessage": ' + " " * 200_000, '"ErrorMessage": ' * 20_000])
def test_an_extension_error_without_end_is_no_reply(told: str) -> None:
    """It is read from its opening on as far as any such error goes, and no further."""
    with pytest.raises(ReplyMalformed, match="text of"):
        parse_reply(told)


@pytest.mark.parametrize("said", ["a-" * 200_000, "http://" * 100_000, "corrupt" * 100_000, "<" + "!" * 10**6])
def test_an_error_s_words_are_read_to_a_limit(said: str) -> None:
    """Whatever a 400 says, its message stays short; the first words decide what it is."""
    refused = parse_error(400, {"error": {"message": said}}, {})
    assert len(refused.message) < 400


def test_error_that_a_picture_shows_is_an_answer() -> None:
    """Only a tool's words can be an error: the assistant may read one aloud from a screenshot."""
    for body in (said(NOT_INDEXED), extension(tool("Looking"), {"role": "assistant", "content": NOT_INDEXED})):
        assert parse_reply(body).text == NOT_INDEXED


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ({"code": "429", "message": "slow down"}, ModelUnavailable, "throttled"),
        ({"status": 400, "code": "context_length_exceeded"}, ModelRefused, "context_length"),
        ({"code": "server_error", "message": "oops"}, ModelUnavailable, "server_error"),
        ("model 'x' failed", ModelUnavailable, "server_error"),
    ],
)
def test_error_object_inside_a_200_is_an_error(error: Any, kind: type[Exception], code: str) -> None:
    """The status it should have had decides; without one it is the endpoint's fault."""
    with pytest.raises(kind) as caught:
        parse_reply({"error": error})
    assert getattr(caught.value, "code", "") == code


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<!doctype html><title>Sign in</title>", "a web page of 37 characters"),
        ("OK", "text of 2 characters"),
        ([], "JSON of type list"),
        (None, "JSON of type NoneType"),
        ({}, "its fields: none"),
        ({"detail": "Not Found", "at": 1}, "its fields: at, detail"),
        ({"choices": []}, "its fields: choices"),
        (
            {"choices": None, "prompt_filter_results": [{"content_filter_results": {"hate": {"filtered": False}}}]},
            "fields",
        ),
        ({"choices": [{"finish_reason": "stop"}]}, "no message from the assistant"),
        (extension(tool("still at it")), "no message from the assistant"),
        ({"object": "response", "status": "in_progress", "output": []}, "the response is in_progress"),
        ({"status": "succeeded", "output": "A boat."}, "not a model's reply (its fields: output, status)"),
        ({"output": {"text": "A boat."}, "request_id": "7"}, "not a model's reply (its fields: output, request_id)"),
    ],
)
def test_what_is_no_reply_is_malformed(body: Any, says: str) -> None:
    """HTML, text, alien JSON: retryable, and the message says what came without repeating it."""
    with pytest.raises(ReplyMalformed) as caught:
        parse_reply(body)
    assert says in caught.value.message
    assert caught.value.retryable


# The Responses API


def response(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    items = [{"type": "reasoning", "summary": []}, {"type": "message", "role": "assistant", "content": list(parts)}]
    return {"object": "response", "status": "completed", "model": "gpt-5-pro", "output": items} | fields


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
    ],
)
def test_response_reads_like_a_chat(fields: dict[str, Any], expected: str) -> None:
    """Text, end and usage of the Responses API."""
    usage = {"input_tokens": 11, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 2}}
    reply = parse_reply(response({"type": "output_text", "text": "A boat."}, usage=usage, **fields))
    assert (reply.text, reply.finish_reason, reply.model) == ("A boat.", expected, "gpt-5-pro")
    assert reply.usage == Usage(input_tokens=11, output_tokens=4, reasoning_tokens=2)


def test_response_refusal_and_filters() -> None:
    """A refusal part, and Azure's verdicts by stage."""
    filters = [
        {"source_type": "prompt", "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}},
        {"source_type": "completion", "content_filter_results": {"violence": {"filtered": True, "severity": "high"}}},
    ]
    reply = parse_reply(response({"type": "refusal", "refusal": "No."}, content_filters=filters))
    assert (reply.text, reply.refusal) == ("", "No.")
    assert reply.content_filter is not None
    assert [verdict.category for verdict in reply.content_filter.prompt] == ["hate"]
    assert [verdict.category for verdict in reply.content_filter.answer] == ["violence"]


def test_response_of_a_call_only_is_a_tool_call() -> None:
    """The Responses API words a tool call as an item of its own."""
    reply = parse_reply({"status": "completed", "output": [{"type": "function_call", "name": "look"}]})
    assert reply.finish_reason == "tool_call"


FILTERED = {"hate": {"filtered": True, "severity": "high"}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"code": "content_filter", "message": "filtered"}}, True),
        ({"choices": [], "prompt_filter_results": [{"content_filter_results": FILTERED}]}, True),
        (chat({"content": None}, finish_reason="content_filter", content_filter_results=FILTERED), False),
        (chat({"content": None}, finish_reason="content_filter"), False),
        (said("A boat."), False),
    ],
)
def test_only_a_filtered_prompt_was_read_by_no_model(body: dict[str, Any], expected: bool) -> None:  # noqa: FBT001 - a table's column
    """An answer that was filtered was written first, and is paid for."""
    assert parse_reply(body).prompt_filtered is expected


def test_failed_response_is_its_error() -> None:
    """`failed` comes with an error object, whose code decides."""
    with pytest.raises(ModelRefused) as caught:
        parse_reply(response(status="failed", error={"code": "image_too_large", "message": "too large"}))
    assert caught.value.code == "image_too_large"


# Whatever comes

NAMES = [
    "choices",
    "message",
    "content",
    "finish_reason",
    "finish_details",
    "type",
    "role",
    "tool_calls",
    "refusal",
    "enhancements",
    "grounding",
    "lines",
    "spans",
    "text",
    "polygon",
    "x",
    "y",
    "usage",
    "prompt_tokens",
    "completion_tokens",
    "prompt_tokens_details",
    "cached_tokens",
    "model",
    "output",
    "status",
    "incomplete_details",
    "reason",
    "prompt_filter_results",
    "content_filter_results",
    "hate",
    "filtered",
    "severity",
    "error",
    "code",
    "innererror",
    "messages",
    "delta",
    "context",
    "content_filters",
    "source_type",
    "completion",
    "custom_blocklists",
]
WORDS = [
    "stop",
    "length",
    "content_filter",
    "output_text",
    "message",
    "assistant",
    "tool",
    "prompt",
    "completed",
    "429",
]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 500), st.floats(), st.sampled_from(WORDS), st.text(max_size=9)
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=6)
    ),
    max_leaves=25,
)


@given(body=anything, message=anything, choice=anything, expects_json=st.booleans())
def test_any_json_is_a_reply_or_one_of_our_errors(body: Any, message: Any, choice: Any, *, expects_json: bool) -> None:
    """No endpoint can make the parser fall over: what is odd is read as absent or refused as malformed."""
    bodies = [body, {"choices": [{"message": message}]}, {"choices": [choice]}, {"output": choice, "usage": body}]
    for alien in bodies:
        try:
            reply = parse_reply(alien, expects_json=expects_json)
        except VisiondropError as refusal:
            assert codec.to_json(refusal.message)  # noqa: PT017 - either outcome is right
        else:
            assert codec.from_json(Reply, codec.to_json(reply)).finish_reason == reply.finish_reason


@given(status=st.integers(100, 599), body=anything, headers=st.dictionaries(st.text(max_size=9), st.text(max_size=9)))
def test_any_refusal_is_one_of_our_errors(status: int, body: Any, headers: dict[str, str]) -> None:
    """Every status and body has an error with a code; a final one is never retried."""
    mapped = parse_error(status, body, headers | {"retry-after": str(body)})
    assert mapped.code
    assert mapped.retryable != isinstance(mapped, ModelRefused)


# A content filter's 400 as a result


@pytest.mark.parametrize("inner", ["innererror", "inner_error"])
@pytest.mark.parametrize("results", ["content_filter_result", "content_filter_results"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_filtered_prompt_is_a_reply(inner: str, results: str, *, wrapped: bool) -> None:
    """All spellings, as the whole body or as the error object that an SDK took out of it."""
    verdicts = {"hate": {"filtered": True, "severity": "high"}, "jailbreak": {"filtered": False, "detected": False}}
    error = {"code": "content_filter", inner: {"code": "ResponsibleAIPolicyViolation", results: verdicts}}
    reply = filtered_reply({"error": error} if wrapped else error)
    assert reply is not None
    assert (reply.text, reply.finish_reason) == ("", "content_filter")
    assert reply.content_filter is not None
    assert reply.content_filter.filtered == ("hate",)


def test_filtered_prompt_is_a_reply_wherever_it_is_read() -> None:
    """The body of the 400 (or a failed response) read as a reply: the same result, never an error."""
    body = {"error": {"code": "content_filter", "innererror": {"content_filter_result": {"hate": {"filtered": True}}}}}
    assert parse_reply(body) == filtered_reply(body)
    image = {"code": "image_content_policy_violation", "message": "no"}
    assert parse_reply(response(status="failed", error=image)).finish_reason == "content_filter"


def test_filtered_prompt_without_verdicts_is_a_reply() -> None:
    """OpenAI names no categories."""
    reply = filtered_reply({"error": {"code": "content_policy_violation", "message": "no"}})
    assert reply is not None
    assert reply.content_filter is not None
    assert reply.content_filter.filtered == ()


def test_other_errors_are_no_reply() -> None:
    """Only a content filter's error stands for a result."""
    assert filtered_reply({"error": {"code": "context_length_exceeded"}}) is None
