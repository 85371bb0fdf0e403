"""What the service refuses in a request body before it looks at any picture: parameters wrong for the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local.chat_standin.wire import Operation, Refusal
from shared.core.models.catalogue import Model

DETAILS = ("low", "high", "auto", "original")

# Reasoning models take these at their default only (temperature, top_p = 1; penalties = 0) or not at all.
SAMPLING_DEFAULTS: dict[str, object] = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}
REASONING_UNSUPPORTED = ("logprobs", "top_logprobs", "logit_bias")


def check_parameters(body: Mapping[str, Any], *, model: Model, operation: Operation) -> None:
    if body.get("stream"):
        raise unsupported_value("stream", "This local stand-in does not stream.")
    check_operation(operation, model)
    if operation in {"chat", "extensions"}:
        check_token_field(body, model)
    check_sampling(body, model)
    check_reasoning_effort(reasoning_effort(body), model)
    check_token_limit(token_limit(body), model)


def check_documents(documents: Sequence[str], *, images: int, wanted: bool) -> None:
    """Check that a video prompt holds one video and no pictures, and that its enhancement is on. Raises Refusal."""
    if documents and not wanted:
        raise Refusal("Content of type 'acv_document_id' needs the 'video' enhancement.")
    if wanted and (len(documents) != 1 or images):
        raise Refusal("The 'video' enhancement takes exactly one 'acv_document_id' and no images.")


def check_operation(operation: Operation, model: Model) -> None:
    in_responses = operation in {"responses", "input_tokens"}
    if not (model.responses_api if in_responses else model.chat_completions):
        name = "responses" if in_responses else "chatCompletion"
        message = f"The {name} operation does not work with the specified model, {model.name}. "
        raise Refusal(message + "Please choose different model and try again.", code="OperationNotSupported")


def check_token_field(body: Mapping[str, Any], model: Model) -> None:
    if "max_tokens" in body and model.token_limit_field != "max_tokens":  # noqa: S105 - these tokens are no secret
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        raise Refusal(message, code="unsupported_parameter", param="max_tokens")


def check_sampling(body: Mapping[str, Any], model: Model) -> None:
    effort = reasoning_effort(body) or model.default_effort
    if model.temperature or (model.temperature_with_effort_none and effort == "none"):
        return
    for name, default in SAMPLING_DEFAULTS.items():
        if body.get(name, default) not in (default, None):
            detail = f"does not support {body[name]} with this model. Only the default ({default}) value is supported."
            raise unsupported_value(name, f"Unsupported value: '{name}' {detail}")
    for name in REASONING_UNSUPPORTED:
        if body.get(name):
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            raise Refusal(message, code="unsupported_parameter", param=name)


def reasoning_effort(body: Mapping[str, Any]) -> object:
    """The effort that a request asks for: Chat names it at the top, Responses inside `reasoning`."""
    nested = body.get("reasoning")
    return nested.get("effort") if isinstance(nested, dict) else body.get("reasoning_effort")


def check_reasoning_effort(effort: object, model: Model) -> None:
    if effort is None or effort in model.reasoning_efforts:
        return
    if not model.reasoning_efforts:
        message = "Unrecognized request argument supplied: reasoning_effort"
        raise Refusal(message, code=None, param=None)
    supported = ", ".join(f"'{known}'" for known in model.reasoning_efforts)
    message = f"Unsupported value: 'reasoning_effort' does not support '{effort}' with this model. "
    raise unsupported_value("reasoning_effort", f"{message}Supported values are: {supported}.")


def token_limit(body: Mapping[str, Any]) -> object:
    """The answer's limit in tokens, under any of its three names."""
    names = ("max_completion_tokens", "max_tokens", "max_output_tokens")
    return next((body[name] for name in names if body.get(name) is not None), None)


def check_token_limit(limit: object, model: Model) -> None:
    if limit is None:
        return
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise Refusal(
            f"Invalid value for the token limit: expected an integer >= 1, got {limit!r}.", param="max_tokens"
        )
    if model.max_output_tokens is not None and limit > model.max_output_tokens:
        message = f"max_tokens is too large: {limit}. This model supports at most {model.max_output_tokens} "
        raise Refusal(f"{message}completion tokens, whereas you provided {limit}.", param="max_tokens")


def check_detail(detail: object, *, param: str) -> str:
    if detail not in DETAILS:
        names = "'low', 'high', 'auto', and 'original'"
        message = f"Invalid value: {detail!r}. Supported values are: {names}."
        raise Refusal(message, code="invalid_value", param=f"{param}.detail")
    return str(detail)


def check_image_count(count: int, *, limit: int) -> None:
    if count > limit:
        # Wording and null code as answered by Azure in 2026-09 (azure-rest-api-specs issue 46145).
        raise Refusal(f"Exceeded maximum number of images ({limit}) allowed in the request.", param="input")


def check_context(tokens: int, *, model: Model) -> None:
    if model.max_input_tokens is not None and tokens > model.max_input_tokens:
        message = f"This model's maximum context length is {model.max_input_tokens} tokens. However, your messages "
        message += f"resulted in {tokens} tokens. Please reduce the length of the messages."
        raise Refusal(message, code="context_length_exceeded", param="messages")


def unsupported_value(param: str, message: str) -> Refusal:
    return Refusal(message, code="unsupported_value", param=param)
