"""Checks of the Bicep templates: each takes the folder that holds infra/ and returns what it found, one line a fault.

They stand in for the parts of the compiler that matter most, and hold the promises that no compiler knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.infra import azure_types, bicep
from tests.infra.bicep import Expression, ModuleCall, Template

Check = Callable[[Path], list[str]]
KINDS = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}


def templates(root: Path) -> list[Template]:
    return [bicep.read(path) for path in sorted((root / "infra").rglob("*.bicep"))]


def main(root: Path) -> Template:
    return bicep.read(root / "infra" / "main.bicep")


def syntax(root: Path) -> list[str]:
    return [f"{template.path.name} {fault}" for template in templates(root) for fault in template.faults]


def published_types(root: Path) -> list[str]:
    return [fault for template in templates(root) for fault in azure_types.check(template)]


def published_reads(root: Path) -> list[str]:
    return [fault for template in templates(root) for fault in azure_types.unreadable(template)]


def names(root: Path) -> list[str]:
    """Everything that is used is declared, and everything that is declared is used."""
    found = []
    for template in templates(root):
        given = {*template.parameters, *template.variables}
        unknown = template.used - given - template.symbols - template.loop_names
        found += [f"{template.path.name}: {name} is not declared" for name in sorted(unknown)]
        found += [f"{template.path.name}: {name} is never used" for name in sorted(given - template.used)]
    return found


def modules(root: Path) -> list[str]:
    """Arguments and outputs agree with the modules they are for."""
    found = []
    for template in templates(root):
        for call in template.modules:
            path = template.path.parent / call.path
            if path.is_file():
                found += [
                    f"{template.path.name} {call.symbol}: {fault}" for fault in disagreements(call, template, path)
                ]
            else:
                found.append(f"{template.path.name} {call.symbol}: there is no {call.path}")
    used = {(t.path.parent / call.path).resolve() for t in templates(root) for call in t.modules}
    orphans = [path for path in (root / "infra" / "modules").glob("*.bicep") if path.resolve() not in used]
    return found + [f"{path.name} is used by no template" for path in orphans]


def disagreements(call: ModuleCall, caller: Template, path: Path) -> Iterator[str]:
    called = bicep.read(path)
    for name, given in call.arguments.items():
        parameter = called.parameters.get(name)
        if parameter is None:
            yield f"{name} is no parameter of {path.name}"
        elif not agrees(given, parameter.type, caller):
            yield f"{name} is not of type {parameter.type}"
        elif "secure" in decorators_of(given, caller) and "secure" not in parameter.decorators:
            yield f"{name} is secure here, but not in {path.name}"
    for name, parameter in called.parameters.items():
        if parameter.required and name not in call.arguments:
            yield f"{name} of {path.name} is not given"
    for output in re.findall(rf"\b{call.symbol}!?\.outputs\.(\w+)", caller.path.read_text("utf-8")):
        if output not in called.outputs:
            yield f"{path.name} has no output {output}"


def decorators_of(given: Any, caller: Template) -> dict[str, Any]:
    parameter = caller.parameters.get(given.name) if isinstance(given, Expression) else None
    return parameter.decorators if parameter else {}


def agrees(given: Any, wanted: str, caller: Template) -> bool:
    if isinstance(given, Expression):
        if given.kind == "name" and given.name in caller.parameters:
            return caller.parameters[given.name].type == wanted
        if given.kind == "name" and given.name in caller.variables:
            return agrees(caller.variables[given.name], wanted, caller)
        return wanted == "string" if given.kind == "text" else True
    return isinstance(given, KINDS[wanted]) and not (wanted == "int" and isinstance(given, bool))


def parameters_file(root: Path) -> list[str]:
    """main.parameters.json names parameters of main.bicep, each from one variable, and no value of its own."""
    given = json.loads((root / "infra" / "main.parameters.json").read_text("utf-8"))["parameters"]
    declared = main(root).parameters
    variables = [item["value"] for item in given.values()]
    return [
        *(f"{name} is no parameter of main.bicep" for name in given.keys() - declared.keys()),
        *(f"{name} cannot be set from outside" for name in declared.keys() - given.keys()),
        *(f"{text!r} is not one variable" for text in variables if not re.fullmatch(r"\$\{[A-Z_]+\}", text)),
        *(f"{text} sets two parameters" for text in set(variables) if variables.count(text) > 1),
    ]


def parameter_defaults(root: Path) -> list[str]:
    """A default is of its type and among what is allowed."""
    found = []
    for template in templates(root):
        for name, parameter in template.parameters.items():
            allowed = parameter.decorators.get("allowed")
            if parameter.required or isinstance(parameter.default, Expression):
                continue
            if not isinstance(parameter.default, KINDS[parameter.type]):
                found.append(f"{template.path.name}: {name} has a default that is not {parameter.type}")
            if allowed and parameter.default not in allowed:
                found.append(f"{template.path.name}: {name} has a default that is not allowed")
    return found


def model_quota(root: Path) -> list[str]:
    """The regions that azd offers are those with quota for the default model."""
    given = main(root).parameters
    wanted = f"OpenAI.{given['modelSku'].default}.{given['modelName'].default},{given['modelCapacity'].default}"
    said = given["modelLocation"].decorators["metadata"]["azd"]["usageName"]
    return [] if said == [wanted] else [f"usageName is {said}, the defaults make {wanted}"]


def workbook(root: Path) -> list[str]:
    """The workbook's queries and the alerts' name events and fields that the app logs."""
    text = (root / "infra" / "workbook.json").read_text("utf-8")
    queries = [item["content"]["query"] for item in json.loads(text)["items"] if item["type"] == 3]
    alerts = bicep.read(root / "infra" / "modules" / "alerts.bicep").variables["logAlerts"]
    queries += [alert["query"] for alert in alerts]
    events, fields = logged()
    asked_events = {name for query in queries for name in re.findall(r"event\)? == ['\"]([\w ]+)['\"]", query)}
    asked_fields = {name for query in queries for name in re.findall(r"facts\.(\w+)", query)}
    return [
        *(f"nothing logs the event {name!r}" for name in sorted(asked_events - events)),
        *(f"no log line has the field {name!r}" for name in sorted(asked_fields - fields - {"event"})),
        *([] if asked_events else ["no query asks for an event"]),
    ]


def logged() -> tuple[set[str], set[str]]:
    pipeline = Path(__file__).parents[2] / "shared" / "pipeline"
    source = "\n".join(path.read_text("utf-8") for path in pipeline.rglob("*.py"))
    return set(re.findall(r"\.log\(\s*\"([\w ]+)\"", source)), set(re.findall(r"\"(\w+)\":", source))


TEMPLATE_CHECKS: dict[str, Check] = {
    "syntax": syntax,
    "published types": published_types,
    "published reads": published_reads,
    "names": names,
    "modules": modules,
    "parameters file": parameters_file,
    "parameter defaults": parameter_defaults,
    "model quota": model_quota,
    "workbook": workbook,
}
