"""What a call that went wrong, or whose bill is odd, means for money.

Nothing that may have been paid is entered as nothing; what cannot have been billed does not use a budget up.
"""

from __future__ import annotations

from shared.core.errors import ModelUnavailable, ReplyMalformed, VisiondropError
from shared.core.models.catalogue import MODELS
from shared.core.models.model_types import Model
from shared.core.money.prices import Cost

MAYBE_PAID = frozenset({"timeout", "connection_lost", "call_failed", "server_error"})
"""Codes of calls that the endpoint may have worked on: it answered 5xx, too late, or in a way that nobody understood.
A throttled, paused or refused call, and one that reached nobody, is not on any bill."""

WINDOWS = 2
"""A call reads and writes what fits into its model's window once; the rows have the smaller window where hosts differ,
and twice is more than any host has."""
WIDEST_INPUT = max(model.max_input_tokens or 0 for model in MODELS)
WIDEST_OUTPUT = max(model.max_output_tokens or 0 for model in MODELS)


def may_be_paid(error: VisiondropError) -> bool:
    """Whether the call that ended in this error may be on the endpoint's bill.

    A 2xx that is not a reply may be; a redirection or "not modified" (3xx) does not come from a model, and nobody
    charges it.
    """
    if isinstance(error, ReplyMalformed):
        return error.http_status < 300  # noqa: PLR2004  # the first status that is no success
    return isinstance(error, ModelUnavailable) and error.code in MAYBE_PAID


def is_credible(model: Model, bill: Cost) -> bool:
    """Whether one call to `model` can have had so many tokens: what fits into its window, with some margin."""
    tokens = [line for line in bill.breakdown if line.unit == "tokens"]
    written = sum(line.quantity for line in tokens if line.item == "output")
    read = sum(line.quantity for line in tokens) - written
    fits_in = read <= WINDOWS * (model.max_input_tokens or WIDEST_INPUT)
    return fits_in and written <= WINDOWS * (model.max_output_tokens or WIDEST_OUTPUT)
