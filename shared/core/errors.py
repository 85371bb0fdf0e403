"""Every error that Visiondrop raises on purpose: who must act, and whether trying again can help.

    VisiondropError
    ├── SettingsInvalid      the operator: wrong or missing settings, all listed at once
    ├── OptionsInvalid       the user: a wrong option or request field, named
    ├── SourceRejected       the user: a file that is broken, unsupported or too large
    ├── UnknownModel         the operator: a model without a row in core/models/model_rows.py
    ├── PriceMissing         the operator: a model without a price row for that day
    ├── CapabilityMissing    the user: the model cannot do what was asked; says what can
    ├── NotFound             the user: no such upload, job or blob
    ├── GaveUp               the host delivered the work several times and it always broke; see the log
    ├── StorageRefused       ours: storage will never take this row, key or name; see the log
    ├── StateConflict        somebody else was faster; look again
    ├── PreconditionFailed   the user: a condition of the request does not hold (the name is taken)
    ├── RequestTooLarge      the user: a body or file that this way in does not take
    ├── MediaUnsupported     the user: a body that is not a picture, video or options file
    ├── RangeInvalid         the user: a part of a file that it does not have
    ├── ModelRefused         the model's final "no": content filter, bad request, image refused
    ├── ModelUnavailable     retryable: throttled, down, slow or not let in (yet)
    ├── BudgetExceeded       retryable: no money for it now; the job is parked until there is
    ├── OptionsUnreadable    retryable: a folder's options are broken while its jobs wait to be asked
    ├── ReplyMalformed       retryable: the endpoint answered with something that is not a reply
    ├── StorageUnavailable   retryable: storage is down or slow
    └── DecoderBusy          retryable: other videos are being decoded, or the decoder was ended from outside

A retryable error is tried again with backoff and never ends a job by itself; any other is stored as the job's result.
"""

from __future__ import annotations

from typing import ClassVar


class VisiondropError(Exception):
    """The root of the tree; not raised itself.

    `code` is a stable word for programs, `message` says what happened and to which value,
    `hint` says what to do. None of them holds a key, a SAS, a prompt or an answer. `lost_calls` is how many calls to
    the model, this one's or an earlier attempt at it, may have been paid in vain; whoever settles the call notes it.
    """

    status_code: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.lost_calls = 0


class SettingsInvalid(VisiondropError):
    """Settings are wrong or missing; `faults` has one line per setting, each naming its variable. The service is not
    available until they are mended, and nobody knows when: trying again is not offered.
    """

    status_code = 503

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults), code="settings_invalid", hint="Correct these app settings and restart.")
        self.faults = faults


class OptionsInvalid(VisiondropError):
    """An option or a field of a request is wrong; `field` names it."""

    status_code = 400

    def __init__(self, message: str, *, field: str, hint: str = "") -> None:
        super().__init__(message, code="options_invalid", hint=hint)
        self.field = field


class SourceRejected(VisiondropError):
    """The upload cannot be used. `code` is one of `unsupported`, `corrupt`, `too_large`, `too_slow`, `empty`,
    `malware`, `not_scanned`.
    """

    status_code = 422


ADD_MODEL = "Add its row to shared/core/models/model_rows.py, or set VISION_MODEL."


class UnknownModel(VisiondropError):
    def __init__(self, name: str, *, hint: str = ADD_MODEL) -> None:
        super().__init__(f"no rules or prices are known for model {name!r}", code="unknown_model", hint=hint)
        self.name = name


class PriceMissing(VisiondropError):
    status_code = 422

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message, code="price_missing", hint=hint)


class CapabilityMissing(VisiondropError):
    """The model or API version cannot do what was asked; the hint names what to use instead."""

    status_code = 422

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message, code="capability_missing", hint=hint)


class NotFound(VisiondropError):
    """There is no such upload, job or blob. `code` is `replaced` for a version of an upload that was written over, else
    `not_found`.
    """

    status_code = 404

    def __init__(self, message: str, *, hint: str = "", code: str = "not_found") -> None:
        super().__init__(message, code=code, hint=hint)


