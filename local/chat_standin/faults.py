"""Every fault that can be scripted: its name, and what it makes of a request.

A fault either answers instead (`instead`), or changes the good answer (`change`), or only slows or cuts it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Literal

from local.chat_standin.chat import NO_CHANGE, Change
from local.chat_standin.replies import CATEGORIES, filter_results
from local.chat_standin.wire import (
    OFFLINE_HEADER,
    Answer,
    Dialect,
    Refusal,
    deployment_not_found,
    json_answer,
    throttled,
    unauthorized,
)

HTML = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"
ALIEN = {"status": "ok", "result": {"items": []}}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedFault:
    """The parameters of one fault; each fault reads its own and ignores the others."""

    do: str
    status: int = 503
    retry_after_s: float = 1.0
    retry_after_as: Literal["seconds", "date", "ms"] = "seconds"
    unit: Literal["token", "call"] = "token"
    category: str = "violence"
    max_tokens: int = 5
    after_bytes: int = 40
    delay_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A fault about to happen: `now` is seconds since the epoch."""

    fault: ScriptedFault
    dialect: Dialect
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """`name` goes into the journal; empty means no fault."""

    name: str = ""
    instead: Answer | None = None
    change: Change = NO_CHANGE
    delay_s: float = 0.0
    cut_after_bytes: int | None = None


def effect_of(scene: Scene) -> Effect:
    fault = scene.fault
    delay_s = fault.delay_ms / 1000
    if fault.do in ANSWERS:
        return Effect(name=fault.do, instead=ANSWERS[fault.do](scene), delay_s=delay_s)
    if fault.do in CHANGES:
        return Effect(name=fault.do, change=CHANGES[fault.do](fault), delay_s=delay_s)
    cut = fault.after_bytes if fault.do == "cut" else None
    return Effect(name=fault.do, delay_s=delay_s, cut_after_bytes=cut)


def throttle(scene: Scene) -> Answer:
    fault = scene.fault
    headers = retry_after_header(fault.retry_after_s, fault.retry_after_as, scene.now)
    return throttled(scene.dialect, unit=fault.unit, retry_after=headers).to_answer()


def retry_after_header(seconds: float, spelling: str, now: float) -> dict[str, str]:
    if spelling == "ms":
        return {"retry-after-ms": str(round(seconds * 1000))}
    if spelling == "date":
        return {"retry-after": formatdate(now + seconds, usegmt=True)}
    return {"retry-after": str(math.ceil(seconds))}


def server_error(scene: Scene) -> Answer:
    status = scene.fault.status
    message = "The server had an error while processing your request. Sorry about that!"
    return Refusal(message, code=str(status), status=status).to_answer()


def filter_prompt(scene: Scene) -> Answer:
    """The answer to a filtered prompt. Azure's wire has `innererror` and a singular `content_filter_result`, whatever
    its specification says.
    """
    if scene.dialect == "openai":
        message = "Your request was rejected as a result of our safety system."
        return Refusal(message, code="content_policy_violation").to_answer()
    verdicts = {**filter_results(scene.fault.category), "jailbreak": {"filtered": False, "detected": False}}
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": verdicts}
    message = (
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please "
        "modify your prompt and retry."
    )
    extra = {"type": None, "status": 400, "innererror": inner}
    return Refusal(message, code="content_filter", param="prompt", extra=extra).to_answer()


def context_length() -> Answer:
    message = "This model's maximum context length was exceeded. Please reduce the length of the messages."
    return Refusal(message, code="context_length_exceeded", param="messages").to_answer()


def html_page() -> Answer:
    return Answer(status=200, body=HTML, headers={"content-type": "text/html; charset=utf-8", **OFFLINE_HEADER})


ANSWERS: Mapping[str, Callable[[Scene], Answer]] = {
    "throttle": throttle,
    "status": server_error,
    "filter_prompt": filter_prompt,
    "context_length": lambda _: context_length(),
    "html": lambda _: html_page(),
    "alien": lambda _: json_answer(ALIEN),
    "unauthorized": lambda scene: unauthorized(scene.dialect).to_answer(),
    "deployment_not_found": lambda scene: deployment_not_found(scene.dialect, "scripted").to_answer(),
}
CHANGES: Mapping[str, Callable[[ScriptedFault], Change]] = {
    "filter_completion": lambda fault: Change(filter_category=fault.category),
    "truncate": lambda fault: Change(max_tokens=fault.max_tokens),
    "refuse": lambda _: Change(refuse=True),
}
NAMES = frozenset(ANSWERS) | frozenset(CHANGES) | {"answer", "cut"}
NUMBERS = ("status", "retry_after_s", "max_tokens", "after_bytes", "delay_ms")


def check_fault(values: Mapping[str, Any]) -> ScriptedFault:
    """A fault from a script's JSON. Raises ValueError naming what is wrong with it."""
    for name in NUMBERS:
        check_number(values, name, lowest=0)
    fault = ScriptedFault(**values)
    if fault.do not in NAMES:
        raise ValueError(f"there is no fault {fault.do!r}; there are {', '.join(sorted(NAMES))}")
    if fault.category not in CATEGORIES:
        raise ValueError(f"category is {fault.category!r}, not one of {', '.join(CATEGORIES)}")
    if fault.retry_after_as not in {"seconds", "date", "ms"} or fault.unit not in {"token", "call"}:
        raise ValueError("retry_after_as is one of seconds, date, ms; unit is token or call")
    return fault


def check_number(values: Mapping[str, Any], name: str, *, lowest: float, highest: float = math.inf) -> None:
    value = values.get(name, lowest)
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        upper = "" if highest == math.inf else f" to {highest}"
        raise ValueError(f"{name} is {value!r}, not a number from {lowest}{upper}")
