"""Refused calls: status, body and headers become the one error that says who must act and when to try again."""

from __future__ import annotations

import typing
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.core.answer.reply import parse_error
from shared.core.errors import ModelRefused, ModelUnavailable, ReplyMalformed, VisiondropError

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)

THROTTLED = (
    "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-02-15-preview have exceeded "
    "token rate limit of your current OpenAI S0 pricing tier. Please retry after 22 seconds. Please go here: "
    "https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."
)
DENIED = "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key."
FILTERED = {
    "error": {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {
                "hate": {"filtered": True, "severity": "high"},
                "jailbreak": {"filtered": False, "detected": False},
                "violence": {"filtered": True, "severity": "medium"},
            },
        },
    }
}


def error(message: str = "", *, code: str | None = None, type_: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, "type": type_}}


NO_MODEL = "The model `x` does not exist or you do not have access to it."

# (status, body, our class, our code)
ERRORS: list[tuple[int, Any, type[VisiondropError], str]] = [
    (400, FILTERED, ModelRefused, "content_filter"),
    (400, error(code="content_policy_violation"), ModelRefused, "content_filter"),
    (400, {"error": {"code": "invalid_request_error", "inner_error": {"code": "ResponsibleAIPolicyViolation"}}},
     ModelRefused, "content_filter"),
    (400, error("Your request was rejected as a result of our safety system."), ModelRefused, "content_filter"),
    (400, error(code="context_length_exceeded"), ModelRefused, "context_length"),
    (400, error("This model's maximum context length is 128000 tokens."), ModelRefused, "context_length"),
    (400, error("Too many images in request. Max is 50."), ModelRefused, "too_many_images"),
    (400, error("Invalid image data."), ModelRefused, "invalid_image"),
    (400, error("The image data you provided does not represent a valid image."), ModelRefused, "invalid_image"),
    (400, error("You uploaded an unsupported image. Please make sure of it."), ModelRefused, "invalid_image"),
    (400, error(code="image_parse_error"), ModelRefused, "invalid_image"),
    (400, error("Could not process image"), ModelRefused, "invalid_image"),
    (400, error("Image is 31.2 MB and exceeds the limit"), ModelRefused, "image_too_large"),
    (400, error("The picture requires 41334 patches after processing, exceeding the limit of 30000."), ModelRefused,
     "image_too_large"),
    (400, error("Error while downloading https://example.com/a.jpg?sig=made-up."), ModelRefused, "image_unreachable"),
    (400, error(code="invalid_image_url"), ModelRefused, "image_unreachable"),
    (400, error("Unsupported parameter: 'max_tokens' is not supported with this model.", code="unsupported_parameter"),
     ModelRefused, "unsupported_parameter"),
    (400, error("Unrecognized request argument supplied: enhancements"), ModelRefused, "unsupported_parameter"),
    (400, error("Invalid schema for response_format 'answer'"), ModelRefused, "invalid_schema"),
    (400, error("The chatCompletion operation does not work with the specified model, x."),
     ModelRefused, "operation_not_supported"),
    (400, error("Azure OpenAI API version 2023-08-01-preview is not supported."),
     ModelUnavailable, "unsupported_api_version"),
    (400, error("something else"), ModelRefused, "bad_request"),
    (400, {"detail": "something else"}, ModelRefused, "bad_request"),
    (401, error(DENIED, code="401"), ModelUnavailable, "not_authorized"),
    (403, error("Virtual network rules"), ModelUnavailable, "not_authorized"),
    (403, error("You exceeded your current quota"), ModelUnavailable, "quota_exhausted"),
    (404, error("The API deployment for this resource does not exist.", code="DeploymentNotFound"),
     ModelUnavailable, "deployment_not_found"),
    (404, error(NO_MODEL, code="model_not_found"), ModelUnavailable, "deployment_not_found"),
    (404, {"error": "model 'gemma3' not found"}, ModelUnavailable, "deployment_not_found"),
    (404, error("Resource not found", code="404"), ModelUnavailable, "endpoint_not_found"),
    (404, "<html>not here</html>", ModelUnavailable, "endpoint_not_found"),
    (408, error("timeout"), ModelUnavailable, "timeout"),
    (409, error("conflict"), ModelUnavailable, "conflict"),
    (413, error("large"), ModelRefused, "request_too_large"),
    (415, error("type"), ModelRefused, "bad_request"),
    (422, error("Extra inputs are not permitted"), ModelRefused, "unsupported_parameter"),
    (429, error(THROTTLED, code="429"), ModelUnavailable, "throttled"),
    (429, error("quota", code="insufficient_quota"), ModelUnavailable, "quota_exhausted"),
    (500, error("oops"), ModelUnavailable, "server_error"),
    (500, error("maximum context length"), ModelUnavailable, "server_error"),
    (503, None, ModelUnavailable, "server_error"),
    (529, b"overloaded", ModelUnavailable, "server_error"),
    (302, "", ReplyMalformed, "reply_malformed"),
    (200, {}, ReplyMalformed, "reply_malformed"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "code"), ERRORS)
def test_error_is_mapped(status: int, body: Any, kind: type[VisiondropError], code: str) -> None:
    """Each refusal has one class, one stable code and a hint."""
    mapped = parse_error(status, body, {})
    assert (type(mapped), mapped.code) == (kind, code)
    assert mapped.hint
    assert str(status) in mapped.message


@pytest.mark.parametrize(("status", "body", "kind", "code"), ERRORS)
def test_error_taken_out_of_its_body_is_mapped_alike(
    status: int, body: Any, kind: type[VisiondropError], code: str
) -> None:
    """An SDK hands over the inner error object: the same answer."""
    inner = body["error"] if isinstance(body, dict) and isinstance(body.get("error"), dict) else body
    mapped = parse_error(status, inner, {})
    assert (type(mapped), mapped.code) == (kind, code)


