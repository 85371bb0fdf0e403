"""When which fault happens: steps in order, rules, and markers in the prompt.

A script is JSON: a list of steps, or {"seed": 0, "markers": false, "steps": [...]}. A step names its fault in `do`
with the parameters of ScriptedFault. `every` (the Nth, 2Nth … request) or `probability` make it a rule that stays;
without them it is used once (or `times`), in its turn. `deployment` narrows it to one. The first step that fits wins;
a marker such as [[429 retry-after=2]] in the prompt wins over all, if `markers` is true.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from local.chat_standin.faults import NAMES, Effect, Scene, ScriptedFault, check_fault, check_number, effect_of
from local.chat_standin.routes import ChatRoute
from local.chat_standin.wire import Refusal, StandInRequest

MARKER = re.compile(rb"\[\[(\w+)((?: [\w-]+=[\w.-]+)*)\]\]")
MARKER_NAMES = {"401": "unauthorized", "404": "deployment_not_found", "429": "throttle"}
MARKER_FIELDS = {"retry_after": "retry_after_s", "as": "retry_after_as"}
FAULT_FIELDS = {field.name for field in fields(ScriptedFault)}
MATCH_FIELDS = {"every", "probability", "times", "deployment"}


@dataclass(slots=True, kw_only=True)
class Step:
    """One step of a script. `seen` and `used` count requests; the rest is as written in the script."""

    fault: ScriptedFault
    every: int | None = None
    probability: float | None = None
    times: int | None = None
    deployment: str | None = None
    seen: int = 0
    used: int = 0

    def fits(self, dice: random.Random) -> bool:
        self.seen += 1
        if self.times is not None and self.used >= self.times:
            return False
        if self.every is not None and self.seen % self.every != 0:
            return False
        return self.probability is None or dice.random() < self.probability


@dataclass(slots=True, kw_only=True)
class Script:
    """The steps of a script, which say which fault comes next. Threads may share it."""

    steps: list[Step] = field(default_factory=list)
    markers: bool = False
    dice: random.Random
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_effect(self, request: StandInRequest, route: ChatRoute, deployment: str) -> Effect:
        fault = self.find_marker(request) or self.find_step(deployment)
        if fault is None:
            return Effect()
        return effect_of(Scene(fault=fault, dialect=route.dialect, now=request.received_at))

    def find_step(self, deployment: str) -> ScriptedFault | None:
        with self.lock:
            for step in self.steps:
                if step.deployment in {None, deployment} and step.fits(self.dice):
                    step.used += 1
                    return step.fault
        return None

    def find_marker(self, request: StandInRequest) -> ScriptedFault | None:
        match = MARKER.search(request.body) if self.markers else None
        return parse_marker(match[1].decode(), match[2].decode()) if match else None


def parse_marker(name: str, parameters: str) -> ScriptedFault | None:
    """The fault that a marker names; None for brackets that name no fault: prompts may hold such text."""
    values: dict[str, Any] = {"do": MARKER_NAMES.get(name, name)}
    if re.fullmatch(r"5\d\d", name):
        values = {"do": "status", "status": int(name)}
    if values["do"] not in NAMES:
        return None
    for pair in parameters.split():
        key, _, text = pair.partition("=")
        key = key.replace("-", "_")
        values[MARKER_FIELDS.get(key, key)] = marker_value(text)
    try:
        return check_fault({key: value for key, value in values.items() if key in FAULT_FIELDS})
    except ValueError as error:
        raise Refusal(f"marker [[{name}]]: {error}", code="invalid_script") from None


def marker_value(text: str) -> float | str:
    if text.isdecimal():
        return int(text)
    return float(text) if re.fullmatch(r"\d+\.\d+", text) else text


def load_script_document(source: str) -> object:
    """The script's JSON from the command line, which gives a file's name or the JSON itself."""
    text = source if source.lstrip().startswith(("[", "{")) else Path(source).read_text(encoding="utf-8")
    document: object = json.loads(text)
    return document


def parse_script(document: object) -> Script:
    """The script in this JSON. Raises ValueError naming the step and what is wrong with it."""
    whole: dict[str, Any] = document if isinstance(document, dict) else {"steps": document}
    written, seed = whole.get("steps", []), whole.get("seed", 0)
    unknown = set(whole) - {"seed", "markers", "steps"}
    if unknown or not isinstance(written, list | tuple) or not isinstance(seed, int):
        raise ValueError('a script is a list of steps, or {"seed": 0, "markers": false, "steps": [...]}')
    steps = [parse_step(step, number) for number, step in enumerate(written, 1)]
    # Repeatable, not secret: the same seed must give the same faults.
    dice = random.Random(seed)  # noqa: S311 - see above
    return Script(steps=steps, markers=bool(whole.get("markers")), dice=dice)


def parse_step(step: object, number: int) -> Step:
    if not isinstance(step, Mapping) or "do" not in step:
        raise ValueError(f'step {number} has no "do"')
    unknown = set(step) - FAULT_FIELDS - MATCH_FIELDS
    if unknown:
        raise ValueError(f"step {number} has an unknown field {min(unknown)!r}")
    match = {key: step[key] for key in MATCH_FIELDS if key in step}
    if "every" not in match and "probability" not in match:
        match.setdefault("times", 1)
    try:
        check_number(match, "every", lowest=1)
        check_number(match, "times", lowest=0)
        check_number(match, "probability", lowest=0, highest=1)
        return Step(fault=check_fault({key: step[key] for key in FAULT_FIELDS if key in step}), **match)
    except ValueError as error:
        raise ValueError(f"step {number}: {error}") from None