class GaveUp(VisiondropError):
    def __init__(self, attempts: int) -> None:
        hint = "Look for its job_id in the log, then run it again: ./visiondrop retry, or POST jobs/{job_id}/rerun."
        super().__init__(f"the work was not finished in any of {attempts} attempts", code="gave_up", hint=hint)


class StateConflict(VisiondropError):
    status_code = 409

    def __init__(self, message: str) -> None:
        super().__init__(message, code="state_conflict", hint="Look again with GET /api/jobs/{job_id}?wait=30.")


class PreconditionFailed(VisiondropError):
    status_code = 412

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message, code="precondition_failed", hint=hint)


class RequestTooLarge(VisiondropError):
    status_code = 413

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message, code="too_large", hint=hint)


class MediaUnsupported(VisiondropError):
    status_code = 415

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message, code="unsupported", hint=hint)


class RangeInvalid(VisiondropError):
    """The file does not have the part that was asked for; `total_bytes` is how long it is."""

    status_code = 416

    def __init__(self, message: str, *, total_bytes: int) -> None:
        super().__init__(message, code="range_invalid", hint=f"The file has {total_bytes} bytes.")
        self.total_bytes = total_bytes


class ModelRefused(VisiondropError):
    """The endpoint refused, and would refuse again. `http_status` is what it answered with, `categories` what the
    content filter stopped.
    """

    status_code = 422

    def __init__(
        self, message: str, *, code: str, hint: str = "", http_status: int = 400, categories: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.http_status = http_status
        self.categories = categories


class ModelUnavailable(VisiondropError):
    """The endpoint cannot answer now. `retry_after_s` is how long it asked to wait, None if it did not say.

    `is_alone` once it is known that other jobs were answered since this one failed before.
    """

    status_code = 503
    retryable = True

    def __init__(self, message: str, *, code: str, retry_after_s: float | None = None, hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.retry_after_s = retry_after_s
        self.is_alone = False


class BudgetExceeded(VisiondropError):
    """A budget has too little left; `scope` names it: "file", "all" or a folder."""

    status_code = 402
    retryable = True

    def __init__(self, message: str, *, scope: str, hint: str) -> None:
        super().__init__(message, code="budget_exceeded", hint=hint)
        self.scope = scope


class OptionsUnreadable(VisiondropError):
    """A folder's options cannot be read while a job that was accepted with good ones looks at their budget again."""

    status_code = 503
    retryable = True

    def __init__(self, message: str, *, hint: str) -> None:
        hint = f"{hint} The job goes on by itself when the file is mended."
        super().__init__(message, code="options_invalid", hint=hint)


class ReplyMalformed(VisiondropError):
    """The endpoint's answer is not a model's reply. `http_status` is its status: a success, or a redirection."""

    status_code = 502
    retryable = True

    def __init__(self, message: str, *, http_status: int = 200) -> None:
        hint = "Check that the endpoint setting points at a chat completions API."
        super().__init__(message, code="reply_malformed", hint=hint)
        self.http_status = http_status


class StorageUnavailable(VisiondropError):
    status_code = 503
    retryable = True

    def __init__(self, message: str) -> None:
        super().__init__(message, code="storage_unavailable", hint="Try again shortly.")


class StorageRefused(VisiondropError):
    """Storage will never take this (400, 413): our own fault, and the same again would fail again."""

    def __init__(self, message: str) -> None:
        hint = "Trying again does not help: report it with the job_id; for one file, drop a smaller or simpler one."
        super().__init__(message, code="storage_refused", hint=hint)


class DecoderBusy(VisiondropError):
    """No decoder was free in time, or it was stopped from outside. `verdict` is what is said of the file when this
    happens to it once more; None: it is never the file's fault.
    """

    status_code = 503
    retryable = True

    def __init__(
        self, message: str = "the decoder is busy with other videos", *, verdict: SourceRejected | None = None
    ) -> None:
        super().__init__(message, code="decoder_busy", hint="Try again shortly.")
        self.verdict = verdict
