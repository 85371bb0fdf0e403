"""The content filter's verdicts, from every place and spelling that replies and errors have had.

A filtered prompt or answer is a result with categories, never a fault of the job: reply.py puts this beside the text.
Azure's specs say `prompt_filter_results` and `content_filter_results`; a 400 on the wire says `innererror` and
`content_filter_result`; 2023-06-01-preview said `prompt_annotations`; Azure's Responses say `content_filters`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from shared.core.wire import as_object, as_objects, as_text, first_of

MOST_CATEGORIES = 50  # Azure has twelve, and an operator's own blocklists
CATEGORY_CHARACTERS = 100
FAULT_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The filter's verdict on one category. Harm categories have a severity, yes/no detectors (jailbreak, protected
    material) have `detected`.
    """

    category: str
    filtered: bool
    severity: str | None = None
    detected: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFilter:
    """The filter's verdicts on a prompt and its answer. `filtered` names the categories that stopped one of them;
    `fault` is set if the filter failed.
    """

    filtered: tuple[str, ...]
    prompt: tuple[Verdict, ...] = ()
    answer: tuple[Verdict, ...] = ()
    fault: str | None = None


def parse_content_filter(body: dict[str, Any], choice: dict[str, Any]) -> ContentFilter | None:
    """The verdicts in a whole reply; None when it has none at all (OpenAI itself, other servers)."""
    prompts = as_objects(first_of(body, "prompt_filter_results", "prompt_annotations"))
    stages = as_objects(body.get("content_filters"))
    return merge(
        prompt=[results_of(entry) for entry in (*prompts, *(s for s in stages if s.get("source_type") == "prompt"))],
        answer=[results_of(entry) for entry in (choice, *(s for s in stages if s.get("source_type") != "prompt"))],
    )


def parse_error_filter(error: dict[str, Any]) -> ContentFilter | None:
    """The verdicts in the `error` object of a 400; None without any. Such an error is always about the prompt."""
    inner = as_object(first_of(error, "innererror", "inner_error"))
    return merge(prompt=[results_of(inner), results_of(error)], answer=[])


def results_of(holder: dict[str, Any]) -> dict[str, Any]:
    return as_object(first_of(holder, "content_filter_results", "content_filter_result"))


def merge(*, prompt: list[dict[str, Any]], answer: list[dict[str, Any]]) -> ContentFilter | None:
    fault = next((text for results in (*prompt, *answer) if (text := fault_of(results))), None)
    found = ContentFilter(
        filtered=(),
        prompt=tuple(verdict for results in prompt for verdict in verdicts(results)),
        answer=tuple(verdict for results in answer for verdict in verdicts(results)),
        fault=fault,
    )
    if not (found.prompt or found.answer or fault):
        return None
    stopped = dict.fromkeys(verdict.category for verdict in (*found.prompt, *found.answer) if verdict.filtered)
    return ContentFilter(filtered=tuple(stopped), prompt=found.prompt, answer=found.answer, fault=fault)


def verdicts(results: dict[str, Any]) -> list[Verdict]:
    """One verdict for each category, of as many as any endpoint has; names are cut, since rows and lists hold them."""
    named = itertools.islice(results.items(), MOST_CATEGORIES)
    return [verdict(as_text(name)[:CATEGORY_CHARACTERS], entry) for name, entry in named if name != "error"]


def verdict(category: str, entry: Any) -> Verdict:
    """The verdict on one category. `custom_blocklists` came as a list of hits first, later as an object like the
    others.
    """
    if isinstance(entry, list):
        return Verdict(category=category, filtered=any(hit.get("filtered") is True for hit in as_objects(entry)))
    fields = as_object(entry)
    detected = fields.get("detected")
    return Verdict(
        category=category,
        filtered=fields.get("filtered") is True,
        severity=as_text(fields.get("severity"))[:CATEGORY_CHARACTERS] or None,
        detected=detected if isinstance(detected, bool) else None,
    )


def fault_of(results: dict[str, Any]) -> str:
    """Why the filter itself failed, "" if it did not: the answer then came unfiltered, which the reader of the result
    should know.
    """
    error = as_object(results.get("error"))
    return (as_text(error.get("code")) or as_text(error.get("message")))[:FAULT_CHARACTERS]
