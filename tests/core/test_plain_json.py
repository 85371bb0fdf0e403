"""What comes over the wire is JSON or text; either goes to the core, which says what is wrong with it."""

from __future__ import annotations

import pytest

from shared.core.answer.reply import parse_reply
from shared.core.errors import ReplyMalformed
from shared.core.plain_json import json_or_text


@pytest.mark.parametrize(
    "sent",
    [
        b'{"choices": [{"message": {"role": "assistant", "cont',
        b"<!doctype html><title>Sign in</title>",
        b"",
        b"\xff\xfe{}",
        b"[" * 200_000,
        b'{"choices": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b"1" * 5000,
        b"null",
    ],
    ids=["cut off", "a web page", "nothing", "no UTF-8", "lists without end", "deep lists", "a long number", "null"],
)
def test_what_is_no_reply_is_told_by_the_core(sent: bytes) -> None:
    """Whatever a proxy or a broken server sends, the job hears of it as a malformed reply."""
    with pytest.raises(ReplyMalformed):
        parse_reply(json_or_text(sent))
