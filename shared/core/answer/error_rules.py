"""Which error an endpoint's refusal is: by its code, by what it says, or by its status alone. The first rule wins.

What the operator must set right (key, deployment, API version, quota) is not final: the job waits as ModelUnavailable,
so that a night's jobs are not lost to a wrong setting. Only what needs another file or other options is ModelRefused.
Codes: Azure and OpenAI chat errors, and the error codes of the Responses API; messages: seen on the wire.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

REQUEST_STATUSES = frozenset({400, 404, 409, 413, 415, 422})
"""Statuses whose message says what was wrong with the request; elsewhere only a code decides."""

CHECK_SETTINGS = (
    "Check AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_DEPLOYMENT and AZURE_OPENAI_API_VERSION (or OPENAI_BASE_URL)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRule:
    """One refusal and the error for it. It holds when the error has one of `codes`, or its message matches `says` and
    the status is one of `statuses`.
    """

    code: str
    final: bool
    hint: str
    codes: frozenset[str] = frozenset()
    says: str = r"(?!)"
    statuses: frozenset[int] = REQUEST_STATUSES


THROTTLED = ErrorRule(
    code="throttled",
    final=False,
    hint="It is tried again; raise the deployment's tokens per minute.",
    codes=frozenset({"rate_limit_exceeded"}),
)

ERROR_RULES: tuple[ErrorRule, ...] = (
    ErrorRule(
        code="content_filter",
        final=True,
        hint="Read the categories in content_filter; another picture or prompt is needed.",
        codes=frozenset(
            {
                "content_filter",
                "content_policy_violation",
                "ResponsibleAIPolicyViolation",
                "image_content_policy_violation",
                "invalid_prompt",
                "bio_policy",
                "misalignment_policy_violation",
            }
        ),
        says=r"content management policy|rejected as a result of our safety system",
    ),
    ErrorRule(
        code="context_length",
        final=True,
        hint="Send fewer pictures, a lower detail or a shorter prompt.",
        codes=frozenset({"context_length_exceeded", "string_above_max_length"}),
        says=r"maximum context length|context window",
    ),
    ErrorRule(
        code="too_many_images",
        final=True,
        hint="Send fewer pictures or frames (option frames).",
        codes=frozenset({"too_many_images"}),
        says=r"too many images",
    ),
    ErrorRule(
        code="image_too_large",
        final=True,
        hint="Use detail low or high, so that the picture is sent smaller.",
        codes=frozenset({"image_too_large", "image_file_too_large"}),
        says=r"image.{0,40}(too large|exceeds)|patches.{0,40}exceed",  # gpt-5.6 and later: 30,000 patches
    ),
    ErrorRule(
        code="image_unreachable",
        final=True,
        hint="Send the bytes instead of a URL, or a SAS that is still valid when the model fetches it.",
        codes=frozenset({"failed_to_download_image", "invalid_image_url", "image_file_not_found"}),
        says=r"(download|fetch)(ing)? .{0,40}(image|file|http)",
    ),
    ErrorRule(
        code="invalid_image",
        final=True,
        hint="Send a whole JPEG, PNG, GIF or WEBP; `./visiondrop normalize` makes one.",
        codes=frozenset(
            {
                "invalid_image",
                "invalid_image_format",
                "invalid_base64_image",
                "invalid_image_mode",
                "image_parse_error",
                "image_too_small",
                "empty_image_file",
                "unsupported_image_media_type",
            }
        ),
        says=r"(invalid|unsupported|corrupt(?:ed|ion)?|valid|process|parse|decode)\W{1,3}(the \W?)?(base64 )?image",
    ),
    ErrorRule(
        code="invalid_schema",
        final=True,
        hint="Keep the option schema inside the structured outputs subset.",
        codes=frozenset({"invalid_json_schema"}),
        says=r"invalid schema for response_format|invalid_json_schema",
    ),
    ErrorRule(
        code="unsupported_api_version",
        final=False,
        hint="Remove AZURE_OPENAI_API_VERSION to use the v1 API.",
        codes=frozenset({"unsupported_api_version", "InvalidApiVersionParameter"}),
        says=r"api[ -]version.{0,60}(not supported|unsupported|not enabled|invalid|retired)",
    ),
    ErrorRule(
        code="unsupported_parameter",
        final=True,
        hint="VISION_MODEL may name another model than the deployment holds; "
        "its row in shared/core/models/model_rows.py decides.",
        codes=frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"}),
        says=r"unsupported (parameter|value)|unrecognized request argument|extra inputs are not permitted"
        r"|(response_format|json_schema|detail).{0,60}not supported",
    ),
    ErrorRule(
        code="operation_not_supported",
        final=True,
        hint="Deploy a model that answers chat completions about pictures.",
        codes=frozenset({"OperationNotSupported"}),
        says=r"does not work with the specified model",
    ),
    ErrorRule(
        code="video_not_found",
        final=True,
        hint="The video is not in the index (any more): drop it again.",
        says=r"document does not exist",
    ),
    ErrorRule(
        code="data_source_missing",
        final=True,
        hint="The video index of a video prompt must be named in its data source: see docs on option video.",
        says=r"requires a data source",
    ),
    ErrorRule(
        code="deployment_not_found",
        final=False,
        hint=f"{CHECK_SETTINGS} A new deployment needs some minutes.",
        codes=frozenset({"DeploymentNotFound", "model_not_found"}),
        says=r"(deployment|model)\b.{0,80}(does not exist|not found)",
    ),
    ErrorRule(
        code="quota_exhausted",
        final=False,
        hint="Raise the quota or the budget of the account.",
        codes=frozenset({"insufficient_quota"}),
        says=r"exceeded your current quota",
        statuses=frozenset({403, 429}),
    ),
    THROTTLED,
)

BY_STATUS: dict[int, ErrorRule] = {
    401: ErrorRule(
        code="not_authorized",
        final=False,
        hint="Check AZURE_OPENAI_API_KEY or OPENAI_API_KEY, or the app's role Cognitive Services OpenAI User.",
    ),
    403: ErrorRule(
        code="not_authorized",
        final=False,
        hint="Check the app's role Cognitive Services OpenAI User and the endpoint's firewall.",
    ),
    404: ErrorRule(code="endpoint_not_found", final=False, hint=CHECK_SETTINGS),
    408: ErrorRule(code="timeout", final=False, hint="It is tried again."),
    409: ErrorRule(code="conflict", final=False, hint="It is tried again."),
    413: ErrorRule(code="request_too_large", final=True, hint="Send fewer or smaller pictures."),
    429: THROTTLED,
}
BAD_REQUEST = ErrorRule(code="bad_request", final=True, hint="Run ./visiondrop payload to see the request.")
SERVER_ERROR = ErrorRule(code="server_error", final=False, hint="It is tried again.")


def find_rule(status: int, codes: set[str], said: str) -> ErrorRule | None:
    """The first rule that holds; None for a status that is not an error."""
    for rule in ERROR_RULES:
        if codes & rule.codes or (status in rule.statuses and re.search(rule.says, said, re.IGNORECASE)):
            return rule
    return BY_STATUS.get(status) or {4: BAD_REQUEST, 5: SERVER_ERROR}.get(status // 100)
