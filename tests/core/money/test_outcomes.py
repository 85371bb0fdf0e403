"""What a call without an answer, or with an odd bill, means for money."""

from __future__ import annotations

from datetime import date

import pytest

from shared.core.answer.error_reply import parse_error
from shared.core.errors import ModelRefused, ModelUnavailable, ReplyMalformed, StorageUnavailable
from shared.core.models.catalogue import MODELS, look_up_model
from shared.core.models.tokens import Usage
from shared.core.money.outcomes import is_credible, may_be_paid
from shared.core.money.prices import cost

STATUSES = [
    (500, True),
    (502, True),
    (503, True),
    (504, True),
    (599, True),
    (408, True),
    (400, False),
    (401, False),
    (403, False),
    (404, False),
    (409, False),
    (413, False),
    (429, False),
    (301, False),
    (304, False),
]


@pytest.mark.parametrize(("status", "expected"), STATUSES)
def test_a_status_that_may_be_paid(status, expected):
    """The endpoint may have worked before it answered 5xx; what it refuses or sends elsewhere is on no bill."""
    assert may_be_paid(parse_error(status, {"error": {"message": "no"}}, {})) is expected


ERRORS = [
    (ModelUnavailable("", code="timeout"), True),
    (ModelUnavailable("", code="connection_lost"), True),
    (ModelUnavailable("", code="call_failed"), True),
    (ModelUnavailable("", code="unreachable"), False),
    (ModelUnavailable("", code="paused"), False),
    (ModelUnavailable("", code="throttled"), False),
    (ReplyMalformed("a web page"), True),
    (ReplyMalformed("queued", http_status=202), True),
    (ReplyMalformed("", http_status=299), True),
    (ReplyMalformed("", http_status=300), False),
    (ModelRefused("", code="bad_request"), False),
    (StorageUnavailable(""), False),
]


@pytest.mark.parametrize(("error", "expected"), ERRORS, ids=lambda value: getattr(value, "code", ""))
def test_an_error_that_may_be_paid(error, expected):
    """Whoever was not reached, or did not let the call in, has not worked."""
    assert may_be_paid(error) is expected


def bill(model, read, written):
    return cost(model, Usage(input_tokens=read, output_tokens=written), on=date(2026, 11, 28), scope="openai")


@pytest.mark.parametrize("model", [model for model in MODELS if model.chat_completions], ids=lambda model: model.name)
def test_a_full_window_is_credible(model):
    """What a model can read and write, and twice that: hosts differ."""
    read, written = model.max_input_tokens or 1_050_000, model.max_output_tokens or 128_000

    assert is_credible(model, bill(model, 2 * read, 2 * written))
    assert not is_credible(model, bill(model, 2 * read + 1, 0))
    assert not is_credible(model, bill(model, 0, 2 * written + 1))


def test_four_billion_tokens_are_not():
    """One reply said so; at face value it was 40,000 dollars."""
    assert not is_credible(look_up_model("gpt-5.1"), bill(look_up_model("gpt-5.1"), 1_000, 4_000_000_000))