def test_filtered_categories_are_named() -> None:
    """The user learns which categories stopped the prompt."""
    mapped = parse_error(400, FILTERED, {})
    assert isinstance(mapped, ModelRefused)
    assert mapped.categories == ("hate", "violence")
    assert mapped.http_status == 400


# Headers, the message beside them, and the seconds they ask for.
WAITS: list[tuple[dict[str, str], str, float | None]] = [
    ({"retry-after-ms": "1500", "retry-after": "9"}, "", 1.5),
    ({"Retry-After": "22"}, "", 22.0),
    ({"retry-after": "86400"}, THROTTLED, 86400.0),
    ({"retry-after": "0"}, THROTTLED, 0.0),
    ({"retry-after": " 2.5 "}, "", 2.5),
    ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, "", 30.0),
    ({"retry-after": "Sat, 21 Nov 2026 12:00:30 -0000"}, "", 30.0),
    ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, "", 0.0),
    ({"retry-after": "soon", "retry-after-ms": "-5"}, "", None),
    ({"retry-after": "Saturday, 21-Nov-26 12:00:30 GMT"}, "", 30.0),
    ({"retry-after": "Sat Nov 21 12:00:30 2026"}, "", 30.0),
    ({"retry-after": "999999999999"}, "", 604_800.0),
    ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, "", 604_800.0),
    ({"retry-after": "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"}, "", None),
    ({}, f"Please retry after {'9' * 400} seconds.", 604_800.0),
    ({}, THROTTLED, 22.0),
    ({}, "Rate limit reached. Please try again in 6m0s. Visit the page.", 360.0),
    ({}, "Please try again in 20ms.", 0.02),
    ({}, "Please try again in 1h2m3.5s.", 3723.5),
    ({}, "Please retry after 1 day.", 86400.0),
    ({}, "Please try again in 3 fortnights.", None),
    ({}, "Slow down.", None),
    ({"X-RateLimit-Remaining-Requests": "0", "x-ratelimit-reset-requests": "8m24s"}, "Slow down.", 504.0),
    ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7"}, THROTTLED, 22.0),
    ({"x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "7"}, "", None),
    ({"x-ratelimit-remaining-tokens": "0"}, "", None),
    ({"x-rate-limit-reset-tokens": "55", "x-ratelimit-remaining-requests": "9"}, "", 55.0),
]


@pytest.mark.parametrize(("headers", "message", "seconds"), WAITS)
def test_wait_is_read_from_headers_then_words(headers: dict[str, str], message: str, seconds: float | None) -> None:
    """retry-after-ms, retry-after as seconds or date, the sentence, what is used up; None when nobody says."""
    mapped = parse_error(429, error(message), headers, now=NOW)
    assert isinstance(mapped, ModelUnavailable)
    assert mapped.retry_after_s == (None if seconds is None else pytest.approx(seconds))


def test_date_without_a_clock_counts_as_absent() -> None:
    """The core has no clock of its own."""
    mapped = parse_error(429, error(THROTTLED), {"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"})
    assert isinstance(mapped, ModelUnavailable)
    assert mapped.retry_after_s == 22.0


@pytest.mark.parametrize(
    ("status", "said", "secret"),
    [
        (401, "Incorrect API key provided: made-up-key.", "made-up-key"),
        (400, "Error while downloading https://a.blob.core.windows.net/n/b.jpg?sv=1&sig=made-up%3D.", "made-up"),
        (400, "Could not read data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD", "/9j/4AAQ"),
        (400, f"Unknown key {'0a' * 16} given", "0a0a"),
        (500, "proxy https://me:made-up@host failed for sk-madeupmadeup", "madeup"),
    ],
)
def test_message_repeats_no_secret(status: int, said: str, secret: str) -> None:
    """The endpoint's own words are shown without keys, SAS and picture bytes."""
    assert secret not in parse_error(status, error(said), {}).message


def test_long_words_are_cut() -> None:
    """An endpoint that quotes the request back does not fill the result with it."""
    assert len(parse_error(400, error("x" * 5000), {}).message) < 400


def test_every_code_of_the_responses_api_has_a_rule() -> None:
    """The SDK's list of error codes: each is told apart, except faults that are the service's own."""
    from openai.types.responses import ResponseError  # noqa: PLC0415 - a second to import, needed once

    own_faults = {"server_error", "vector_store_timeout", "data_residency_mismatch"}
    codes = set(typing.get_args(ResponseError.model_fields["code"].annotation))
    unmapped = {code for code in codes if parse_error(500, error(code=code), {}).code == "server_error"}
    assert len(codes) > 15
    assert unmapped == own_faults & codes


@pytest.mark.parametrize("status", [401, 403])
def test_the_words_of_a_refused_key_are_not_shown(status: int) -> None:
    """Some endpoints quote the key that they did not take."""
    refused = parse_error(status, error("The key q7Zk3 is not valid for this resource"), {})
    assert "q7Zk3" not in refused.message + refused.hint
    assert str(status) in refused.message


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Please try again in 2 minutes", 120),
        ("Please try again in 1 minute", 60),
        ("Please try again in 3 hours", 10_800),
        ("Please retry after 1 hour", 3600),
        ("Please retry after 2 days", 172_800),
        ("Please retry after 1 day", 86_400),
        ("Please retry after 30 seconds", 30),
        ("Please try again in 20 milliseconds", 0.02),
    ],
)
def test_waits_in_words(words: str, seconds: float) -> None:
    """Every unit that an endpoint writes out."""
    waits = parse_error(429, error(words), {})
    assert isinstance(waits, ModelUnavailable)
    assert waits.retry_after_s == seconds
