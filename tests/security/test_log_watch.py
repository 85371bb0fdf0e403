"""The watch over all logs of the run (tests/log_watch.py) sees what it is there to see."""

from __future__ import annotations

import logging

import pytest

from local.azurite import ACCOUNT_KEY
from local.chat_standin.describe import OFFLINE_MARK
from shared.core.settings import DEFAULT_PROMPT
from tests.log_watch import FORBIDDEN, LogWatch, found_in

EXAMPLES = {
    "the storage account's key": f"signing with {ACCOUNT_KEY}",
    "a storage account's key": "AccountName=a;AccountKey=bm90IGEga2V5",
    "a signature of a SAS": "https://a.example/uploads/b.jpg?sv=2026-01-01&sig=Zm9vYmFyYmF6%3D",
    "a made-up key of a test": "api-key: made-up-key",
    "a token": "Authorization: Bearer eyJ0eXAiOiJKV1QiLCJhbGciOi",
    "a prompt": DEFAULT_PROMPT,
    "an answer": f"{OFFLINE_MARK} A picture of 640 x 480",
}


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_every_kind_is_recognised(kind):
    """One example of each; the word for it comes back, not the secret."""
    assert kind in found_in(EXAMPLES[kind])


@pytest.mark.parametrize("text", ["https://a.example/b.jpg?sig=***", "AccountKey=***", "the bearer of bad news", ""])
def test_masked_and_plain_text_pass(text):
    """A false alarm would teach people to look away."""
    assert found_in(text) == []


def test_arguments_and_tracebacks_are_looked_at():
    """A secret hides in a %s argument or in an exception's message as well as in the text."""
    watch = LogWatch()
    fault = ValueError(EXAMPLES["a storage account's key"])
    for message, argument, raised in (
        ("connecting with %s", EXAMPLES["a token"], None),
        ("%s", "it failed", (ValueError, fault, None)),
    ):
        watch.handle(logging.LogRecord("a library", logging.INFO, "a.py", 1, message, (argument,), raised))

    assert watch.take() == ["a library logged a token", "a library logged a storage account's key"]
    assert watch.take() == []


def test_the_run_is_watched(log_watch):
    """The handler hangs where records of every logger arrive, at production's level."""
    before = log_watch.records
    logging.getLogger("visiondrop").info("{}")

    assert log_watch.records == before + 1
