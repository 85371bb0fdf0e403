"""True and false where only text can be given: blob metadata."""

from __future__ import annotations

import pytest

from shared.core.ask.fields import flag

WORDS = [
    *(("true", True), ("True", True), ("TRUE", True), ("1", True), ("yes", True), ("Yes", True)),
    *(("false", False), ("False", False), ("0", False), ("no", False), ("NO", False)),
]


@pytest.mark.parametrize(("text", "value"), WORDS)
def test_words_for_true_and_false(text, value):
    """Three for each, in any case."""
    assert flag().from_text(text) is value
    assert flag().check(flag().from_text(text))


@pytest.mark.parametrize("text", ["on", "off", "y", "", "2", "truth"])
def test_other_words_are_refused(text):
    """They stay as they are, for the check to refuse."""
    assert flag().from_text(text) == text
    assert not flag().check(flag().from_text(text))
