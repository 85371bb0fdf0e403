"""Every error says by itself who must act: its status, its code, and whether trying again can help."""

from __future__ import annotations

import inspect

import pytest

from shared.core import errors
from shared.core.errors import VisiondropError

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, VisiondropError)]
FILLERS = {"faults": ("A is missing",), "attempts": 3, "name": "gpt-x", "message": "what happened", "code": "a_code"}
RETRYABLE = {
    "BudgetExceeded",
    "DecoderBusy",
    "ModelUnavailable",
    "OptionsUnreadable",
    "ReplyMalformed",
    "StorageUnavailable",
}


def make(kind):
    """One of each, with whatever its constructor asks for."""
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    needed = [parameter for parameter in parameters if parameter.default is inspect.Parameter.empty]
    positional = [FILLERS[one.name] for one in needed if one.kind is one.POSITIONAL_OR_KEYWORD]
    named = {one.name: FILLERS.get(one.name, "said") for one in needed if one.kind is one.KEYWORD_ONLY}
    return kind(*positional, **named)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_is_drawn_and_complete(kind):
    """It is in the module's tree, has a code and a status, and its message is what str() says."""
    error = make(kind)

    assert kind.__name__ in (errors.__doc__ or "")
    assert error.code
    assert 400 <= error.status_code < 600
    assert str(error) == error.message


def test_what_can_be_tried_again():
    """Only what passes by itself; a person's fault never does."""
    assert {kind.__name__ for kind in CLASSES if kind.retryable} == RETRYABLE
